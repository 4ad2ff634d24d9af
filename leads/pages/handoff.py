"""The handoff card of a lead: what marketing knows, what both sides owe, who has it, what was decided and said.

Reads only; as many queries for one touch as for a hundred.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Role, Side
from accounts.permissions import Perm
from accounts.queries import led_sides, standing
from funnel.book import Book, Version
from funnel.models import HandoffField, StageKind
from funnel.promises import PromiseBook
from leads.handoff_projection import Promised
from leads.handoff_queries import contest_deadline, missing_fields
from leads.handoffs import MEETING, STEPS
from leads.models import CONTACT_KINDS, Decision, Handoff, HandoffStanding, Lead, LeadEvent, Obligation, Touch
from leads.obligations import EXCLUDED
from leads.pages.clocks import Clock, Clocks
from leads.pages.filters import Surroundings
from leads.pages.handoff_words import reason_words
from leads.pages.score import ScoreShown
from leads.services.clock import EXCLUSIONS, asked_by
from leads.services.feedback import AFTER_CONTACT, AT_CLOSE, FITS
from leads.services.steps import sides_of
from leads.waiting import CALLS, NO_CALL, WAITS_ON

Kind = LeadEvent.Kind
TOUCHES = 200  # read at most; the card says so where there are more
_CONTESTABLE = (Decision.RETURNED, Decision.RECYCLED, Decision.DISQUALIFIED)
_STAND_INS = frozenset({Role.FUNNEL_OWNER, Role.ADMINISTRATOR})
_CLOSED = (StageKind.WON, StageKind.LOST, StageKind.OUT, StageKind.DETOUR)


@dataclass(frozen=True)
class Known:
    """A field that the agreement wants handed over, with what is known of it."""

    label: str
    value: str

    @property
    def missing(self) -> bool:
        return not self.value


@dataclass(frozen=True)
class Said:
    """A step with its words: a decision, a dispute, a ruling, feedback."""

    event: LeadEvent
    word: str
    reason: str

    @property
    def note(self) -> str:
        return self.event.note.text if self.event.note_id else ""


@dataclass(frozen=True)
class Request:
    """A pause or an exclusion that waits for the other team's answer."""

    event: LeadEvent
    words: str
    may_answer: bool


@dataclass(frozen=True)
class May:
    """What the reader may do about this handoff now."""

    decide: bool = False
    resubmit: bool = False
    contest: bool = False
    arbitrate: bool = False
    feedback: str = ""  # the moment that is asked about
    read: bool = False
    pause: bool = False
    exclude: bool = False


@dataclass(frozen=True)
class HandoffCard:
    handoff: Handoff
    clocks: list[Clock]
    head: Clock | None  # the one that presses
    why_now: Touch | None
    touches: int
    campaigns: list[str]
    required: list[Known]
    score: int | None
    score_reasons: str
    assigned: LeadEvent | None
    decision: Said | None
    contest: Said | None
    ruling: Said | None
    contest_until: dt.datetime | None
    feedback: list[Said]
    requests: list[Request]
    version: int | None  # of the agreement whose promises count
    may: May

    @property
    def missing(self) -> list[Known]:
        return [one for one in self.required if one.missing]

    @property
    def more_touches(self) -> bool:
        return self.touches >= TOUCHES

    @property
    def undecided(self) -> bool:
        return self.handoff.state == HandoffStanding.OPEN

    @property
    def waits_on(self) -> str:
        return WAITS_ON.get(self.handoff.state, "")


