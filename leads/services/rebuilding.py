"""Rebuild projections from events: after a change of what they mean, or to be sure."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from django.db import models, transaction
from django.db.models import Q

from leads.locks import hold_leads, lock_deals
from leads.models import Deal, Lead, StageEntry
from leads.projection import Context, refresh_deals, refresh_leads

CHUNK = 500


def rebuild_everything(*, report: Callable[[str, int, int], None] | None = None) -> None:
    """Fold all leads and deals again, a chunk per transaction, so that people can go on working. Days that change are noted.

    `report` hears (what, done, of how many). Deals come second: their facts are counted under the leads' survivors.
    """
    context = Context()
    for what, model, lock, refresh in (
        ("leads", Lead, hold_leads, refresh_leads),
        ("deals", Deal, lock_deals, refresh_deals),
    ):
        total, done = model.objects.count(), 0
        for ids in _chunks(model):
            with transaction.atomic():
                lock(ids)
                refresh(ids, context=context)
            done += len(ids)
            if report is not None:
                report(what, done, max(done, total))


def _chunks(model: type[models.Model]) -> Iterator[list[int]]:
    last = 0
    while ids := list(model.objects.filter(id__gt=last).order_by("id").values_list("id", flat=True)[:CHUNK]):
        yield ids
        last = ids[-1]


def rebuild_leads(ids: Sequence[int]) -> None:
    """Fold these leads again, a chunk per transaction. Days that change are noted."""
    context = Context()
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            hold_leads(ids[start : start + CHUNK])
            refresh_leads(ids[start : start + CHUNK], context=context)


def rebuild_since(day: dt.date) -> int:
    """Fold again the leads that moved on a day or later, and note all their facts: a version begins to hold on that day.

    One that begins tomorrow or later finds none. Returns how many.
    """
    since = Q(entered_day__gte=day) | Q(left_day__gte=day)
    ids = sorted(set(StageEntry.objects.filter(since).values_list("lead_id", flat=True)))
    context = Context()
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        with transaction.atomic():
            hold_leads(part)
            refresh_leads(part, context=context, relabelled=True)
    return len(ids)


def rebuild_teams() -> int:
    """Fold again the leads and deals whose stored team is no longer that of their owner on the day. Returns how many."""
    context = Context()
    team_of = context.teams.team_of
    stays = StageEntry.objects.filter(owner__isnull=False).values_list("lead_id", "owner_id", "team_id", "entered_day")
    leads = {lead for lead, owner, team, day in stays.iterator() if team_of(owner, day) != team}
    # A lead's own team is that of its last assignment, whose day is not stored: only one possible team is beyond doubt.
    now = Lead.objects.filter(owner__isnull=False).values_list("id", "owner_id", "team_id")
    leads |= {lead for lead, owner, team in now.iterator() if context.teams.on_every_day(owner) != {team}}
    closed = Deal.objects.filter(owner__isnull=False, created_day__isnull=False)
    rows = closed.values_list("id", "owner_id", "team_id", "closed_day", "created_day")
    deals = {deal for deal, owner, team, end, start in rows.iterator() if team_of(owner, end or start) != team}
    for ids, lock, refresh in ((sorted(leads), hold_leads, refresh_leads), (sorted(deals), lock_deals, refresh_deals)):
        for start in range(0, len(ids), CHUNK):
            with transaction.atomic():
                lock(ids[start : start + CHUNK])
                refresh(ids[start : start + CHUNK], context=context)
    return len(leads) + len(deals)
