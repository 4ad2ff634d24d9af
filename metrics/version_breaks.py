"""Where a line by month crosses a change of what is counted: it breaks there, and that month shows both values (X7)."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.periods import Period
from funnel.book import Version
from metrics.evaluation import SMALL
from metrics.series import Snapshot


@dataclass(frozen=True)
class Point:
    """One value of a rate in a month; `version` is the number of the agreement that it was counted by, where a month has
    several. A point without a share breaks the line."""

    month: dt.date
    share: float | None
    n: int
    firm: bool = True
    link: str = ""
    version: int | None = None


def changes_within(snapshot: Snapshot, period: Period) -> list[Version]:
    """The first version of each new way of counting that began inside a period, earliest first."""
    versions = snapshot.book.versions
    return [
        now
        for before, now in zip(versions, versions[1:], strict=False)
        if now.counting_version != before.counting_version and period.start < now.from_day < period.end
    ]


def course(
    snapshot: Snapshot, rows: Sequence[dict], changes: Sequence[Version], ask_month: Callable[[dt.date], dict]
) -> list[Point]:
    """The points of a line. `rows`: month, share, n, few, young, explain_share. `ask_month`: the whole answer of a month."""
    begins = {version.from_day.replace(day=1): version for version in changes}
    points: list[Point] = []
    for row in rows:
        month, own = row["month"], _point(row)
        if month not in begins:
            points.append(own)
            continue
        answer, gap = ask_month(month), Point(month, None, 0)
        counted = answer["definition_version"]
        if counted[0] != snapshot.book.on(month - dt.timedelta(days=1)).counting_version:
            points.append(gap)
        for number, part in enumerate(_parts(snapshot, row, answer) or [own]):
            points += [gap, part] if number else [part]
        if counted[-1] != begins[month].counting_version:
            # Nothing came in the new way in its first days: the whole month belongs to the line before.
            points.append(gap)
    return points


def _point(row: dict) -> Point:
    return Point(row["month"], row["share"], row["n"], not (row["few"] or row["young"]), row["explain_share"])


def _parts(snapshot: Snapshot, row: dict, answer: dict) -> list[Point]:
    """A point for each way of counting where a month has several."""
    first = {}
    for version in snapshot.book.versions:
        first.setdefault(version.counting_version, version.number)
    young = answer["status"] == "immature"
    return [
        Point(
            row["month"],
            part["value"],
            part["n"],
            part["n"] >= SMALL and not young,
            row["explain_share"],
            first.get(int(part["key"])),
        )
        for part in answer.get("versions", ())
    ]