def read_handoff(lead: Lead, ids: Sequence[int], around: Surroundings, book: Book, score: ScoreShown) -> HandoffCard | None:
    """The card of the lead's newest handoff; None if it never became an MQL. `ids`: the lead and those merged into it."""
    handoff = (
        Handoff.objects.filter(lead=lead)
        .select_related("owner", "team", "decided_by")
        .order_by("-entered_at", "-entry_id")
        .first()
    )
    if handoff is None or not book:
        return None
    promised = Promised()
    promises = promised.shelf.on(handoff.entered_day)
    version = book.on(around.today)
    steps = _steps(handoff, ids)
    clocks = _clocks(handoff, Clocks(around.now, promised))
    touches = _marketing_touches(ids)
    closed = (stage := version.stages.get(lead.stage_id)) is not None and stage.kind in _CLOSED
    until = contest_deadline(handoff, promised)
    feedback = [_said(s, version, FITS.get(s.new, s.new)) for s in steps if s.kind == Kind.FEEDBACK]
    may = _rights(lead, handoff, around, steps, clocks, until, feedback, closed, ids)
    return HandoffCard(
        handoff=handoff,
        clocks=clocks,
        head=min((c for c in clocks if c.open and c.due_at), key=lambda c: c.due_at, default=None),
        why_now=touches[0] if touches else None,
        touches=len(touches),
        campaigns=list(dict.fromkeys(t.campaign.name for t in touches if t.campaign_id)),
        required=_required(lead, promises),
        score=score.points,
        score_reasons=_score_reasons(lead, score),
        assigned=_assignment(ids),
        decision=_decision(handoff, steps, ids, version),
        contest=_last(steps, Kind.CONTESTED, version) if handoff.contested_at else None,
        ruling=_last(steps, Kind.ARBITRATED, version) if handoff.ruled_at else None,
        contest_until=until,
        feedback=feedback,
        requests=_requests(steps, around),
        version=promises.number,
        may=may,
    )


def _steps(handoff: Handoff, ids: Sequence[int]) -> list[LeadEvent]:
    """Standing steps of this handoff, oldest first; answers name the request that they answer."""
    rows = LeadEvent.objects.filter(lead_id__in=ids, kind__in=STEPS, voiding_events__isnull=True)
    steps = list(rows.select_related("note", "actor").order_by("id"))
    own = {s.id for s in steps if s.about_id == handoff.entry_id}
    return [s for s in steps if s.id in own or s.about_id in own]


def _clocks(handoff: Handoff, clocks: Clocks) -> list[Clock]:
    """What is promised about it; once the lead is given up nobody has to call any more."""
    order = Obligation.Promise.values
    rows = Obligation.objects.filter(entry_id=handoff.entry_id)
    found = [clocks.of(one) for one in sorted(rows, key=lambda one: order.index(one.promise))]
    given_up = handoff.decision in NO_CALL
    return [clock for clock in found if not (given_up and clock.open and clock.promise in CALLS)]


def _marketing_touches(ids: Sequence[int]) -> list[Touch]:
    touches = Touch.objects.filter(lead_id__in=ids, side=Side.MARKETING, voids__isnull=True, voided_by__isnull=True)
    rows = touches.select_related("campaign", "content", "channel").order_by("-occurred_at", "-id")
    return list(rows[:TOUCHES])


def _required(lead: Lead, promises: PromiseBook) -> list[Known]:
    missing = set(missing_fields(lead, promises.required_fields))
    return [
        Known(HandoffField(name).label, "" if name in missing else value_of(lead, name)) for name in promises.required_fields
    ]


def value_of(lead: Lead, name: str) -> str:
    """A field of the handoff as people read it; its name says where it stands on the lead."""
    if name in (HandoffField.NAME, HandoffField.EMAIL, HandoffField.PHONE):
        return getattr(lead.contact, name) if lead.contact_id else ""
    if name == HandoffField.NEED:
        return str(lead.custom.get(name, ""))
    value = getattr(lead, name)
    return "" if value is None else str(value)


def _score_reasons(lead: Lead, score: ScoreShown) -> str:
    """Why the score is what it is: by the points of the agreement, else where the system that scores says so."""
    if score.version is not None:
        return "; ".join(f"{reason.words} {reason.worth}" for reason in score.reasons)
    found = lead.custom.get("score_reasons") or ""
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)


def _assignment(ids: Sequence[int]) -> LeadEvent | None:
    given = LeadEvent.objects.filter(lead_id__in=ids, kind=Kind.ASSIGNED, voiding_events__isnull=True)
    return given.select_related("actor", "owner", "routed").order_by("-occurred_at", "-id").first()


def _said(event: LeadEvent, version: Version, word: str) -> Said:
    return Said(event, word, reason_words(version, event.reason))


