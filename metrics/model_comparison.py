"""Where the models of credit differ about what was won, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.periods import Period
from metrics import credit
from metrics.campaign_returns import bookings_in, campaign_returns
from metrics.series import Snapshot


@dataclass(frozen=True)
class Disagreement:
    """One row of the comparison: what each model gives it, and how far they lie apart."""

    id: int
    profit: Mapping[str, int]
    share: Mapping[str, float | None]
    rank: Mapping[str, int]
    low: str  # the model that gives it least, and the one that gives it most
    high: str
    spread: int  # minor units between the two
    roles: Mapping[str, float | None] = field(
        default_factory=dict
    )  # share of deals it touches in which it holds a milestone


def model_comparison(snapshot: Snapshot, period: Period, *, by: str = "campaign", sales: bool = False) -> list[Disagreement]:
    """Each row's gross profit under every model, those on which the models differ most first."""
    found = campaign_returns(snapshot, period, by=by, sales=sales)
    profit = {row.id: {model: part.profit for model, part in row.returns.items()} for row in found.rows}
    ranks = {
        model: {key: place for place, key in enumerate(sorted(profit, key=lambda k: (-profit[k][model], k)), 1)}
        for model in found.models
    }
    roles = _roles(snapshot, bookings_in(snapshot, period), by, sales)
    rows = []
    for key, amounts in profit.items():
        low, high = min(amounts, key=amounts.get), max(amounts, key=amounts.get)
        rows.append(
            Disagreement(
                id=key,
                profit=amounts,
                share={model: amount / found.profit if found.profit else None for model, amount in amounts.items()},
                rank={model: ranks[model][key] for model in found.models},
                low=low,
                high=high,
                spread=amounts[high] - amounts[low],
                roles=roles.get(key, {}),
            )
        )
    return sorted(rows, key=lambda row: (-row.spread, row.id))


def _roles(snapshot: Snapshot, bookings: credit.Bookings, by: str, sales: bool) -> dict[int, dict[str, float]]:
    """Of the won deals with a touch of each row, the share in which such a touch holds each milestone: why models differ."""
    won = bookings.under(bookings.win)
    rows, journeys = credit.ways_of(snapshot, won.deal, sales=sales)
    keys = snapshot["path"][by][rows].astype(np.int64)
    owner = journeys.journey
    held = journeys.milestones()
    found = {}
    for key in np.unique(keys).tolist():
        mine = keys == key
        deals = len(np.unique(owner[mine]))
        found[key] = {name: float(np.count_nonzero(mine[spots[spots >= 0]]) / deals) for name, spots in held.items()}
    return found
