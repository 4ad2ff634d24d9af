"""The short ways to rows find what a look at every row finds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from metrics.rows import among, between, distinct, ended_since, every, places, running_at
from metrics.segments import FAR, LAYOUTS, Table, dtype_of

# (first day, days until the end; None: it has not come)
stretches = some.lists(some.tuples(some.integers(0, 12), some.one_of(some.none(), some.integers(-1, 9))), max_size=30)


def table_of(rows) -> Table:
    by_day = {}
    for number, (day, length) in enumerate(rows):
        by_day.setdefault(day, []).append((number, FAR if length is None else day + length))
    days = {}
    for day, here in by_day.items():
        columns = {name: np.zeros(len(here), dtype_of("stay", name)) for name in LAYOUTS["stay"]}
        columns["item"] = np.array([number for number, _ in here], np.int64)
        columns["lday"] = np.array([end for _, end in here], np.int32)
        days[day] = columns
    return Table.of("stay", days)


def items(rows) -> list[int]:
    return rows["item"].tolist()


@given(stretches, some.integers(-2, 14), some.integers(-2, 24))
def test_rows_of_days_running_rows_and_ended_rows_are_those_that_a_mask_finds(rows, first, day):
    table = table_of(rows)
    begun, end, item = table["day"], table["lday"], table["item"]
    stop = first + 3
    assert items(between(table, first, stop)) == item[(begun >= first) & (begun < stop)].tolist()
    assert items(between(table, None, stop)) == item[begun < stop].tolist()
    assert items(running_at(table, day, "lday")) == item[(begun <= day) & (end > day)].tolist()
    late = ended_since(table, "lday", first)
    assert items(late.under(late["lday"] >= first, late["lday"] < stop)) == item[(end >= first) & (end < stop)].tolist()


def test_conditions_narrow_one_after_the_other_and_none_is_no_condition():
    rows = every(table_of([(1, 2), (1, None), (2, 3), (4, 0)]))
    assert items(rows.under(None)) == [0, 1, 2, 3]
    early = rows.under(rows["day"] < 3, None)
    assert items(early.under(early["lday"] == FAR)) == [1]


@given(some.lists(some.integers(0, 40)), some.lists(some.integers(0, 40)), some.sampled_from([1, 10_000_000]))
def test_a_key_stands_where_it_stands_first(keys, wanted, spread):
    found = places(np.array(keys, np.int64) * spread, np.array(wanted, np.int64) * spread)
    assert found.tolist() == [keys.index(key) if key in keys else -1 for key in wanted]


@given(some.lists(some.integers(-50, 50_000)))
def test_different_values_come_in_order(values):
    assert distinct(np.array(values, np.int32)).tolist() == sorted(set(values))


def test_one_value_or_several():
    column = np.array([1, 2, 3, 2])
    assert among(column, (2,)).tolist() == [False, True, False, True]
    assert among(column, (1, 3)).tolist() == [True, False, True, False]
