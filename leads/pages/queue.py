"""What waits in the queue, the longest waiting first: fifty a page, each with why it waits."""

import datetime as dt
from dataclasses import dataclass

from accounts.models import User
from accounts.permissions import Perm
from accounts.queries import has_perm
from leads.models import Handoff, Obligation, RoutedHandoff
from leads.pages.routing_words import reason_of
from leads.routing_queries import may_take, queued_handoffs

PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """`due`: when it was promised that a person has it; None where nothing is promised."""

    handoff: Handoff
    why: str
    due: dt.datetime | None
    late: bool
    mine: bool


@dataclass(frozen=True)
class Queue:
    rows: list[Waiting]
    total: int
    page: int
    pages: int


def read_queue(user: User, page: int) -> Queue:
    """A fixed number of queries."""
    rows = queued_handoffs(user)
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    page = min(page, pages)
    shown = list(rows.select_related("lead__contact", "lead__company", "lead__team")[(page - 1) * PAGE : page * PAGE])
    entries = [row.entry_id for row in shown]
    reasons = {row.entry_id: row for row in RoutedHandoff.objects.filter(entry_id__in=entries).order_by("id")}
    legs = Obligation.objects.filter(entry_id__in=entries, promise=Obligation.Promise.ROUTING, met_at__isnull=True)
    due, now = dict(legs.values_list("entry_id", "due_at")), dt.datetime.now(dt.UTC)
    works = has_perm(user, Perm.WORK_LEADS)
    found = []
    for row in shown:
        until = due.get(row.entry_id)
        why = reason_of(reasons[row.entry_id]) if row.entry_id in reasons else "Nobody has been chosen yet"
        late = until is not None and until < now
        found.append(Waiting(row, why, until, late, works and may_take(user, row.lead.team)))
    return Queue(found, total, page, pages)
