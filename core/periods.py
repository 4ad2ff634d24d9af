"""The only period arithmetic. A period is half-open, [start, end); days are calendar days of the company's zone."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import DomainError

_EPOCH = dt.date(1970, 1, 1).toordinal()
GRAINS = ("day", "week", "month", "quarter", "year")


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01; the integer that segments store."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> dt.date:
    return dt.date.fromordinal(int(number) + _EPOCH)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month `months` later, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, _month_length(year, month + 1)))


def _month_length(year: int, month: int) -> int:
    first_of_next = dt.date(year + month // 12, month % 12 + 1, 1)
    return (first_of_next - dt.timedelta(days=1)).day


@dataclass(frozen=True)
class Period:
    start: dt.date
    end: dt.date

    def __post_init__(self):
        if self.end < self.start:
            raise DomainError("period_reversed", "The period ends before it starts.", field="to")

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def first(self) -> int:
        """Day number of the first day."""
        return day_number(self.start)

    @property
    def stop(self) -> int:
        """Day number of the day after the last."""
        return day_number(self.end)

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end

    def previous(self) -> "Period":
        """The period of equal length that ends where this one starts."""
        return Period(self.start - (self.end - self.start), self.start)

    def a_year_before(self) -> "Period":
        """The same calendar days one year earlier (29 February becomes the 28th)."""
        return Period(add_months(self.start, -12), add_months(self.end, -12))


def start_of(day: dt.date, grain: str, *, week_start: int = 0, year_start: int = 1) -> dt.date:
    """First day of the bucket that holds `day`. `week_start`: 0 is Monday; `year_start`: first month of the fiscal year."""
    if grain == "day":
        return day
    if grain == "week":
        return day - dt.timedelta(days=(day.weekday() - week_start) % 7)
    if grain == "month":
        return day.replace(day=1)
    months_in = (day.month - year_start) % 12
    if grain == "quarter":
        return add_months(day.replace(day=1), -(months_in % 3))
    if grain == "year":
        return add_months(day.replace(day=1), -months_in)
    raise DomainError("grain_unknown", f"Unknown grain “{grain}”. Use one of: {', '.join(GRAINS)}.", field="by")


def next_start(start: dt.date, grain: str) -> dt.date:
    """First day of the bucket after the one that begins at `start`."""
    if grain in ("day", "week"):
        return start + dt.timedelta(days=7 if grain == "week" else 1)
    return add_months(start, {"month": 1, "quarter": 3, "year": 12}[grain])


def buckets(period: Period, grain: str, *, week_start: int = 0, year_start: int = 1) -> Iterator[Period]:
    """Cut a period at the grain's borders; the first and last bucket hold only days of the period."""
    start = period.start
    while start < period.end:
        begin = start_of(start, grain, week_start=week_start, year_start=year_start)
        end = min(next_start(begin, grain), period.end)
        yield Period(start, end)
        start = end


def bucket_of(day: dt.date, grain: str, *, year_start: int = 1) -> Period:
    """The whole month, quarter or fiscal year that holds `day`."""
    start = start_of(day, grain, year_start=year_start)
    return Period(start, next_start(start, grain))


def parse_day(text: str, *, field: str = "") -> dt.date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise DomainError("date_invalid", f"“{text[:40]}” is not a date. Write it as 2026-08-31.", field=field)


def working_days(start: dt.date, end: dt.date) -> int:
    """Mondays to Fridays after `start`, up to and with `end`. Holidays of a company are not known here."""
    whole, rest = divmod((end - start).days, 7)
    return whole * 5 + sum((start + dt.timedelta(days=i + 1)).weekday() < 5 for i in range(rest))
