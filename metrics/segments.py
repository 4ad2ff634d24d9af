"""Packing of one day's facts of one kind into bytes, and the tables that readers hold in memory.

A segment is: magic, layout number, row count, a header of (column, dtype), then the columns one after the other. Rows are
sorted by (lead, item). Per-stage columns ("r:7") appear only if a row uses them, so the bytes depend on the rows alone.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LAYOUT = 2
_MAGIC = b"TSEG"
_HEAD = struct.Struct("<4sHIH")  # magic, layout, rows, length of the JSON header

FAR = 2**31 - 1  # a day that has not come: an open stay, a stage never reached
UNKNOWN_DAY = -(2**31)  # it happened, the day is not known
MISSING = -(2**63)  # an amount that is not known

DIMENSIONS = {
    "channel": "i4",
    "campaign": "i4",
    "segment": "i4",
    "region": "i4",
    "origin": "i1",
    "tier": "i4",
    "owner": "i4",
    "team": "i4",
}

LAYOUTS: dict[str, dict[str, str]] = {
    "stay": {
        "lead": "i8",
        "item": "i8",  # the event that opened the stay
        **DIMENSIONS,
        "stage": "i4",
        "next": "i4",
        "lday": "i4",
        "at": "i8",  # entry, seconds since 1970
        "dwell": "i8",  # seconds; -1 if open or an end is unknown
        "contact": "i8",  # seconds from entry to the first sales contact of the pass; -1 if none
        "entry": "i2",
        "exit": "i1",
        "version": "i2",
        "known": "i1",
        "lknown": "i1",
        "backdated": "i1",
        "late": "i1",
    },
    "journey": {
        "lead": "i8",
        "item": "i8",
        **DIMENSIONS,
        "created": "i4",
        "skew": "i1",
        "nosource": "i1",
    },
    "detour": {"lead": "i8", "item": "i8", **DIMENSIONS, "stage": "i4", "version": "i2"},
    "deal": {
        "lead": "i8",
        "item": "i8",
        **DIMENSIONS,
        "close": "i4",
        "cknown": "i1",
        "status": "i1",
        "kind": "i1",
        "currency": "i4",
        "amount": "i8",
        "cost": "i8",
        "base": "i8",
        "bcost": "i8",
        "expected": "i4",
    },
    "deal_span": {"lead": "i8", "item": "i8", **DIMENSIONS, "until": "i4", "kind": "i1", "amount": "i8", "base": "i8"},
    "credit": {"lead": "i8", "item": "i8", **DIMENSIONS, "deal": "i8", "kind": "i1", "amount": "i8", "base": "i8"},
    "touch": {
        "lead": "i8",
        "item": "i8",
        **DIMENSIONS,
        "side": "i1",
        "kind": "i1",
        "tchannel": "i4",
        "tcampaign": "i4",
        "contact": "i8",
        "content": "i4",
        "late": "i1",
    },
    "path": {
        "lead": "i8",
        "item": "i8",  # the deal × PLACES + the place of the touch on its way
        "deal": "i8",  # 0: the way of a lead without a deal
        "touch": "i8",
        "person": "i8",  # whose touch it was: a contact, or minus the lead of somebody without a name
        "account": "i8",  # who stands or falls together: the company, or minus the deal or lead of one unknown
        "channel": "i4",  # these three are the touch's own
        "campaign": "i4",
        "content": "i4",
        "side": "i1",
        "kind": "i1",
        "at": "i8",  # this and the following in seconds since 1970, MISSING where there is none
        "lead_at": "i8",
        "deal_at": "i8",
        "closed_at": "i8",
    },
    "handoff": {
        "lead": "i8",
        "item": "i8",  # the event that opened it
        **DIMENSIONS,
        "version": "i2",
        "agreement": "i4",  # whose promises hold for it; 0 before the first version
        "at": "i8",  # entry; this and the other instants in microseconds since 1970, MISSING where there is none
        "precision": "i1",
        "assigned": "i8",
        "state": "i1",
        "decision": "i1",
        "first": "i1",
        "decided": "i8",
        "reason": "i4",
        "returned": "i8",
        "contested": "i8",
        "ruled": "i8",
        "feedback": "i8",
        "read": "i8",
        "contact": "i8",  # the first one by sales
        "due": "i8",  # until when sales promised to decide
        "excluded": "i4",  # the reason for which both teams left that promise out
        "known": "i2",  # bits of codes.HANDOFF_FIELDS that were filled in at the entry, -1 where nobody noted them
    },
    "obligation": {
        "lead": "i8",
        "item": "i8",  # the handoff's event × 8 + the promise
        **DIMENSIONS,
        "agreement": "i4",
        "promise": "i1",
        "started": "i8",
        "due": "i8",
        "met": "i8",
        "paused": "i4",
        "excluded": "i4",
        "late": "i1",
    },
    "spend": {
        "lead": "i8",
        "item": "i8",
        "campaign": "i4",
        "channel": "i4",
        "status": "i1",  # codes.spend_code: with the kind of cost
        "currency": "i4",
        "amount": "i8",
        "base": "i8",
    },
}
KINDS = tuple(LAYOUTS)

# Per-stage columns: prefix -> (dtype, value of a row that does not use it). Of the first reach: r its day, u whether that is
# where an unknown time was placed, o, t, v owner, team and version; e whether the stage was entered; n the next reach.
PER_STAGE = {
    "r": ("i4", FAR),
    "u": ("i1", 0),
    "e": ("i1", 0),
    "o": ("i4", 0),
    "t": ("i4", 0),
    "v": ("i2", 0),
    "n": ("i4", FAR),
}

Columns = Mapping[str, np.ndarray]


def dtype_of(kind: str, column: str) -> np.dtype:
    prefix, _, stage = column.partition(":")
    return np.dtype("<" + (PER_STAGE[prefix][0] if stage else LAYOUTS[kind][column]))


def filler(column: str) -> int:
    """What a row reads in a per-stage column that its segment does not carry."""
    return PER_STAGE[column.partition(":")[0]][1]


def canonical(kind: str, columns: Columns) -> dict[str, np.ndarray]:
    """Rows sorted by (lead, item), columns in order, per-stage columns without a user dropped: one form per set of rows."""
    order = np.lexsort((columns["item"], columns["lead"]))
    fixed = list(LAYOUTS[kind])
    extra = sorted(
        (name for name in columns if ":" in name and np.any(columns[name] != filler(name))),
        key=lambda name: (name.partition(":")[0], int(name.partition(":")[2])),
    )
    return {name: np.ascontiguousarray(columns[name][order], dtype=dtype_of(kind, name)) for name in [*fixed, *extra]}


def empty(kind: str) -> dict[str, np.ndarray]:
    return {name: np.empty(0, dtype_of(kind, name)) for name in LAYOUTS[kind]}


def join(kind: str, parts: list[Columns]) -> dict[str, np.ndarray]:
    """Rows of several column sets under each other; per-stage columns are filled where a part lacks them."""
    if not parts:
        return empty(kind)
    names = list(LAYOUTS[kind]) + sorted({name for part in parts for name in part if ":" in name})
    return {
        name: np.concatenate(
            [
                part[name] if name in part else np.full(len(part["lead"]), filler(name), dtype_of(kind, name))
                for part in parts
            ]
        )
        for name in names
    }


def without(columns: Columns, leads: np.ndarray) -> Columns:
    """The rows whose lead is not among `leads`, which are sorted."""
    here = columns["lead"]
    if not len(here) or not len(leads):
        return columns
    spot = np.minimum(np.searchsorted(leads, here), len(leads) - 1)
    keep = leads[spot] != here
    return columns if keep.all() else {name: array[keep] for name, array in columns.items()}


def pack(kind: str, columns: Columns) -> bytes:
    """Bytes of a day's rows; equal rows give equal bytes."""
    rows = canonical(kind, columns)
    header = json.dumps([[name, array.dtype.str] for name, array in rows.items()], separators=(",", ":")).encode()
    head = _HEAD.pack(_MAGIC, LAYOUT, len(rows["lead"]), len(header))
    return b"".join([head, header, *(array.tobytes() for array in rows.values())])


