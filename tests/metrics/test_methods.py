"""The estimators alone, on numbers: the specification's figures to the digit, and what must hold for any input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.methods.intervals import loglog, wilson
from metrics.methods.quantiles import quantile
from metrics.methods.survival import NEVER, exit_curve, first_reach_incidence


def incidence(ages, follows, horizon):
    return first_reach_incidence(np.array(ages, np.int64), np.array(follows, np.int64), horizon)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(30, 100, 21.9, 39.6), (0, 10, 0.0, 27.8), (56, 200, 22.2, 34.6), (9, 200, 2.4, 8.3), (55, 100, 45.2, 64.4)],
)
def test_wilson_gives_the_intervals_of_the_specification(hits, n, low, high):
    assert tuple(round(100 * bound, 1) for bound in wilson(hits, n)) == (low, high)


def test_wilson_of_nothing_is_nothing_and_ends_are_exact():
    assert wilson(0, 0) is None
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share_and_mirrors(n, data):
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits, n)
    mirrored = wilson(n - hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-12)


@pytest.mark.parametrize(("value", "variance"), [(0.0, 0.1), (1.0, 0.1)])
def test_a_loglog_interval_is_not_defined_at_the_ends(value, variance):
    assert loglog(value, variance) is None


@given(st.lists(st.integers(-1000, 1000), min_size=1), st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9, 1.0]))
def test_a_quantile_is_the_order_statistic_of_rank_floor_q_n_minus_1(values, q):
    assert quantile(np.array(values), q) == sorted(values)[math.floor(q * (len(values) - 1))]


def test_a_quantile_of_nothing_is_nothing():
    assert quantile(np.array([]), 0.5) is None


# Example of 2.3: age and cause, 1 advance, 2 lost, 0 open.
TINY = [(2, 1), (3, 2), (3, 0), (5, 1), (6, 0), (8, 2), (8, 1), (9, 0)]


def test_the_tiny_aalen_johansen_example_to_the_digit():
    ages, causes = (np.array(column) for column in zip(*TINY, strict=True))
    curve = exit_curve(ages, causes)
    assert curve.ages == [2, 3, 5, 8]
    assert curve.at_risk == [8, 7, 5, 3]
    assert curve.causes[1] == pytest.approx([0.125, 0.125, 0.275, 0.475], abs=1e-15)
    assert curve.causes[2] == pytest.approx([0.0, 0.125, 0.125, 0.325], abs=1e-15)
    assert curve.staying == pytest.approx([0.875, 0.75, 0.6, 0.2], abs=1e-15)
    assert curve.age_at(0.5) == 8
    assert curve.age_at(0.25) == 3
    assert curve.age_at(0.9) is None


def test_the_curve_stops_where_too_few_are_left():
    ages, causes = (np.array(column) for column in zip(*TINY, strict=True))
    assert exit_curve(ages, causes, least_at_risk=5).ages == [2, 3, 5]


STAYS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4)), min_size=1, max_size=80)


@given(STAYS)
def test_staying_and_all_causes_sum_to_one_at_every_age(stays):
    ages, causes = (np.array(column) for column in zip(*stays, strict=True))
    curve = exit_curve(ages, causes)
    for i, staying in enumerate(curve.staying):
        assert staying + sum(found[i] for found in curve.causes.values()) == pytest.approx(1, abs=1e-12)
    # Every cause's curve only rises, and stays below one.
    for found in curve.causes.values():
        assert found == sorted(found)
        assert all(0 <= share <= 1 + 1e-12 for share in found)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), min_size=1, max_size=80))
def test_without_open_stays_a_cause_s_curve_is_its_plain_share(stays):
    ages, causes = (np.array(column) for column in zip(*stays, strict=True))
    curve = exit_curve(ages, causes)
    for cause, found in curve.causes.items():
        assert found[-1] == pytest.approx(sum(1 for _, c in stays if c == cause) / len(stays), abs=1e-12)


MEMBERS = st.lists(st.tuples(st.one_of(st.integers(0, 120), st.just(NEVER)), st.integers(0, 200)), min_size=1, max_size=80)


@given(MEMBERS, st.integers(0, 100))
def test_first_reach_incidence_is_the_plain_share_when_all_are_followed(members, horizon):
    ages = [age for age, _ in members]
    found = incidence(ages, [max(follow, horizon) for _, follow in members], horizon)
    hits = sum(1 for age in ages if age <= horizon)
    assert found.mature
    assert found.converted == hits
    assert found.value == hits / len(ages)
    assert found.interval == wilson(hits, len(ages))


@given(MEMBERS, st.integers(0, 100))
def test_first_reach_incidence_is_the_product_of_the_formula(members, horizon):
    found = incidence(*(list(column) for column in zip(*members, strict=True)), horizon)
    product = 1.0
    for a in range(horizon + 1):
        at_risk = sum(1 for age, follow in members if follow >= a and age >= a)
        events = sum(1 for age, follow in members if age == a <= follow)
        product *= 1 - events / at_risk if at_risk else 1
    assert found.value == pytest.approx(1 - product, abs=1e-12)
    assert found.mature == (min(follow for _, follow in members) >= horizon)
    if found.interval:
        assert found.interval[0] <= found.value + 1e-9
        assert found.interval[1] >= found.value - 1e-9


def test_nobody_converts_nothing():
    found = incidence([], [], 90)
    assert (found.value, found.interval, found.mature, found.converted, found.open) == (None, None, True, 0, 0)


@pytest.mark.parametrize(("hits", "share", "low", "high"), [(56, 28.0, 22.2, 34.6), (9, 4.5, 2.4, 8.3)])
def test_200_leads_followed_for_90_days(hits, share, low, high):
    found = incidence([30] * hits + [NEVER] * (200 - hits), [90] * 200, 90)
    assert round(100 * found.value, 1) == share
    assert tuple(round(100 * bound, 1) for bound in found.interval) == (low, high)


def test_too_young_members_count_up_to_their_age():
    # Ten leads, five followed 100 days of which two convert on day 10; five followed for 5 days only.
    found = incidence([10, 10] + [NEVER] * 8, [100] * 5 + [5] * 5, 90)
    assert not found.mature
    assert (found.converted, found.open) == (2, 5)
    assert found.value == pytest.approx(2 / 5)  # on day 10 only five are still followed
    assert found.interval[0] < 0.4 < found.interval[1]


def test_lost_leads_stay_in_the_count_unlike_in_one_minus_kaplan_meier():
    # 100 leads fully followed: 36 convert on day 20, 40 are lost on day 10 and never convert.
    assert incidence([20] * 36 + [NEVER] * 64, [180] * 100, 180).value == 0.36


def test_why_f7_is_not_a_conversion_rate():
    # Entries grow by a tenth a month, three of ten convert after two months.
    entries = [1000 * 1.1**month for month in range(13)]
    reached = [0.3 * n for n in entries]
    assert round(100 * reached[10] / entries[12], 1) == 24.8


def test_where_none_converted_yet_the_interval_is_that_of_those_followed_to_the_horizon():
    assert incidence([NEVER] * 50, [90] * 10 + [3] * 40, 90).interval == wilson(0, 10)
    assert incidence([NEVER] * 5, [3] * 5, 90).interval is None


def test_where_all_followed_converted_the_interval_holds_the_value():
    found = incidence([10] * 4 + [NEVER] * 6, [90] * 4 + [5] * 6, 90)
    assert (found.value, found.interval) == (1.0, wilson(4, 4))
