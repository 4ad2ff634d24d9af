"""The rows behind a frozen number as bytes: the same rows give the same bytes, and the same question the same hash."""

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from metrics.rows import Columns
from metrics.selection import COLUMNS, Selection

# What reductions of promises read beside the usual columns. Owner, team and channel of a row change no number of the set.
_DIMS = ("agreement", "tier", "late", "placed")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class FrozenSelection:
    """Rows in an order of their own, so that it does not matter in which the facts lay. `head` says what they are."""

    item_kind: str
    excluded: dict[str, int]
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.columns["lead"])

    @property
    def groups(self) -> np.ndarray:
        """What a change is told of: the deal of each row, else its lead."""
        return self.columns["item" if self.item_kind == "deal" else "lead"]

    def where(self, mask: np.ndarray) -> "FrozenSelection":
        return FrozenSelection(self.item_kind, self.excluded, {name: array[mask] for name, array in self.columns.items()})

    def and_also(self, other: "FrozenSelection") -> "FrozenSelection":
        """Both under each other, with what the other one says was left out; they are rows of the same metric."""
        columns = {name: np.concatenate([array, other.columns[name]]) for name, array in self.columns.items()}
        return FrozenSelection(self.item_kind, other.excluded, columns)

    def selection(self) -> Selection:
        """As the reductions read it."""
        usual = {name: array for name, array in self.columns.items() if name in COLUMNS}
        dims = Columns({name: array for name, array in self.columns.items() if name in _DIMS})
        return Selection(**usual, item_kind=self.item_kind, dims=dims, excluded=dict(self.excluded), size=len(self))

    def packed(self) -> bytes:
        """Head and columns, without compression: what the hash is taken of."""
        order = np.lexsort([self.columns[name] for name in sorted(self.columns, reverse=True)]) if len(self) else []
        names = sorted(self.columns)
        head = {
            "kind": self.item_kind,
            "excluded": self.excluded,
            "columns": [[name, self.columns[name].dtype.str] for name in names],
            "rows": len(self),
        }
        text = json.dumps(head, sort_keys=True).encode()
        columns = [np.ascontiguousarray(self.columns[name][order]).tobytes() for name in names]
        return b"".join([_LENGTH.pack(len(text)), text, *columns])


def frozen_rows(found: Selection) -> FrozenSelection:
    """The columns of a selection that its number rests on. Types are widened: how facts are packed changes no hash."""
    columns = {name: _wide(getattr(found, name)) for name in COLUMNS if found.has(name)}
    columns |= {name: _wide(found.dims[name]) for name in _DIMS if name in found.dims}
    return FrozenSelection(found.item_kind, dict(found.excluded), columns)


def _wide(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.bool_:
        return array.astype("u1")
    return array.astype("<f8" if array.dtype.kind == "f" else "<i8")


def hash_of(rows: FrozenSelection, metric: str, version: int, params: dict) -> str:
    """SHA-256 over the question and every row behind its answer."""
    asked = json.dumps({"metric": metric, "version": version, "params": params}, sort_keys=True).encode()
    return hashlib.sha256(asked + b"\n" + rows.packed()).hexdigest()


def pack(rows: FrozenSelection) -> bytes:
    return zlib.compress(rows.packed(), 6)


def unpack(payload: bytes) -> FrozenSelection:
    data = zlib.decompress(payload)
    (length,) = _LENGTH.unpack_from(data)
    at = _LENGTH.size + length
    head = json.loads(data[_LENGTH.size : at])
    columns = {}
    for name, kind in head["columns"]:
        dtype = np.dtype(kind)
        found = np.frombuffer(data, dtype, head["rows"], at)
        columns[name] = found.astype(np.bool_) if dtype.kind == "u" else found
        at += dtype.itemsize * head["rows"]
    return FrozenSelection(head["kind"], head["excluded"], columns)


def pack_ids(ids: np.ndarray) -> bytes:
    """Distinct ids in ascending order."""
    return zlib.compress(np.unique(np.asarray(ids, "<i8")).tobytes(), 6)


def unpack_ids(payload: bytes) -> np.ndarray:
    return np.frombuffer(zlib.decompress(payload), "<i8")
