"""Markov removal effects in closed form, order 1 to 3 (metrics-spec 5.3). Exact and deterministic: nothing is simulated.

States are START, the players, and, as ends, CONV and NULL. At order k a state is the last k players, START-padded. With Q
the moves between states and r the moves to CONV, b = (I − Q)⁻¹ r is the chance to convert from each state. Source:
E. Anderl, I. Becker, F. von Wangenheim, J. Schumann, Mapping the customer journey (2016).
"""

from dataclasses import dataclass

import numpy as np

from metrics.methods.journeys import Journeys

MAX_STATES = 4_000
_DENSE = 20_000_000  # cells up to which pairs are counted in a table instead of sorted


class TooManyStates(ValueError):
    """The chain of this order has more states than can be solved exactly; take a lower order or fewer players."""


@dataclass(frozen=True)
class Chain:
    """Counts of a fitted chain. `states` are codes (base players + 1, 0 = START); the start is the first state."""

    order: int
    players: np.ndarray  # ids, ascending
    states: np.ndarray
    source: np.ndarray  # moves between states: from, to, count
    target: np.ndarray
    count: np.ndarray
    to_conv: np.ndarray  # per state: ends in CONV, weighted with the value if there is one
    visits: np.ndarray  # per state: all moves away from it, ends included


@dataclass(frozen=True)
class Walk:
    """Journeys as moves between states of one order, touch by touch: each comes from `source` and goes to `target`."""

    order: int
    players: np.ndarray
    states: np.ndarray
    source: np.ndarray
    target: np.ndarray
    last: np.ndarray  # mask of the last touch of each journey


def walk(journeys: Journeys, order: int) -> Walk:
    """The moves of all journeys (empty ones have none). TooManyStates beyond what can be solved exactly."""
    if not 1 <= order <= 3:
        raise ValueError("the order is 1, 2 or 3")
    lengths = journeys.lengths
    players, index = _ranked(journeys.player, int(journeys.player.max(initial=0)) + 1)
    code = index.astype(np.int64) + 1
    base = len(players) + 1
    first = np.zeros(len(code), bool)
    first[journeys.starts[:-1][lengths > 0]] = True
    last = np.zeros(len(code), bool)
    last[journeys.starts[1:][lengths > 0] - 1] = True
    state, place = code.copy(), np.arange(len(code)) - np.repeat(journeys.starts[:-1], lengths)
    for back in range(1, order):
        # What stood `back` touches before, START where the journey is shorter.
        earlier = np.where(place >= back, np.roll(code, back), 0)
        state = state + earlier * base**back
    before = np.where(first, 0, np.roll(state, 1))
    states, inverse = _ranked(np.concatenate((before, state)), base**order)
    if len(states) > MAX_STATES:
        raise TooManyStates(f"{len(states):,} states at order {order}; at most {MAX_STATES:,} are solved")
    return Walk(order, players, states, inverse[: len(code)], inverse[len(code) :], last)


def fit(
    journeys: Journeys, won: np.ndarray, *, order: int = 1, value: np.ndarray | None = None, weight: np.ndarray | None = None
) -> Chain:
    """Count the moves of won and unsuccessful journeys (open ones are left out by the caller; empty ones carry no move).

    `won`: bool per journey. `value`: what a won journey brings; without it a conversion counts 1. `weight`: how often each
    journey counts (for a bootstrap), else once.
    """
    moves = walk(journeys, order)
    times = np.ones(len(journeys)) if weight is None else weight.astype(float)
    per_touch = np.repeat(times, journeys.lengths)
    n = len(moves.states)
    pairs, count = _counted(moves.source * n + moves.target, per_touch, n**2)
    ends = np.repeat(np.where(won, 1.0 if value is None else value.astype(float), 0.0), journeys.lengths)
    return _chain(moves, pairs, count, moves.target[moves.last], (ends * per_touch)[moves.last], per_touch[moves.last])


