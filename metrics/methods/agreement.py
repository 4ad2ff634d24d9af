"""How far two people agree on yes and no: Cohen's kappa and Gwet's AC1 with intervals (metrics-spec Q7)."""

import math
from dataclasses import dataclass

from metrics.methods.intervals import Z95


@dataclass(frozen=True)
class Agreement:
    """`observed` is the share of equal judgements. An interval is None where the coefficient or its spread is undefined."""

    n: int
    observed: float
    kappa: float | None
    kappa_interval: tuple[float, float] | None
    ac1: float
    ac1_interval: tuple[float, float] | None


def agreement(both_yes: int, only_first: int, only_second: int, both_no: int) -> Agreement | None:
    """Agreement of two judges over the same leads; None without a pair.

    Kappa corrects by the product of the margins, AC1 by 2q(1 − q) with q the mean share of "yes". Kappa collapses when
    nearly all leads are of one kind, so it is never shown alone. Sources: J. Cohen, A coefficient of agreement for nominal
    scales (1960); K. Gwet, Computing inter-rater reliability and its variance in the presence of high agreement (2008).
    """
    n = both_yes + only_first + only_second + both_no
    if n == 0:
        return None
    observed = (both_yes + both_no) / n
    first, second = (both_yes + only_first) / n, (both_yes + only_second) / n
    by_chance = first * second + (1 - first) * (1 - second)
    kappa = (observed - by_chance) / (1 - by_chance) if by_chance < 1 else None
    q = (first + second) / 2
    expected = 2 * q * (1 - q)
    ac1 = (observed - expected) / (1 - expected)
    return Agreement(
        n=n,
        observed=observed,
        kappa=kappa,
        kappa_interval=None
        if kappa is None
        else _interval(kappa, _kappa_spread(both_yes / n, only_first / n, only_second / n, both_no / n, n)),
        ac1=ac1,
        ac1_interval=_interval(ac1, _ac1_spread(both_yes / n, (only_first + only_second) / n, both_no / n, q, ac1, n)),
    )


def _kappa_spread(both_yes: float, only_first: float, only_second: float, both_no: float, n: int) -> float:
    """Standard error of kappa for large samples. Source: J. Fleiss, J. Cohen, B. Everitt, Large sample standard errors of
    kappa and weighted kappa (1969)."""
    first = {True: both_yes + only_first, False: only_second + both_no}
    second = {True: both_yes + only_second, False: only_first + both_no}
    observed = both_yes + both_no
    chance = sum(first[answer] * second[answer] for answer in (True, False))
    equal = sum(
        share * ((1 - chance) - (first[answer] + second[answer]) * (1 - observed)) ** 2
        for share, answer in ((both_yes, True), (both_no, False))
    )
    # Who said yes first and no second meets the other's margin of yes and the own margin of no.
    unequal = only_first * (second[True] + first[False]) ** 2 + only_second * (second[False] + first[True]) ** 2
    variance = equal + (1 - observed) ** 2 * unequal - (observed * chance - 2 * chance + observed) ** 2
    return math.sqrt(max(variance, 0) / n) / (1 - chance) ** 2


def _ac1_spread(yes: float, split: float, no: float, q: float, ac1: float, n: int) -> float:
    """Standard error of AC1 for two judges and two categories (Gwet 2008, equation for a sample from a large population)."""
    if n < 2:
        return math.inf
    expected = 2 * q * (1 - q)
    # Each pair's own agreement and its own part of the chance term: yes-yes, split, no-no.
    parts = []
    for share, agreed, yes_share in ((yes, 1.0, 1.0), (split, 0.0, 0.5), (no, 1.0, 0.0)):
        own = (agreed - expected) / (1 - expected)
        chance = q * (1 - yes_share) + (1 - q) * yes_share
        parts.append((share, own - 2 * (1 - ac1) * (chance - expected) / (1 - expected)))
    variance = sum(share * (value - ac1) ** 2 for share, value in parts) / (n - 1) * n
    return math.sqrt(variance / n)


def _interval(value: float, spread: float) -> tuple[float, float]:
    return (max(value - Z95 * spread, -1.0), min(value + Z95 * spread, 1.0))
