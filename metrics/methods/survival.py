"""Estimators for conversion and time in stage with members who are still under way (metrics-spec 2.1 and 2.3).

Ages are whole days (or minutes); ties are legal. `NEVER` stands for an event that has not happened.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from metrics.methods.intervals import loglog, wilson

NEVER = 2**31 - 1
# Ages up to so many times their number are counted, which is faster than sorting them.
_COUNTED = 16


@dataclass(frozen=True)
class Incidence:
    """Share converted by age h, with its 95 % interval and whether every member was followed that long."""

    value: float | None
    interval: tuple[float, float] | None
    mature: bool
    converted: int  # members seen to convert within h
    open: int  # members not yet converted whose age is below h


def first_reach_incidence(age: np.ndarray, follow: np.ndarray, horizon: int) -> Incidence:
    """Censoring-complete cumulative incidence of a first reach within `horizon` days (F9, spec 2.3).

    `age`: days from the first reach of s to that of s', NEVER if not reached. `follow`: days each member was followed.
    C(h) = 1 - prod over a <= h of (1 - d(a) / Y(a)), Y(a) = #{follow >= a and age >= a}, d(a) = #{age = a <= follow}.
    The variance is Greenwood's; with everybody followed for `horizon` days it is the plain share and Wilson's interval.
    """
    n = len(age)
    if n == 0:
        return Incidence(None, None, True, 0, 0)
    seen = age <= follow
    in_time = seen & (age <= horizon)
    converted = int(np.count_nonzero(in_time))
    still_open = int(np.count_nonzero((follow < horizon) & ~seen))
    if int(follow.min()) >= horizon:
        return Incidence(converted / n, wilson(converted, n), True, converted, still_open)
    at_risk_until = np.minimum(np.minimum(age, follow), horizon)
    events = np.bincount(age[in_time], minlength=horizon + 1)
    leaving = np.bincount(at_risk_until, minlength=horizon + 1)
    at_risk = n - np.concatenate(([0], np.cumsum(leaving)[:-1]))
    with_event = np.flatnonzero(events)
    if not len(with_event):
        survival, variance_sum, y = 1.0, 0.0, int(np.count_nonzero(follow >= horizon))
    else:
        d, at_risk = events[with_event], at_risk[with_event]
        # One after the other: sums in another order would differ in the last digit.
        survival = float(np.cumprod(1 - d / at_risk)[-1])
        with np.errstate(divide="ignore"):
            variance_sum = float(np.cumsum(d / (at_risk * (at_risk - d)))[-1])
        y = int(at_risk[-1])
    value = 1 - survival
    if survival in (0.0, 1.0):
        # Nobody or everybody who was followed converted: Wilson's interval of those, not of members too young to tell.
        interval = wilson(round(value * y), y)
    else:
        interval = loglog(value, survival**2 * variance_sum)
    return Incidence(value, interval, False, converted, still_open)


@dataclass(frozen=True)
class ExitCurve:
    """Aalen–Johansen curves: at each age with an exit, the share still in stage and the share out by cause."""

    ages: list[int]
    at_risk: list[int]
    staying: list[float]
    causes: dict[int, list[float]]

    def age_at(self, share_out: float) -> int | None:
        """Smallest age at which at least `share_out` have left; None if the curve never gets there."""
        enough = 1 - share_out + 1e-12
        spot = bisect_left(self.staying, True, key=lambda staying: staying <= enough)
        return self.ages[spot] if spot < len(self.ages) else None


def exit_curve(age: np.ndarray, cause: np.ndarray, *, least_at_risk: int = 1) -> ExitCurve:
    """Competing exits from a stage: `age` at exit or censoring, `cause` 0 for still open (spec 2.1, 2.3).

    F_k(t) = sum over a <= t of S(a-) d_k(a) / Y(a) and S(a) = prod (1 - d(a) / Y(a)), so S + sum F_k = 1 always.
    The curve stops where fewer than `least_at_risk` are left. Source: Aalen & Johansen (1978).
    """
    gone = cause != 0
    kinds = np.flatnonzero(np.bincount(cause[gone])).tolist()
    ages, at_risk, spot = _ages_of_exits(age, gone)
    # At risk are ever fewer, so what is left out is the end.
    kept = int(np.count_nonzero(at_risk >= least_at_risk))
    ages, at_risk = ages[:kept], at_risk[:kept]
    leaving = np.bincount(spot, minlength=kept)[:kept]
    # One after the other, as the formula says: sums in another order would differ in the last digit.
    staying = np.cumprod(1 - leaving / at_risk)
    before = np.concatenate(([1.0], staying[:-1]))
    causes = {}
    for k in kinds:
        here = leaving if len(kinds) == 1 else np.bincount(spot[cause[gone] == k], minlength=kept)[:kept]
        causes[k] = np.cumsum(before * here / at_risk).tolist()
    return ExitCurve(ages.tolist(), at_risk.tolist(), staying.tolist(), causes)


def _ages_of_exits(age: np.ndarray, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different ages at exit, how many were at risk at each, and which of them is that of each exit."""
    exits = age[gone]
    last = int(exits.max(initial=0))
    if int(age.min(initial=0)) < 0 or last > _COUNTED * (len(age) + 1):
        ages, spot = np.unique(exits, return_inverse=True)
        return ages, len(age) - np.searchsorted(np.sort(age), ages, side="left"), spot
    happened = np.bincount(exits, minlength=last + 1) > 0
    ages = np.flatnonzero(happened)
    # Who stays longer than anybody left is at risk at every age.
    younger = np.concatenate(([0], np.cumsum(np.bincount(np.minimum(age, last + 1), minlength=last + 2))))
    return ages, len(age) - younger[ages], (np.cumsum(happened) - 1)[exits]
