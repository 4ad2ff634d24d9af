"""What the worker told people about due times and still holds: shown on My day and written in mails."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from leads.models import Lead, Notice, Obligation
from leads.queries import visible_leads

SHOWN = 20
# What fell due longer ago is history, for instance an import's. Nobody is told of it.
TOLD_FOR = dt.timedelta(days=7)


@dataclass(frozen=True)
class Told:
    """One notice in words: which promise of which lead, when it is due, and whether that time is over."""

    id: int
    lead: Lead
    promise: str
    due_at: dt.datetime
    late: bool


def unseen_notices(user: User, now: dt.datetime) -> list[Told]:
    """Notices that this person has not seen and that still hold, the newest due time first."""
    rows = Notice.objects.filter(user=user, seen_at__isnull=True, due_at__gt=now - TOLD_FOR)
    return still_open(user, rows.order_by("-due_at", "id"), now)


def still_open(user: User, rows: Iterable[Notice], now: dt.datetime) -> list[Told]:
    """Of these notices those whose promise is not done, on leads that the person may open; each promise once."""
    rows = list(rows)
    owed = Obligation.objects.filter(entry_id__in=[row.entry_id for row in rows], met_at__isnull=True, excluded="")
    due = set(owed.values_list("entry_id", "promise", "due_at"))
    ids = {row.lead_id for row in rows}
    leads = visible_leads(user).filter(pk__in=ids).select_related("contact", "company", "owner").in_bulk()
    found: dict[tuple[int, str], Told] = {}
    for row in rows:
        if row.lead_id in leads and (row.entry_id, row.promise, row.due_at) in due:
            told = Told(row.id, leads[row.lead_id], row.get_promise_display(), row.due_at, row.due_at <= now)
            found.setdefault((row.entry_id, row.promise), told)
    return list(found.values())
