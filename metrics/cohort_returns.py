"""R7, the return of each month's spend as it ripens: profit counts in the month of the touch that earned it.

So spend and profit belong together, which in a period they do not where deals take months. How ripe a month is, is the share
of wins that usually have come by its age; a month is carried to full ripeness only beyond half of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from core.periods import Period, buckets, day_number
from metrics import codes, credit
from metrics.credit import DEFAULT_MODEL, MARKETING
from metrics.methods import returns
from metrics.methods.bootstrap import additive_intervals
from metrics.methods.survival import NEVER, first_reach_incidence
from metrics.rows import between, every
from metrics.segments import MISSING, UNKNOWN_DAY
from metrics.series import Snapshot

_DAY = 86_400
RIPE_DAYS = 30 * returns.HORIZON_MONTHS


@dataclass(frozen=True)
class Cohort:
    """The spend of one month and what its touches have earned. `romi[a]` is the return by the end of month of age a."""

    start: dt.date
    spend: int
    profit_by_age: tuple[int, ...]  # gross profit of deals closed in the month of the touch, in the next one, ...
    romi: tuple[float | None, ...]
    maturity: float | None  # share of the wins to come that have come by this age; None before anything was won
    projected: float | None  # None below half of full maturity: too early to say
    low: float | None  # 95 % interval of the return to date, or of the projected one where there is one
    high: float | None
    payback_month: int | None  # first age at which the profit covers the spend

    @property
    def profit(self) -> int:
        return sum(self.profit_by_age)

    @property
    def to_date(self) -> float | None:
        return self.romi[-1] if self.romi else None


def cohort_returns(
    snapshot: Snapshot,
    period: Period,
    *,
    by: str = "campaign",
    key: int | None = None,
    model: str = DEFAULT_MODEL,
    sales: bool = False,
) -> list[Cohort]:
    """The months of a period, of one campaign or channel (`key`) or of all spend together."""
    question = ("cohorts", period, by, key, model, sales)
    return snapshot.memo(question, lambda: _cohorts(snapshot, period, by, key, model, sales))


def _cohorts(snapshot: Snapshot, period: Period, by: str, key: int | None, model: str, sales: bool) -> list[Cohort]:
    today = _today(snapshot)
    months = [month for month in buckets(period, "month") if month.first <= today]
    notes = every(snapshot["credit"])
    bookings = credit.both(credit.wins(snapshot, credit.won_deals(snapshot)), credit.credit_notes(snapshot, notes))
    lines = credit.lines_of(snapshot, bookings, model, sales=sales)
    mine = (lines.row >= 0) & (lines.profit != MISSING) & (bookings.day[lines.booking] != UNKNOWN_DAY)
    if key is not None:
        mine &= credit.named(snapshot, bookings, lines, by) == key
    at = snapshot["path"]["at"][lines.row[mine]]
    profit, closed = lines.profit[mine], bookings.day[lines.booking[mine]]
    account = credit.accounts_of(snapshot, bookings.deal)[lines.booking[mine]]
    ripe = snapshot.memo(("ripening", by, key, sales), lambda: _ages(snapshot, by, key, sales, today))
    found = []
    for month in months:
        begin, end = (int(snapshot.calendar.start_of_day(day).timestamp()) for day in (month.start, month.end))
        here = (at >= begin) & (at < end)
        spend = _spend(snapshot, month, by, key)
        found.append(_cohort(month, spend, profit[here], closed[here], account[here], ripe, today))
    return found


def _cohort(
    month: Period, spend: int, profit: np.ndarray, closed: np.ndarray, account: np.ndarray, ripe, today: int
) -> Cohort:
    length = _month(np.array([today]))[0] - _month(np.array([month.first]))[0] + 1
    by_age = np.zeros(length, np.int64)
    np.add.at(by_age, np.minimum(_month(closed) - _month(np.array([month.first])), length - 1), profit)
    maturity = _maturity(ripe, max(today - month.stop + 1, 0))
    total = int(by_age.sum())
    projected = returns.projected_romi(spend, total, maturity) if maturity else None
    low = high = None
    if len(profit) and spend > 0:
        _, cluster = np.unique(account, return_inverse=True)
        bounds = additive_intervals(profit, np.zeros(len(profit), np.int64), cluster, 1, shares=False)[0]
        scale = 1 / maturity if projected is not None else 1.0
        low, high = (returns.romi(round(bound * scale), spend) for bound in bounds)
    return Cohort(
        start=month.start,
        spend=spend,
        profit_by_age=tuple(by_age.tolist()),
        romi=tuple(returns.cohort_romi(spend, by_age.tolist())),
        maturity=maturity,
        projected=projected,
        low=low,
        high=high,
        payback_month=returns.spend_payback_month(spend, by_age.tolist()) if spend > 0 else None,
    )


def _month(days: np.ndarray) -> np.ndarray:
    """Months since 1970 of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _today(snapshot: Snapshot) -> int:
    at = snapshot.as_of or snapshot.written_at
    return day_number(snapshot.calendar.day_of(at)) if at else 0


def _spend(snapshot: Snapshot, month: Period, by: str, key: int | None) -> int:
    rows = between(snapshot["spend"], month.first, month.stop)
    mask = (rows["status"] == codes.SPEND_STATUSES.index("invoiced")) & (rows["base"] != MISSING)
    if key is not None:
        mask &= rows[by] == key
    return int(rows["base"][mask].sum())


def _ages(snapshot: Snapshot, by: str, key: int | None, sales: bool, today: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every touch, the days until its deal was won (NEVER where it was not), and for how many days it was followed."""
    table, deals = snapshot["path"], snapshot["deal"]
    mask = np.ones(len(table), bool) if sales else table["side"] == MARKETING
    if key is not None:
        mask &= table[by] == key
    rows = np.flatnonzero(mask)
    place = credit.places(deals["item"], table["deal"][rows])
    won = (place >= 0) & (deals["status"][place] == codes.WON) if len(deals) else np.zeros(len(rows), bool)
    day = table["at"][rows] // _DAY
    age = np.where(won, np.maximum(table["closed_at"][rows] // _DAY - day, 0), NEVER)
    return age, np.maximum(today - day, 0)


def _maturity(ripe: tuple[np.ndarray, np.ndarray], days: int) -> float | None:
    """Share of all wins to come that have come after so many days, by the touch-to-won incidence."""
    whole = first_reach_incidence(*ripe, RIPE_DAYS).value
    return first_reach_incidence(*ripe, min(days, RIPE_DAYS)).value / whole if whole else None
