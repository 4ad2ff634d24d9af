"""Poisson bootstrap of attribution shares, and the gate that data-driven models must pass (metrics-spec 5.5).

Journeys of one account stand or fall together: each account counts a Poisson(1) number of times in every replicate. Source:
N. Chamandy, O. Muralidharan, A. Najmi, S. Naidu, Estimating uncertainty for massive data streams (2012).
"""

from collections.abc import Callable

import numpy as np

REPLICATES = 1_000
SEED = 20_260_901  # fixed, so that the same facts always show the same interval
LEAST_WON = 100
WIDEST_HALF = 0.05
_AT_ONCE = 50


def additive_intervals(
    credit: np.ndarray,
    player: np.ndarray,
    cluster: np.ndarray,
    players: int,
    *,
    replicates: int = REPLICATES,
    shares: bool = True,
) -> np.ndarray:
    """95 % interval of each player's share of the credit, or of the credit itself: array (players, 2).

    `credit`, `player` (0 to players − 1) and `cluster` (0, 1, ...) per credited row. Replicates without credit are left out;
    nan where none is left.
    """
    clusters = int(cluster.max(initial=-1)) + 1
    by_cluster = np.zeros((clusters, players))
    np.add.at(by_cluster, (cluster, player), credit)
    rng = np.random.default_rng(SEED)
    rows = []
    for begin in range(0, replicates, _AT_ONCE):
        times = rng.poisson(1.0, (min(_AT_ONCE, replicates - begin), clusters))
        rows.append(times @ by_cluster)
    amounts = np.concatenate(rows) if rows else np.zeros((0, players))
    return bounds(amounts) if shares else _percentiles(np.sort(amounts, axis=0))


def refitted_intervals(
    refit: Callable[[np.ndarray], np.ndarray], cluster: np.ndarray, *, replicates: int = REPLICATES
) -> np.ndarray:
    """As above for a model that must be fitted anew: `refit` takes the weight of each journey and returns the shares.

    `cluster` per journey.
    """
    clusters = int(cluster.max(initial=-1)) + 1
    rng = np.random.default_rng(SEED)
    return bounds(np.array([refit(rng.poisson(1.0, clusters)[cluster]) for _ in range(replicates)]))


def bounds(amounts: np.ndarray) -> np.ndarray:
    """Percentile intervals of the shares in each replicate; order statistics as everywhere (architecture 5)."""
    whole = amounts.sum(axis=1)
    shares = np.sort(amounts[whole != 0] / whole[whole != 0, None], axis=0)
    return _percentiles(shares)


def _percentiles(ordered: np.ndarray) -> np.ndarray:
    if not len(ordered):
        return np.full((ordered.shape[1], 2), np.nan)
    low, high = (int(q * (len(ordered) - 1)) for q in (0.025, 0.975))
    return np.stack([ordered[low], ordered[high]], axis=1)


def sure_enough(won: int, intervals: np.ndarray) -> bool:
    """Whether a data-driven model may be shown: 100 won deals, and no shown share wider than five points to a side."""
    return won >= LEAST_WON and bool(np.all((intervals[:, 1] - intervals[:, 0]) / 2 <= WIDEST_HALF))
