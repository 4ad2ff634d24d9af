"""Rule models of attribution, exact to the minor unit (metrics-spec 5.1 and 5.2).

A model gives every touch an integer weight; a deal's money is split in proportion to the weights by largest remainder, so
that the parts of each deal add up to what was booked. Credit is an accounting convention, not a causal effect.
"""

from dataclasses import dataclass

import numpy as np

from core.money import split
from metrics.methods.journeys import MILESTONES, Journeys

DECAY_UNIT = 2**20  # weight of the last touch under time decay; the others are rounded to this grain
MOST_HALF_LIVES = 21  # beyond these a weight rounds to nothing
_SAFE = 2**62


@dataclass(frozen=True)
class Rule:
    """Weights for the touches that hold a milestone, and what all other touches share evenly. Only proportions count."""

    first: int = 0
    creation: int = 0
    opening: int = 0
    closing: int = 0
    other: int = 0

    def __post_init__(self):
        weights = (self.first, self.creation, self.opening, self.closing, self.other)
        if min(weights) < 0 or sum(weights) == 0:
            raise ValueError("the weights of a model are not negative and not all zero")


RULES = {
    "first_touch": Rule(first=1),
    "last_touch": Rule(closing=1),
    "lead_creation": Rule(creation=1),
    "linear": Rule(other=1),
    "u_shaped": Rule(first=400, creation=400, other=200),
    "w_shaped": Rule(first=300, creation=300, opening=300, other=100),
    "full_path": Rule(first=225, creation=225, opening=225, closing=225, other=100),
    "position": Rule(first=400, closing=400, other=200),
    "mm_u": Rule(first=1, creation=1),
}


def rule_weights(journeys: Journeys, rule: Rule) -> np.ndarray:
    """Integer weight of each touch under a rule.

    One rule for short journeys: a touch with several milestones gets the sum of their weights; a milestone that no touch
    holds drops out; without other touches their share drops out; what remains is divided by its sum.
    """
    held = np.zeros(len(journeys.at), np.int64)
    special = np.zeros(len(journeys.at), bool)
    for name in MILESTONES:
        if weight := getattr(rule, name):
            rows = journeys.milestone(name)
            rows = rows[rows >= 0]
            held[rows] += weight  # a milestone is held by one touch of a journey: no row comes twice
            special[rows] = True
    if not rule.other:
        return held
    others = np.bincount(journeys.journey[~special], minlength=len(journeys))
    # Everything times the number of others: their even share stays a whole number.
    scale = np.maximum(others, 1)[journeys.journey]
    return np.where(special, held * scale, rule.other)


def decay_weights(journeys: Journeys, half_life_days: float) -> np.ndarray:
    """Integer weight of each touch, halving with every half-life before the close; in units of the last touch's weight.

    Shares do not depend on where the clock starts, so each journey counts back from its last touch.
    """
    last = journeys.last_touch_by(journeys.closed_at)
    back = (journeys.at[last[journeys.journey]] - journeys.at) / 86_400
    halvings = np.minimum(back / half_life_days, MOST_HALF_LIVES + 1)
    return np.rint(DECAY_UNIT * np.exp2(-halvings)).astype(np.int64)


def credits(journeys: Journeys, totals: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minor units of each touch, and of each journey what no touch earned: no touch, or none with a weight.

    `totals`: int64 minor units per journey, negative ones too. Touches and remainder of a journey add up to its total.
    """
    whole = np.bincount(journeys.journey, weights, len(journeys)).astype(np.int64)
    lost = np.where(whole == 0, totals, 0)
    return split_many(np.where(whole == 0, 0, totals), weights, journeys.starts), lost


def split_many(totals: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """`core.money.split` for many totals at once: rows starts[i] to starts[i + 1] share totals[i] by their weights.

    Exact: where the products would not fit 64 bits, whole numbers of any size take over. Groups without weight stay 0.
    """
    if not len(weights):
        return np.zeros(0, np.int64)
    lengths = np.diff(starts)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    size = np.abs(totals)
    if int(size.max(initial=0)) * int(weights.max(initial=0)) >= _SAFE:
        return _split_large(totals, weights, starts)
    whole = np.add.reduceat(np.append(weights, 0), np.minimum(starts[:-1], len(weights)))
    whole = np.where(lengths > 0, whole, 0)
    divisor = np.maximum(whole, 1)[owner]
    product = size[owner] * weights
    parts = product // divisor
    given = np.add.reduceat(np.append(parts, 0), np.minimum(starts[:-1], len(parts)))
    missing = np.where(whole > 0, size - np.where(lengths > 0, given, 0), 0)
    if np.any(missing):
        # The rows of the journeys that still owe units, largest remainder first, ties to the earlier row.
        rows = np.nonzero(missing[owner] > 0)[0]
        rest = product[rows] - parts[rows] * divisor[rows]
        order = rows[np.lexsort((-rest, owner[rows]))]  # stable: rows of equal remainder keep their order
        begins = np.concatenate(([True], np.diff(owner[order]) != 0))
        rank = np.arange(len(order)) - np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
        parts[order[rank < missing[owner[order]]]] += 1
    return np.where(totals[owner] < 0, -parts, parts)


def _split_large(totals: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> np.ndarray:
    found = np.zeros(len(weights), np.int64)
    for number, (begin, end) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        own = [int(weight) for weight in weights[begin:end]]
        if sum(own):
            found[begin:end] = split(int(totals[number]), own)
    return found


def model_weights(journeys: Journeys, model: str, *, half_life_days: float = 30, custom: Rule | None = None) -> np.ndarray:
    """Weights under a model by name: one of RULES, "time_decay", "decay_7d" or "custom"."""
    if model == "time_decay":
        return decay_weights(journeys, half_life_days)
    if model == "decay_7d":
        return decay_weights(journeys, 7)
    if model == "custom":
        if custom is None:
            raise ValueError("the custom model needs its weights")
        return rule_weights(journeys, custom)
    return rule_weights(journeys, RULES[model])
