"""The plan beside the numbers: monthly targets of the agreement in force, prorated by calendar days."""

import datetime as dt
from fractions import Fraction

from core.periods import Period, add_months
from funnel.models import Target
from metrics.series import Snapshot


def monthly_targets(snapshot: Snapshot, metric: str, stage: int | None = None) -> dict[dt.date, int]:
    """Targets for the whole company by first day of the month. Money in base minor units.

    All targets of the version are read at once: the dashboard asks for every stage.
    """
    if not snapshot.book:
        return {}

    version = snapshot.book.newest.id

    def compute():
        found: dict[tuple[str, int | None], dict[dt.date, int]] = {}
        rows = Target.objects.filter(agreement_id=version, segment=None)
        for name, stage_id, month, value in rows.values_list("metric", "stage_id", "month", "value"):
            found.setdefault((name, stage_id), {})[month] = value
        return found

    return snapshot.memo(("targets", version), compute).get((metric, stage), {})


def without_target(targets: dict[dt.date, int], period: Period) -> list[dt.date]:
    """First days of the months of a period that have no target."""
    found, month = [], period.start.replace(day=1)
    while month < period.end:
        if month not in targets:
            found.append(month)
        month = add_months(month, 1)
    return found


def planned(targets: dict[dt.date, int], period: Period) -> int | None:
    """What the plan asks for in a period, parts of a month by calendar days; None if one of its months has no target."""
    if without_target(targets, period):
        return None
    total = Fraction(0)
    month = period.start.replace(day=1)
    while month < period.end:
        following = add_months(month, 1)
        overlap = (min(following, period.end) - max(month, period.start)).days
        total += Fraction(targets[month] * overlap, (following - month).days)
        month = following
    return round(total)
