"""Bytes and tables of segments: the same rows are the same bytes, and a patched table is the rebuilt one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.segments import FAR, KINDS, LAYOUTS, LayoutError, Table, canonical, dtype_of, empty, join, pack, unpack, without

STAGES = ("r:1", "r:22", "e:1", "n:22")


@st.composite
def rows(draw, kind="journey", stages=STAGES):
    """Rows of a day: unique by (lead, item), in any order, with per-stage columns that some, all or no rows use."""
    keys = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), unique=True, max_size=8))
    columns = {name: np.array(draw_column(draw, kind, name, len(keys)), dtype_of(kind, name)) for name in LAYOUTS[kind]}
    columns["lead"] = np.array([lead for lead, _ in keys], "<i8")
    columns["item"] = np.array([item for _, item in keys], "<i8")
    for name in draw(st.lists(st.sampled_from(stages), unique=True)) if stages else ():
        filler = FAR if name[0] in "rn" else 0
        values = draw(
            st.lists(st.sampled_from([filler, 1, 20_000 if name[0] in "rn" else 1]), min_size=len(keys), max_size=len(keys))
        )
        columns[name] = np.array(values, dtype_of(kind, name))
    return columns


def draw_column(draw, kind, name, n):
    limits = np.iinfo(dtype_of(kind, name))
    return draw(st.lists(st.integers(int(limits.min), int(limits.max)), min_size=n, max_size=n))


def plain(columns):
    return {name: array.tolist() for name, array in columns.items()}


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), rows(kind))))
@settings(max_examples=60, deadline=None)
def test_round_trip(example):
    kind, columns = example
    assert plain(unpack(pack(kind, columns))) == plain(canonical(kind, columns))


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_equal_rows_are_equal_bytes(columns, random):
    order = list(range(len(columns["lead"])))
    random.shuffle(order)
    shuffled = {name: array[order] for name, array in columns.items()}
    unused = shuffled | {"r:99": np.full(len(order), FAR, "<i4")}
    assert pack("journey", columns) == pack("journey", shuffled) == pack("journey", unused)


@given(rows(), st.sets(st.integers(1, 9)), rows(stages=("r:22", "o:3")))
@settings(max_examples=60, deadline=None)
def test_a_patched_day_is_the_rebuilt_day(old, leads, fresh):
    """What the worker does with a lead's note: its rows out, its new rows in."""
    wanted = np.array(sorted(leads), np.int64)
    new = {name: array[np.isin(fresh["lead"], wanted)] for name, array in fresh.items()}
    kept = {name: array[~np.isin(old["lead"], wanted)] for name, array in old.items()}
    patched = join("journey", [without(unpack(pack("journey", old)), wanted), new])
    assert pack("journey", patched) == pack("journey", join("journey", [kept, new]))


@given(st.lists(st.dictionaries(st.integers(0, 6), rows(), max_size=4), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_replaced_table_is_the_rebuilt_table(changes):
    table, state = Table.of("journey", {}), {}
    for changed in changes:
        packed = {day: unpack(pack("journey", columns)) for day, columns in changed.items()}
        table, state = table.replaced(packed), state | packed
    rebuilt = Table.of("journey", state)
    assert table.days == rebuilt.days
    assert table.starts.tolist() == rebuilt.starts.tolist()
    for name in rebuilt.columns.keys() | table.columns.keys():
        assert table[name].tolist() == rebuilt[name].tolist()


def test_days_without_rows_and_columns_nobody_uses():
    table = Table.of("stay", {5: empty("stay")})
    assert (len(table), table.days, table["r:7"].tolist()) == (0, (5,), [])
    with pytest.raises(KeyError):
        table["unheard"]


def test_another_layout_is_refused_with_a_way_out():
    payload = bytearray(pack("stay", empty("stay")))
    payload[4] ^= 1
    with pytest.raises(LayoutError, match="rollup --all"):
        unpack(payload)
