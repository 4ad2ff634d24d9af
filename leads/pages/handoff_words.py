"""The steps of a handoff as the timeline tells them: whose step it was, in which words."""

from dataclasses import dataclass

from accounts.models import Side
from leads.handoffs import MEETING, REOPENED, YES
from leads.models import Decision, LeadEvent, Obligation
from leads.services.clock import EXCLUSIONS
from leads.services.feedback import FITS

Kind = LeadEvent.Kind
_SIDES = {
    Kind.ACCEPTED: Side.SALES,
    Kind.RETURNED: Side.SALES,
    Kind.FEEDBACK: Side.SALES,
    Kind.RESUBMITTED: Side.MARKETING,
    Kind.FEEDBACK_READ: Side.MARKETING,
}


@dataclass(frozen=True)
class StepWords:
    side: str  # marketing, sales or joint
    text: str


def words_of_step(event: LeadEvent) -> StepWords | None:
    """None for events that are no step of a handoff. Day and hour of a pause are the template's to write."""
    text = _text(event)
    return StepWords(str(_SIDES.get(event.kind, Side.JOINT)), text) if text else None


def _text(event: LeadEvent) -> str:
    match event.kind:
        case Kind.ACCEPTED:
            return "Accepted"
        case Kind.RETURNED:
            return "Returned to marketing"
        case Kind.RESUBMITTED:
            return "Handed over again, complete"
        case Kind.CONTESTED:
            return "Decision contested"
        case Kind.ARBITRATED if event.new == REOPENED:
            return "Dispute ended: the return does not stand"
        case Kind.ARBITRATED:
            return f"Dispute ended: {Decision(event.new).label.lower()}"
        case Kind.FEEDBACK:
            return f"Feedback to marketing: {FITS.get(event.new, event.new)}"
        case Kind.FEEDBACK_READ:
            return "Feedback read"
        case Kind.PAUSED:
            return "Clock stands still for a meeting" if event.field == MEETING else "Asked to let the clock stand still"
        case Kind.WAIVED:
            promise = Obligation.Promise(event.field).label
            return f"Asked to leave “{promise}” out of the count: {EXCLUSIONS.get(event.reason, event.reason).lower()}"
        case Kind.CONSENTED:
            return "Agreed to it" if event.new == YES else "Did not agree to it"
    return ""
