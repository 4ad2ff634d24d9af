"""What a new customer costs, when it has paid that back, and what it brings over three years (metrics-spec 6: R3, R5, R6).

Money in minor units of the base currency. None is unknown or too little to say, never zero. Terms and cancellations are
read from the deals as they stand today.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.periods import Period, add_months, day_number
from leads.models import Deal, DealCredit, DealEvent
from metrics import codes
from metrics.credit import won_deals
from metrics.methods import returns
from metrics.methods.quantiles import quantile
from metrics.rows import Rows, between, every, places
from metrics.segments import MISSING, UNKNOWN_DAY
from metrics.select_customers import customers_won, uncovered
from metrics.selection import Question
from metrics.series import Snapshot

MONTH_DAYS = 365.25 / 12
FOLLOWED_MONTHS = 6  # a customer younger than this says nothing about whether customers stay
LEAST_CUSTOMERS = 20
RENEWAL_DAYS = 30  # how long after its term a customer may still renew before it counts as gone


@dataclass(frozen=True)
class Cost:
    """Invoiced cost of some days, by kind; a kind that nobody entered is absent."""

    by_kind: dict[str, int]
    uncovered: int  # days without a cost of people
    days: int
    unknown: int  # cost lines without a dated rate: in no sum

    @property
    def loaded(self) -> bool:
        """Whether all of it is in: people for every day, and no line of unknown worth."""
        return not self.uncovered and not self.unknown

    @property
    def absent(self) -> tuple[str, ...]:
        return tuple(kind for kind in codes.COST_KINDS[:-1] if kind not in self.by_kind)

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())

    def per(self, customers: int) -> float | None:
        """R3, all cost for each customer: at least this where it is not fully loaded."""
        return returns.cost_per(self.total, customers) if self.by_kind else None


@dataclass(frozen=True)
class Stay:
    """How customers stayed. `monthly`: the share that stays from one month to the next; None below LEAST_CUSTOMERS."""

    monthly: float | None
    customers: int  # followed for six months or more
    ended: int
    months: float  # followed, all customers together
    without_term: int  # customers whose deals name no term


@dataclass(frozen=True)
class NewCustomers:
    won: int
    cost: Cost
    lag: int | None  # median months from the lead's creation to the win
    lagged: Cost | None  # the cost of as many months before; None without a lag
    profit: float | None  # gross profit a month from a new customer, the mean of those whose term and profit are known
    profit_of: int  # of how many
    estimated: int  # of these, by the agreed margin
    stay: Stay

    @property
    def programme(self) -> float | None:
        """R3p: programme cost alone for each."""
        spend = self.cost.by_kind.get("programme")
        return None if spend is None else returns.cost_per(spend, self.won)

    @property
    def each(self) -> float | None:
        return self.cost.per(self.won)

    @property
    def each_lagged(self) -> float | None:
        return self.lagged.per(self.won) if self.lagged else None

    @property
    def payback(self) -> float | None:
        """R5 in months; at least this where the cost is not fully loaded."""
        if self.each is None or self.profit is None:
            return None
        return returns.customer_payback_months(self.each, self.profit)

    @property
    def lifetime(self) -> float | None:
        """R6 over 36 months, never longer."""
        if self.profit is None or self.stay.monthly is None:
            return None
        return returns.lifetime_profit(self.profit, self.stay.monthly)

    @property
    def lifetime_per_cost(self) -> float | None:
        return self.lifetime / self.each if self.lifetime is not None and self.each else None


def new_customers(snapshot: Snapshot, period: Period, *, today: dt.date) -> NewCustomers:
    """The new customers of a period. Days after today have cost nothing yet."""
    return snapshot.memo(("new customers", period, today), lambda: _new_customers(snapshot, period, today))


def _new_customers(snapshot: Snapshot, period: Period, today: dt.date) -> NewCustomers:
    question = Question(key="cost_per_customer", period=period, today=today)
    rows = customers_won(snapshot, question)
    deals = _won_deals(snapshot)
    terms = {deal: (start, end) for deal, _, _, start, end in deals if _is_term(start, end)}
    profit, estimated = _monthly_profit(snapshot, rows, terms)
    lag = _lag(snapshot, rows)
    stop = min(period.end, today + dt.timedelta(days=1))
    before = _cost(snapshot, add_months(period.start, -lag), add_months(stop, -lag)) if lag else None
    return NewCustomers(
        won=len(rows),
        cost=_cost(snapshot, period.start, stop),
        lag=lag,
        lagged=before,
        profit=sum(profit) / len(profit) if profit else None,
        profit_of=len(profit),
        estimated=estimated,
        stay=stay_of(_customers(deals), today),
    )


def _cost(snapshot: Snapshot, start: dt.date, end: dt.date) -> Cost:
    first, stop = day_number(start), day_number(end)
    rows = between(snapshot["spend"], first, stop)
    status, base, found = rows["status"], rows["base"], {}
    invoiced = np.isin(status, [codes.spend_code("invoiced", kind) for kind in codes.COST_KINDS])
    for kind in codes.COST_KINDS:
        known = (status == codes.spend_code("invoiced", kind)) & (base != MISSING)
        if np.any(known):
            found[kind] = int(base[known].sum())
    missing = np.unique(rows["item"][invoiced & (base == MISSING)])
    return Cost(found, uncovered(snapshot, first, stop), max(stop - first, 0), len(missing))


def _lag(snapshot: Snapshot, rows: Rows) -> int | None:
    """Median whole months from the creation of the lead, else of the deal, to the win."""
    journey = every(snapshot["journey"])
    spot = places(journey["lead"], rows["lead"])
    created = np.where(spot >= 0, journey["created"][spot], rows["day"]) if len(journey) else rows["day"]
    known = (created != UNKNOWN_DAY) & (rows["cknown"] == 1)
    days = quantile(rows["close"][known].astype(np.int64) - created[known], 0.5)
    return None if days is None else max(round(days / MONTH_DAYS), 0)


def _monthly_profit(snapshot: Snapshot, rows: Rows, terms: dict) -> tuple[list[float], int]:
    """Gross profit a month of each deal whose profit and term are known, and how many of them are estimated."""
    value, how = (column[rows.numbers] for column in snapshot.profit)
    found, estimated = [], 0
    for deal, profit, known in zip(rows["item"].tolist(), value.tolist(), how.tolist(), strict=True):
        if deal in terms and profit != MISSING:
            start, end = terms[deal]
            found.append(profit / months_between(start, end + dt.timedelta(days=1)))
            estimated += known == codes.ESTIMATED
    return found, estimated


# --- how customers stay ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Customer:
    """From the first day of the first term to the day after the last; None where no deal names a term."""

    start: dt.date | None
    end: dt.date | None
    cancelled: bool = False


def stay_of(customers: Iterable[Customer], today: dt.date) -> Stay:
    """Monthly retention: one less the customers that ended for each month that one was followed."""
    followed = ended = without_term = 0
    months = 0.0
    for customer in customers:
        if customer.start is None or customer.end is None:
            without_term += 1
            continue
        if months_between(customer.start, today) < FOLLOWED_MONTHS:
            continue
        followed += 1
        months += months_between(customer.start, min(customer.end, today))
        patience = dt.timedelta(days=0 if customer.cancelled else RENEWAL_DAYS)
        ended += customer.end + patience <= today
    enough = followed >= LEAST_CUSTOMERS and months > 0
    return Stay(max(1 - ended / months, 0.0) if enough else None, followed, ended, months, without_term)


def months_between(start: dt.date, end: dt.date) -> float:
    """Calendar months from a day to another one: whole ones, and the rest of the days as a share of a usual month."""
    return (end.year - start.year) * 12 + end.month - start.month + (end.day - start.day) / MONTH_DAYS


def _won_deals(snapshot: Snapshot) -> list[tuple]:
    """(id, company, the deal it renews, term start, term end) of all won deals that are in numbers."""
    counted = set(won_deals(snapshot)["item"].tolist())
    rows = Deal.objects.filter(status=Deal.Status.WON, voided=False)
    columns = ("id", "company_id", "renews_id", "term_start", "term_end")
    return [row for row in rows.values_list(*columns) if row[0] in counted]


def _is_term(start: dt.date | None, end: dt.date | None) -> bool:
    return start is not None and end is not None and start <= end


def _customers(rows: list[tuple]) -> list[Customer]:
    """All customers: the won deals of a company, or a deal and those that renew it, with the time that their terms span."""
    renews = {deal: before for deal, _, before, _, _ in rows}
    posted = DealCredit.objects.filter(event__kind=DealEvent.Kind.CANCELLED).order_by("-day")
    cancelled = dict(posted.values_list("deal_id", "day"))  # the first one of a deal stands
    terms: dict[tuple, list[Customer]] = defaultdict(list)
    for deal, company, _, start, end in rows:
        mine = terms[("company", company) if company else ("deal", _root(deal, renews))]
        if _is_term(start, end):
            day = cancelled.get(deal)
            mine.append(Customer(start, max(day, start) if day else end + dt.timedelta(days=1), bool(day)))
    found = []
    for spans in terms.values():
        last = max(spans, key=lambda span: span.end, default=None)
        found.append(Customer(min(s.start for s in spans), last.end, last.cancelled) if last else Customer(None, None))
    return found


def _root(deal: int, renews: dict[int, int | None]) -> int:
    seen = {deal}
    while (before := renews.get(deal)) is not None and before not in seen:
        seen.add(before)
        deal = before
    return deal
