"""Returns drawn on one scale: what rests on few deals stretches it for nobody."""

from dataclasses import dataclass

import pytest

from metrics.return_ranges import range_of, scale_of


@dataclass
class Line:
    per_euro: float | None
    bounds: tuple[float, float] | None = None
    few: bool = False


def test_the_scale_holds_all_intervals_and_break_even():
    lines = [Line(2.0, (1.5, 3.0)), Line(0.5, (0.2, 0.9)), Line(None)]
    assert scale_of(lines) == pytest.approx(3.0 * 1.04)
    assert scale_of([Line(0.2, (0.1, 0.3))]) == pytest.approx(1.5 * 1.04)
    assert [range_of(line, 4.0) for line in lines][2] is None
    drawn = range_of(lines[0], 4.0)
    assert (drawn.low, drawn.at, drawn.high, drawn.even, drawn.beyond, drawn.cut) == (37.5, 50.0, 75.0, 25.0, None, False)


def test_one_campaign_with_few_deals_is_cut_and_told_instead_of_pressing_the_others_together():
    sure, lucky = Line(2.0, (1.5, 3.0)), Line(80.0, (0.0, 300.0), few=True)
    scale = scale_of([lucky, sure])
    assert scale == scale_of([sure])
    drawn = range_of(lucky, scale)
    assert (drawn.at, drawn.high, drawn.beyond, drawn.cut) == (100, 100, 80.0, True)
    assert not range_of(sure, scale).cut


def test_where_all_rest_on_few_deals_all_are_drawn():
    lines = [Line(4.0, (1.0, 6.0), few=True), Line(2.0, None, few=True)]
    scale = scale_of(lines)
    assert scale == pytest.approx(6.0 * 1.04)
    assert [range_of(line, scale).beyond for line in lines] == [None, None]


def test_where_all_rest_on_few_deals_the_one_far_beyond_all_others_is_cut():
    far, others = Line(36.0, (0.0, 95.0), few=True), [Line(5.0, (0.0, 15.0), few=True), Line(2.0, (1.0, 6.0), few=True)]
    scale = scale_of([far, *others])
    assert scale == scale_of(others)
    assert (range_of(far, scale).beyond, range_of(others[0], scale).cut) == (36.0, False)


def test_an_interval_without_end_is_cut_at_thrice_the_best_return():
    line = Line(2.0, (0.1, 50.0))
    scale = scale_of([line])
    assert scale == pytest.approx(6.0 * 1.04)
    assert (range_of(line, scale).beyond, range_of(line, scale).cut) == (None, True)
