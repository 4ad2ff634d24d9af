"""One deal: each touch on its way and what every model gives it, adding up to what was booked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metrics import codes, credit
from metrics.credit import UNATTRIBUTED
from metrics.rows import every
from metrics.segments import MISSING
from metrics.series import Snapshot


@dataclass(frozen=True)
class LedgerTouch:
    """One touch on the way to a deal, with what each model gives it. `touch` 0: what no touch earned."""

    touch: int
    at: int  # seconds since 1970
    channel: int
    campaign: int
    content: int
    side: str
    kind: str
    contact: int  # 0 where nobody has a name
    milestones: tuple[str, ...]  # of first, creation, opening, closing
    revenue: Mapping[str, int | None]
    profit: Mapping[str, int | None]


@dataclass(frozen=True)
class DealLedger:
    """A deal's way and its shares; each model's add up to `revenue` and `profit`. Provisional while the deal is open."""

    deal: int
    provisional: bool
    revenue: int | None
    profit: int | None
    estimated: bool
    models: tuple[str, ...]
    touches: list[LedgerTouch]
    rules_version: int


def deal_ledger(snapshot: Snapshot, deal: int, *, sales: bool = False) -> DealLedger | None:
    """The way to one deal with every model's shares; None for a deal that is in no number. A lost deal's money is zero."""
    rows = every(snapshot["deal"])
    rows = rows.under(rows["item"] == deal)
    if not len(rows):
        return None
    status = int(rows["status"][0])
    bookings = credit.wins(snapshot, rows)
    if status == codes.WON:
        notes = every(snapshot["credit"])
        bookings = credit.both(bookings, credit.credit_notes(snapshot, notes.under(notes["deal"] == deal)))
    elif status != codes.OPEN:
        nothing = np.zeros(1, np.int64)
        bookings = credit.Bookings(bookings.deal, bookings.day, nothing, nothing, *np.zeros((2, 1), bool))
    models = (*credit.models_of(snapshot.rules), "shapley")
    shares = {}
    for model in models:
        lines = credit.lines_of(snapshot, bookings, model, sales=sales)
        shares[model] = (_by_row(lines.row, lines.revenue), _by_row(lines.row, lines.profit))
    path, journeys = credit.ways_of(snapshot, bookings.deal[:1], sales=sales)
    held = {name: int(spot[0]) for name, spot in journeys.milestones().items()}
    table = snapshot["path"]
    touches = [
        LedgerTouch(
            touch=int(table["touch"][row]),
            at=int(table["at"][row]),
            channel=int(table["channel"][row]),
            campaign=int(table["campaign"][row]),
            content=int(table["content"][row]),
            side=codes.SIDES[table["side"][row]],
            kind=codes.TOUCH_KINDS[table["kind"][row]],
            contact=max(int(table["person"][row]), 0),
            milestones=tuple(name for name, spot in held.items() if spot == place),
            revenue={model: revenue.get(row, 0) for model, (revenue, _) in shares.items()},
            profit={model: profit.get(row, 0) for model, (_, profit) in shares.items()},
        )
        for place, row in enumerate(path.tolist())
    ]
    if any(-1 in revenue for revenue, _ in shares.values()):
        touches.append(
            LedgerTouch(
                0, 0, UNATTRIBUTED, UNATTRIBUTED, UNATTRIBUTED, "", "", 0, (),
                {model: revenue.get(-1, 0) for model, (revenue, _) in shares.items()},
                {model: profit.get(-1, 0) for model, (_, profit) in shares.items()},
            )
        )  # fmt: skip
    return DealLedger(
        deal=deal,
        provisional=status == codes.OPEN,
        revenue=_total(bookings.revenue),
        profit=_total(bookings.profit),
        estimated=bool(np.any(bookings.estimated)),
        models=models,
        touches=touches,
        rules_version=snapshot.rules.version,
    )


def _by_row(rows: np.ndarray, amounts: np.ndarray) -> dict[int, int | None]:
    """Sum of each row; None where any part of it is not known."""
    found: dict[int, int | None] = {}
    for row, amount in zip(rows.tolist(), amounts.tolist(), strict=True):
        before = found.get(row, 0)
        found[row] = None if amount == MISSING or before is None else before + amount
    return found


def _total(amounts: np.ndarray) -> int | None:
    return None if np.any(amounts == MISSING) else int(amounts.sum())
