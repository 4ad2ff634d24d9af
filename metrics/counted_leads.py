"""The leads behind a number of the two counts, for one reader: who, since when, where now, and why as far as is known."""

from dataclasses import dataclass

import numpy as np

from accounts.models import User
from core.periods import date_of
from leads.models import Lead, LeadEvent
from metrics.listing import open_to
from metrics.segments import UNKNOWN_DAY
from metrics.selection import Selection
from metrics.series import Snapshot
from metrics.two_counts import STATES, Counts, status_of

_LABELS = {key: label for key, label, _ in STATES}


@dataclass(frozen=True)
class Counted:
    """`total` counts all leads behind the number, `hidden` those the reader may not open; `rows` are the page asked for."""

    total: int
    hidden: int
    rows: list[dict]


def counted_leads(
    snapshot: Snapshot, counts: Counts, part: Selection, user: User, *, offset: int = 0, limit: int = 50
) -> Counted:
    """A page of the leads of a part, longest waiting first: three queries, whatever their number."""
    mine = open_to(user, part.lead)
    order = np.nonzero(mine)[0]
    order = order[np.argsort(part.day[order], kind="stable")][offset : offset + limit]
    ids = part.lead[order].tolist()
    leads = Lead.objects.select_related("contact", "company", "channel").in_bulk(ids)
    reasons = _reasons(snapshot, ids)
    known = np.nonzero(np.isin(counts.marketing.lead, ids))[0]
    states = {int(counts.marketing.lead[i]): STATES[counts.state[i]][0] for i in known}
    rows = [
        _row(snapshot, leads[pk], int(part.day[i]), states.get(pk, ""), reasons.get(pk, ""))
        for pk, i in zip(ids, order, strict=True)
    ]
    return Counted(total=len(part), hidden=int(len(part) - np.count_nonzero(mine)), rows=rows)


def _row(snapshot: Snapshot, lead: Lead, day: int, state: str, reason: str) -> dict:
    stage = snapshot.book.newest.stages.get(lead.stage_id)
    status = status_of(lead.custom)
    return {
        "lead": lead.pk,
        "name": str(lead.contact or lead.external_id or lead),
        "company": str(lead.company or ""),
        "channel": str(lead.channel or ""),
        "day": None if day == UNKNOWN_DAY else date_of(day),
        "stage": stage,
        "stage_name": stage.name if stage else "",
        "since": lead.stage_since,
        "state": state,
        "state_label": _LABELS.get(state, ""),
        "why": reason or (f"CRM: {status}" if status else ""),
        "score": lead.score,
    }


def _reasons(snapshot: Snapshot, ids: list[int]) -> dict[int, str]:
    """The last reason given for each lead, in the words that were agreed."""
    words = {
        key: label for version in snapshot.book.versions for use in version.reasons.values() for key, label in use.items()
    }
    events = LeadEvent.objects.filter(lead_id__in=ids, kind=LeadEvent.Kind.MOVED, voiding_events=None).exclude(reason="")
    rows = events.order_by("occurred_at", "id").values_list("lead_id", "reason")
    return {lead: words.get(reason, reason) for lead, reason in rows}
