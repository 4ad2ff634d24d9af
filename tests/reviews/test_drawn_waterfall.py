"""Where the bars of a waterfall lie: each step begins where the one before ended."""

import pytest

from reviews.drawn_waterfall import drawn
from reviews.frozen_queries import Box, Waterfall


def fall(first: int, *steps: int) -> Waterfall:
    def box(key, change, *, end=False):
        return Box(key=key, label=key, number=abs(change), change=change, words=str(change), unknown=0, end=end, url="")

    boxes = [box("opening", first, end=True), *(box(f"step {step}", step) for step in steps)]
    return Waterfall("leads", "Open leads", (*boxes, box("closing", first + sum(steps), end=True)), None, None)


def places(drawing) -> list[tuple[str, float, float]]:
    return [(bar.direction, bar.start, bar.start + bar.width) for bar in drawing.bars]


def test_each_step_begins_where_the_one_before_ended():
    assert places(drawn(fall(4, 6, -2))) == [
        ("end", 0, 40),
        ("up", 40, 100),
        ("down", 80, 100),
        ("end", 0, 80),
    ]


def test_small_steps_on_a_large_balance_are_enlarged_and_that_is_said():
    drawing = drawn(fall(1000, 20, -10))
    assert drawing.cut is True
    assert places(drawing) == [("end", 0, 50), ("up", 50, 100), ("down", 75, 100), ("end", 0, 75)]


@pytest.mark.parametrize("steps", [(6, -2), (-4,), ()])
def test_bars_begin_at_zero_where_the_steps_can_be_seen(steps):
    assert drawn(fall(4, *steps)).cut is False


def test_a_balance_below_nothing_hangs_from_zero():
    assert places(drawn(fall(2, -4))) == [("end", 50, 100), ("down", 0, 100), ("end", 0, 50)]


def test_boxes_with_nothing_in_them_are_left_out_and_the_balances_stay():
    drawing = drawn(fall(0, 0))
    assert [bar.box.key for bar in drawing.bars] == ["opening", "closing"]
    assert places(drawing) == [("end", 0, 0), ("end", 0, 0)]


def test_what_moved_without_changing_the_balance_stands_there_without_a_bar():
    level = Box(key="on", label="Moved on", number=3, change=0, words="3", unknown=0, end=False, url="")
    whole = fall(4)
    drawing = drawn(Waterfall("leads", "Open leads", (whole.boxes[0], level, whole.boxes[1]), None, None))
    assert [(bar.direction, bar.width) for bar in drawing.bars] == [("end", 100), ("level", 0), ("end", 100)]
