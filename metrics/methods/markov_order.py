"""Which order of a Markov chain the data support: the lowest unless a higher one predicts moves clearly better.

Ten-fold cross-validation of the average log-loss of the next move, ends included (metrics-spec 5.3).
"""

import numpy as np

from metrics.methods.journeys import Journeys
from metrics.methods.markov import TooManyStates, walk

ORDERS = (1, 2, 3)
LEAST_JOURNEYS = 2_000
LEAST_GAIN = 0.01
FOLDS = 10


def log_loss(journeys: Journeys, won: np.ndarray, order: int) -> float:
    """Average −ln of the chance that chains fitted on nine tenths of the journeys gave to each move of the last tenth.

    Chances are smoothed by one imagined move to every player and end, so that a move not seen before costs much, not all.
    """
    moves, owner, touched = walk(journeys, order), journeys.journey, journeys.lengths > 0
    ends = moves.base  # 0 to players − 1 is the player that comes next; then NULL and CONV
    source = np.concatenate([moves.source, moves.end])
    after = np.concatenate([moves.player - 1, len(moves.players) + won[touched]])
    fold = np.concatenate([owner, np.flatnonzero(touched)]) % FOLDS
    pairs, pair = np.unique(source.astype(np.int64) * (ends + 1) + after, return_inverse=True)
    states, state = np.unique(pairs // (ends + 1), return_inverse=True)
    n, source = len(states), state[pair]
    of_pair = np.bincount(fold * len(pairs) + pair, minlength=FOLDS * len(pairs)).reshape(FOLDS, -1)
    of_state = np.bincount(fold * n + source, minlength=FOLDS * n).reshape(FOLDS, -1)
    seen = of_pair.sum(axis=0)[pair] - of_pair[fold, pair]
    tried = of_state.sum(axis=0)[source] - of_state[fold, source]
    return float(-np.log((seen + 1) / (tried + ends + 1)).mean())


def best_order(journeys: Journeys, won: np.ndarray) -> int:
    """1, or a higher order with enough journeys whose log-loss is at least 1 % below that of the order chosen so far."""
    best = 1
    if len(journeys) < LEAST_JOURNEYS:
        return best
    loss = log_loss(journeys, won, best)
    for order in ORDERS[1:]:
        try:
            other = log_loss(journeys, won, order)
        except TooManyStates:
            break
        if other <= loss * (1 - LEAST_GAIN):
            best, loss = order, other
    return best
