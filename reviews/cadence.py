"""When the meetings of a series are. Pure: no database, no clock."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.periods import add_months, start_of
from reviews.models import ReviewSeries

# How long before its start a meeting is planned and its invitation sent.
AHEAD = {ReviewSeries.Cadence.WEEKLY: dt.timedelta(days=8), ReviewSeries.Cadence.MONTHLY: dt.timedelta(days=24)}
# A meeting whose planning was missed is made up until so long after its start.
MADE_UP = dt.timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """`period`: the Monday of the week, or the first day of the month, that the meeting stands for."""

    period: dt.date
    starts_at: dt.datetime
    freeze_at: dt.datetime


def slot_of(series: ReviewSeries, period: dt.date) -> Slot:
    """The meeting of a period. Local time: a change of clocks moves no meeting on the wall."""
    starts_at = dt.datetime.combine(_day(series, period), series.at, ZoneInfo(series.zone)).astimezone(dt.UTC)
    return Slot(period, starts_at, starts_at - dt.timedelta(minutes=series.freeze_minutes))


def slots(series: ReviewSeries, after: dt.datetime, until: dt.datetime) -> Iterator[Slot]:
    """The meetings that start after one instant and not later than another, in order."""
    weekly = series.cadence == ReviewSeries.Cadence.WEEKLY
    local = after.astimezone(ZoneInfo(series.zone)).date()
    period = start_of(local, "week" if weekly else "month")
    while True:
        slot = slot_of(series, period)
        if slot.starts_at > until:
            return
        if slot.starts_at > after:
            yield slot
        period = period + dt.timedelta(days=7) if weekly else add_months(period, 1)


def _day(series: ReviewSeries, period: dt.date) -> dt.date:
    if series.cadence == ReviewSeries.Cadence.WEEKLY:
        return period + dt.timedelta(days=series.weekday)
    if series.week_of_month == ReviewSeries.Week.LAST:
        last = add_months(period, 1) - dt.timedelta(days=1)
        return last - dt.timedelta(days=(last.weekday() - series.weekday) % 7)
    first = period + dt.timedelta(days=(series.weekday - period.weekday()) % 7)
    return first + dt.timedelta(days=7 * (series.week_of_month - 1))
