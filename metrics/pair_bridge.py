"""From one view of a pair of stages to the next, as numbers that add up: in order, reached, period.

Every lead that is in one view and not in the other stands in exactly one line, with the reason why.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from metrics.evaluation import horizon_of
from metrics.rows import every, places
from metrics.segments import FAR
from metrics.select_funnel import cohort, first_reach
from metrics.select_in_order import conversion_in_order, stages_between
from metrics.selection import Question, Selection
from metrics.series import Snapshot


@dataclass(frozen=True, eq=False)
class Line:
    """A total of a view (`sign` 0), or the leads that stand between two of them: more (1) or fewer (-1).

    `key` tells it from the other lines of its bridge, whatever the data; `leads` are ids, each one once.
    """

    key: str
    words: str
    leads: np.ndarray
    sign: int = 0

    @property
    def change(self) -> bool:
        return self.sign != 0

    @property
    def number(self) -> int:
        """Leads; below zero where the next view has fewer."""
        return -len(self.leads) if self.sign < 0 else len(self.leads)


@dataclass(frozen=True)
class Names:
    """How the two stages are called."""

    start: str
    end: str


def bridges(snapshot: Snapshot, question: Question, names: Names) -> tuple[list[Line], list[Line]]:
    """The lines about those who came to the first stage, and about those who got to the second one. `question`: F9 of the
    pair. In both the first, one in the middle and the last line are the totals of the three views."""
    strict, reached = conversion_in_order(snapshot, question), cohort(snapshot, question)
    came, went = first_reach(snapshot, question), first_reach(snapshot, replace(question, stage=question.to_stage))
    horizon = horizon_of(question)
    views = _Views(strict.lead, reached.lead, came.lead, _arrived(strict, horizon), _arrived(reached, horizon), went.lead)
    return list(_came(snapshot, question, names, views)), list(_went(snapshot, question, names, views))


@dataclass(frozen=True)
class _Views:
    """Leads by id: members of the strict and the reached cohort and of the period, and those of each that arrived."""

    strict: np.ndarray
    reached: np.ndarray
    came: np.ndarray
    strict_there: np.ndarray
    reached_there: np.ndarray
    went: np.ndarray


def _arrived(selection: Selection, horizon: int) -> np.ndarray:
    return selection.lead[(selection.age <= selection.follow) & (selection.age <= horizon)]


class _Journeys:
    """What is known of some leads, and which of them no line has named yet."""

    def __init__(self, snapshot: Snapshot, question: Question, leads: np.ndarray, sign: int):
        rows = every(snapshot["journey"])
        at = places(rows["lead"], leads)
        self.leads, self.sign = leads, sign
        self.left = np.ones(len(leads), bool)
        self._column = lambda name: rows[name][at]
        self.start, self.end = self._column(f"r:{question.stage}"), self._column(f"r:{question.to_stage}")
        self.start_unknown = self._column(f"u:{question.stage}") == 1
        self.end_unknown = self._column(f"u:{question.to_stage}") == 1
        self.entered = self._column(f"e:{question.stage}") == 1
        between = [self._column(f"e:{stage}") == 1 for stage in stages_between(snapshot, question)]
        self.entered_all = np.logical_and.reduce(between) if between else np.ones(len(leads), bool)

    def line(self, key: str, words: str, mask: np.ndarray | None = None) -> Iterator[Line]:
        """A line about those under the mask that have none yet; without a mask about all that are left."""
        here = self.left if mask is None else self.left & mask
        self.left = self.left & ~here
        if here.any():
            yield Line(key, words, self.leads[here], self.sign)

    def among(self, leads: np.ndarray) -> np.ndarray:
        return np.isin(self.leads, leads)


def _only(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return one[~np.isin(one, other)]


def _came(snapshot, question: Question, names: Names, views: _Views) -> Iterator[Line]:
    start, end = names.start, names.end
    yield Line("in_order", f"In order: entered {start} in the period for the first time", views.strict)
    more = _Journeys(snapshot, question, _only(views.reached, views.strict), 1)
    yield from more.line("skipped", f"skipped {start}, which counts as reached", ~more.entered)
    yield from more.line(
        "entered_apart", f"entered {start} at another time than they reached it, or at one that is not known"
    )
    fewer = _Journeys(snapshot, question, _only(views.strict, views.reached), -1)
    yield from fewer.line("end_first", f"had reached {end} before they entered {start}", fewer.end < fewer.start)
    yield from fewer.line("end_not_dated", f"reached {end} at a time that is not known", fewer.end_unknown)
    yield from fewer.line(
        "skipped_earlier", f"had reached {start} before the period, by skipping it", fewer.start < question.first
    )
    yield from fewer.line("team_at_reach", f"belonged to another team when they reached {start}")
    yield Line("cohort", f"Cohort: reached {start} in the period", views.reached)
    aside = _Journeys(snapshot, question, _only(views.came, views.reached), 1)
    yield from aside.line("start_unknown", f"reached {start} at a time that is not known", aside.start_unknown)
    yield from aside.line("end_unknown", f"reached {end} at a time that is not known", aside.end_unknown)
    yield from aside.line("end_before", f"had reached {end} before they reached {start}")
    yield Line("period", f"Period: reached {start} in the period", views.came)


def _went(snapshot, question: Question, names: Names, views: _Views) -> Iterator[Line]:
    start, end, days = names.start, names.end, horizon_of(question)
    yield Line("in_order", f"In order: entered every stage up to {end} within {days} days", views.strict_there)
    more = _Journeys(snapshot, question, _only(views.reached_there, views.strict_there), 1)
    yield from more.line("skipped", f"skipped {start}", ~more.entered)
    yield from more.line("skipped_between", f"skipped a stage between, or {end} itself", ~more.entered_all)
    yield from more.line(
        "entered_apart",
        f"entered {start} at another time than they reached it, or at one that is not known",
        ~more.among(views.strict),
    )
    yield from more.line("another_order", f"entered the stages in another order, or the last one after {days} days")
    fewer = _Journeys(snapshot, question, _only(views.strict_there, views.reached_there), -1)
    yield from fewer.line(
        "late_since_skip", f"took more than {days} days since they had skipped {start}", fewer.among(views.reached)
    )
    yield from fewer.line("outside", f"had reached {start} before the period, or {end} before {start}")
    yield Line("cohort", f"Cohort: reached {end} within {days} days of {start}", views.reached_there)
    later = _Journeys(snapshot, question, _only(views.reached_there, views.went), -1)
    yield from later.line("after_period", f"reached {end} after the period", later.end >= question.stop)
    yield from later.line("team_at_end", f"belonged to another team when they reached {end}")
    other = _Journeys(snapshot, question, _only(views.went, views.reached_there), 1)
    yield from other.line("end_unknown", f"reached {end} at a time that is not known", other.end_unknown)
    yield from other.line("start_unknown", f"reached {start} at a time that is not known", other.start_unknown)
    yield from other.line("never_in_start", f"never were in {start}: they began later on the way", other.start == FAR)
    yield from other.line("start_before", f"had reached {start} before the period", other.start < question.first)
    yield from other.line("end_before", f"reached {end} before {start}", other.end < other.start)
    yield from other.line("late", f"took more than {days} days from {start}", other.among(views.reached))
    yield from other.line("team_at_start", f"belonged to another team when they reached {start}")
    yield Line("period", f"Period: reached {end} in the period", views.went)
