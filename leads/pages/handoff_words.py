"""The steps of a handoff as the timeline tells them: whose step it was, in which words."""

from dataclasses import dataclass

from accounts.models import Side
from funnel.book import Version
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
_USES = {"return": "Returned", "recycle": "Not now", "disqualify": "Will not buy", "lost": "Lost"}
# Where a contact is known from, by its source (leads.services.feedback.EVIDENCE).
_EVIDENCE = {
    "tandem": "logged by click",
    "api": "seen by the API",
    "mail": "seen in a mail copy",
    "calendar": "seen in the calendar",
}


def evidence_words(source: str) -> str:
    """What shows that a contact happened."""
    return _EVIDENCE.get(source, f"from {source}")


@dataclass(frozen=True)
class StepWords:
    side: str  # marketing, sales or joint
    text: str


def words_of_step(event: LeadEvent) -> StepWords | None:
    """None for events that are no step of a handoff. Day and hour of a pause are the template's to write."""
    text = _text(event)
    return StepWords(str(_SIDES.get(event.kind, Side.JOINT)), text) if text else None


def reason_words(version: Version | None, key: str) -> str:
    """An agreed reason by its key, in the words of the agreement."""
    for reasons in version.reasons.values() if version else ():
        if key in reasons:
            return reasons[key]
    return key


def agreed_reasons(version: Version) -> list[tuple[str, list[tuple[str, str]]]]:
    """All reasons of the agreement in groups, for a choice."""
    return [(_USES[use], list(reasons.items())) for use, reasons in version.reasons.items() if reasons and use in _USES]


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
