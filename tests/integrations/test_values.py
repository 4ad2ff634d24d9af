"""Cells to values, without a database."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.queries import Calendar
from integrations.errors import RowError
from integrations.values import parse_amount, parse_time

BERLIN = Calendar([(dt.date(2020, 1, 1), "Europe/Berlin")])


@pytest.mark.parametrize(
    ("text", "forms", "zone", "expected"),
    [
        ("2025-07-01T10:00:00Z", ["iso"], None, "2025-07-01T10:00:00+00:00"),
        ("2025-07-01 10:00", ["iso"], None, "2025-07-01T08:00:00+00:00"),
        ("2025-07-01T10:00:00.250+05:30", ["iso"], None, "2025-07-01T04:30:00.250000+00:00"),
        ("2025-07-01", ["iso"], "America/New_York", "2025-06-30T22:00:00+00:00"),
        ("3/5/2026 2:15:33 PM", ["%m/%d/%Y %I:%M:%S %p"], "UTC", "2026-03-05T14:15:33+00:00"),
        ("05.03.2026", ["iso", "%d.%m.%Y"], None, "2026-03-04T23:00:00+00:00"),
        ("15 Apr, 2021 00:03:00", ["%d %b, %Y %H:%M:%S"], "UTC", "2021-04-15T00:03:00+00:00"),
        ("1735689600000", ["epoch_ms"], None, "2025-01-01T00:00:00+00:00"),
        ("45658", ["excel"], None, "2024-12-31T23:00:00+00:00"),
        ("45658.5", ["excel"], "UTC", "2025-01-01T12:00:00+00:00"),
        ("2025-03-30 02:30:00", ["iso"], "Europe/Berlin", "2025-03-30T01:30:00+00:00"),  # does not exist
        ("2025-10-26 02:30:00", ["iso"], "Europe/Berlin", "2025-10-26T00:30:00+00:00"),  # exists twice: the first
        ("2024-02-29", ["iso"], None, "2024-02-28T23:00:00+00:00"),
    ],
)
def test_times_are_read_as_declared(text, forms, zone, expected):
    moment = parse_time("f", text, forms, zone=zone and ZoneInfo(zone), calendar=BERLIN)
    assert moment.at.astimezone(dt.UTC).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("TBD", "iso"), ("03/04/2025", "iso"), ("2025-02-29", "iso"), ("1969-12-31", "iso"), ("20250301", "iso"),
        ("1735689600", "epoch_ms"), ("12", "excel"), ("9999999", "excel"), ("31.12.25", "%d.%m.%Y"), ("0001-01-01", "iso"),
        ("9999-12-31T23:59:59-23:59", "iso"), ("2025-01-01T25:00:00", "iso"), ("", "iso"), ("٢٠٢٥-٠١-٠١", "iso"),
    ],
)  # fmt: skip
def test_a_date_is_never_guessed(text, form):
    with pytest.raises(RowError):
        parse_time("f", text, [form], zone=None, calendar=BERLIN)


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("45000", None, "45000"), ("$45,000", None, "45000"), ("45k", None, "45000"), ("1.2M", None, "1200000"),
        ("R$ 100.000", ",", "100000"), ("27245,67", ",", "27245.67"), ("1.234,56", ",", "1234.56"),
        ("1 234.5", None, "1234.5"),
        ("1'234.50", None, "1234.50"), ("(1,000)", None, "-1000"), ("-5.5", None, "-5.5"), ("€ 12", None, "12"),
        ("12 EUR", None, "12"), ("0.0", None, "0"), ("100.000", ".", "100"), ("$1.5K", None, "1500"),
        ("1,23,456", None, "123456"),
        ("50000000.0", None, "50000000"), ("+7", None, "7"), ("1.2 M€", None, "1200000"),
    ],
)  # fmt: skip
def test_amounts_with_signs_and_thousands(text, decimal, expected):
    assert parse_amount("f", text, decimal=decimal, thousands=None).value == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    ["100.000", "27245,67", "1,2,3", "NaN", "Infinity", "1e5", "12 apples", "$", "--5", "1.2.3", "", "0x1F", "9" * 200],
)
def test_an_amount_that_may_mean_two_things_is_refused(text):
    with pytest.raises(RowError):
        parse_amount("f", text, decimal=None, thousands=None)
