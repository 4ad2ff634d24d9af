"""Reads of the organisation, its calendar zone and its exchange rates."""

import bisect
import datetime as dt
import zoneinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.models import CompanyZone, ExchangeRate, Organisation

FALLBACK_ZONE = "UTC"


def organisation() -> Organisation:
    """The company. An installation without one reads as an unnamed company with the defaults."""
    return Organisation.objects.filter(id=1).first() or Organisation(id=1, name="Tandem")


class Calendar:
    """The company's zone history, read once, so that bulk work converts instants without a query each."""

    def __init__(self, zones: list[tuple[dt.date, str]]):
        self._zones = [(day, ZoneInfo(tz)) for day, tz in zones] or [(dt.date.min, ZoneInfo(FALLBACK_ZONE))]
        # A zone starts at its own local midnight; before the first row the first zone holds.
        self._starts = [dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) for day, zone in self._zones[1:]]

    def zone_at(self, instant: dt.datetime) -> ZoneInfo:
        return self._zones[bisect.bisect_right(self._starts, instant)][1]

    def zone_on(self, day: dt.date) -> ZoneInfo:
        index = bisect.bisect_right([start for start, _ in self._zones[1:]], day)
        return self._zones[index][1]

    def day_of(self, instant: dt.datetime) -> dt.date:
        """Calendar day of an aware instant in the company's zone."""
        return instant.astimezone(self.zone_at(instant)).date()

    def start_of_day(self, day: dt.date) -> dt.datetime:
        """First instant of a calendar day, in UTC."""
        return dt.datetime.combine(day, dt.time(), self.zone_on(day)).astimezone(dt.UTC)

    def end_of_day(self, day: dt.date) -> dt.datetime:
        """First instant after a calendar day, in UTC (days with a clock change have 23 or 25 hours)."""
        return self.start_of_day(day + dt.timedelta(days=1))


# Names that a system keeps for itself: no place where people live.
_NO_PLACES = {"Factory", "localtime", "posixrules"}


def zone_names() -> list[str]:
    """The time zones that a person can choose from, in the order of their names."""
    return sorted(zoneinfo.available_timezones() - _NO_PLACES)


def calendar() -> Calendar:
    return Calendar(list(CompanyZone.objects.order_by("from_day").values_list("from_day", "tz")))


class Rates:
    """Exchange rates to the base currency, read once. The rate of a day is the newest row of that very day or, failing
    that, of the closest earlier day within a week (markets close at weekends); older ones are no rate at all (DQ11)."""

    MAX_AGE = dt.timedelta(days=7)

    def __init__(self, base: str, rows: list[tuple[str, dt.date, Decimal]]):
        self.base = base
        self._by_currency: dict[str, tuple[list[dt.date], list[Decimal]]] = {}
        for currency, day, rate in rows:
            days, values = self._by_currency.setdefault(currency, ([], []))
            if days and days[-1] == day:
                values[-1] = rate
            else:
                days.append(day)
                values.append(rate)

    def on(self, currency: str, day: dt.date) -> Decimal | None:
        """Base units per unit of `currency`, or None when there is no dated rate."""
        if currency == self.base:
            return Decimal(1)
        days, values = self._by_currency.get(currency, ([], []))
        index = bisect.bisect_right(days, day) - 1
        if index < 0 or day - days[index] > self.MAX_AGE:
            return None
        return values[index]


def rates() -> Rates:
    rows = ExchangeRate.objects.order_by("currency", "day", "id").values_list("currency", "day", "rate")
    return Rates(organisation().base_currency, list(rows))
