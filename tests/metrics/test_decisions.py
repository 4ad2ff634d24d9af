"""Q1 to Q4, V8 in working time, DQ6 and DQ10: what sales decides about leads, how soon, and how well it is logged."""

import datetime as dt

import pytest

from leads import services
from leads.models import Handoff, LeadEvent
from leads.services import append_lead_events
from metrics import rollup, series
from metrics.listing import list_behind
from metrics.questions import Reader, read_question
from tests.metrics.journeys import NOW, by_key, crowd, figure, tell
from tests.metrics.promising import berlin, handed, sign

pytestmark = pytest.mark.django_db

MAY = "2025-05-01/2025-06-01"
MARCH = "2025-03-01/2025-04-01"


def decided(accepted: int, rejected: int, pending: int) -> None:
    handed(accepted, "2025-05-06T09:00", then="sal 2025-05-07T10:00")
    handed(rejected, "2025-05-06T09:00", then="recycled 2025-05-07T10:00", reason="timing")
    handed(pending, "2025-05-06T09:00")


def test_with_much_pending_the_bounds_replace_the_value(stages):
    decided(60, 20, 20)
    found = figure("acceptance_rate", MAY)
    assert (found["status"], found["value"], found["bounds"], found["open"]) == ("immature", None, [0.6, 0.8], 20)
    assert (found["numerator"], found["denominator"]) == (60, 80)
    bounds = figure("acceptance_bounds", MAY)
    assert (bounds["value"], bounds["bounds"], bounds["n"]) == (0.6, [0.6, 0.8], 100)


def test_up_to_fifteen_per_cent_pending_the_value_stands_with_its_interval(stages):
    decided(60, 25, 15)
    found = figure("acceptance_rate", MAY)
    assert (found["status"], found["value"], found["open"]) == ("ok", 60 / 85, 15)
    assert found["interval"][0] < 60 / 85 < found["interval"][1]


def test_returned_and_disputed_handoffs_are_open(stages):
    leads = handed(2, "2025-05-06T09:00") + handed(
        1, "2025-05-06T09:00", then="disqualified 2025-05-07T10:00", reason="no_need"
    )
    entries = {lead.id: Handoff.objects.get(lead=lead).entry_id for lead in leads}
    for lead, kind in ((leads[0], "returned"), (leads[2], "contested")):
        at = berlin("2025-05-08T10:00")
        append_lead_events([LeadEvent(lead=lead, kind=kind, about_id=entries[lead.id], reason="", occurred_at=at)])
    found = figure("acceptance_rate", MAY)
    assert (found["denominator"], found["open"], found["bounds"]) == (0, 3, [0.0, 1.0])
    ruling = LeadEvent(
        lead=leads[2],
        kind="arbitrated",
        about_id=entries[leads[2].id],
        new="accepted",
        occurred_at=berlin("2025-05-09T10:00"),
    )
    append_lead_events([ruling])
    assert figure("acceptance_rate", MAY)["numerator"] == 1


def test_reasons_are_shares_of_all_that_was_turned_down(stages):
    handed(9, "2025-05-06T09:00", then="disqualified 2025-05-07T10:00", reason="wrong_segment")
    handed(6, "2025-05-06T09:00", then="recycled 2025-05-07T10:00", reason="timing")
    handed(5, "2025-05-06T09:00", then="recycled 2025-05-07T10:00")
    handed(7, "2025-05-06T09:00", then="sal 2025-05-07T10:00")
    found = figure("rejection_reasons", MAY, by="reason")
    assert (found["numerator"], found["denominator"], found["value"]) == (15, 20, 0.75)
    rows = {row["key"]: (row["label"], row["value"], row["numerator"]) for row in found["series"]}
    assert rows == {
        "": ("No reason", 0.25, 5), "timing": ("Not now, later", 0.3, 6),
        "wrong_segment": ("Outside the target group", 0.45, 9),
    }  # fmt: skip
    assert figure("rejection_reasons", MAY, reason="wrong_segment")["value"] == 0.45
    assert found["series"][0]["interval"][0] < 0.25 < found["series"][0]["interval"][1]


