"""The stages as pages show them: one query, where load_book reads whole versions with their reasons and signatures."""

import datetime as dt
from dataclasses import dataclass

from funnel.book import Book
from funnel.models import Agreement, StageInVersion, StageKind


@dataclass(frozen=True)
class StageWords:
    id: int
    name: str
    side: str
    kind: str
    position: int
    target: dt.timedelta | None
    now: bool  # in the version in force today, and taking leads

    @property
    def open(self) -> bool:
        return self.kind == StageKind.PATH


def stages_today(today: dt.date) -> dict[int, StageWords]:
    """By id, in screen order: the stages of the version in force today, then those that only older versions know."""
    rows = list(
        StageInVersion.objects.filter(agreement__state__in=[Agreement.State.IN_FORCE, Agreement.State.SUPERSEDED])
        .order_by("agreement__from_day", "position")
        .values_list(
            "agreement__from_day", "stage_id", "name", "side", "kind", "position", "target_days", "retired", named=True
        )
    )
    started = [row.agreement__from_day for row in rows if row.agreement__from_day <= today]
    in_force = started[-1] if started else (rows[0].agreement__from_day if rows else None)
    found: dict[int, StageWords] = {}
    for row in sorted(rows, key=lambda r: r.agreement__from_day == in_force):
        target = dt.timedelta(days=float(row.target_days)) if row.target_days is not None else None
        now = row.agreement__from_day == in_force and not row.retired
        found[row.stage_id] = StageWords(row.stage_id, row.name, row.side, row.kind, row.position, target, now)
    return dict(sorted(found.items(), key=lambda item: (not item[1].now, item[1].position, item[0])))


def stages_of(book: Book, today: dt.date) -> dict[int, StageWords]:
    """The same from versions that were read already."""
    if not book:
        return {}
    in_force = book.on(today)
    found = {}
    for version in [*book.versions, in_force]:
        for s in version.stages.values():
            target = dt.timedelta(days=float(s.target_days)) if s.target_days is not None else None
            now = version is in_force and not s.retired
            found[s.id] = StageWords(s.id, s.name, s.side, s.kind, s.position, target, now)
    return dict(sorted(found.items(), key=lambda item: (not item[1].now, item[1].position, item[0])))
