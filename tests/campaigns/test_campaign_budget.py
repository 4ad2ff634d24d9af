"""Budget against actual: each line spread evenly over its service days, unknown never zero, the ledger kept whole."""

import datetime as dt

import pytest

from campaigns.budget import budget_of, budgets_of
from campaigns.models import Spend
from campaigns.queries import standing_lines
from campaigns.services import record_spend, void_spend
from core.errors import Conflict
from core.models import ExchangeRate
from core.money import spread, spread_until
from core.periods import day_number
from core.queries import rates
from metrics.facts import SPEND_SELECT, Reading, encode_spend

TODAY = dt.date(2026, 11, 22)


def budget(campaign, today=TODAY):
    return budget_of(standing_lines().filter(campaign=campaign), rates=rates(), today=today)


def test_a_line_is_spread_over_its_service_days_and_months_hold_their_share(campaign, cost):
    """The example of R1: 10,000.00 over 17 January to 15 March."""
    cost(campaign, 10_000_00, first=dt.date(2026, 1, 17), last=dt.date(2026, 3, 15))
    months = {month.start.month: month.invoiced for month in budget(campaign).months}
    assert months == {1: 2_586_21, 2: 4_827_58, 3: 2_586_21}


def test_what_stands_until_a_day_is_what_spread_gives_to_the_days_up_to_it():
    for total in (10_000_00, 1, -777, 100, 0):
        for days in (1, 3, 59):
            parts = spread(total, days)
            assert [spread_until(total, days, day) for day in range(days + 1)] == [
                sum(parts[:day]) for day in range(days + 1)
            ]


def test_invoiced_to_date_is_the_part_of_the_days_up_to_and_with_today(campaign, cost):
    cost(campaign, 30_000, first=dt.date(2026, 11, 8), last=dt.date(2026, 12, 7))
    found = budget(campaign)
    assert (found.invoiced, found.to_date.invoiced) == (30_000, 15_000)


def test_the_plan_is_compared_with_committed_and_invoiced_together(campaign, cost):
    cost(campaign, 1_000_00, "planned")
    cost(campaign, 300_00, "committed")
    cost(campaign, 500_00, "invoiced")
    found = budget(campaign)
    assert (found.planned, found.committed, found.invoiced, found.bound, found.left) == (
        1_000_00, 300_00, 500_00, 800_00, 200_00,
    )  # fmt: skip
    assert not found.over
    cost(campaign, 201_00, "invoiced")
    assert (budget(campaign).left, budget(campaign).over) == (-1_00, True)


def test_an_invoice_takes_the_place_of_its_order_so_nothing_stands_twice(campaign, cost, people):
    order = cost(campaign, 300_00, "committed")
    record_spend(
        amount=320_00, currency="EUR", service_from=order.service_from, service_to=order.service_to, status="invoiced",
        campaign=campaign, actor=people["colleague"], replaces=order,
    )  # fmt: skip
    found = budget(campaign)
    assert (found.committed, found.invoiced) == (None, 320_00)
    assert Spend.objects.count() == 3, "the order, the row that voids it and the invoice all stay"


def test_what_nobody_entered_is_unknown_and_not_zero(campaign, cost):
    cost(campaign, 500_00, "invoiced")
    found = budget(campaign)
    assert (found.planned, found.committed, found.left, found.over) == (None, None, None, False)
    assert budgets_of([], rates=rates(), today=TODAY) == {}


def test_a_credit_note_lowers_the_invoiced_sum(campaign, cost):
    cost(campaign, 500_00)
    cost(campaign, -120_00)
    assert budget(campaign).invoiced == 380_00


def test_a_line_in_another_currency_is_converted_day_by_day_and_days_without_a_rate_are_said(campaign, cost):
    ExchangeRate.objects.create(currency="USD", day=dt.date(2026, 11, 10), rate="0.5", source="test")
    ExchangeRate.objects.create(currency="USD", day=dt.date(2026, 11, 11), rate="0.9", source="test")
    cost(campaign, 200_00, first=dt.date(2026, 11, 10), last=dt.date(2026, 11, 11), currency="USD")
    cost(campaign, 100_00, first=dt.date(2026, 11, 9), last=dt.date(2026, 11, 10), currency="USD")
    cost(campaign, 100_00, first=dt.date(2026, 1, 5), currency="USD")
    found = budget(campaign)
    assert (found.invoiced, found.without_rate) == (50_00 + 90_00 + 25_00, 2)


def test_the_page_and_the_numbers_of_the_dashboard_spread_the_same_lines_to_the_same_cent(campaign, cost):
    for day in range(1, 30):
        ExchangeRate.objects.create(currency="USD", day=dt.date(2026, 11, day), rate=f"0.{500 + day * 7}", source="test")
    cost(campaign, 10_001, first=dt.date(2026, 11, 1), last=dt.date(2026, 12, 9))
    cost(campaign, 99_777, first=dt.date(2026, 11, 10), last=dt.date(2026, 11, 26), currency="USD")
    facts = encode_spend(standing_lines().values_list(*SPEND_SELECT), Reading())
    whole = sum(int(day["base"].sum()) for day in facts.values())
    to_date = sum(int(columns["base"].sum()) for day, columns in facts.items() if day <= day_number(TODAY))
    found = budget(campaign)
    assert (found.invoiced, found.to_date.invoiced) == (whole, to_date)


def test_a_line_can_be_taken_back_once(campaign, cost, people):
    line = cost(campaign, 500_00)
    void_spend(spend=line, actor=people["colleague"])
    assert not standing_lines().exists()
    with pytest.raises(Conflict):
        void_spend(spend=line, actor=people["colleague"])
    assert Spend.objects.count() == 2
