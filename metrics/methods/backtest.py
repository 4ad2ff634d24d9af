"""A rule tried on leads of the past, all at once (metrics-spec 4.2). Pure: arrays in, arrays out.

`Known` holds what was known of each lead when it was decided on; how that is found is metrics.backtest_known's matter. A
condition means here what it means in funnel.criteria, a table what it means in funnel.score: tests hold them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from funnel.criteria import Condition, EntryRule, Op
from funnel.score import WHOLE, Engagement, ScoreTable, fading
from metrics.methods.bootstrap import REPLICATES, SEED

UNKNOWN = -(2**62)
BOTH, ONLY_OLD, ONLY_NEW, NEITHER = range(4)
CELLS = ("both", "only_old", "only_new", "neither")
_DRAWN_AT_ONCE = 50  # of the replicates, so that drawing takes the same memory for any number of leads
BAND = 10  # points of the score
LEAST = 20  # worked leads that a band or channel needs to speak for others (X13)
DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Touches:
    """Touches by marketing that were known at their lead's decision. `lead`: row of the lead; `days`: days before."""

    lead: np.ndarray
    kind: np.ndarray
    days: np.ndarray

    def under(self, mask: np.ndarray) -> "Touches":
        return Touches(self.lead[mask], self.kind[mask], self.days[mask])


@dataclass(frozen=True)
class Known:
    """Facts of leads: whole numbers, UNKNOWN where there is none. `codes`: of facts with names, the code of each name."""

    size: int
    facts: Mapping[str, np.ndarray]
    codes: Mapping[str, Mapping[str, int]]
    touches: Touches
    kinds: Mapping[str, int]  # the code of each kind of touch


def holding(condition: Condition, known: Known) -> np.ndarray:
    """Mask of the leads of which a condition holds. What is not known holds for the question of that alone."""
    value = known.facts[condition.fact]
    told = value != UNKNOWN
    match condition.op:
        case Op.KNOWN:
            return told
        case Op.UNKNOWN:
            return ~told
        case Op.AT_LEAST:
            return told & (value >= condition.number)
        case Op.AT_MOST:
            return told & (value <= condition.number)
    codes = known.codes[condition.fact]
    named = np.isin(value, [codes[name] for name in condition.values if name in codes])
    return told & (named if condition.op == Op.ONE_OF else ~named)


def meeting(rule: EntryRule, known: Known) -> np.ndarray:
    """Mask of the leads that meet a rule; without conditions all of them do."""
    found = np.ones(known.size, bool)
    for condition in rule.every:
        found &= holding(condition, known)
    if rule.some:
        found &= np.any([holding(condition, known) for condition in rule.some], axis=0)
    return found


def points_of(table: ScoreTable, known: Known) -> np.ndarray:
    """The score of each lead by a table, each row rounded once as funnel.score does it."""
    found = np.zeros(known.size, np.int64)
    for row in table.fit:
        found += np.where(holding(row.condition, known), row.points, 0)
    for row in table.engagement:
        found += _engaged(row, known)
    return found


def _engaged(row: Engagement, known: Known) -> np.ndarray:
    touches = known.touches
    if row.kind:
        touches = touches.under(touches.kind == known.kinds[row.kind])
    if row.most is not None:
        touches = touches.under(_newest(touches, row.most))
    if row.half_life is None:
        return row.points * np.bincount(touches.lead, minlength=known.size)
    worth = np.array([*fading(row.half_life), 0], np.int64)
    left = worth[np.minimum(touches.days, len(worth) - 1)]
    total = np.zeros(known.size, np.int64)
    np.add.at(total, touches.lead, left)
    points, rest = np.divmod(row.points * total, WHOLE)
    return points + ((2 * rest > WHOLE) | ((2 * rest == WHOLE) & (points % 2 == 1)))


def _newest(touches: Touches, most: int) -> np.ndarray:
    """Mask of the newest so many touches of each lead."""
    order = np.lexsort((touches.days, touches.lead))
    lead = touches.lead[order]
    first = np.r_[True, lead[1:] != lead[:-1]] if len(lead) else np.zeros(0, bool)
    begun = np.maximum.accumulate(np.where(first, np.arange(len(lead)), 0))
    mask = np.zeros(len(lead), bool)
    mask[order] = np.arange(len(lead)) - begun < most
    return mask


