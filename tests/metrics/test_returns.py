"""Return on spend: the worked examples of metrics-spec 6."""

from fractions import Fraction

import pytest

from core.money import spread
from metrics.methods import returns


def test_the_example_of_a_cost_line_spread_over_its_days():
    days = spread(10_000_00, 58)
    assert [sum(days[:15]), sum(days[15:43]), sum(days[43:])] == [2_586_21, 4_827_58, 2_586_21]


@pytest.mark.parametrize(("total", "days"), [(10_000_00, 58), (-7, 3), (1, 365), (0, 4), (99_999_99, 1), (5, 2)])
def test_every_stretch_of_a_cost_line_holds_its_share_to_the_nearest_cent(total, days):
    parts = spread(total, days)
    assert sum(parts) == total
    for end in range(1, days + 1):
        assert abs(sum(parts[:end]) - Fraction(total * end, days)) <= Fraction(1, 2)


def test_a_cohort_looks_bad_in_month_three_and_nearly_even_in_month_four():
    revenue = [0, 20_000_00, 45_000_00, 60_000_00, 30_000_00]
    profit = [amount * 60 // 100 for amount in revenue]
    assert [round(100 * value) for value in returns.cohort_romi(100_000_00, profit)] == [-100, -88, -61, -25, -7]
    assert returns.spend_payback_month(100_000_00, profit) is None
    assert returns.spend_payback_month(75_000_00, profit) == 3
    assert returns.spend_payback_month(0, profit) == 0


def test_cost_to_win_payback_and_lifetime():
    cost = (120_000_00 + 180_000_00) / 25
    assert cost == 12_000_00
    assert round(returns.customer_payback_months(cost, 1_500_00 * 0.75), 1) == 10.7
    lifetime = returns.lifetime_profit(1_125_00, 0.98)
    assert round(lifetime / 100) == 29_069
    assert round(lifetime / cost, 1) == 2.4
    assert round(returns.lifetime_profit(1_125_00, 0.98, months=5_000) / 100) == 56_250  # what a sum without end would claim


def test_cost_per_stage_and_return():
    assert [returns.cost_per(12_000_00, n) for n in (80, 16, 3)] == [150_00, 750_00, 4_000_00]
    assert returns.romi(30_000_00, 20_000_00) == 0.5


def test_what_cannot_be_known_is_none():
    assert returns.cost_per(12_000_00, 0) is None
    assert returns.romi(5, 0) is None
    assert returns.customer_payback_months(1, 0) is None
    assert returns.projected_romi(100, 60, 0.49) is None
    assert returns.projected_romi(100, 60, 0.5) == pytest.approx(0.2)


@pytest.mark.parametrize("retention", [-0.1, 1.1])
def test_retention_is_a_share(retention):
    with pytest.raises(ValueError, match="between 0 and 1"):
        returns.lifetime_profit(1, retention)


def test_a_discount_makes_later_months_worth_less():
    assert returns.lifetime_profit(100, 1, months=2, monthly_discount=0.25) == 180
