"""One deal: each touch on its way and what every model gives it, adding up to what was booked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from leads.models import Deal
from metrics import codes, credit
from metrics.methods.journeys import NEVER, Journeys
from metrics.rows import Rows, every
from metrics.segments import MISSING
from metrics.series import Snapshot

_COLUMNS = ("touch", "at", "channel", "campaign", "content", "side", "kind", "person")


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
    own: Mapping[str, int | None]  # revenue in the deal's currency, shared by the same weights


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
    currency: str
    own_revenue: int | None  # minor units of that currency
    versions: Mapping[str, int]  # milestone -> version of the agreement in force when it happened; 0 before the first one


def deal_ledger(snapshot: Snapshot, deal: int, *, sales: bool = False) -> DealLedger | None:
    """The way to one deal with every model's shares; None for a deal that is in no number. A lost deal's money is zero."""
    rows = every(snapshot["deal"])
    rows = rows.under(rows["item"] == deal)
    if not len(rows):
        return None
    notes = every(snapshot["credit"])
    notes = notes.under(notes["deal"] == deal)
    bookings, own = _booked(snapshot, rows, notes, own=False), _booked(snapshot, rows, notes, own=True)
    models = (*credit.models_of(snapshot.rules), "shapley")
    shares = {model: _shares(snapshot, model, bookings, own, sales) for model in models}
    path, journeys = credit.ways_of(snapshot, bookings.deal[:1], sales=sales)
    held = {name: int(spot[0]) for name, spot in journeys.milestones().items()}
    touches = [
        _line(snapshot, row, tuple(name for name, spot in held.items() if spot == place), shares)
        for place, row in enumerate(path.tolist())
    ]
    if any(-1 in revenue for revenue, *_ in shares.values()):
        sourced = int(rows["origin"][0]) == codes.ORIGINS.index("sales")
        nobody = credit.SALES_SOURCED if sourced else credit.UNATTRIBUTED
        touches.append(LedgerTouch(0, 0, nobody, nobody, nobody, "", "", 0, (), *_money(shares, -1)))
    return DealLedger(
        deal=deal,
        provisional=int(rows["status"][0]) == codes.OPEN,
        revenue=_total(bookings.revenue),
        profit=_total(bookings.profit),
        estimated=bool(np.any(bookings.estimated)),
        models=models,
        touches=touches,
        rules_version=snapshot.rules.version,
        currency=Deal.objects.values_list("currency", flat=True).get(id=deal),
        own_revenue=_total(own.revenue),
        versions=_versions(snapshot, journeys, held),
    )


def _versions(snapshot: Snapshot, journeys: Journeys, held: Mapping[str, int]) -> dict[str, int]:
    """The version that gave each milestone its meaning: on the day of the first touch, lead, deal and close.

    A later version changes none of them (X7). What has not happened, or at an unknown time, has none.
    """
    happened = {
        "first": int(journeys.at[held["first"]]) if held["first"] >= 0 else NEVER,
        "creation": int(journeys.lead_at[0]),
        "opening": int(journeys.deal_at[0]),
        "closing": int(journeys.closed_at[0]),
    }
    found: dict[str, int] = {}
    if not snapshot.book:
        return found
    for name, at in happened.items():
        if held[name] >= 0 and NEVER < at < credit.NOT_YET:
            day = snapshot.calendar.day_of(dt.datetime.fromtimestamp(at, dt.UTC))
            version = snapshot.book.on(day)
            found[name] = version.number if version.from_day <= day else 0
    return found


def _booked(snapshot: Snapshot, rows: Rows, notes: Rows, *, own: bool) -> credit.Bookings:
    """What there is to share, in the base currency or in the deal's own: of a lost deal nothing."""
    booked, less = credit.wins(snapshot, rows), credit.credit_notes(snapshot, notes)
    if own:
        booked, less = replace(booked, revenue=rows["amount"]), replace(less, revenue=notes["amount"])
    status = int(rows["status"][0])
    if status == codes.OPEN:
        return booked
    lost = replace(booked, revenue=np.zeros(1, np.int64), profit=np.zeros(1, np.int64))
    return credit.both(booked if status == codes.WON else lost, less)


def _shares(snapshot: Snapshot, model: str, bookings: credit.Bookings, own: credit.Bookings, sales: bool):
    """Revenue, gross profit and revenue in the own currency by row of the table of ways; -1 is what no touch earned."""
    lines, mine = (credit.lines_of(snapshot, booked, model, sales=sales) for booked in (bookings, own))
    return _by_row(lines.row, lines.revenue), _by_row(lines.row, lines.profit), _by_row(mine.row, mine.revenue)


def _money(shares: Mapping[str, tuple], row: int) -> Iterator[dict[str, int | None]]:
    return ({model: parts[place].get(row, 0) for model, parts in shares.items()} for place in range(3))


def _line(snapshot: Snapshot, row: int, milestones: tuple[str, ...], shares: Mapping[str, tuple]) -> LedgerTouch:
    value = {name: int(snapshot["path"][name][row]) for name in _COLUMNS}
    return LedgerTouch(
        touch=value["touch"],
        at=value["at"],
        channel=value["channel"],
        campaign=value["campaign"],
        content=value["content"],
        side=codes.SIDES[value["side"]],
        kind=codes.TOUCH_KINDS[value["kind"]],
        contact=max(value["person"], 0),
        milestones=milestones,
        **dict(zip(("revenue", "profit", "own"), _money(shares, row), strict=True)),
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
