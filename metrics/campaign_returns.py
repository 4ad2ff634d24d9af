"""What campaigns, channels and content earned: rows for pages, each figure as the declared metrics have it.

Money in minor units of the base currency. None is unknown or undefined, never zero. Returns say *attributed*: what would
have come without the spend is not known. One deal stands in metrics.deal_ledger, where models differ in
metrics.model_comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.money import split
from core.periods import Period
from metrics import codes, credit
from metrics.methods import returns
from metrics.methods.bootstrap import additive_intervals
from metrics.rows import between, every, running_at
from metrics.segments import MISSING
from metrics.series import Snapshot

GRAINS = ("campaign", "channel", "content")
# Rows beside those of campaigns, channels and contents: touches without one, credit that no touch earned, spend without one.
NONE_NAMED, UNATTRIBUTED, SALES_SOURCED = 0, credit.UNATTRIBUTED, credit.SALES_SOURCED


@dataclass(frozen=True)
class Return:
    """What one model gives a row. `romi` is (profit − spend) ÷ spend, `low` and `high` its 95 % interval, accounts drawn."""

    revenue: int
    profit: int
    romi: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ReturnRow:
    """One campaign, channel or content in a period. Counts of leads are those created as its own; money is by touches."""

    id: int
    planned: int
    committed: int
    invoiced: int  # spread over its service days (R1): the spend of every figure below
    spend_unknown: int  # cost lines with days in the period whose currency has no dated rate
    leads: int
    reached: Mapping[str, int]  # milestone -> first reaches in the period
    deals: int  # won in the period whose lead was created by a touch of it (A1)
    influenced: int  # won deals with a touch of it (A2): counts each deal once here, and again in every other row
    unknown: int  # of those, deals without a known gross profit
    estimated: int  # of those, deals whose gross profit is estimated by the agreed margin
    open_amount: Mapping[str, int]  # model -> provisional share of the amounts open at the end of the period
    returns: Mapping[str, Return]  # model -> what it earned

    @property
    def spend(self) -> int:
        return self.invoiced

    def cost_per(self, what: str) -> float | None:
        """R2: spend per "lead", per milestone reached, or per won deal ("won"); None where nobody got there."""
        counts = {"lead": self.leads, "won": self.deals} | dict(self.reached)
        return returns.cost_per(self.invoiced, counts.get(what, 0)) if self.invoiced else None

    def pipeline_per_spend(self, model: str) -> float | None:
        """R8, not profit: provisional share of open amounts ÷ spend."""
        return self.open_amount[model] / self.invoiced if self.invoiced > 0 else None


@dataclass(frozen=True)
class Returns:
    """All rows of a period at one grain, highest gross profit under the default model first. Every model sums to `total`."""

    by: str
    models: tuple[str, ...]
    rows: list[ReturnRow]
    revenue: int  # what was booked in the period
    profit: int
    unknown: int  # won deals whose gross profit is not known: in no sum
    estimated: int

    def row(self, key: int) -> ReturnRow | None:
        return next((row for row in self.rows if row.id == key), None)


# --- bookings of a period -------------------------------------------------------------------------------------------------


def bookings_in(snapshot: Snapshot, period: Period) -> credit.Bookings:
    """What was won in a period, and the credits posted in it: the sums are those of won_revenue and gross_profit."""
    deals = credit.won_deals(snapshot)
    deals = deals.under((deals["close"] >= period.first) & (deals["close"] < period.stop))
    notes = between(snapshot["credit"], period.first, period.stop)
    return credit.both(credit.wins(snapshot, deals), credit.credit_notes(snapshot, notes))


def _sums(keys: np.ndarray, amounts: np.ndarray) -> dict[int, int]:
    """Known amounts by key, exact."""
    known = amounts != MISSING
    distinct, place = np.unique(keys[known], return_inverse=True)
    sums = np.zeros(len(distinct), np.int64)
    np.add.at(sums, place, amounts[known])
    return dict(zip(distinct.tolist(), sums.tolist(), strict=True))


def campaign_returns(snapshot: Snapshot, period: Period, *, by: str = "campaign", sales: bool = False) -> Returns:
    """Every campaign, channel or content with spend, leads, a milestone reached or credit in a period.

    `sales`: also what sales did.
    """
    return snapshot.memo(("returns", period, by, sales), lambda: _returns(snapshot, period, by, sales))


def _returns(snapshot: Snapshot, period: Period, by: str, sales: bool) -> Returns:
    if by not in GRAINS:
        raise ValueError(f"by is one of {GRAINS}")
    bookings = bookings_in(snapshot, period)
    spans = running_at(snapshot["deal_span"], period.stop - 1, "until")
    open_ = credit.open_amounts(snapshot, spans)
    models = credit.models_of(snapshot.rules)
    spend = _spend(snapshot, period, by)
    leads, reached = _leads(snapshot, period, by)
    earned, pipeline = {}, {}
    for model in models:
        lines = credit.lines_of(snapshot, bookings, model, sales=sales)
        keys = credit.named(snapshot, bookings, lines, by)
        earned[model] = (
            _sums(keys, lines.revenue),
            _sums(keys, lines.profit),
            _intervals(snapshot, bookings, lines, keys),
        )
        provisional = credit.lines_of(snapshot, open_, model, sales=sales)
        pipeline[model] = _sums(credit.named(snapshot, open_, provisional, by), provisional.revenue)
    deals = _deals(snapshot, bookings, by, sales)
    ids = set(leads) | set(deals["influenced"]) | set().union(*spend.values(), *reached.values())
    for revenue, profit, _ in earned.values():
        ids |= set(revenue) | set(profit)
    for sums in pipeline.values():
        ids |= set(sums)
    rows = [
        ReturnRow(
            id=key,
            planned=spend["planned"].get(key, 0),
            committed=spend["committed"].get(key, 0),
            invoiced=spend["invoiced"].get(key, 0),
            spend_unknown=spend["unknown"].get(key, 0),
            leads=leads.get(key, 0),
            reached={name: counts.get(key, 0) for name, counts in reached.items()},
            deals=deals["sourced"].get(key, 0),
            influenced=deals["influenced"].get(key, 0),
            unknown=deals["unknown"].get(key, 0),
            estimated=deals["estimated"].get(key, 0),
            open_amount={model: sums.get(key, 0) for model, sums in pipeline.items()},
            returns={model: _return(key, *earned[model], spend["invoiced"].get(key, 0)) for model in models},
        )
        for key in ids
    ]
    rows.sort(key=lambda row: (-row.returns[credit.DEFAULT_MODEL].profit, row.id))
    known = bookings.profit != MISSING
    return Returns(
        by=by,
        models=models,
        rows=rows,
        revenue=int(bookings.revenue[bookings.revenue != MISSING].sum()),
        profit=int(bookings.profit[known].sum()),
        unknown=len(np.unique(bookings.deal[~known])),
        estimated=int(np.count_nonzero(bookings.estimated)),
    )


def _return(key: int, revenue: dict, profit: dict, intervals: dict, spend: int) -> Return:
    earned = profit.get(key, 0)
    low, high = intervals.get(key, (None, None))
    return Return(
        revenue=revenue.get(key, 0),
        profit=earned,
        romi=returns.romi(earned, spend),
        low=returns.romi(low, spend) if low is not None else None,
        high=returns.romi(high, spend) if high is not None else None,
    )


def _intervals(snapshot: Snapshot, bookings, lines: credit.Lines, keys: np.ndarray) -> dict[int, tuple[int, int]]:
    """95 % interval of each row's gross profit in minor units; accounts are drawn, since their deals stand together."""
    known = lines.profit != MISSING
    if not np.any(known):
        return {}
    distinct, player = np.unique(keys[known], return_inverse=True)
    accounts = credit.accounts_of(snapshot, bookings.deal)[lines.booking[known]]
    _, cluster = np.unique(accounts, return_inverse=True)
    bounds = additive_intervals(lines.profit[known], player, cluster, len(distinct), shares=False)
    return {int(key): (round(low), round(high)) for key, (low, high) in zip(distinct, bounds, strict=True)}


