"""Shapley values of the sum game over distinct players of won journeys (metrics-spec 5.4).

v(S) is the value of the won deals whose players all lie in S. Then a deal's value is shared evenly by its distinct players:
linear time, any number of players, conserved per deal. Source: G. Zhao, R. Mohan, R. Chaudhari, Y. Hao, Shapley meets
uniform: an axiomatic framework for attribution in online advertising (2019).
"""

import numpy as np

from metrics.methods.attribution import split_many
from metrics.methods.journeys import Journeys


def distinct(journeys: Journeys) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct players of each journey in order of their first touch: (starts, player, position from 1)."""
    owner, width = journeys.journey, int(journeys.player.max(initial=0)) + 1
    _, first = np.unique(owner * width + journeys.player, return_index=True)
    rows = np.sort(first)
    lengths = np.bincount(owner[rows], minlength=len(journeys))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    position = np.arange(len(rows)) - np.repeat(starts[:-1], lengths) + 1
    return starts, journeys.player[rows], position


def sum_game(journeys: Journeys, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Minor units per journey and distinct player: (starts, player, position, credit); each journey adds up to its total.

    `totals` are those of won journeys. A journey without a touch has no row: its total belongs to the reserved player.
    Summed by player this is the Shapley value; by player and position it is the ordered form.
    """
    starts, player, position = distinct(journeys)
    return starts, player, position, split_many(totals, np.ones(len(player), np.int64), starts)
