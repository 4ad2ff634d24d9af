"""What a metric looks at: the rows under its mask, as columns. Number, breakdown and list all come from one selection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.periods import Period, day_number
from metrics.segments import DIMENSIONS, FAR, MISSING, Table

# Dimensions that a number can be filtered and broken down by. `stage` and `kind` exist only where the fact has them.
BY_DIMENSION = ("channel", "campaign", "segment", "region", "team", "owner", "origin", "tier", "stage", "kind")
BY_TIME = ("day", "week", "month", "quarter")


@dataclass(frozen=True)
class Question:
    """What is asked of a metric. Days are company days; `today` is the day up to which everything was followed."""

    key: str
    today: dt.date
    period: Period | None = None
    at: dt.date | None = None  # the end of this day
    stage: int | None = None
    to_stage: int | None = None
    horizon: int | None = None  # days
    where: tuple[tuple[str, tuple[int, ...]], ...] = ()
    by: str | None = None
    as_of: dt.datetime | None = None

    @property
    def first(self) -> int:
        return self.period.first

    @property
    def stop(self) -> int:
        return self.period.stop

    @property
    def at_day(self) -> int:
        return day_number(self.at)

    @property
    def today_number(self) -> int:
        return day_number(self.today)


@dataclass(frozen=True)
class Selection:
    """Columns of the selected rows. `hit` marks the numerator, `base` the denominator (all rows if absent)."""

    lead: np.ndarray
    item: np.ndarray
    item_kind: str
    dims: dict[str, np.ndarray]
    hit: np.ndarray | None = None
    base: np.ndarray | None = None
    value: np.ndarray | None = None  # minor units, MISSING where unknown
    estimated: np.ndarray | None = None
    day: np.ndarray | None = None  # the day of the basis, UNKNOWN_DAY where it is not known
    age: np.ndarray | None = None
    follow: np.ndarray | None = None
    cause: np.ndarray | None = None
    version: np.ndarray | None = None
    bucket: np.ndarray | None = None
    excluded: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lead)

    def where(self, mask: np.ndarray) -> Selection:
        """The rows under a mask; what was left out is a property of the whole and stays there."""
        columns = {
            name: getattr(self, name)[mask]
            for name in (
                "lead",
                "item",
                "hit",
                "base",
                "value",
                "estimated",
                "day",
                "age",
                "follow",
                "cause",
                "version",
                "bucket",
            )
            if getattr(self, name) is not None
        }
        dims = {name: array[mask] for name, array in self.dims.items()}
        return replace(self, **columns, dims=dims, excluded={})

    @property
    def unknown(self) -> int:
        return 0 if self.value is None else int(np.count_nonzero(self.value == MISSING))


def filtered(table: Table, question: Question, *, skip: Sequence[str] = ()) -> np.ndarray:
    """Mask of the rows under the question's dimension filters."""
    mask = np.ones(len(table), bool)
    for name, values in question.where:
        if name in skip:
            continue
        column = table.columns.get(name)
        mask &= np.zeros(len(table), bool) if column is None else np.isin(column, values)
    return mask


def pick(table: Table, mask: np.ndarray, *, item_kind: str, day: np.ndarray | None = None, **columns) -> Selection:
    """The selection of a table's rows under a mask. `columns` are arrays as long as the table."""
    rows = np.nonzero(mask)[0]
    dims = {name: table[name][rows] for name in (*DIMENSIONS, "stage", "kind") if name in table.columns}
    return Selection(
        lead=table["lead"][rows],
        item=table["item"][rows],
        item_kind=item_kind,
        dims=dims,
        day=None if day is None else day[rows],
        version=table["version"][rows] if "version" in table.columns else None,
        **{name: array[rows] for name, array in columns.items() if array is not None},
    )


def stack(first: Selection, second: Selection) -> Selection:
    """Both selections under each other; they must carry the same columns."""
    columns = {}
    for name in ("lead", "item", "hit", "base", "value", "estimated", "day", "age", "follow", "cause", "version", "bucket"):
        a, b = getattr(first, name), getattr(second, name)
        columns[name] = None if a is None or b is None else np.concatenate([a, b])
    dims = {name: np.concatenate([first.dims[name], second.dims[name]]) for name in first.dims if name in second.dims}
    return replace(first, **columns, dims=dims)


def within(days: np.ndarray, question: Question) -> np.ndarray:
    """Mask of the day numbers that lie in the question's period. Unknown and far days lie in none."""
    return (days >= question.first) & (days < question.stop)


def open_at(start: np.ndarray, end: np.ndarray, day: int) -> np.ndarray:
    """Mask of stretches that are running at the end of a day."""
    return (start <= day) & (end > day)


def active_leads(snapshot, day: int, days: int = 30) -> np.ndarray:
    """Leads with a touch or a stage change in the last `days` days up to a day, sorted."""
    touch, stay = snapshot["touch"], snapshot["stay"]
    recent = [t["lead"][(t["day"] > day - days) & (t["day"] <= day)] for t in (touch, stay)]
    return np.unique(np.concatenate(recent))


def stay_at(snapshot, leads: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
    """Stage and entry day of each lead's stay at the end of a day; stage 0 and FAR where there is none."""
    stay = snapshot["stay"]
    rows = np.nonzero(open_at(stay["day"], stay["lday"], day))[0]
    order = np.argsort(stay["lead"][rows], kind="stable")
    rows = rows[order]
    owners = stay["lead"][rows]
    spot = np.searchsorted(owners, leads)
    spot_safe = np.minimum(spot, max(len(owners) - 1, 0))
    found = (spot < len(owners)) & (owners[spot_safe] == leads) if len(owners) else np.zeros(len(leads), bool)
    stage, entered = np.zeros(len(leads), np.int32), np.full(len(leads), FAR, np.int32)
    stage[found] = stay["stage"][rows[spot_safe[found]]]
    entered[found] = stay["day"][rows[spot_safe[found]]]
    return stage, entered
