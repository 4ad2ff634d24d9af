"""What a draft would change: the last 90 days counted under both versions. Reads only."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from core.periods import Period
from funnel.book import StageInfo, Version
from funnel.comparing import entered_differently, ranked_differently
from funnel.models import Agreement
from metrics import codes
from metrics.segments import FAR
from metrics.series import Snapshot

DAYS = 90


@dataclass(frozen=True)
class Line:
    """One stage on the way: first reaches of the period under the version before and under the draft."""

    stage: StageInfo
    before: int | None
    after: int | None

    @property
    def change(self) -> int | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Effect:
    period: Period
    lines: list[Line]
    retired: list[tuple[StageInfo, int]]  # with the leads that are in it now
    moved: list[tuple[str, str, str]]  # milestone, stage before, stage after

    @property
    def counts_change(self) -> bool:
        return any(line.before != line.after for line in self.lines)


@dataclass(frozen=True)
class Counting:
    """What of a version changes numbers: the stages themselves, or who may enter which of them (their names, in words)."""

    ranked: bool
    entering: str


def counting_of(before: Agreement, after: Agreement) -> Counting:
    *most, last = entered_differently(before, after) or [""]
    return Counting(ranked_differently(before, after), f"{', '.join(most)} and {last}" if most else last)


def effect_of(snapshot: Snapshot, before: Version, after: Version, today: dt.date) -> Effect:
    """The last 90 days as they would have been counted under either version. The stored facts keep their own."""
    period = Period(today - dt.timedelta(days=DAYS - 1), today + dt.timedelta(days=1))
    old, new = first_reaches(snapshot, before, period), first_reaches(snapshot, after, period)
    path = [*after.path(), *(stage for stage in before.path() if stage.id not in {s.id for s in after.path()})]
    stay = snapshot["stay"]
    now_in = stay["stage"][stay["lday"] == FAR]
    retired = [
        (stage, int(np.count_nonzero(now_in == stage.id)))
        for stage in after.stages.values()
        if stage.retired and not (stage.id in before.stages and before.stages[stage.id].retired)
    ]
    return Effect(
        period=period,
        lines=[Line(stage, old.get(stage.id), new.get(stage.id)) for stage in path],
        retired=retired,
        moved=_milestones(before, after),
    )


def _milestones(before: Version, after: Version) -> list[tuple[str, str, str]]:
    """Milestones that another stage carries: numbers that speak of them count that stage from then on."""
    found = []
    for name in dict.fromkeys(s.milestone for v in (before, after) for s in v.stages.values() if s.milestone):
        old, new = before.milestone(name), after.milestone(name)
        if (old and old.id) != (new and new.id):
            found.append(
                (name.upper() if len(name) == 3 else name.capitalize(), old.name if old else "", new.name if new else "")
            )
    return found


def first_reaches(snapshot: Snapshot, version: Version, period: Period) -> dict[int, int]:
    """Leads whose first reach of each stage on the way, by the ranks of one version, lies in the period."""
    stay = snapshot["stay"]
    lead, day, stage, origin = stay["lead"], stay["day"], stay["stage"], stay["origin"]
    order = np.lexsort((day, lead))
    lead, day, stage, origin = lead[order], day[order], stage[order], origin[order]
    credits = {
        (int(s), int(o)): version.credited(int(s), codes.ORIGINS[int(o)])
        for s, o in {(int(s), int(o)) for s, o in np.unique(np.stack([stage, origin]), axis=1).T}
    }
    found = {}
    for target in version.path():
        mask = np.zeros(len(lead), bool)
        for (s, o), reached in credits.items():
            if target.id in reached:
                mask |= (stage == s) & (origin == o)
        _, first = np.unique(lead[mask], return_index=True)
        days = day[mask][first]
        found[target.id] = int(np.count_nonzero((days >= period.first) & (days < period.stop)))
    return found