def test_the_leads_behind_a_reason_are_those_that_it_was_said_of(stages, people):
    told = handed(2, "2025-05-06T09:00", then="disqualified 2025-05-07T10:00", reason="no_need")
    handed(3, "2025-05-06T09:00", then="recycled 2025-05-07T10:00", reason="timing")
    rollup.drain()
    snapshot = series.current()
    params = {"from": "2025-05-01", "to": "2025-06-01", "reason": "no_need"}
    question = read_question("rejection_reasons", params, snapshot=snapshot, now=NOW, reader=Reader())
    rows = list_behind(snapshot, question, people["administrator"]).rows
    assert {row["lead"] for row in rows if row["in_numerator"]} == {lead.id for lead in told}
    assert len(rows) == 5


def test_the_example_of_seventy_exits(company):
    tell(
        crowd(12, "mql 2025-03-03, disqualified 2025-03-05", "out")
        | crowd(18, "mql 2025-03-03, recycled 2025-03-05", "aside")
        | crowd(40, "mql 2025-03-03, sal 2025-03-05", "on")
        | crowd(30, "mql 2025-03-03", "in")
    )
    out, aside = figure("disqualification_rate", MARCH), figure("recycle_rate", MARCH)
    assert (round(out["value"] * 100, 1), round(aside["value"] * 100, 1)) == (17.1, 25.7)
    assert (out["denominator"], aside["numerator"]) == (70, 18)


def test_speed_to_lead_keeps_the_never_contacted_in_the_count(stages, people):
    rep = people["member"]
    handed(55, "2025-05-06T09:00", owner=rep, called="2025-05-06T09:50")
    handed(30, "2025-05-06T09:00", owner=rep, called="2025-05-06T14:00")
    handed(15, "2025-05-06T09:00", owner=rep)
    for key in ("speed_to_lead", "speed_to_lead_in_working_time"):
        found = figure(key, MAY)
        within_an_hour = next(point for point in found["curve"] if point["age"] == 60)
        assert round(within_an_hour["share"], 10) == 0.55, key
        assert [round(one * 100, 1) for one in within_an_hour["interval"]] == [45.2, 64.4]
        assert (found["numerator"], found["open"], found["value"]) == (85, 15, 50)


def test_working_time_leaves_out_the_weekend_and_counts_a_working_day_of_its_own(stages, people):
    handed(1, "2026-03-27T16:30", owner=people["member"], called="2026-03-30T10:15", tier="hand-raise")
    handed(1, "2026-03-27T16:30", owner=people["member"], called="2026-03-27T16:34")
    period, now = "2026-03-01/2026-04-01", berlin("2026-04-10T12:00")
    found = figure("speed_to_lead_in_working_time", period, by="tier", now=now)
    assert by_key(found) == {"": 4, "hand-raise": 105}
    assert [(point["age"], point["numerator"]) for point in found["curve"]] == [(5, 1), (60, 1), (480, 2)]
    assert by_key(figure("speed_to_lead", period, by="tier", now=now)) == {"": 4, "hand-raise": 64 * 60 + 45}


def test_what_a_person_typed_in_days_later_is_logged_late_an_import_is_not(stages, people):
    now = dt.datetime.now(dt.UTC)
    tell({"imported": "inquiry 2025-03-01"})
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=now - dt.timedelta(hours=49), actor=None)
    for hours in (1, 47, 72):
        services.record_touch(
            side="sales", kind="call", occurred_at=now - dt.timedelta(hours=hours), lead=lead, actor=people["member"]
        )
    services.record_touch(side="marketing", kind="form", occurred_at=now - dt.timedelta(hours=72), lead=lead, actor=None)
    recent = f"{(now - dt.timedelta(days=9)).date()}/{(now + dt.timedelta(days=1)).date()}"
    found = figure("late_logging", recent, now=now)
    assert (found["numerator"], found["denominator"]) == (2, 4)
    assert figure("late_logging", MARCH)["numerator"] == 0


def test_past_due_without_a_decision_is_what_nobody_said_anything_about(stages, people):
    sign({"key": "S3", "days": 5, "share": 9_000})
    rep = people["member"]
    handed(6, "2025-05-06T09:00", owner=rep, then="sal 2025-05-21T10:00")  # decided late, but decided
    handed(3, "2025-05-06T09:00", owner=rep)
    handed(2, "2025-05-28T09:00", owner=rep)
    found = figure("undispositioned", MAY)
    assert (found["numerator"], found["denominator"]) == (3, 9)
    # Five working days after Tuesday the 6th is Tuesday the 13th; the day before, nothing is due.
    assert figure("undispositioned", MAY, now=berlin("2025-05-12T12:00"))["denominator"] == 0
    assert figure("undispositioned", MAY, now=berlin("2025-05-13T12:00"))["denominator"] == 9
