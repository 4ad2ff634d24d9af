"""A chart's picture says what its figure says: lengths and places in percent of the panel."""

import datetime as dt
import re

from core.templatetags.stills import still
from metrics.figures import running_total, stacked_ages, two_panels
from metrics.version_breaks import Point

DAYS = [dt.date(2025, 1, 1) + dt.timedelta(days=i) for i in range(5)]
MONTHS = [dt.date(2025, m, 1) for m in (1, 2, 3, 4)]


def running(**more) -> str:
    given = {
        "days": DAYS, "actual": [0, 50, 100, None, None], "plan": [None] * 5, "before": [None] * 5,
        "before_name": "Last year", "unit": "EUR", "ticks": [(DAYS[0], "1 Jan")],
    }  # fmt: skip
    return still(running_total(**(given | more)))


def point(month: int, share: float | None, *, firm: bool = True) -> Point:
    return Point(MONTHS[month], share, 30, firm)


def months(**more) -> str:
    given = {
        "months": MONTHS, "counts": [10, 20, 0, 40], "plan": [None] * 4, "before": [None] * 4, "arrived": [1, 2, 0, 4],
        "line": [point(0, 0.1), point(1, None), point(2, 0.3), point(3, 0.4, firm=False)], "links": [""] * 4,
        "links_arrived": [""] * 4, "changes": [],
    }  # fmt: skip
    return still(two_panels(**(given | more)))


def heights(html: str) -> list[float]:
    return [float(found) for found in re.findall(r'<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([\d.]+)%', html)]


def test_bars_are_as_long_as_their_counts_and_nothing_stands_for_none():
    found = heights(months())
    assert len(found) == 3
    assert [round(height / found[0], 2) for height in found] == [1, 2, 4]


def test_a_line_goes_on_in_steps_and_breaks_off_where_nothing_is_known():
    # A scale from 0 to 105.5: half of the highest value stands a little above the middle.
    assert 'd="M0.00 100.00H25.00V52.61H50.00V5.21"' in running()
    assert re.search(r'd="M[\d. ]+M[\d. ]+L[\d. ]+"', months())  # the second month has no share


def test_where_something_else_is_counted_a_dotted_line_with_its_name_stands_in_both_panels():
    changed = months(changes=[(dt.date(2025, 2, 15), "v3")])
    assert changed.count('stroke-dasharray="3 3"') == 2
    assert changed.count(">v3<") == 2
    assert "v3" not in months()


def test_a_month_with_two_definitions_has_two_marks_and_no_line_between_them():
    line = [point(0, 0.1), point(1, None), point(1, 0.2), point(1, None), point(1, 0.4), point(2, 0.3)]
    html = months(line=line)
    assert re.search(r'd="M[\d. ]+M[\d. ]+M[\d. ]+L[\d. ]+"', html)
    assert html.count("<circle") == 4


def test_plan_is_hollow_and_young_months_too():
    planned = running(plan=[0, 25, 50, 75, 100])
    assert planned.count('fill="none"') == 1 and 'stroke-dasharray="3 3"' in planned
    assert months().count('fill="var(--surface)"') == 1


def test_the_year_before_is_a_short_line_and_an_unknown_month_has_none():
    assert months(before=[5, None, 6, 7]).count('stroke="var(--ink)"') == 3


def test_ages_follow_each_other_in_their_row_and_the_sum_stands_at_the_end():
    html = still(
        stacked_ages(stages=["MQL", "SAL"], teams=["marketing", "sales"], ages=["a", "b", "c", "d"],
                     parts=[[10, 20, 0, 10], [0, 0, 5, 5]], links=["", ""])
    )  # fmt: skip
    bars = [(float(x), float(w)) for x, w in re.findall(r'class="cut" x="([\d.]+)%" y="[^"]*" width="([\d.]+)%', html)]
    lengths = sorted(round(width / bars[0][1], 2) for _, width in bars)
    assert lengths == [0.5, 0.5, 1, 1, 2]
    assert bars[1][0] == round(bars[0][0] + bars[0][1], 2)
    assert ">40</text>" in html and ">10</text>" in html
    assert 'fill="var(--marketing)" fill-opacity="0.72"' in html


def test_losses_lie_below_the_zero_and_have_their_ticks():
    html = running(actual=[-100, 50, 100, 100, 100])
    assert ">−100</text>" in html and ">0</text>" in html and ">100</text>" in html


def test_names_of_stages_are_written_as_text():
    html = still(stacked_ages(stages=["<b>Us"], teams=["sales"], ages=["a"], parts=[[3]], links=[""]))
    assert "&lt;b&gt;Us" in html and "<b>" not in html
