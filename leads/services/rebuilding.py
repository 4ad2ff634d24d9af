"""Rebuild projections from events: after a change of what they mean, or to be sure."""

from collections.abc import Callable, Iterator

from django.db import models, transaction

from leads.locks import lock_deals, lock_leads
from leads.models import Deal, Lead
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
