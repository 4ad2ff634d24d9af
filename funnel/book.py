"""All versions of the agreement in memory: what a stage was called, ranked and credited with on any day.

Projections, the rollup and pages share this one reading, so that they never disagree about a version.
"""

import bisect
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from core.queries import calendar
from funnel.models import Agreement, Milestone, StageInVersion, StageKind

# A lead that sales or a customer starts never was marketing's: rank credit stops at the first of these that is set.
_ENTRY_MILESTONES = {
    "sales": (Milestone.SAL, Milestone.SQL, Milestone.OPPORTUNITY, Milestone.WON),
    "customer": (Milestone.SAL, Milestone.SQL, Milestone.OPPORTUNITY, Milestone.WON),
}


@dataclass(frozen=True)
class StageInfo:
    id: int
    key: str
    name: str
    rank: int | None
    kind: str
    side: str
    milestone: str | None
    position: int
    definition: str
    target_days: Decimal | None
    retired: bool


@dataclass(frozen=True)
class Version:
    id: int
    number: int
    counting_version: int
    from_day: dt.date
    stages: dict[int, StageInfo]
    signed: bool
    forbidden: frozenset[tuple[int, int]] = frozenset()
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)

    def path(self) -> list[StageInfo]:
        """Path stages and Won, by rank."""
        return sorted((s for s in self.stages.values() if s.rank is not None), key=lambda s: s.rank)

    def milestone(self, name: str) -> StageInfo | None:
        return next((s for s in self.stages.values() if s.milestone == name), None)

    def of_kind(self, kind: str) -> StageInfo | None:
        """The first stage of a kind in screen order."""
        found = sorted((s for s in self.stages.values() if s.kind == kind and not s.retired), key=lambda s: s.position)
        return found[0] if found else None

    def by_key(self, key: str) -> StageInfo | None:
        return next((s for s in self.stages.values() if s.key == key), None)

    def credited(self, stage_id: int, origin: str) -> frozenset[int]:
        """Stages that entering `stage_id` counts as reached: itself, and every lower rank down to the origin's entry."""
        info = self.stages.get(stage_id)
        if info is None:
            return frozenset({stage_id})
        if info.rank is None:
            return frozenset({stage_id})
        floor = 0
        for name in _ENTRY_MILESTONES.get(origin, ()):
            entry = self.milestone(name)
            if entry is not None:
                floor = entry.rank
                break
        below = {s.id for s in self.stages.values() if s.rank is not None and floor <= s.rank <= info.rank}
        return frozenset(below | {stage_id})

    def exit_kind(self, from_stage: int, to_stage: int) -> str:
        """How a stay ended: advance, back, lost, out or detour."""
        to = self.stages.get(to_stage)
        if to is None:
            return "advance"
        if to.kind in (StageKind.LOST, StageKind.OUT, StageKind.DETOUR):
            return str(to.kind)
        source = self.stages.get(from_stage)
        if source is not None and source.rank is not None and to.rank < source.rank:
            return "back"
        return "advance"


class Book:
    """`today` says which day it is when somebody asks; without it the last version counts as the present one."""

    def __init__(self, versions: list[Version], today: Callable[[], dt.date] | None = None):
        self.versions = sorted(versions, key=lambda v: v.from_day)
        self._today = today
        self._days = [v.from_day for v in self.versions]
        self.by_id = {v.id: v for v in self.versions}

    def __bool__(self):
        return bool(self.versions)

    def on(self, day: dt.date) -> Version:
        """The version in force on a day; before the first one, the first."""
        return self.versions[max(bisect.bisect_right(self._days, day) - 1, 0)]

    @property
    def newest(self) -> Version:
        """The version in force now. One that is signed and begins later changes no page before its day."""
        return self.versions[-1] if self._today is None else self.on(self._today())

    @property
    def last(self) -> Version:
        """The version that begins last, in force already or not."""
        return self.versions[-1]

    def stage_keys(self) -> dict[str, int]:
        """Stage key to id over all versions, newest last."""
        return {s.key: s.id for v in self.versions for s in v.stages.values()}

    def name_of(self, stage_id: int) -> str:
        for version in reversed(self.versions):
            if stage_id in version.stages:
                return version.stages[stage_id].name
        return "–"


def load_book() -> Book:
    """Read every version that is or was in force: six queries, whatever their number."""
    agreements = list(
        Agreement.objects.filter(state__in=[Agreement.State.IN_FORCE, Agreement.State.SUPERSEDED]).prefetch_related(
            "stages__stage", "signatures", "reasons", "forbidden_moves"
        )
    )
    versions = [version_of(agreement) for agreement in agreements]
    if len(versions) < 2:
        return Book(versions)
    company = calendar()
    return Book(versions, lambda: company.day_of(dt.datetime.now(dt.UTC)))


def version_of(agreement: Agreement) -> Version:
    reasons: dict[str, dict[str, str]] = {}
    for reason in agreement.reasons.all():
        reasons.setdefault(reason.use, {})[reason.key] = reason.label
    return Version(
        id=agreement.id,
        number=agreement.number,
        counting_version=agreement.counting_version,
        from_day=agreement.from_day,
        stages={row.stage_id: _stage(row) for row in agreement.stages.all()},
        signed={s.side for s in agreement.signatures.all()} >= {"marketing", "sales"},
        forbidden=frozenset((m.from_stage_id, m.to_stage_id) for m in agreement.forbidden_moves.all()),
        reasons=reasons,
    )


def _stage(row: StageInVersion) -> StageInfo:
    return StageInfo(
        id=row.stage_id,
        key=row.stage.key,
        name=row.name,
        rank=row.rank,
        kind=row.kind,
        side=row.side,
        milestone=row.milestone,
        position=row.position,
        definition=row.definition,
        target_days=row.target_days,
        retired=row.retired,
    )
