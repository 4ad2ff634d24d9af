"""Data-driven models, fitted at the grain of channels: removal effects and Shapley values, with their gate (5.3 to 5.5).

A fit is a pure function of the facts of a generation: the same facts give the same figures, intervals included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.periods import day_number
from metrics import codes, credit
from metrics.methods import markov, shapley
from metrics.methods.bootstrap import LEAST_WON, REPLICATES, SEED, WIDEST_HALF, additive_intervals, bounds, sure_enough
from metrics.methods.journeys import Journeys
from metrics.methods.markov_order import best_order
from metrics.rows import every, running_at
from metrics.segments import MISSING
from metrics.selection import active_leads
from metrics.series import Snapshot

INACTIVE_DAYS = 90  # after so long without a touch or a move, an open way has led to nothing
_AT_ONCE = 100


@dataclass(frozen=True)
class ChannelShare:
    """A channel's share of what was won, 0 to 1, with its 95 % interval."""

    channel: int
    share: float
    low: float
    high: float
    effect: float | None = None  # Markov: what would be lost without it, 0 to 1
    by_position: tuple[float, ...] = ()  # Shapley, ordered: its share where it was the first, second, ... channel


@dataclass(frozen=True)
class Fit:
    """A fitted model. `shown` only where the facts are enough; `why` says what is missing."""

    model: str
    order: int | None
    journeys: int
    won: int
    rate: float | None  # share of journeys that were won; the chain gives the same
    channels: tuple[ChannelShare, ...]
    shown: bool
    why: str

    def worth(self) -> np.ndarray:
        """Removal effect by channel id."""
        found = np.zeros(max((c.channel for c in self.channels), default=0) + 1)
        for channel in self.channels:
            found[channel.channel] = channel.effect or 0.0
        return found


@dataclass(frozen=True)
class Paths:
    """Ended journeys of the whole history. Those without a touch are left out: they carry no move."""

    journeys: Journeys
    won: np.ndarray
    account: np.ndarray  # 0, 1, ...


def ended_journeys(snapshot: Snapshot, *, sales: bool = False) -> Paths:
    """Won deals, lost ones, leads that ended without a deal, and what has been open and silent for INACTIVE_DAYS."""
    deals = every(snapshot["deal"])
    today = _today(snapshot)
    silent_deal = ~np.isin(deals["lead"], active_leads(snapshot, today, INACTIVE_DAYS))
    ended = (deals["status"] != codes.OPEN) | (silent_deal & (deals["day"] <= today - INACTIVE_DAYS))
    numbers = np.flatnonzero(ended)
    deal_rows, of_deals = credit.ways_of(snapshot, numbers, sales=sales)
    table = snapshot["path"]
    mask = (table["deal"] == 0) if sales else (table["deal"] == 0) & (table["side"] == credit.MARKETING)
    lead_rows, of_leads = credit.gathered(snapshot, np.flatnonzero(mask), "lead", _ended_leads(snapshot, today))
    won = np.concatenate([deals["status"][numbers] == codes.WON, np.zeros(len(of_leads), bool)])
    journeys, rows = _laid(of_deals, of_leads), np.concatenate([deal_rows, lead_rows])
    touched = journeys.lengths > 0
    first = journeys.starts[:-1][touched]
    _, account = np.unique(table["account"][rows[first]], return_inverse=True)
    return Paths(_only(journeys, touched), won[touched], account)


def _today(snapshot: Snapshot) -> int:
    at = snapshot.as_of or snapshot.written_at
    return day_number(snapshot.calendar.day_of(at)) if at else 0


def _ended_leads(snapshot: Snapshot, today: int) -> np.ndarray:
    """Leads that are lost or out, and those that have been silent for long."""
    stays = running_at(snapshot["stay"], today, "lday")
    last = snapshot.book.last.stages if snapshot.book else {}
    over = [stage.id for stage in last.values() if stage.kind in ("lost", "out")]
    silent = ~np.isin(stays["lead"], active_leads(snapshot, today, INACTIVE_DAYS))
    return np.unique(stays["lead"][np.isin(stays["stage"], over) | silent])


def _laid(one: Journeys, two: Journeys) -> Journeys:
    starts = np.concatenate([one.starts, two.starts[1:] + one.starts[-1]])
    names = ("player", "at", "lead_at", "deal_at", "closed_at")
    return Journeys(starts, *(np.concatenate([getattr(one, name), getattr(two, name)]) for name in names))