def cells_of(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Which cell of old × new decisions each lead is in."""
    return np.where(old, np.where(new, BOTH, ONLY_OLD), np.where(new, ONLY_NEW, NEITHER)).astype(np.int8)


def ratio_intervals(hits: np.ndarray, counted: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """95 % bootstrap interval of each column's hits ÷ counted, accounts drawn whole: array (columns, 2), nan if undefined.

    `hits`, `counted`: masks (leads, columns); `cluster` per lead (0, 1, ...). Each account counts a Poisson(1) number of
    times (metrics.methods.bootstrap). Accounts with the same counts are drawn together: m of them count Poisson(m) times.
    """
    columns = counted.shape[1]
    sums = np.zeros((int(cluster.max(initial=-1)) + 1, 2 * columns), np.int64)
    for i in range(columns):
        sums[:, i] = np.bincount(cluster, hits[:, i], len(sums))
        sums[:, columns + i] = np.bincount(cluster, counted[:, i], len(sums))
    alike, many = _alike(sums)
    alike = alike.astype(float)  # matrices of floats are multiplied many times faster
    rng = np.random.default_rng(SEED)
    drawn = np.concatenate(
        [rng.poisson(many, (_DRAWN_AT_ONCE, len(many))) @ alike for _ in range(0, REPLICATES, _DRAWN_AT_ONCE)]
    )
    found = np.full((columns, 2), np.nan)
    for i in range(columns):
        whole = drawn[:, columns + i]
        shares = np.sort(drawn[whole > 0, i] / whole[whole > 0])
        if len(shares):
            found[i] = [shares[int(q * (len(shares) - 1))] for q in (0.025, 0.975)]
    return found


def _alike(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows of counts in order, and how often each occurs: np.unique(axis=0), at a tenth of its time.

    Each row becomes one number, column after column; numbers that would not hold the next one are ranked anew first.
    """
    code, size = np.zeros(len(rows), np.int64), 1
    for column in rows.T:
        width = int(column.max(initial=0)) + 1
        if size * width >= 2**62:
            ranks, code = np.unique(code, return_inverse=True)
            size = len(ranks)
        code, size = code * width + column, size * width
    _, first, many = np.unique(code, return_index=True, return_counts=True)
    return rows[first], many


@dataclass(frozen=True)
class Band:
    """Worked leads of `low` to `high` points: how many were followed, and how many of them got there."""

    low: int
    high: int
    counted: int
    hits: int


def bands_of(points: np.ndarray, counted: np.ndarray, hits: np.ndarray) -> list[Band]:
    """The bands that hold a counted lead, by score."""
    number = np.floor_divide(points, BAND)
    return [
        Band(
            int(band) * BAND,
            int(band) * BAND + BAND - 1,
            int(np.count_nonzero(counted & (number == band))),
            int(np.count_nonzero(hits & counted & (number == band))),
        )
        for band in np.unique(number[counted])
    ]


def expected_alike(
    group: np.ndarray, counted: np.ndarray, hits: np.ndarray, wanted: np.ndarray, *, near: bool
) -> float | None:
    """What share of the wanted leads would get there if they fared as counted leads of their group.

    Groups with fewer than 20 counted leads do not speak for others: with `near` (groups are bands of a score) the nearest
    one that may stands in, the lower of two; else all counted leads do. None where nobody may speak or is asked.
    """
    groups, place = np.unique(group[counted], return_inverse=True)
    n = np.bincount(place, minlength=len(groups))
    rate = np.bincount(place, hits[counted], len(groups)) / np.maximum(n, 1)
    speaking = n >= LEAST
    asked = group[wanted]
    if not len(asked) or not n.sum() or (near and not speaking.any()):
        return None
    groups, rate = groups[speaking], rate[speaking]
    if near:
        return float(rate[_nearest(asked, groups)].mean())
    whole = float(np.count_nonzero(hits & counted) / np.count_nonzero(counted))
    if not len(groups):
        return whole
    spot = np.minimum(np.searchsorted(groups, asked), len(groups) - 1)
    return float(np.where(groups[spot] == asked, rate[spot], whole).mean())


def _nearest(asked: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Place of the nearest group, the lower of two."""
    right = np.clip(np.searchsorted(groups, asked), 0, len(groups) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(asked - groups[left] <= groups[right] - asked, left, right)
