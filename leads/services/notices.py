"""What the worker does about due times: it keeps them in line with the calendars, and tells who has to act, each once."""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from accounts.models import Membership, Role, User
from accounts.queries import funnel_owner, on_day
from core.bulk_rows import insert_values
from core.queries import calendar
from funnel.queries import bound_since, calendars_digest
from leads.models import Decision, Handoff, Lead, Notice, Obligation, PromiseCheck
from leads.notice_queries import TOLD_FOR
from leads.obligations import soon
from leads.services.rebuilding import rebuild_leads

# One round's worth: a backlog is worked off in several short transactions.
BATCH = 2_000
# Decided so, the lead needs no call any more: the promise counts as it is.
_NO_CALL = (Decision.RECYCLED, Decision.DISQUALIFIED)
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
    near = _near(kind, now)
    return sum(_tell(kind, near[start : start + BATCH], whom) for start in range(0, len(near), BATCH))


def _near(kind: str, now: dt.datetime) -> list[tuple]:
    """Open obligations in the window of a kind of notice, most urgent first: entry, lead, promise, due time, team."""
    longest = max(soon(promise) for promise in Obligation.Promise.values)
    window = (now - TOLD_FOR, now) if kind == Notice.Kind.ESCALATION else (now, now + longest)
    rows = Obligation.objects.filter(met_at__isnull=True, excluded="", due_at__gt=window[0], due_at__lte=window[1])
    found = rows.order_by("due_at", "id").values_list("entry_id", "lead_id", "promise", "due_at", "team_id")
    return [row for row in found if row[3] - now <= soon(row[2])]


def _tell(kind: str, near: list[tuple], whom: "_Recipients") -> int:
    """Write down who is told of those in the list of which nobody was told yet.

    The lists are asked for by their ids: on a table that has just grown PostgreSQL would plan a join of its own badly.
    """
    entries = [row[0] for row in near]
    with transaction.atomic():
        # Of two workers at once the second one waits here, and then finds that all was told.
        PromiseCheck.objects.select_for_update().get(id=1)
        told = set(Notice.objects.filter(entry_id__in=entries, kind=kind).values_list("entry_id", "promise", "due_at"))
        new = [row for row in near if (row[0], row[2], row[3]) not in told]
        if not new:
            return 0
        gone = Handoff.objects.filter(entry_id__in=[row[0] for row in new], decision__in=_NO_CALL)
        given_up = set(gone.values_list("entry_id", flat=True))
        new = [row for row in new if row[2] not in _CALLS or row[0] not in given_up]
        leads = Lead.objects.filter(id__in={row[1] for row in new}, owner__is_active=True)
        owners = dict(leads.values_list("id", "owner_id"))
        insert_values(Notice, _WRITTEN, [(*row, kind, whom.of(kind, owners.get(row[1]), row[4])) for row in new])
    return len(new)


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


def see_notices(*, user: User, newest: int, now: dt.datetime) -> None:
    """The person has seen all notices up to that one; what came since stays new."""
    Notice.objects.filter(user=user, seen_at__isnull=True, id__lte=newest).update(seen_at=now)
