"""What every page of numbers shares: the period and the filters in its address."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from core.periods import Period, add_months, bucket_of, start_of
from metrics.series import Snapshot

# What a page of numbers can be narrowed by, in the order of its fields.
FILTERS = ("channel", "segment", "region", "campaign", "team")
# What the numbers stand beside; the first one unless the address says otherwise.
COMPARISONS = (("year", "Same period last year"), ("previous", "Previous equal period"))


@dataclass(frozen=True)
class Frame:
    """A page's period, cut at today, and its filters. `choice` is the value of the period field."""

    choice: str
    label: str
    whole: Period  # the period to its end, for the plan
    to_date: Period  # up to and with today
    today: dt.date
    filters: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, tuple[int, ...]], ...] = ()  # the same filters as ids, as a question carries them
    compare: str = COMPARISONS[0][0]

    @property
    def channel(self) -> str | None:
        return dict(self.filters).get("channel")

    def params(self, **more: str | list[str]) -> dict[str, str | list[str]]:
        """Parameters of a metric for this frame."""
        found = {"from": self.to_date.start.isoformat(), "to": self.to_date.end.isoformat()}
        return found | dict(self.filters) | more

    def explain_url(self, key: str, **more: str | list[str]) -> str:
        return f"{reverse('explain', args=[key])}?{urlencode(self.params(**more), doseq=True)}"

    def explain_today_url(self, key: str, **more: str | list[str]) -> str:
        """The explanation of a stock: as of today, under the same filters."""
        return f"{reverse('explain', args=[key])}?{urlencode(dict(self.filters) | more, doseq=True)}"

    def query(self, **more: str) -> str:
        """The frame as the query string of a page of numbers."""
        return urlencode({"period": self.choice} | dict(self.filters) | {"compare": self.compare} | more)

    @property
    def months(self) -> int:
        """Whole months of the period; every period of the field is made of whole months."""
        return (self.whole.end.year - self.whole.start.year) * 12 + self.whole.end.month - self.whole.start.month

    @property
    def whole_before(self) -> Period:
        """The whole period that is compared with."""
        if self.compare == "previous":
            return Period(add_months(self.whole.start, -self.months), self.whole.start)
        return self.whole.a_year_before()

    @property
    def before(self) -> Period:
        """The days that are compared with: as many days of the earlier period as of this one have passed."""
        whole = self.whole_before
        if not self.running:
            return whole
        return Period(whole.start, min(whole.start + dt.timedelta(days=self.to_date.days), whole.end))

    @property
    def before_label(self) -> str:
        """Heads a column: Last year, Quarter before, Year before."""
        if self.compare == "year":
            return "Last year"
        return {3: "Quarter before", 12: "Year before"}.get(self.months, "Period before")

    @property
    def before_words(self) -> str:
        """Completes a sentence: against the same days last year, against the quarter before."""
        earlier = self.before_label.lower()
        if not self.running:
            return earlier if self.compare == "year" else f"the {earlier}"
        return f"the same days {earlier}" if self.compare == "year" else f"the same days of the {earlier}"

    @property
    def running(self) -> bool:
        return self.to_date.end < self.whole.end

    @property
    def day_words(self) -> str:
        if not self.running:
            return f"{self.whole.days} days, complete"
        return f"day {self.to_date.days} of {self.whole.days}"


def period_choices(snapshot: Snapshot, today: dt.date) -> list[tuple[str, str, Period]]:
    """This and the last five fiscal quarters, this year, the last twelve months: (value, label, period)."""
    quarter = bucket_of(today, "quarter", year_start=snapshot.year_start)
    found = []
    for back in range(6):
        start = add_months(quarter.start, -3 * back)
        whole = Period(start, add_months(start, 3))
        found.append((_quarter_key(start, snapshot.year_start), _quarter_label(start, snapshot.year_start), whole))
    year = start_of(today, "year", year_start=snapshot.year_start)
    found.append(("year", f"Year {_fiscal_year(year, snapshot.year_start)}", Period(year, add_months(year, 12))))
    month_end = add_months(today.replace(day=1), 1)
    found.append(("12m", "Last 12 months", Period(add_months(month_end, -12), month_end)))
    return found


def _fiscal_year(start: dt.date, year_start: int) -> int:
    """Fiscal years are named after the calendar year in which they end."""
    return add_months(start_of(start, "year", year_start=year_start), 12).year - (1 if year_start == 1 else 0)


def _quarter_key(start: dt.date, year_start: int) -> str:
    return f"{_fiscal_year(start, year_start)}-Q{((start.month - year_start) % 12) // 3 + 1}"


def _quarter_label(start: dt.date, year_start: int) -> str:
    year, quarter = _quarter_key(start, year_start).split("-")
    return f"{quarter} {year}"


def read_frame(
    snapshot: Snapshot, params: Mapping[str, str], *, today: dt.date, choices: Mapping[str, Mapping[str, int]]
) -> Frame:
    """The frame in an address. `choices`: the names a filter may take with their ids, by dimension.

    Unknown values fall back to this quarter and no filter, so that old links still open.
    """
    periods = period_choices(snapshot, today)
    value, label, whole = next((c for c in periods if c[0] == params.get("period")), periods[0])
    end = min(whole.end, today + dt.timedelta(days=1))
    filters = tuple((name, params[name]) for name in FILTERS if params.get(name) in choices.get(name, {}))
    where = tuple((name, (choices[name][chosen],)) for name, chosen in filters)
    compare = next((key for key, _ in COMPARISONS if key == params.get("compare")), COMPARISONS[0][0])
    return Frame(value, label, whole, Period(whole.start, end), today, filters, where, compare)


def read_page(params: Mapping[str, str]) -> int:
    """The page of a list that an address asks for, from 1 on; the first one if it asks for none."""
    text = params.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:7]) else 1
