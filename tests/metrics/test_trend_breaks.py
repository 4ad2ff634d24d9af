"""The course of a rate breaks where a definition changed, and the month of the change shows what each one says."""

import datetime as dt

import pytest
import time_machine

from core.periods import Period
from funnel import services as funnel
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Stage
from metrics import rollup
from metrics.frame import Frame
from metrics.movement import trend
from metrics.series import current
from tests.metrics.journeys import NOW, crowd, tell

pytestmark = pytest.mark.django_db

MONTHS = range(1, 10)
YEAR = Period(dt.date(2025, 1, 1), dt.date(2025, 10, 1))
FRAME = Frame("year", "Year 2025", YEAR, YEAR, NOW.date())
ASKS_MORE = EntryRule(every=(Condition("score", Op.AT_LEAST, number=60),))


@pytest.fixture(autouse=True)
def autumn():
    with time_machine.travel(NOW, tick=False):
        yield


def come_each_month(day: int, sql: int, *, months=MONTHS) -> None:
    """30 leads become MQL on a day of each month, and some of them SQL the day after."""
    for month in months:
        tell(crowd(sql, f"inquiry 2025-{month:02}-{day:02}, mql 2025-{month:02}-{day:02}, sql 2025-{month:02}-{day + 1:02}"))
        tell(crowd(30 - sql, f"inquiry 2025-{month:02}-{day:02}, mql 2025-{month:02}-{day:02}"))


def change(day: dt.date, rule: EntryRule | None = ASKS_MORE) -> None:
    draft = funnel.draft_version(actor=None)
    if rule:
        funnel.set_entry_rule(draft=draft, stage=Stage.objects.get(key="mql"), rule=rule, then="ask", actor=None)
    draft.refresh_from_db()
    funnel.put_in_force(agreement=draft, from_day=day, actor=None)


def card() -> dict:
    rollup.drain()
    return trend(current(), FRAME)


def line(card: dict) -> list[tuple[str, float | None]]:
    share = card["chart"]["figure"]["data"][1]
    return [(x[5:7], None if y is None else round(y)) for x, y in zip(share["x"], share["y"], strict=True)]


def test_a_course_under_one_definition_does_not_break(company):
    come_each_month(5, 15)
    found = card()
    assert line(found)[3:] == [(f"{month:02}", 50) for month in MONTHS]
    assert found["changes"] == []


def test_a_month_with_two_definitions_shows_both_and_the_line_breaks_between_them(company):
    change(dt.date(2025, 6, 16))
    come_each_month(5, 15)
    come_each_month(20, 6, months=[6])
    found = card()
    assert line(found)[7:11] == [("05", 50), ("06", 50), ("06", None), ("06", 20)]
    assert [version.number for version in found["changes"]] == [2]
    [june] = [row for row in found["rows"] if row["month"] == dt.date(2025, 6, 1)]
    assert [(part.version, part.n) for part in june["parts"]] == [(1, 30), (2, 30)]
    assert [note["text"] for note in found["chart"]["figure"]["layout"]["annotations"]] == ["v2", "v2"]


@pytest.mark.parametrize(
    ("from_day", "expected"),
    [
        (dt.date(2025, 6, 1), [("05", 50), ("06", None), ("06", 50), ("07", 50)]),  # from the first of the month
        (dt.date(2025, 6, 3), [("05", 50), ("06", None), ("06", 50), ("07", 50)]),  # before the month's first lead
        (dt.date(2025, 6, 25), [("05", 50), ("06", 50), ("06", None), ("07", 50)]),  # after its last one
    ],
)
def test_the_line_breaks_beside_a_month_that_was_counted_one_way(company, from_day, expected):
    change(from_day)
    come_each_month(5, 15)
    assert line(card())[7:11] == expected


def test_a_version_that_counts_the_same_breaks_nothing(company):
    change(dt.date(2025, 6, 16), rule=None)
    come_each_month(5, 15)
    found = card()
    assert line(found)[3:] == [(f"{month:02}", 50) for month in MONTHS]
    assert found["changes"] == []
