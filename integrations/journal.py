"""Undo for what a row planned in memory: a row that is rejected in its last part leaves no trace of its first."""

import bisect
from collections.abc import Callable, Hashable, MutableMapping
from typing import Any

_MISSING = object()


class Journal:
    def __init__(self):
        self._undo: list[Callable[[], object]] = []

    def append(self, items: list, item: Any) -> None:
        items.append(item)
        self._undo.append(items.pop)

    def insort(self, items: list, item: Any, key: Callable | None = None) -> None:
        bisect.insort(items, item, key=key)
        self._undo.append(lambda: items.remove(item))

    def put(self, table: MutableMapping, key: Hashable, value: Any) -> None:
        before = table.get(key, _MISSING)
        table[key] = value
        self._undo.append(lambda: table.pop(key, None) if before is _MISSING else table.__setitem__(key, before))

    def set(self, target: object, name: str, value: Any) -> None:
        before = getattr(target, name)
        setattr(target, name, value)
        self._undo.append(lambda: setattr(target, name, before))

    def undo(self, action: Callable[[], object]) -> None:
        """Remember how to take back something that was done by hand."""
        self._undo.append(action)

    def commit(self) -> None:
        self._undo.clear()

    def rollback(self) -> None:
        """Take back everything since the last commit, newest first."""
        while self._undo:
            self._undo.pop()()