def _last(steps: Sequence[LeadEvent], kind: str, version: Version) -> Said | None:
    found = [s for s in steps if s.kind == kind]
    return _said(found[-1], version, found[-1].get_kind_display()) if found else None


def _decision(handoff: Handoff, steps, ids, version: Version) -> Said | None:
    """The event with which it was decided: a step, or the move that left the MQL stage."""
    if not handoff.decision:
        return None
    word = Decision(handoff.first_decision or handoff.decision).label
    said = [s for s in steps if s.kind in (Kind.ACCEPTED, Kind.RETURNED)]
    moves = LeadEvent.objects.filter(
        lead_id__in=ids, kind=Kind.MOVED, occurred_at=handoff.decided_at, voiding_events__isnull=True
    )
    found = next((s for s in reversed(said) if s.occurred_at == (handoff.decided_at or handoff.returned_at)), None)
    found = found or moves.select_related("actor", "note").order_by("-id").first()
    return _said(found, version, word) if found else None


def _requests(steps: Sequence[LeadEvent], around: Surroundings) -> list[Request]:
    answered = {s.about_id for s in steps if s.kind == Kind.CONSENTED}
    wanted = [s for s in steps if s.kind == Kind.WAIVED or (s.kind == Kind.PAUSED and s.field != MEETING)]
    asked = [s for s in wanted if s.id not in answered]
    if not asked:
        return []
    led = led_sides(around.user)
    found = []
    for step in asked:
        if step.kind == Kind.WAIVED:
            promise = Obligation.Promise(step.field).label
            words = f"Leave “{promise}” out of the count: {EXCLUSIONS.get(step.reason, step.reason).lower()}"
        else:
            words = "Let the clock stand still"
        found.append(Request(step, words, bool(led - asked_by(step))))
    return found


def _rights(lead, handoff, around, steps, clocks, until, feedback, closed, ids) -> May:
    person = standing(around.user)
    if Perm.WORK_LEADS not in person.perms:
        return May()
    stand_in = bool(person.roles & _STAND_INS)
    sales = Side.SALES in person.sides or stand_in
    marketing = Side.MARKETING in person.sides or stand_in
    state = handoff.state
    running = state in (HandoffStanding.OPEN, HandoffStanding.RETURNED)
    decider = sides_of(handoff.decided_by) or frozenset({Side.SALES})
    in_term = until is None or around.now <= until
    may_contest = (
        state in (HandoffStanding.DECIDED, HandoffStanding.RETURNED)
        and handoff.decision in _CONTESTABLE
        and in_term
        and bool(sides_of(around.user) - decider)
    )
    newest = next((s for s in reversed(steps) if s.kind in (Kind.FEEDBACK, Kind.FEEDBACK_READ)), None)
    return May(
        decide=sales and state == HandoffStanding.OPEN,
        resubmit=marketing and state == HandoffStanding.RETURNED,
        contest=may_contest,
        arbitrate=Role.FUNNEL_OWNER in person.roles and state == HandoffStanding.CONTESTED,
        feedback=_asked_moment(handoff, feedback, closed, ids) if sales else "",
        read=marketing and newest is not None and newest.kind == Kind.FEEDBACK,
        pause=running and bool(clocks),
        exclude=any(c.state != EXCLUDED for c in clocks) and bool(clocks),
    )


def _asked_moment(handoff: Handoff, feedback: Sequence[Said], closed: bool, ids: Sequence[int]) -> str:
    """The moment about which sales has not said yet what it thinks: the close first, then the first contact."""
    given = {said.event.field for said in feedback}
    if closed and AT_CLOSE not in given:
        return AT_CLOSE
    if AFTER_CONTACT in given or closed:
        return ""
    if handoff.decision and handoff.decision != Decision.RETURNED:
        return AFTER_CONTACT
    contacts = Touch.objects.filter(
        lead_id__in=ids,
        side=Side.SALES,
        kind__in=CONTACT_KINDS,
        occurred_at__gte=handoff.entered_at,
        voids__isnull=True,
        voided_by__isnull=True,
    )
    return AFTER_CONTACT if contacts.exists() else ""
