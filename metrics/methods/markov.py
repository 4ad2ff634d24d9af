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
    """Journeys as moves: each touch leads from a state (a code) to a player's number, from 1 in the order of `players`.

    The state after a move is `pair % bound`: the oldest player falls out of sight, the new one comes in.
    """

    players: np.ndarray
    base: int  # players + 1
    bound: int  # codes of states lie below it
    source: np.ndarray  # state before each touch
    player: np.ndarray  # its number
    end: np.ndarray  # state in which each journey with a touch ended

    @property
    def pair(self) -> np.ndarray:
        """State before and player of each touch in one code, below `bound * base`."""
        return self.source * self.base + self.player


def walk(journeys: Journeys, order: int) -> Walk:
    """The moves of all journeys (empty ones have none). TooManyStates beyond what can be solved exactly."""
    if not 1 <= order <= 3:
        raise ValueError("the order is 1, 2 or 3")
    players, number = _ranked(journeys.player, int(journeys.player.max(initial=0)) + 1)
    base = len(players) + 1
    bound = base**order
    number += 1
    if bound * base >= 2**31:
        number = number.astype(np.int64)
    touched = journeys.lengths > 0
    first, last = journeys.starts[:-1][touched], journeys.starts[1:][touched] - 1
    one_back = source = _moved_on(number, first)
    for _ in range(order - 1):
        source = one_back + base * _moved_on(source, first)
    end = (source[last] * base + number[last]) % bound
    states = len(_ranked((source * base + number) % bound, bound)[0]) + 1 if bound > MAX_STATES else bound
    if states > MAX_STATES:
        raise TooManyStates(f"{states:,} states at order {order}; at most {MAX_STATES:,} are solved")
    return Walk(players, base, bound, source, number, end)


def _moved_on(rows: np.ndarray, first: np.ndarray) -> np.ndarray:
    """What stood one touch before: 0, which is START, at the first touch of a journey."""
    found = np.empty_like(rows)
    found[1:] = rows[:-1]
    found[first] = 0
    return found


def fit(
    journeys: Journeys, won: np.ndarray, *, order: int = 1, value: np.ndarray | None = None, weight: np.ndarray | None = None
) -> Chain:
    """Count the moves of won and unsuccessful journeys (open ones are left out by the caller; empty ones carry no move).

    `won`: bool per journey. `value`: what a won journey brings; without it a conversion counts 1. `weight`: how often each
    journey counts (for a bootstrap), else once.
    """
    moves, touched = walk(journeys, order), journeys.lengths > 0
    per_touch = None if weight is None else np.repeat(weight.astype(float), journeys.lengths)
    pairs, count = _counted(moves.pair, per_touch, moves.bound * moves.base)
    gained = np.where(won[touched], 1.0 if value is None else value[touched].astype(float), 0.0)
    times = np.ones(len(gained)) if weight is None else weight[touched].astype(float)
    return _chain(order, moves, pairs, count, gained * times, times)


def _chain(order: int, moves: Walk, pairs: np.ndarray, count: np.ndarray, gained: np.ndarray, times: np.ndarray) -> Chain:
    """`gained` and `times`: what each journey with a touch brought where it ended, and how often it counts."""
    source, target = pairs // moves.base, pairs % moves.bound
    states = np.unique(np.concatenate(([0], source, target)))
    n, source, target = len(states), np.searchsorted(states, source), np.searchsorted(states, target)
    return Chain(
        order=order,
        players=moves.players,
        states=states,
        source=source,
        target=target,
        count=count,
        to_conv=_summed(moves, gained, states),
        visits=np.bincount(source, count, n) + _summed(moves, times, states),
    )


def _summed(moves: Walk, amounts: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Amounts of journeys by the state in which they ended."""
    if moves.bound <= _DENSE:
        return np.bincount(moves.end, amounts, moves.bound)[states]
    return np.bincount(np.searchsorted(states, moves.end), amounts, len(states))


def resampled_effects(
    journeys: Journeys, won: np.ndarray, cluster: np.ndarray, draws: np.ndarray, *, order: int = 1
) -> np.ndarray:
    """Removal effects for every draw: array (draws, players). `draws`: how often each cluster counts (draws, clusters).

    Moves are counted once per cluster; a draw then weighs these counts, so nothing is fitted anew from the touches.
    """
    moves, owner = walk(journeys, order), journeys.journey
    width = moves.bound * moves.base
    both, count = np.unique(cluster[owner] * width + moves.pair, return_counts=True)
    pairs, place = np.unique(both % width, return_inverse=True)
    touched = journeys.lengths > 0
    found = np.zeros((len(draws), len(moves.players)))
    for number, times in enumerate(draws):
        weighed = np.bincount(place, count * times[both // width], len(pairs))
        drawn = times[cluster[touched]].astype(float)
        found[number] = removal_effects(_chain(order, moves, pairs, weighed, drawn * won[touched], drawn))
    return found


def _ranked(codes: np.ndarray, bound: int) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct codes and each code's rank among them; by a table where the codes are few, else by sorting."""
    if bound > _DENSE:
        found, rank = np.unique(codes, return_inverse=True)
        return found, rank.astype(np.int32)
    present = np.bincount(codes, minlength=bound) > 0
    return np.nonzero(present)[0], (np.cumsum(present, dtype=np.int32) - 1)[codes]


def _counted(codes: np.ndarray, weight: np.ndarray | None, bound: int) -> tuple[np.ndarray, np.ndarray]:
    if bound > _DENSE:
        found, inverse = np.unique(codes, return_inverse=True)
        return found, np.bincount(inverse, weight, len(found))
    table = np.bincount(codes, weight, bound)
    found = np.nonzero(table)[0]
    return found, table[found]


def conversion(chain: Chain) -> float:
    """b_0: the chance (or expected value) of a journey from START. Equals the observed rate for every order."""
    return float(np.linalg.solve(_left(chain), _rate(chain))[0])


def removal_effects(chain: Chain) -> np.ndarray:
    """RE per player, in the order of `chain.players`: 1 − b_0(without it) / b_0. All zero where nothing converts.

    Removing a player sends every move into a state that holds it to NULL. One inverse N = (I − Q)⁻¹ serves all players:
    with R the states that hold a player, RE = N_0R (N_RR)⁻¹ b_R / b_0, which at order 1 is N_0i / N_ii · b_i / b_0.
    """
    base = len(chain.players) + 1
    inverse = np.linalg.inv(_left(chain))
    b = inverse @ _rate(chain)
    found = np.zeros(base - 1)
    if b[0] <= 0:
        return found
    digits = [(chain.states // base**place) % base for place in range(chain.order)]
    for number in range(1, base):
        held = np.flatnonzero(np.logical_or.reduce([digit == number for digit in digits]))
        found[number - 1] = inverse[0, held] @ np.linalg.solve(inverse[np.ix_(held, held)], b[held]) / b[0]
    return found


def shares(effects: np.ndarray) -> np.ndarray:
    """Share of the total per player: RE_i / Σ RE; zeros where nothing converts."""
    whole = effects.sum()
    return effects / whole if whole > 0 else np.zeros(len(effects))


def _left(chain: Chain) -> np.ndarray:
    """I − Q."""
    matrix = np.eye(len(chain.states))
    # A state that a draw never visits has no moves; its row stays that of I.
    matrix[chain.source, chain.target] -= chain.count / np.maximum(chain.visits[chain.source], 1e-300)
    return matrix


def _rate(chain: Chain) -> np.ndarray:
    return np.divide(chain.to_conv, chain.visits, out=np.zeros(len(chain.visits)), where=chain.visits > 0)