class LayoutError(ValueError):
    """The bytes were written by another layout; the rollup must be rebuilt."""


def unpack(payload: bytes | memoryview) -> dict[str, np.ndarray]:
    """Columns of a segment, as read-only views on the payload."""
    payload = bytes(payload)
    magic, layout, rows, length = _HEAD.unpack_from(payload)
    if magic != _MAGIC or layout != LAYOUT:
        raise LayoutError("The stored segments have another layout. Run: manage.py rollup --all")
    at = _HEAD.size + length
    columns = {}
    for name, code in json.loads(payload[_HEAD.size : at]):
        dtype = np.dtype(code)
        columns[name] = np.frombuffer(payload, dtype, rows, at)
        at += rows * dtype.itemsize
    return columns


@dataclass(frozen=True)
class Table:
    """All rows of one kind, day after day. `day` is the segment's day number; `starts` where each day begins."""

    kind: str
    days: tuple[int, ...]
    starts: np.ndarray
    columns: dict[str, np.ndarray]

    @classmethod
    def of(cls, kind: str, by_day: Mapping[int, Columns]) -> "Table":
        return cls(kind, (), np.zeros(1, np.int64), empty(kind) | {"day": np.empty(0, np.int32)}).replaced(by_day)

    def __len__(self) -> int:
        return len(self.columns["lead"])

    def __getitem__(self, name: str) -> np.ndarray:
        """A column; a per-stage column that no row uses reads as its filler."""
        found = self.columns.get(name)
        if found is None and ":" in name:
            found = np.full(len(self), filler(name), dtype_of(self.kind, name))
        if found is None:
            raise KeyError(name)
        return found

    def replaced(self, changed: Mapping[int, Columns]) -> "Table":
        """A new table in which these days hold these rows; the others are copied in long runs."""
        position = {day: i for i, day in enumerate(self.days)}
        days = sorted(set(self.days) | set(changed))
        pieces: list[Columns] = []
        lengths: list[int] = []
        run: list[int] | None = None  # first and last row of the unchanged run being collected

        def close_run():
            if run is not None and run[1] > run[0]:
                pieces.append({name: array[run[0] : run[1]] for name, array in self.columns.items()})

        for day in days:
            if day in changed:
                close_run()
                run = None
                rows = changed[day]
                n = len(rows["lead"])
                pieces.append(dict(rows) | {"day": np.full(n, day, np.int32)})
            else:
                start, stop = int(self.starts[position[day]]), int(self.starts[position[day] + 1])
                n = stop - start
                if run is not None and run[1] == start:
                    run[1] = stop
                else:
                    close_run()
                    run = [start, stop]
            lengths.append(n)
        close_run()
        columns = join(self.kind, pieces)
        columns["day"] = np.concatenate([p["day"] for p in pieces]) if pieces else np.empty(0, np.int32)
        for array in columns.values():
            array.flags.writeable = False
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return Table(self.kind, tuple(days), starts, columns)