def _only(journeys: Journeys, kept: np.ndarray) -> Journeys:
    """The journeys under a mask that keeps all with a touch: their touches stay where they are."""
    starts = np.concatenate(([0], np.cumsum(journeys.lengths[kept]))).astype(np.int64)
    ends = (journeys.lead_at[kept], journeys.deal_at[kept], journeys.closed_at[kept])
    return Journeys(starts, journeys.player, journeys.at, *ends)


def markov_fit(snapshot: Snapshot, *, sales: bool = False) -> Fit:
    """Removal effects of the channels; the order is the lowest that the journeys do not clearly speak against."""
    return snapshot.memo(("markov", sales), lambda: markov_of(ended_journeys(snapshot, sales=sales)))


def markov_of(paths: Paths) -> Fit:
    """The fit over these ended journeys."""
    journeys, won = paths.journeys, paths.won
    if not len(journeys):
        return _fit("markov", None, paths, ())
    order = best_order(journeys, won)
    chain = markov.fit(journeys, won, order=order)
    effects = markov.removal_effects(chain)
    interval = bounds(_resampled(paths, order))
    shares = markov.shares(effects)
    channels = tuple(
        ChannelShare(int(player), float(share), float(low), float(high), effect=float(effect))
        for player, share, (low, high), effect in zip(chain.players, shares, interval, effects, strict=True)
    )
    return _fit("markov", order, paths, channels)


def _resampled(paths: Paths, order: int) -> np.ndarray:
    clusters, rng = int(paths.account.max(initial=-1)) + 1, np.random.default_rng(SEED)
    parts = []
    for begin in range(0, REPLICATES, _AT_ONCE):
        draws = rng.poisson(1.0, (min(_AT_ONCE, REPLICATES - begin), clusters))
        parts.append(markov.resampled_effects(paths.journeys, paths.won, paths.account, draws, order=order))
    return np.concatenate(parts)


def shapley_fit(snapshot: Snapshot, *, sales: bool = False) -> Fit:
    """Shapley values of the sum game over the gross profit of all won deals, and by the channel's place on the way."""
    return snapshot.memo(("shapley", sales), lambda: _shapley(snapshot, sales))


def _shapley(snapshot: Snapshot, sales: bool) -> Fit:
    deals = credit.won_deals(snapshot)
    booked = credit.wins(snapshot, deals)
    booked = booked.under(booked.profit != MISSING)
    rows, journeys = credit.ways_of(snapshot, booked.deal, sales=sales)
    touched = journeys.lengths > 0
    paths = ended_journeys(snapshot, sales=sales)
    if not np.any(touched):
        return _fit("shapley", None, paths, ())
    starts, player, place, parts = shapley.sum_game(_only(journeys, touched), booked.profit[touched])
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    _, account = np.unique(credit.accounts_of(snapshot, booked.deal)[touched], return_inverse=True)
    distinct, index = np.unique(player, return_inverse=True)
    table = np.zeros((len(distinct), int(place.max())))
    np.add.at(table, (index, place - 1), parts)
    whole = table.sum()
    interval = additive_intervals(parts, index, account[owner], len(distinct))
    channels = tuple(
        ChannelShare(
            int(channel),
            float(row.sum() / whole) if whole else 0.0,
            float(low),
            float(high),
            by_position=tuple(float(part / whole) if whole else 0.0 for part in row),
        )
        for channel, row, (low, high) in zip(distinct, table, interval, strict=True)
    )
    return _fit("shapley", None, paths, channels)


def _fit(model: str, order: int | None, paths: Paths, channels: tuple[ChannelShare, ...]) -> Fit:
    won = int(np.count_nonzero(paths.won))
    intervals = np.array([(c.low, c.high) for c in channels]).reshape(-1, 2)
    shown = bool(channels) and sure_enough(won, intervals)
    why = ""
    if not shown:
        why = (
            f"It needs {LEAST_WON} won deals with a touch; there are {won}."
            if won < LEAST_WON
            else f"A share is not known to within {WIDEST_HALF:.0%} to either side."
        )
    rate = won / len(paths.won) if len(paths.won) else None
    return Fit(model, order, len(paths.won), won, rate, channels, shown, why)