def _chain(
    moves: Walk, pairs: np.ndarray, count: np.ndarray, end: np.ndarray, gained: np.ndarray, times: np.ndarray
) -> Chain:
    """`end`: the state in which each journey ended, with what it gained there and how often it counts."""
    n = len(moves.states)
    return Chain(
        order=moves.order,
        players=moves.players,
        states=moves.states,
        source=pairs // n,
        target=pairs % n,
        count=count,
        to_conv=np.bincount(end, gained, n),
        visits=np.bincount(pairs // n, count, n) + np.bincount(end, times, n),
    )


def resampled_effects(
    journeys: Journeys, won: np.ndarray, cluster: np.ndarray, draws: np.ndarray, *, order: int = 1
) -> np.ndarray:
    """Removal effects for every draw: array (draws, players). `draws`: how often each cluster counts (draws, clusters).

    Moves are counted once per cluster; a draw then weighs these counts, so nothing is fitted anew from the touches.
    """
    moves, owner = walk(journeys, order), journeys.journey
    n = len(moves.states)
    width = n * n
    both, count = np.unique(cluster[owner] * width + moves.source * n + moves.target, return_counts=True)
    pairs, place = np.unique(both % width, return_inverse=True)
    ends = moves.target[moves.last]
    ended = owner[moves.last]
    found = np.zeros((len(draws), len(moves.players)))
    for number, times in enumerate(draws):
        weighed = np.bincount(place, count * times[both // width], len(pairs))
        drawn = times[cluster[ended]].astype(float)
        chain = _chain(moves, pairs, weighed, ends, drawn * won[ended], drawn)
        found[number] = removal_effects(chain)
    return found


def _ranked(codes: np.ndarray, bound: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct codes and each code's rank among them; by a table where the codes are few, else by sorting."""
    if bound > _DENSE:
        return np.unique(codes, return_inverse=True)
    present = np.bincount(codes, minlength=bound) > 0
    return np.nonzero(present)[0], (np.cumsum(present) - 1)[codes]


def _counted(codes: np.ndarray, weight: np.ndarray, bound: int) -> tuple[np.ndarray, np.ndarray]:
    if bound > _DENSE:
        found, inverse = np.unique(codes, return_inverse=True)
        return found, np.bincount(inverse, weight, len(found))
    table = np.bincount(codes, weight, bound)
    found = np.nonzero(table)[0]
    return found, table[found]


def conversion(chain: Chain) -> float:
    """b_0: the chance (or expected value) of a journey from START. Equals the observed rate for every order."""
    return float(_solve(chain, np.ones(len(chain.states), bool))[0])


def removal_effects(chain: Chain) -> np.ndarray:
    """RE per player, in the order of `chain.players`: 1 − b_0(without it) / b_0. All zero where nothing converts.

    Removing a player sends every move into a state that holds it to NULL. At order 1 one inverse serves all players:
    RE_i = N_0i / N_ii · b_i / b_0.
    """
    n, base = len(chain.states), len(chain.players) + 1
    everything = np.ones(n, bool)
    if chain.order == 1:
        inverse = np.linalg.inv(np.eye(n) - _moves(chain))
        b = inverse @ _rate(chain)
        if b[0] <= 0:
            return np.zeros(len(chain.players))
        rows = np.searchsorted(chain.states, np.arange(1, base))
        return inverse[0, rows] / inverse[rows, rows] * b[rows] / b[0]
    whole = _solve(chain, everything)[0]
    if whole <= 0:
        return np.zeros(len(chain.players))
    found = np.empty(len(chain.players))
    digits = [(chain.states // base**place) % base for place in range(chain.order)]
    for number in range(1, base):
        holds = np.logical_or.reduce([digit == number for digit in digits])
        found[number - 1] = 1 - _solve(chain, ~holds)[0] / whole
    return found


def shares(effects: np.ndarray) -> np.ndarray:
    """Share of the total per player: RE_i / Σ RE; zeros where nothing converts."""
    whole = effects.sum()
    return effects / whole if whole > 0 else np.zeros(len(effects))


def _moves(chain: Chain) -> np.ndarray:
    matrix = np.zeros((len(chain.states), len(chain.states)))
    # A state that a draw never visits has no moves; its row stays empty.
    matrix[chain.source, chain.target] = chain.count / np.maximum(chain.visits[chain.source], 1e-300)
    return matrix


def _rate(chain: Chain) -> np.ndarray:
    return np.divide(chain.to_conv, chain.visits, out=np.zeros(len(chain.visits)), where=chain.visits > 0)


def _solve(chain: Chain, keep: np.ndarray) -> np.ndarray:
    """b over the kept states; START is the first of them and is always kept."""
    matrix = _moves(chain)[np.ix_(keep, keep)]
    return np.linalg.solve(np.eye(len(matrix)) - matrix, _rate(chain)[keep])
