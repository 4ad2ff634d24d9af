"""Disputes that wait for the funnel owner, and the rulings that stand as examples beside the definition."""

from dataclasses import dataclass

from accounts.models import User
from funnel.book import Book, load_book
from funnel.glossary import saying
from leads.handoff_queries import precedents, visible_handoffs
from leads.handoffs import REOPENED
from leads.models import Decision, Handoff, HandoffStanding, LeadEvent
from leads.pages.handoff_words import reason_words
from leads.queries import visible_leads

SHOWN = 50
LOOKED_AT = 500
_CONTESTED = LeadEvent.Kind.CONTESTED


@dataclass(frozen=True)
class Dispute:
    handoff: Handoff
    decision: str
    reason: str
    text: str  # why it is contested


@dataclass(frozen=True)
class Example:
    """A ruling: what it was before, what it is now, and why. `lead_id` only for those who may open the lead."""

    event: LeadEvent
    before: str
    after: str
    version: int | None
    lead_id: int | None

    @property
    def text(self) -> str:
        return self.event.note.text if self.event.note_id else ""

    @property
    def stands(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True)
class Disputes:
    open: list[Dispute]
    held_back: int  # on leads that the reader may not open
    examples: list[Example]


def open_disputes() -> int:
    """How many decisions wait for a ruling."""
    return _contested().count()


def _contested():
    return Handoff.objects.filter(state=HandoffStanding.CONTESTED, lead__merged_into__isnull=True, lead__voided=False)


def read_disputes(user: User) -> Disputes:
    book = load_book()
    rows = visible_handoffs(user).filter(state=HandoffStanding.CONTESTED).order_by("contested_at")
    rows = list(rows.select_related("lead__contact", "lead__company", "agreement"))
    texts: dict[int, str] = {}
    said = LeadEvent.objects.filter(about_id__in=[h.pk for h in rows], kind=_CONTESTED, voiding_events__isnull=True)
    for event in said.select_related("note").order_by("id"):
        texts[event.about_id] = event.note.text if event.note_id else ""
    found = [Dispute(h, Decision(h.decision).label, reason_words(book.newest, h.reason), texts.get(h.pk, "")) for h in rows]
    return Disputes(found, open_disputes() - len(found), read_examples(user, book))


def read_examples(user: User, book: Book, *, agreement_id: int | None = None, shown: int = SHOWN) -> list[Example]:
    """Rulings, newest first: all, or those under one version."""
    return _examples(user, book, list(precedents(agreement_id=agreement_id)[:shown]))


def read_citing(user: User, book: Book, word: str, *, shown: int) -> list[Example]:
    """The newest rulings whose reason uses a word; looked for among the last 500."""
    says = saying(word)
    events = [event for event in precedents()[:LOOKED_AT] if event.note_id and says(event.note.text)]
    return _examples(user, book, events[:shown])


def _examples(user: User, book: Book, events: list[LeadEvent]) -> list[Example]:
    seen = set(visible_leads(user).filter(id__in={e.lead_id for e in events}).values_list("id", flat=True))
    return [
        Example(
            event=e,
            before=_word(e.old),
            after=_word(e.new),
            version=book.by_id[e.agreement_id].number if e.agreement_id in book.by_id else None,
            lead_id=e.lead_id if e.lead_id in seen else None,
        )
        for e in events
    ]


def _word(key: str) -> str:
    if key == REOPENED:
        return "open again"
    return Decision(key).label.lower() if key in Decision.values else key
