"""Writes of the rollup's own row that are not part of a round."""

import datetime as dt

from metrics.models import RollupState


def worker_seen(*, now: dt.datetime) -> None:
    """A worker is alive. Pages show from this whether the figures are kept up to date."""
    RollupState.objects.get_or_create(id=1)
    RollupState.objects.filter(id=1).update(worker_seen_at=now)
