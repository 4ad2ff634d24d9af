"""Both sides' promises as cards read them: the worked example of the agreement's month, the composite, the open handoffs."""

import datetime as dt

import pytest
import time_machine

from campaigns.services import ensure_channel
from core.periods import Period
from metrics import rollup, series
from metrics.both_sides import Line, both_promises, open_handoffs, side_of, status_of
from tests.metrics.promising import berlin, handed, sign

pytestmark = pytest.mark.django_db

MAY = Period(dt.date(2025, 5, 1), dt.date(2025, 6, 1))
AFTER = dt.date(2025, 6, 30)


def line(key: str, attainment: float | None, *, weight: int = 1, floor: float = 0.8) -> Line:
    return Line(
        key, "", "m", key, "", 1, True, "share", None, None, attainment, status_of(attainment, floor), weight, floor
    )  # fmt: skip


def test_nothing_above_the_promise_makes_up_for_something_below():
    side = side_of("marketing", [line("M1", 1.2), line("M2", 0.957), line("M3", 0.968), line("M4", None)])
    assert side.attainment == pytest.approx((1 + 0.957 + 0.968) / 3)
    assert (side.least, side.status) == (0.957, "at_risk")
    assert side_of("sales", [line("S1", 0.5, weight=3), line("S3", 1.0)]).attainment == pytest.approx(0.625)
    assert side_of("sales", [line("S1", 0.79), line("S3", 1.0)]).status == "breached"
    assert side_of("sales", [line("S1", 0.79, floor=0.7), line("S3", 1.0)]).status == "at_risk"
    assert side_of("sales", [line("S1", 1.0), line("S3", 1.4)]).status == "met"
    nothing = side_of("sales", [line("S1", None)])
    assert (nothing.attainment, nothing.least, nothing.status) == (None, None, None)


def test_both_sides_of_a_month_with_their_sentences_and_counters(stages, people):
    sign(
        {"key": "M1", "tier": "demo", "volume": 40, "cap": 12_000},
        {"key": "M2", "amount": 8_000_000},
        {"key": "S1", "seconds": 4 * 3600, "share": 9_000},
        values=[("demo", 200_000)],
        routing_seconds=900,
    )
    rep = people["member"]
    handed(30, "2025-05-06T09:00", owner=rep, called="2025-05-06T11:00", tier="demo")
    handed(10, "2025-05-06T09:00", owner=rep, tier="demo")
    handed(2, "2025-05-30T16:30", owner=rep)
    rollup.drain()
    both = both_promises(series.current(), MAY, today=AFTER)
    assert not both.running
    volume, value = both.marketing.lines
    assert (volume.sentence, volume.promised, volume.measured, volume.attainment, volume.status) == (
        "Marketing hands over 40 demo MQLs a month.", 40.0, 40, 1.0, "met",
    )  # fmt: skip
    assert (value.unit, value.promised, value.measured, value.attainment) == ("money", 8_000_000.0, 8_000_000, 1.0)
    (first,) = both.sales.lines
    assert (first.due, first.met, first.missed, first.excluded, first.open) == (40, 30, 10, 0, 0)
    assert (first.metric, first.measured, first.promised) == ("first_follow_up", 0.75, 0.9)
    assert first.attainment == pytest.approx(0.75 / 0.9)
    assert both.joint == both.sales.attainment == first.attainment
    assert [(one.measured, one.due) for one in both.routing] == [(1.0, 42)]


def test_open_handoffs_stand_by_age_and_who_must_act(stages, people):
    sign({"key": "S3", "days": 5, "share": 9_000})
    rep = people["member"]
    handed(2, "2025-05-14T09:00", owner=rep)
    handed(1, "2025-05-12T09:00", owner=rep)
    old = handed(1, "2025-05-01T09:00")
    handed(1, "2025-05-13T09:00", owner=rep, then="sal 2025-05-13T10:00")
    with time_machine.travel(berlin("2025-05-14T12:00"), tick=False):
        rollup.note_everything()
        rollup.drain()
        waiting = open_handoffs(series.current(), today=dt.date(2025, 5, 14))
    counts = {row.who: row.counts for row in waiting.rows}
    assert counts == {
        "routing": (0, 0, 0, 0, 1, 0), "sales": (2, 0, 1, 0, 0, 0), "marketing": (0,) * 6, "owner": (0,) * 6,
    }  # fmt: skip
    assert (waiting.total, waiting.past_a_day) == (4, 2)
    assert waiting.leads(who="routing").tolist() == [old[0].id]
    assert len(waiting.leads(who="sales", group=0)) == 2


def test_a_promise_by_tier_counts_as_one_and_its_tiers_stand_beside_each_other(stages, people):
    sign(
        {"key": "M1", "tier": "demo", "volume": 40, "cap": 12_000},
        {"key": "M1", "tier": "webinar", "volume": 150, "cap": 12_000},
        {"key": "S1", "seconds": 4 * 3600, "share": 9_000},
        {"key": "S1", "tier": "demo", "seconds": 3600, "share": 5_000},
    )
    rep = people["member"]
    handed(34, "2025-05-06T09:00", owner=rep, called="2025-05-06T11:00", tier="demo")
    handed(165, "2025-05-06T09:00", owner=rep, called="2025-05-06T11:00", tier="webinar")
    rollup.drain()
    both = both_promises(series.current(), MAY, today=AFTER)
    (volume,) = both.marketing.promises
    assert [(line.tier, line.attainment) for line in both.marketing.lines] == [("demo", 0.85), ("webinar", 1.1)]
    assert both.marketing.promises[0].sentence == "Marketing hands over MQLs, those of every tier together."
    assert (round(volume.attainment * 100, 1), volume.due, volume.status) == (104.7, 199, "met")
    assert (both.marketing.attainment, round(both.marketing.least, 3), both.marketing.status) == (1.0, 1.047, "met")
    (contact,) = both.sales.promises
    assert [(line.tier, line.met, line.due) for line in both.sales.lines] == [("demo", 0, 34), ("", 165, 165)]
    assert contact.attainment == pytest.approx(165 / (34 * 0.5 + 165 * 0.9))
    assert both.joint == contact.attainment


def test_under_a_filter_volume_and_value_are_compared_with_nothing(stages, people):
    sign({"key": "M1", "volume": 40, "cap": 12_000}, {"key": "S1", "seconds": 4 * 3600, "share": 9_000})
    search = ensure_channel(name="Search")
    handed(3, "2025-05-06T09:00", owner=people["member"], called="2025-05-06T11:00", channel=search)
    handed(5, "2025-05-06T09:00", owner=people["member"])
    rollup.drain()
    both = both_promises(series.current(), MAY, today=AFTER, where=(("channel", (search.id,)),))
    (volume,) = both.marketing.promises
    assert (volume.measured, volume.promised, volume.attainment, both.joint) == (3, None, None, None)
    assert [(line.met, line.due) for line in both.sales.promises] == [(3, 3)]
