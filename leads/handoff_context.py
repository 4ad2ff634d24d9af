"""What was known about a lead when it was handed over (M3). Said on the event itself, so that it never changes later.

Contact data stand outside the events and may be completed or erased afterwards. So the event that opens a handoff carries
the names of the fields that were filled in at that moment, never what stood in them.
"""

from collections.abc import Sequence

from funnel.book import Book
from funnel.models import HandoffField, Milestone
from leads.handoff_queries import missing_fields
from leads.models import Lead, LeadEvent
from leads.score import agreement_scores

KNOWN = "known"  # the event's `field`; `new` holds the names, in the order of FIELDS
FIELDS = tuple(str(name) for name in HandoffField)
_OPENING = (LeadEvent.Kind.CREATED, LeadEvent.Kind.MOVED)


def say_what_was_known(events: Sequence[LeadEvent], book: Book) -> None:
    """Note on new events that lead into the MQL stage which fields of the handoff are filled in now."""
    opening = [e for e in events if e.kind in _OPENING and not e.field and _is_mql(e, book)]
    if not opening:
        return
    leads = Lead.objects.select_related("contact").in_bulk({e.lead_id for e in opening})
    for event in opening:
        missing = set(missing_fields(leads[event.lead_id], FIELDS))
        if HandoffField.SCORE in missing and agreement_scores():
            # The agreement's points always say something; the worker is about to write it down.
            missing.discard(HandoffField.SCORE)
        event.field, event.new = KNOWN, ",".join(name for name in FIELDS if name not in missing)


def _is_mql(event: LeadEvent, book: Book) -> bool:
    version = book.by_id.get(event.agreement_id)
    info = version.stages.get(event.to_stage_id) if version else None
    return info is not None and info.milestone == Milestone.MQL


def known_fields(field: str, new: str) -> frozenset[str] | None:
    """The fields that were filled in, from an opening event's own words; None where nobody noted them."""
    return frozenset(name for name in new.split(",") if name) if field == KNOWN else None
