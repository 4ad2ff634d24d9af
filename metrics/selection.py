"""What a metric looks at: the rows under its mask, as columns. Number, breakdown and list all come from one selection.

A count needs no column, a sum needs one: columns are gathered when they are read, so that a question pays for what it uses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np

from core.periods import Period, day_number
from metrics.rows import Columns, Read, Rows, among, between, every, places, running_at
from metrics.segments import DIMENSIONS, FAR, MISSING, Table

# Dimensions that a number can be filtered and broken down by. `stage` and `kind` exist only where the fact has them.
BY_DIMENSION = ("channel", "campaign", "segment", "region", "team", "owner", "origin", "tier", "stage", "kind", "reason")
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


class _Column:
    """A field of a selection, given as an array or as a function that makes it; whoever reads it finds the array."""

    def __init__(self, *, may_lack: bool = True):
        self.may_lack = may_lack

    def __set_name__(self, owner, name: str):
        self.own = f"_{name}"

    def __get__(self, selection, owner):
        if selection is None:
            if self.may_lack:
                return None
            raise AttributeError
        found = selection.__dict__[self.own]
        if callable(found):
            found = selection.__dict__[self.own] = found()
        return found

    def __set__(self, selection, value: Read | None):
        selection.__dict__[self.own] = value


@dataclass(frozen=True)
class Selection:
    """Columns of the selected rows. `hit` marks the numerator, `base` the denominator (all rows if absent)."""

    lead: np.ndarray = _Column(may_lack=False)
    item: np.ndarray = _Column(may_lack=False)
    item_kind: str
    dims: Columns
    hit: np.ndarray | None = _Column()
    base: np.ndarray | None = _Column()
    value: np.ndarray | None = _Column()  # minor units, MISSING where unknown
    estimated: np.ndarray | None = _Column()
    day: np.ndarray | None = _Column()  # the day of the basis, UNKNOWN_DAY where it is not known
    age: np.ndarray | None = _Column()
    follow: np.ndarray | None = _Column()
    cause: np.ndarray | None = _Column()
    version: np.ndarray | None = _Column()
    bucket: np.ndarray | None = _Column()
    excluded: dict[str, int] = field(default_factory=dict)
    size: int | None = None  # rows, where that is known before a column is read
    why: str = ""  # where there is no value to give: what is missing, as a sentence

    def __len__(self) -> int:
        return len(self.lead) if self.size is None else self.size

    def but(self, **changes) -> Selection:
        """The same selection with other fields; columns that nobody has read stay unread."""
        found = object.__new__(Selection)
        vars(found).update(vars(self))
        vars(found).pop("in_order", None)
        vars(found).update({f"_{name}" if name in COLUMNS else name: value for name, value in changes.items()})
        return found

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return self.__dict__[f"_{name}"] is not None

    def where(self, mask: np.ndarray) -> Selection:
        """The rows under a mask; what was left out is a property of the whole and stays there."""
        rows = cache(lambda: np.flatnonzero(mask))
        columns = {name: lambda name=name: getattr(self, name)[rows()] for name in COLUMNS if self.has(name)}
        return self.but(**columns, dims=self.dims.under(rows), excluded={}, size=int(np.count_nonzero(mask)))

    def during(self, first: int, stop: int) -> Selection:
        """The rows whose day lies from `first` up to `stop`. Most selections lie in the order of their days."""
        if not self.in_order:
            return self.where((self.day >= first) & (self.day < stop))
        # Of the days' own type, or all of them would be copied.
        begin, end = np.searchsorted(self.day, np.array((first, stop), self.day.dtype)).tolist()
        columns = {name: lambda name=name: getattr(self, name)[begin:end] for name in COLUMNS if self.has(name)}
        rows = slice(begin, end)
        return self.but(**columns, dims=self.dims.under(lambda: rows), excluded={}, size=end - begin)

    @cached_property
    def in_order(self) -> bool:
        return bool(np.all(self.day[1:] >= self.day[:-1]))

    @property
    def unknown(self) -> int:
        return 0 if self.value is None else int(np.count_nonzero(self.value == MISSING))


COLUMNS = ("lead", "item", "hit", "base", "value", "estimated", "day", "age", "follow", "cause", "version", "bucket")


def fits(rows: Rows, question: Question, *, skip: Sequence[str] = ()) -> np.ndarray | None:
    """Mask of the rows under the question's dimension filters; None where it has none."""
    mask = None
    for name, values in question.where:
        if name in skip:
            continue
        one = among(rows[name], values) if name in rows else np.zeros(len(rows), bool)
        mask = one if mask is None else mask & one
    return mask


def filtered(table: Table, question: Question, *, skip: Sequence[str] = ()) -> np.ndarray:
    """The same of a whole table, always a mask."""
    mask = fits(every(table), question, skip=skip)
    return np.ones(len(table), bool) if mask is None else mask


def taken(rows: Rows, *, item_kind: str, **columns: Read | None) -> Selection:
    """The selection of all these rows. `columns` are as long as the rows, or functions that make such arrays."""

    def column(name: str) -> Read:
        return lambda: rows[name]

    own = {name: column(name) for name in ("lead", "item", "version") if name in rows}
    dims = Columns({name: column(name) for name in (*DIMENSIONS, "stage", "kind") if name in rows})
    return Selection(**(own | columns), item_kind=item_kind, dims=dims, size=len(rows))


def pick(table: Table, mask: np.ndarray, *, item_kind: str, day: np.ndarray | None = None, **columns) -> Selection:
    """The selection of a table's rows under a mask. `columns` are arrays as long as the table."""
    rows = every(table).under(mask)
    given = {"day": day} | columns
    own = {n: (lambda array=array: array[rows.numbers]) for n, array in given.items() if array is not None}
    return taken(rows, item_kind=item_kind, **own)


def stack(first: Selection, second: Selection) -> Selection:
    """Both selections under each other; they must carry the same columns."""
    both = [name for name in COLUMNS if first.has(name) and second.has(name)]
    columns = dict.fromkeys(COLUMNS) | {
        name: lambda name=name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in both
    }
    shared = [name for name in first.dims if name in second.dims]
    dims = {name: lambda name=name: np.concatenate([first.dims[name], second.dims[name]]) for name in shared}
    return first.but(**columns, dims=Columns(dims), size=len(first) + len(second))


def within(days: np.ndarray, question: Question) -> np.ndarray:
    """Mask of the day numbers that lie in the question's period. Unknown and far days lie in none."""
    return (days >= question.first) & (days < question.stop)


def entered_in(table: Table, question: Question) -> Rows:
    """The rows whose own day lies in the question's period."""
    return between(table, question.first, question.stop)


def open_at(start: np.ndarray, end: np.ndarray, day: int) -> np.ndarray:
    """Mask of stretches that are running at the end of a day."""
    return (start <= day) & (end > day)


def active_leads(snapshot, day: int, days: int = 30) -> np.ndarray:
    """Leads with a touch or a stage change in the last `days` days up to a day, sorted."""
    recent = [between(snapshot[kind], day - days + 1, day + 1)["lead"] for kind in ("touch", "stay")]
    return np.unique(np.concatenate(recent))


def stay_at(snapshot, leads: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
    """Stage and entry day of each lead's stay at the end of a day; stage 0 and FAR where there is none."""
    stays = running_at(snapshot["stay"], day, "lday")
    spot = places(stays["lead"], leads)
    found = spot >= 0
    stage, entered = np.zeros(len(leads), np.int32), np.full(len(leads), FAR, np.int32)
    stage[found] = stays["stage"][spot[found]]
    entered[found] = stays["day"][spot[found]]
    return stage, entered
