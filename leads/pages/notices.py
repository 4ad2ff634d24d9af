"""What the worker told a person about due times and is still open: for the bell on My day and for the mail."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from leads.models import Lead, Notice, Obligation
from leads.pages.clocks import ACTS
from leads.pages.filters import Surroundings
from leads.queries import visible_leads
from leads.services.notices import TOLD_FOR

SHOWN = 20


@dataclass(frozen=True)
class Told:
    """One notice in words. `act`: what has to be done; `late`: its time is over."""

    lead: Lead
    act: str
    due_at: dt.datetime
    late: bool


def unseen_notices(around: Surroundings) -> tuple[list[Told], int]:
    """Notices that this person has not seen and that still hold, the newest due time first; and how many there are."""
    rows = Notice.objects.filter(user=around.user, seen_at__isnull=True, due_at__gt=around.now - TOLD_FOR)
    found = still_open(around.user, rows.order_by("-due_at", "id"), around.now)
    return found[:SHOWN], len(found)


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
            told = Told(leads[row.lead_id], ACTS[row.promise], row.due_at, row.due_at <= now)
            found.setdefault((row.entry_id, row.promise), told)
    return list(found.values())