def _spend(snapshot: Snapshot, period: Period, by: str) -> dict[str, dict[int, int]]:
    """Spend of the period's service days by status, and how many cost lines have no dated rate (under "unknown")."""
    names = (*codes.SPEND_STATUSES, "unknown")
    if by == "content":
        return {name: {} for name in names}  # a cost line names a campaign or a channel
    rows = between(snapshot["spend"], period.first, period.stop)
    rows = rows.under(rows["status"] < len(codes.SPEND_STATUSES))  # programme cost: all other is of no campaign
    keys, status, base = rows[by].astype(np.int64), rows["status"], rows["base"]
    found = {name: _sums(keys[status == code], base[status == code]) for code, name in enumerate(codes.SPEND_STATUSES)}
    missing = base == MISSING
    pairs = np.unique(np.stack([keys[missing], rows["item"][missing]]), axis=1)
    found["unknown"] = dict(zip(*(part.tolist() for part in np.unique(pairs[0], return_counts=True)), strict=True))
    if snapshot.rules.spread_unallocated:
        found = {name: sums if name == "unknown" else pro_rata(sums) for name, sums in found.items()}
    return found


def pro_rata(sums: dict[int, int]) -> dict[int, int]:
    """Spend that names no row, shared by the others in proportion to their own; kept where there are none."""
    named = {key: amount for key, amount in sums.items() if key and amount > 0}
    if not named or not sums.get(0):
        return sums
    parts = split(sums[0], list(named.values()))
    return {key: amount for key, amount in sums.items() if key} | {
        key: amount + part for (key, amount), part in zip(named.items(), parts, strict=True)
    }


