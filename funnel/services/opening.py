"""What every change of a version asks first, and the line it leaves in the history."""

from accounts.models import ConsoleEvent, User
from accounts.services import record_event
from core.errors import DomainError
from core.stale import note_stale
from funnel.models import Agreement

State = Agreement.State
OPEN = (State.DRAFT, State.PROPOSED)
COPIED = (
    "stages",
    "entry_rules",
    "points_tables",
    "reasons",
    "targets",
    "margins",
    "forbidden_moves",
    "words",
    "promises",
    "lead_values",
    "required_fields",
    "terms",
)


def lock(agreement: Agreement) -> Agreement:
    """The row as it stands, held until the transaction ends, so that nobody signs what is being changed."""
    return Agreement.objects.select_for_update().get(id=agreement.id)


def must_be_draft(agreement: Agreement) -> Agreement:
    """A version that both teams are asked about is not changed under their hands: withdraw it first."""
    row = lock(agreement)
    if row.state == State.PROPOSED:
        raise DomainError("version_proposed", f"{row} waits for signatures. Take it back to a draft before you change it.")
    if row.state != State.DRAFT:
        raise DomainError("version_closed", f"{row} is in force and can't be changed. Draft a new version.")
    return row


def must_be_open(agreement: Agreement) -> None:
    if agreement.state not in OPEN:
        raise DomainError("version_closed", f"{agreement} is in force and can't be changed. Draft a new version.")


def base_of(draft: Agreement) -> Agreement | None:
    """The version a draft was copied from: the one before it."""
    return Agreement.objects.filter(number__lt=draft.number).order_by("-number").first()


def touch_numbers(agreement: Agreement) -> None:
    """Plan, margins and signatures stand beside numbers: a note raises the generation, so that no page keeps old ones."""
    if agreement.from_day is not None:
        note_stale([(None, agreement.from_day)])


def log(agreement: Agreement, actor: User | None, text: str) -> None:
    record_event(area=ConsoleEvent.Area.AGREEMENT, text=text, actor=actor, version=agreement.number)
