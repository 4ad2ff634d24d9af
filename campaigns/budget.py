"""Budget against actual: cost lines spread over their service days (R1), in the base currency.

Planned is the budget. Committed is ordered and not invoiced yet: the invoice takes the order's place. So what a plan is
compared with is committed and invoiced together. A day without an exchange rate is left out of the sums and said.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from campaigns.models import Spend
from core.money import convert, spread, spread_until
from core.periods import add_months
from core.queries import Rates

Status = Spend.Status


@dataclass
class Money:
    """Sums by status in minor units of the base currency; None where no line says anything: unknown, not zero."""

    planned: int | None = None
    committed: int | None = None
    invoiced: int | None = None

    def add(self, status: str, amount: int) -> None:
        setattr(self, status, (getattr(self, status) or 0) + amount)

    @property
    def bound(self) -> int | None:
        """Committed and invoiced: what the plan is compared with."""
        if self.committed is None and self.invoiced is None:
            return None
        return (self.committed or 0) + (self.invoiced or 0)

    @property
    def left(self) -> int | None:
        """What is left of the plan; below zero it is passed. None without a plan."""
        return None if self.planned is None else self.planned - (self.bound or 0)

    @property
    def over(self) -> bool:
        return self.left is not None and self.left < 0


@dataclass
class Month(Money):
    """A calendar month of the company."""

    start: dt.date | None = None


@dataclass
class Budget(Money):
    """All lines of a campaign. `to_date`: their parts for service days up to today. `without_rate`: lines with a day that
    could not be converted."""

    to_date: Money = field(default_factory=Money)
    months: list[Month] = field(default_factory=list)
    without_rate: int = 0


def budget_of(lines: Iterable[Spend], *, rates: Rates, today: dt.date) -> Budget:
    """Sums, what has been used up to the end of `today`, and the months from the first service day to the last."""
    found = Budget()
    by_month: dict[dt.date, Month] = {}
    for line in lines:
        missing = False
        for first, last, amount in _parts(line, rates, today):
            if amount is None:
                missing = True
                continue
            found.add(line.status, amount)
            if last <= today:
                found.to_date.add(line.status, amount)
            start = first.replace(day=1)
            by_month.setdefault(start, Month(start=start)).add(line.status, amount)
        found.without_rate += missing
    if by_month:
        start, end = min(by_month), max(by_month)
        while start <= end:
            found.months.append(by_month.get(start) or Month(start=start))
            start = add_months(start, 1)
    return found


def budgets_of(lines: Iterable[Spend], *, rates: Rates, today: dt.date) -> dict[int, Budget]:
    """The budgets of many campaigns by their ids; campaigns without a line are not among them."""
    of: dict[int, list[Spend]] = defaultdict(list)
    for line in lines:
        of[line.campaign_id].append(line)
    return {campaign: budget_of(rows, rates=rates, today=today) for campaign, rows in of.items()}


def _parts(line: Spend, rates: Rates, today: dt.date) -> Iterator[tuple[dt.date, dt.date, int | None]]:
    """Stretches of service days within one month and on one side of today's end: first day, last day, base amount."""
    days = (line.service_to - line.service_from).days + 1
    foreign = None if line.currency == rates.base else _by_day(line, rates, days)
    first = line.service_from
    while first <= line.service_to:
        last = min(add_months(first.replace(day=1), 1) - dt.timedelta(days=1), line.service_to)
        if first <= today < last:
            last = today
        begin, end = (first - line.service_from).days, (last - line.service_from).days + 1
        if foreign is None:
            yield first, last, spread_until(line.amount, days, end) - spread_until(line.amount, days, begin)
        else:
            known = [part for part in foreign[begin:end] if part is not None]
            if known:
                yield first, last, sum(known)
            if len(known) < end - begin:
                yield first, last, None
        first = last + dt.timedelta(days=1)


def _by_day(line: Spend, rates: Rates, days: int) -> list[int | None]:
    """Each day's part at that day's rate, as the facts of the rollup have it (X11)."""
    found: list[int | None] = []
    for offset, part in enumerate(spread(line.amount, days)):
        rate = rates.on(line.currency, line.service_from + dt.timedelta(days=offset))
        found.append(None if rate is None else convert(part, line.currency, rates.base, rate))
    return found
