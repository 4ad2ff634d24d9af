"""Some rows of a table: a run of days, narrowed by conditions. Segments lie sorted by day, so that a question about a period
reads that period's rows alone; columns are gathered when somebody reads them, and only those."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from metrics.segments import Table

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
        return Columns(self._given | dict(other))

    def each(self, change: Callable[[Callable[[], np.ndarray]], np.ndarray]) -> Columns:
        """The same names; each array is what `change` makes of the reading of the old one, when it is read."""
        return Columns({name: lambda name=name: change(lambda: self[name]) for name in self._given})