def _leads(snapshot: Snapshot, period: Period, by: str) -> tuple[dict[int, int], dict[str, dict[int, int]]]:
    """Leads created in the period, and first reaches of the milestones in it, by the lead's own campaign or channel."""
    if by == "content" or not snapshot.book:
        return {}, {}
    journey = every(snapshot["journey"])
    version = snapshot.book.on(period.end)
    own = journey[by].astype(np.int64)

    def counted(days: np.ndarray) -> dict[int, int]:
        keys, counts = np.unique(own[(days >= period.first) & (days < period.stop)], return_counts=True)
        return dict(zip(keys.tolist(), counts.tolist(), strict=True))

    stages = {name: version.milestone(name) for name in ("mql", "sal", "sql", "opportunity")}
    reached = {name: counted(journey[f"r:{stage.id}"]) for name, stage in stages.items() if stage is not None}
    return counted(journey["created"]), reached


def _deals(snapshot: Snapshot, bookings: credit.Bookings, by: str, sales: bool) -> dict[str, dict[int, int]]:
    """Deals won in the period by row: sourced (A1), influenced (A2), and of the influenced those with unknown or estimated
    profit."""
    won = bookings.under(bookings.win)
    rows, journeys = credit.ways_of(snapshot, won.deal, sales=sales)
    table = snapshot["path"]
    keys = table[by][rows].astype(np.int64)
    pairs = np.unique(np.stack([keys, journeys.journey]), axis=1) if len(rows) else np.zeros((2, 0), np.int64)

    def counted(mask: np.ndarray) -> dict[int, int]:
        distinct, counts = np.unique(pairs[0][mask], return_counts=True)
        return dict(zip(distinct.tolist(), counts.tolist(), strict=True))

    creation = journeys.milestones()["creation"]
    sources, counts = np.unique(keys[creation[creation >= 0]], return_counts=True)
    return {
        "sourced": dict(zip(sources.tolist(), counts.tolist(), strict=True)),
        "influenced": counted(np.ones(pairs.shape[1], bool)),
        "unknown": counted(won.profit[pairs[1]] == MISSING),
        "estimated": counted(won.estimated[pairs[1]]),
    }
