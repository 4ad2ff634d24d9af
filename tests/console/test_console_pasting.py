"""Numbers as people type them, tables as they paste them."""

from decimal import Decimal

import pytest

from funnel.pasting import parse_number, parse_table

MONTHS = ["Jan 2026", "Feb 2026"]
COLUMNS = ["Gross profit", "MQL", "Won"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("  ", None), ("-", None), ("–", None),
        ("0", "0"), ("12500", "12500"), ("12,500", "12500"), ("12.500", "12500"), ("12 500", "12500"), ("12'500", "12500"),
        ("12\u00a0500", "12500"), ("12\u202f500,75", "12500.75"),
        ("1,234,567", "1234567"), ("1.234.567", "1234567"),
        ("1,234,567.89", "1234567.89"), ("1.234.567,89", "1234567.89"), ("12,5", "12.5"), ("12.5", "12.5"), ("0,75", "0.75"),
        ("€12,500", "12500"), ("12.500 €", "12500"), ("EUR 12,500.50", "12500.50"), ("R$ 1.000,00", "1000.00"),
        ("-5", "-5"), ("−5", "-5"), ("+5", "5"),
    ],
)  # fmt: skip
def test_a_number(text, value):
    assert parse_number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    "text", ["abc", "12a", "1,23,456.0", "1.2.3", "12,5,0", "1e9", "#REF!", "99999999999999", "=1+1", "²"]
)
def test_no_number(text):
    with pytest.raises(ValueError):
        parse_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "100\t5\t1\n200\t6\t2",
        "100;5;1\n200;6;2\n",
        "Month\tGross profit\tMQL\tWon\nJan\t100\t5\t1\nFeb\t200\t6\t2",
        "2026-01\t100\t5\t1\r\n2026-02\t200\t6\t2\r\n",
        "01/2026\t100\t5\t1\n02/2026\t200\t6\t2",
        "100\t5\t1\t\t\n200\t6\t2\t\t",
    ],
    ids=["plain", "semicolons", "headings and months", "iso months", "slashes", "empty cells behind"],
)
def test_a_table(text):
    found = parse_table(text, months=MONTHS, columns=COLUMNS)
    assert found.errors == []
    assert [[int(found.cells[r, c]) for c in range(3)] for r in range(2)] == [[100, 5, 1], [200, 6, 2]]


def test_missing_columns_are_left_alone():
    found = parse_table("100\n200", months=MONTHS, columns=COLUMNS)
    assert found.cells == {(0, 0): 100, (1, 0): 200}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Nothing was pasted."),
        ("100\t5\t1", "There are 1 rows of numbers, but the table has 2 months."),
        ("1\t2\t3\t4\n1\t2\t3", "Jan 2026 has 4 cells, but the table has 3 columns."),
        ("1\t2\t3\n1\tabc\t3", "Feb 2026, MQL: “abc” is not a number."),
        ("1\t2\t3\n1\t-2\t3", "Feb 2026, MQL: “-2” is below zero."),
    ],
)
def test_what_is_wrong_is_named(text, error):
    assert parse_table(text, months=MONTHS, columns=COLUMNS).errors == [error]


def test_every_wrong_cell_is_named():
    found = parse_table("x\t2\ty\n1\tz\t3", months=MONTHS, columns=COLUMNS)
    assert len(found.errors) == 3
