"""Agreement of two judges: the tables of metrics-spec 4.1."""

import pytest

from metrics.methods.agreement import agreement


def test_the_table_of_the_specification():
    found = agreement(40, 9, 6, 25)
    assert (round(found.observed, 4), round(found.kappa, 3), round(found.ac1, 3)) == (0.8125, 0.612, 0.638)
    assert tuple(round(bound, 3) for bound in found.kappa_interval) == (0.436, 0.788)


def test_kappa_collapses_where_nearly_all_leads_are_of_one_kind_and_ac1_does_not():
    found = agreement(90, 5, 5, 0)
    assert (round(found.observed, 2), round(found.kappa, 2), round(found.ac1, 2)) == (0.90, -0.05, 0.89)


def test_without_pairs_or_spread_nothing_is_claimed():
    assert agreement(0, 0, 0, 0) is None
    one_kind = agreement(12, 0, 0, 0)
    assert (one_kind.kappa, one_kind.kappa_interval, one_kind.ac1) == (None, None, 1.0)


def test_who_judges_first_makes_no_difference():
    assert agreement(40, 9, 6, 25) == agreement(40, 6, 9, 25)


@pytest.mark.parametrize("table", [(40, 9, 6, 25), (3, 1, 2, 4), (50, 0, 0, 50), (0, 5, 5, 0)])
def test_intervals_hold_the_value_and_stay_between_minus_one_and_one(table):
    found = agreement(*table)
    for value, (low, high) in ((found.kappa, found.kappa_interval), (found.ac1, found.ac1_interval)):
        assert -1 <= low <= value <= high <= 1
