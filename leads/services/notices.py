"""What the worker does about due times: it keeps them in line with the calendars, and tells who has to act, each once."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Membership, Role
from accounts.queries import funnel_owner, on_day
from core.bulk_rows import insert_values
from core.queries import calendar
from funnel.queries import bound_since, calendars_digest
from leads.models import Decision, Handoff, Notice, Obligation, PromiseCheck
from leads.obligations import soon
from leads.services.rebuilding import rebuild_leads

# One round's worth: a backlog is worked off in several short transactions.
BATCH = 2_000
# What fell due longer ago is history, for instance an import's. Nobody is told of it.
TOLD_FOR = dt.timedelta(days=7)
# Decided so, the lead needs no call any more: the promise counts as it is.
_NO_CALL = (Decision.RECYCLED, Decision.DISQUALIFIED)
_ASKED = ("entry_id", "lead_id", "promise", "due_at", "team_id", "lead__owner_id", "lead__owner__is_active")
_WRITTEN = ("entry_id", "lead_id", "promise", "due_at", "team_id", "kind", "user_id")
_CALLS = (Obligation.Promise.S1, Obligation.Promise.S2)


def give_notices(*, now: dt.datetime) -> int:
    """Write a notice for every promise that is due soon or past due and was not told of yet. Returns how many.

    Safe to run twice, also at once: a due time is told of once before it and once after it.
    """
    PromiseCheck.objects.get_or_create(id=1)
    whom = _Recipients(now)
    return sum(_give(kind, now, whom) for kind in (Notice.Kind.ESCALATION, Notice.Kind.REMINDER))


def _give(kind: str, now: dt.datetime, whom: "_Recipients") -> int:
    given = 0
    while True:
        with transaction.atomic():
            # Of two workers at once the second one waits here, and then finds that all was told.
            PromiseCheck.objects.select_for_update().get(id=1)
            rows = list(_untold(kind, now).values_list(*_ASKED)[:BATCH])
            notices = [
                (*row, team, kind, whom.of(kind, owner if active else None, team)) for *row, team, owner, active in rows
            ]
            insert_values(Notice, _WRITTEN, notices)
        given += len(rows)
        if len(rows) < BATCH:
            return given


def _untold(kind: str, now: dt.datetime) -> QuerySet[Obligation]:
    """Open obligations in the window of a kind of notice of which nobody was told, most urgent first."""
    window = Q(due_at__gt=now - TOLD_FOR, due_at__lte=now)
    if kind == Notice.Kind.REMINDER:
        longest = max(soon(promise) for promise in Obligation.Promise.values)
        each = [Q(promise=promise, due_at__lte=now + soon(promise)) for promise in Obligation.Promise.values]
        window = Q(due_at__gt=now, due_at__lte=now + longest) & Q.create(each, connector=Q.OR)
    told = Notice.objects.filter(
        entry_id=OuterRef("entry_id"), promise=OuterRef("promise"), kind=kind, due_at=OuterRef("due_at")
    )
    given_up = Handoff.objects.filter(entry_id=OuterRef("entry_id"), decision__in=_NO_CALL)
    rows = Obligation.objects.filter(window, met_at__isnull=True, excluded="").exclude(Exists(told))
    return rows.exclude(Exists(given_up), promise__in=_CALLS).order_by("due_at", "id")


class _Recipients:
    """A reminder goes to the lead's owner, an escalation to the lead of the team that answers for it."""

    def __init__(self, now: dt.datetime):
        leads = Membership.objects.filter(
            on_day(calendar().day_of(now)), role=Role.TEAM_LEAD, team__isnull=False, user__is_active=True
        )
        self._leads = dict(leads.order_by("-from_day", "-id").values_list("team_id", "user_id"))
        owner = funnel_owner()
        self._fallback = owner.id if owner is not None else None

    def of(self, kind: str, owner: int | None, team: int | None) -> int | None:
        if kind == Notice.Kind.REMINDER and owner is not None:
            return owner
        return self._leads.get(team, self._fallback)


def follow_hours(*, now: dt.datetime) -> int:
    """Fold again what a change of working hours or holidays may reach. Returns how many leads.

    Once a promise is signed, a day that has begun keeps the hours it had: then only what is still running can change, and
    what fell due before that signature.
    """
    digest = calendars_digest()
    if PromiseCheck.objects.filter(id=1, hours_digest=digest).exists():
        return 0
    reached = Obligation.objects.all()
    if (bound := bound_since()) is not None:
        yesterday = now - dt.timedelta(days=1)
        reached = reached.filter(Q(due_at__isnull=True) | Q(due_at__gte=yesterday) | Q(due_day__lte=bound))
    ids = sorted(set(reached.values_list("lead_id", flat=True)))
    rebuild_leads(ids)
    PromiseCheck.objects.update_or_create(id=1, defaults={"hours_digest": digest})
    return len(ids)
