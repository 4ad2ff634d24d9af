"""What the steps of a handoff share: the lock, the side that may take them, the one append."""

import datetime as dt

from accounts.models import Side, User
from accounts.queries import led_sides, standing
from core.errors import Conflict, DomainError, NotAllowed
from leads.locks import lock_leads
from leads.models import Handoff, LeadEvent, Note
from leads.projection import Context
from leads.services.bulk import append_lead_events
from leads.services.leads import must_stand

_SIDES = frozenset({Side.MARKETING, Side.SALES})


def sides_of(user: User | None) -> frozenset[Side]:
    """The sides of a person's teams today, without the joint ones."""
    return standing(user).sides & _SIDES if user is not None else frozenset()


def require_other_side(actor: User, of: frozenset[Side], message: str, *, lead: bool = False) -> None:
    """Refuse an act of the other team by a person who is not in it; `lead`: by one who does not lead it."""
    own = led_sides(actor) if lead else sides_of(actor)
    if not own - of:
        raise NotAllowed("other_side", message)


def locked(handoff: Handoff) -> Handoff:
    """The handoff as it is now, its lead locked until the end of the transaction."""
    lock_leads([handoff.lead_id])
    now = Handoff.objects.select_related("lead__contact", "entry", "decided_by").filter(pk=handoff.pk).first()
    if now is None:
        raise Conflict("handoff_gone", "This handoff is no longer there: its lead was merged, or its MQL entry taken back.")
    must_stand(now.lead)
    return now


def sentence(text: str, message: str) -> str:
    """The text, which must say something: somebody else has to act on it."""
    text = text.strip()
    if not text:
        raise DomainError("text_missing", message, field="note")
    return text


def append_step(
    handoff: Handoff,
    kind: str,
    *,
    actor: User,
    context: Context,
    at: dt.datetime | None = None,
    text: str = "",
    about: LeadEvent | None = None,
    **fields,
) -> LeadEvent:
    """Say what happened about a handoff, now or at an instant. Text stands in a note: it may name people."""
    at = at or dt.datetime.now(dt.UTC)
    note = Note.objects.create(lead_id=handoff.lead_id, author=actor, text=text, occurred_at=at) if text else None
    event = LeadEvent(
        lead_id=handoff.lead_id,
        kind=kind,
        about_id=about.id if about is not None else handoff.entry_id,
        note=note,
        occurred_at=at,
        actor=actor,
        **fields,
    )
    append_lead_events([event], context=context)
    return event
