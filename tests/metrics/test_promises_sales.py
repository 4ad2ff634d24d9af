"""S1 to S4 and the routing leg: what was due in the month, and what of it was kept (metrics-spec 3.2 to 3.4)."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Side
from funnel import services as funnel
from leads import services
from leads.models import Obligation
from metrics import rollup, series, tasks
from tests.metrics.journeys import BERLIN, by_key, figure
from tests.metrics.promising import berlin, exclude, handed, sign

pytestmark = pytest.mark.django_db

MAY = "2025-05-01/2025-06-01"
S1 = {"key": "S1", "seconds": 4 * 3600, "share": 9_000}


@pytest.fixture
def rep(people):
    return people["member"]


def test_the_example_of_fifty_in_may(stages, rep):
    sign(S1)
    excluded = handed(3, "2025-05-06T09:00", owner=rep)
    handed(41, "2025-05-06T09:00", owner=rep, called="2025-05-06T12:00")
    handed(4, "2025-05-06T09:00", owner=rep, called="2025-05-07T12:00")
    handed(2, "2025-05-06T09:00", owner=rep)
    exclude(excluded, "S1")
    found = figure("first_follow_up", MAY)
    assert round(found["value"] * 100, 1) == 87.2
    assert (found["numerator"], found["denominator"], found["n"]) == (41, 47, 47)
    assert found["promise"] == {
        "due": 47, "met": 41, "missed": 6, "excluded": 3, "late_logged": 45, "qualified": True,
        "promised": 0.9, "attainment": 41 / (47 * 0.9),
    }  # fmt: skip


def test_each_month_holds_what_fell_due_in_it_and_nothing_that_has_not(stages, rep):
    sign(S1)
    handed(2, "2025-05-30T15:00", owner=rep, called="2025-05-30T16:00")  # due on Monday, 2 June, 11:00
    handed(1, "2025-05-30T09:00", owner=rep)
    assert by_key(figure("first_follow_up", "2025-05-01/2025-07-01", by="month")) == {"2025-05-01": 0.0, "2025-06-01": 1.0}
    # On the Sunday in between, the second window is open: kept early, it is not due yet.
    sunday = figure("first_follow_up", "2025-05-01/2025-07-01", now=berlin("2025-06-01T20:00"))
    assert (sunday["numerator"], sunday["denominator"]) == (0, 1)


def test_the_clock_stops_over_the_weekend_and_the_change_of_the_clocks(stages, rep):
    """Friday 27 March 2026, 16:30; a call on Monday, 10:15, is 1:45 of working time later."""
    for minutes, expected in ((104, 0), (105, 1)):
        sign({"key": "S1", "seconds": minutes * 60, "share": 9_000})
        if minutes == 104:
            handed(1, "2026-03-27T16:30", owner=rep, called="2026-03-30T10:15")
        found = figure("first_follow_up", "2026-03-01/2026-04-01", now=berlin("2026-04-10T12:00"))
        assert (found["numerator"], found["denominator"]) == (expected, 1)


def test_nothing_falls_due_at_night_or_on_a_sunday(stages, rep):
    sign(S1, {"key": "S3", "days": 5, "share": 9_000}, routing_seconds=900)
    for at in ("2025-05-09T16:59", "2025-05-10T23:30", "2025-05-11T02:00", "2025-05-12T03:00"):
        handed(1, at, owner=rep)
    for key in ("first_follow_up", "disposition_with_reason", "routing"):
        days = by_key(figure(key, "2025-05-05/2025-05-26", by="day"), "n")
        assert sum(days.values()) == 4
        assert not any(dt.date.fromisoformat(day).weekday() > 4 for day, n in days.items() if n), key
    instants = Obligation.objects.values_list("due_at", flat=True)
    assert all(9 <= due.astimezone(BERLIN).hour + due.astimezone(BERLIN).minute / 60 <= 17 for due in instants)


def test_the_reader_s_zone_changes_nothing(stages, rep, settings):
    sign(S1)
    handed(3, "2025-05-31T22:30", owner=rep, called="2025-06-02T09:30")
    before = figure("first_follow_up", "2025-05-01/2025-07-01", by="day")
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        settings.TIME_ZONE = zone
        with timezone.override(zone):
            assert figure("first_follow_up", "2025-05-01/2025-07-01", by="day") == before


def test_facts_keep_the_version_they_happened_under(stages, rep):
    sign(S1)
    handed(4, "2025-05-06T09:00", owner=rep, called="2025-05-06T12:00")
    version = funnel.draft_version(actor=None)
    sign({"key": "S1", "seconds": 3600, "share": 5_000}, version=version)
    funnel.put_in_force(agreement=version, from_day=dt.date(2025, 5, 19), actor=None)
    handed(2, "2025-05-20T09:00", owner=rep, called="2025-05-20T12:00")
    found = figure("first_follow_up", MAY)
    assert (found["status"], found["definition_version"]) == ("mixed", [1, 2])
    rows = {
        row["key"]: (row["value"], row["promise"]["promised"], row["promise"]["attainment"]) for row in found["versions"]
    }
    assert rows == {"1": (1.0, 0.9, 1 / 0.9), "2": (0.0, 0.5, 0.0)}
    # The whole compares what was kept with what each version asked for.
    assert found["promise"]["attainment"] == pytest.approx(4 / (4 * 0.9 + 2 * 0.5))


def test_a_team_answers_for_what_it_had_when_the_window_closed(stages, people):
    sign(S1)
    leads = handed(2, "2025-05-06T09:00", owner=people["member"])
    other = accounts.add_team(name="Inside sales", side=Side.SALES, actor=None)
    services.assign_lead(lead=leads[0], owner=None, team=other, occurred_at=berlin("2025-05-06T11:00"), actor=None)
    leads[1].refresh_from_db()
    services.assign_lead(lead=leads[1], owner=None, team=other, occurred_at=berlin("2025-05-07T11:00"), actor=None)
    assert by_key(figure("first_follow_up", MAY, by="team"), "n") == {"Inside sales": 1, "Sales": 1}


def test_persistence_decision_and_feedback_are_promises_of_their_own(stages, people):
    sign(
        {"key": "S2", "attempts": 2, "distinct_days": 2, "days": 10, "share": 9_000},
        {"key": "S3", "days": 5, "share": 9_000},
        {"key": "S4", "days": 2, "share": 9_000},
    )
    rep = people["member"]
    handed(1, "2025-05-06T09:00", owner=rep, called="2025-05-06T10:00", then="recycled 2025-05-07T10:00", reason="timing")
    handed(1, "2025-05-06T09:00", owner=rep, then="sal 2025-05-07T10:00")
    handed(1, "2025-05-06T09:00", owner=rep, then="recycled 2025-05-19T10:00", reason="timing")
    handed(1, "2025-05-06T09:00", owner=rep)
    twice = handed(1, "2025-05-06T09:00", owner=rep, called="2025-05-06T10:00")
    services.record_touch(side="sales", kind="call", occurred_at=berlin("2025-05-08T10:00"), lead=twice[0], actor=rep)
    parts = {
        key: figure(key, MAY) for key in ("persistence", "disposition_with_reason", "feedback_returned", "undispositioned")
    }
    assert {key: (one["numerator"], one["denominator"]) for key, one in parts.items()} == {
        "persistence": (1, 5), "disposition_with_reason": (2, 5), "feedback_returned": (0, 3), "undispositioned": (2, 5),
    }  # fmt: skip


def test_a_merge_keeps_one_obligation_and_a_void_takes_it_out(stages, people):
    sign(S1)
    one, other = handed(2, "2025-05-06T09:00", owner=people["member"])
    assert figure("first_follow_up", MAY)["n"] == 2
    services.merge_leads(survivor=one, duplicate=other, actor=None)
    assert figure("first_follow_up", MAY)["n"] == 1
    one.refresh_from_db()
    services.void_lead(lead=one, actor=None)
    assert figure("first_follow_up", MAY)["n"] == 0


def test_a_lead_that_comes_back_is_owed_a_contact_again(stages, people):
    sign(S1)
    (lead,) = handed(1, "2025-05-06T09:00", owner=people["member"], then="recycled 2025-05-07T10:00", reason="timing")
    services.move_lead(lead, stages["mql"], actor=None, occurred_at=berlin("2025-05-20T09:00"))
    assert figure("first_follow_up", MAY)["n"] == 2


def test_the_worker_begins_a_generation_when_a_window_closes_and_only_then(stages, people):
    sign(S1)
    with time_machine.travel(berlin("2025-05-06T12:50"), tick=False):
        handed(1, "2025-05-06T09:00", owner=people["member"])
        rollup.drain()
        before = series.current().generation
        assert figure("first_follow_up", MAY, now=berlin("2025-05-06T12:50"))["n"] == 0
    # At 13:00 it is due, and it waits for more than four hours; a day after it was handed over it waits longer than that.
    for at, raised, due in (
        ("06T12:55", 0, 0),
        ("06T13:00", 1, 1),
        ("06T13:01", 1, 1),
        ("07T08:59", 1, 1),
        ("07T09:00", 2, 1),
    ):
        with time_machine.travel(berlin(f"2025-05-{at}"), tick=False):
            assert tasks.roll_up() == 0
            rollup.drain()
            now = series.current()
            assert (now.generation - before, figure("first_follow_up", MAY, now=now.written_at)["n"]) == (raised, due), at
