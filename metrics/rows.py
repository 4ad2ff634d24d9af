"""Some rows of a table: a run of days, narrowed by conditions. Segments lie sorted by day, so that a question about a period
reads that period's rows alone; columns are gathered when somebody reads them, and only those."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.segments import FAR, UNKNOWN_DAY, Table

# The most that a table of keys is longer than its keys before sorting them is the cheaper way to look them up.
_SPARSE = 8


class Rows:
    """Row numbers of a table. `names` gives columns another name: the owner at a first reach is column "o:7"."""

    def __init__(self, table: Table, numbers: slice | np.ndarray, names: Mapping[str, str] | None = None):
        self.table, self.numbers, self.names = table, numbers, names or {}
        self._read: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return self.numbers.stop - self.numbers.start if isinstance(self.numbers, slice) else len(self.numbers)

    def __contains__(self, name: str) -> bool:
        return name in self.names or name in self.table.columns

    def __getitem__(self, name: str) -> np.ndarray:
        found = self._read.get(name)
        if found is None:
            found = self._read[name] = self.table[self.names.get(name, name)][self.numbers]
        return found

    def under(self, *masks: np.ndarray | None) -> Rows:
        """The rows under all masks, in the same order. None is a condition that every row meets."""
        mask = None
        for other in masks:
            if other is not None:
                mask = other if mask is None else mask & other
        if mask is None:
            return self
        if isinstance(self.numbers, slice):
            return Rows(self.table, np.flatnonzero(mask) + self.numbers.start, self.names)
        return Rows(self.table, self.numbers[mask], self.names)


def every(table: Table, names: Mapping[str, str] | None = None) -> Rows:
    return Rows(table, slice(0, len(table)), names)


def between(table: Table, first: int | None, stop: int) -> Rows:
    """The rows of the days from `first` (None: the first there is) up to `stop`."""
    begin = 0 if first is None else int(table.starts[bisect_left(table.days, first)])
    return Rows(table, slice(begin, max(begin, int(table.starts[bisect_left(table.days, stop)]))))


@dataclass(frozen=True)
class _Ends:
    """Of a column of last days: the latest of each day's rows that has come, and the rows whose end has not."""

    latest: np.ndarray
    open: np.ndarray


def _ends(table: Table, column: str) -> _Ends:
    """A table never changes, so what follows from its rows is kept with it, one small array for each such column."""
    kept = vars(table).setdefault("ends", {})
    if column not in kept:
        ends = table[column]
        running = ends == FAR
        filled = np.flatnonzero(np.diff(table.starts))
        latest = np.full(len(table.days), UNKNOWN_DAY, np.int64)
        if len(filled):
            latest[filled] = np.maximum.reduceat(np.where(running, UNKNOWN_DAY, ends), table.starts[:-1][filled])
        kept[column] = _Ends(latest, np.flatnonzero(running))
    return kept[column]


def ended_since(table: Table, column: str, first: int) -> Rows:
    """The rows from the first day on of which any ended on `first` or later: whoever is not among them ended before."""
    late = np.flatnonzero(_ends(table, column).latest >= first)
    return Rows(table, slice(int(table.starts[late[0]]) if len(late) else len(table), len(table)))


def running_at(table: Table, day: int, column: str) -> Rows:
    """The rows that began on or before a day and had not ended at its end. `column`: that of the last day."""
    begun = int(table.starts[bisect_left(table.days, day + 1)])
    open_ = _ends(table, column).open
    open_ = open_[: np.searchsorted(open_, begun)]
    later = ended_since(table, column, day + 1)
    ended = later.under((later[column] > day) & (later[column] != FAR) & (later["day"] <= day))
    if not len(ended):
        return Rows(table, open_)
    # Both are in order: merging is sorting what is nearly sorted.
    return Rows(table, np.sort(np.concatenate([open_, _numbers(ended)]), kind="stable"))


def _numbers(rows: Rows) -> np.ndarray:
    return np.arange(rows.numbers.start, rows.numbers.stop) if isinstance(rows.numbers, slice) else rows.numbers


def among(column: np.ndarray, values: Sequence[int]) -> np.ndarray:
    """Mask of the rows that hold one of a few values."""
    return column == values[0] if len(values) == 1 else np.isin(column, values)


def places(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted key (none is negative) stands among `keys` for the first time; -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    longest = max(int(keys.max()), int(wanted.max(initial=0))) + 1
    if longest <= _SPARSE * (len(keys) + len(wanted)):
        spot = np.full(longest, -1, np.int64)
        spot[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
        return spot[wanted]
    order = np.argsort(keys, kind="stable")
    at = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[at] == wanted, at, -1)


def distinct(column: np.ndarray) -> np.ndarray:
    """Its values in ascending order. Ids are small: counting them is faster than sorting a copy."""
    if not len(column):
        return column
    low, high = int(column.min()), int(column.max())
    if low == high:
        return column[:1]
    if high - low > max(len(column), 1_000):
        return np.unique(column)
    return (np.flatnonzero(np.bincount(column.astype(np.int64) - low)) + low).astype(column.dtype)


Read = np.ndarray | Callable[[], np.ndarray]


class Columns(Mapping):
    """Arrays by name, each given as it is or as a function that makes it when it is read for the first time."""

    def __init__(self, given: Mapping[str, Read]):
        self._given = dict(given)

    def __getitem__(self, name: str) -> np.ndarray:
        found = self._given[name]
        if callable(found):
            found = self._given[name] = found()
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def __or__(self, other: Mapping[str, Read]) -> Columns:
        return Columns({name: lambda name=name: self[name] for name in self} | dict(other))

    def under(self, rows: Callable[[], np.ndarray]) -> Columns:
        """The same names; each array at these row numbers."""
        return _Part(self, rows)


class _Part(Columns):
    def __init__(self, whole: Columns, rows: Callable[[], np.ndarray]):
        self._whole, self._rows, self._given = whole, rows, {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._given:
            self._given[name] = self._whole[name][self._rows()]
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)
