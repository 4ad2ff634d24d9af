"""Rebuild projections from events: after a change of what they mean, or to be sure."""

import datetime as dt
from collections.abc import Callable, Iterator

from django.db import models, transaction
from django.db.models import Q

from leads.locks import lock_deals, lock_leads
from leads.models import Deal, Lead, StageEntry
from leads.projection import Context, refresh_deals, refresh_leads

CHUNK = 500


def rebuild_everything(*, report: Callable[[str, int, int], None] | None = None) -> None:
    """Fold all leads and deals again, a chunk per transaction, so that people can go on working. Days that change are noted.

    `report` hears (what, done, of how many). Deals come second: their facts are counted under the leads' survivors.
    """
    context = Context()
    for what, model, lock, refresh in (
        ("leads", Lead, lock_leads, refresh_leads),
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
            lock_leads(part)
            refresh_leads(part, context=context, relabelled=True)
    return len(ids)
