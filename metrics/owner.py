"""The funnel owner's page: everything that is off plan, not agreed or not to be trusted, from first stage to revenue.

One person answers for the whole funnel (product.md row 3); this is what that person looks at first.
"""

import datetime as dt
from dataclasses import dataclass

from funnel.book import StageInfo
from metrics.answers import ask
from metrics.dashboard import EVERYBODY, one_number
from metrics.frame import Frame
from metrics.health import Check, data_checks
from metrics.plan import monthly_targets, planned
from metrics.series import Snapshot


@dataclass(frozen=True)
class StageOnPlan:
    """Entries into a stage against the plan to date; `gap` is below zero where entries are missing."""

    stage: StageInfo
    value: int
    plan: int
    explain: str

    @property
    def gap(self) -> int:
        return self.value - self.plan

    @property
    def off(self) -> bool:
        """More than 5 % short of plan: less is not worth a name."""
        return self.value < self.plan * 0.95


@dataclass(frozen=True)
class Unsigned:
    """A version in force that a side has not signed."""

    number: int
    from_day: dt.date


@dataclass(frozen=True)
class OwnerPage:
    one: dict
    stages: list[StageOnPlan]
    unsigned: list[Unsigned]
    gaps: list[Check]

    @property
    def quiet(self) -> bool:
        behind = self.one["gap"] is not None and self.one["gap"] < 0
        return not (behind or self.unsigned or self.gaps or any(stage.off for stage in self.stages))


def owner_page(snapshot: Snapshot, frame: Frame, now: dt.datetime) -> OwnerPage:
    """What the funnel owner sees for a frame: worst first in every list."""
    stages = []
    for stage in snapshot.book.newest.path():
        plan = planned(monthly_targets(snapshot, "stage_inflow", stage.id), frame.to_date)
        if not plan:
            continue
        params = frame.params(stage=stage.key)
        answer = ask("stage_inflow", params, reader=EVERYBODY, now=now, snapshot=snapshot)
        stages.append(StageOnPlan(stage, answer["value"], plan, frame.explain_url("stage_inflow", stage=stage.key)))
    newest = snapshot.book.on(frame.today)
    return OwnerPage(
        one=one_number(snapshot, frame),
        stages=sorted(stages, key=lambda s: s.value / s.plan),
        unsigned=[] if newest.signed else [Unsigned(newest.number, newest.from_day)],
        gaps=[check for check in data_checks(snapshot, now) if check.state in ("warn", "block")],
    )
