"""V1 to V8: how long things take, with those who are still under way counted as such."""

import datetime as dt

import pytest

from leads import services
from metrics.evaluation import LEAST_STAYS
from tests.metrics.journeys import NOW, crowd, figure, instant, tell

pytestmark = pytest.mark.django_db

MARCH = "2025-03-01/2025-04-01"


def test_completed_stays_by_exact_seconds_and_cause(company):
    tell(
        {
            "short": "mql 2025-03-01T12:00, sal 2025-03-01T18:00",
            "middle": "mql 2025-03-01, sal 2025-03-03",
            "long": "mql 2025-03-01, lost 2025-03-21",
            "left later": "mql 2025-03-01, sal 2025-04-01T00:00",
            "open": "mql 2025-01-01",
            "unknown": "mql ?2025-03-01, sal 2025-03-20",
        }
    )
    found = figure("time_in_stage_completed", MARCH, stage="mql")
    assert (found["n"], found["value"]) == (3, 2.0)
    quantiles = found["quantiles"]
    assert [quantiles[name] for name in ("p25", "p50", "p75", "p90")] == [0.25, 2.0, 2.0, 2.0]
    assert quantiles["by_cause"] == {"advance": {"n": 2, "p50": 0.25}, "lost": {"n": 1, "p50": 20.0}}
    assert found["excluded"] == {"began or ended at an unknown time": 1}


def test_a_day_with_a_clock_change_has_23_or_25_hours_and_is_one_day_of_age(company):
    tell(
        {
            "spring": "mql 2025-03-29T23:30, sal 2025-03-30T23:30",
            "autumn": "mql 2024-10-26T23:30, sal 2024-10-27T23:30",
        }
    )
    assert figure("time_in_stage_completed", MARCH, stage="mql")["value"] == 23 / 24
    assert figure("time_in_stage_completed", "2024-10-01/2024-11-01", stage="mql")["value"] == 25 / 24
    assert figure("stage_inflow", "2025-03-29/2025-03-30", stage="mql")["value"] == 1
    assert figure("stage_inflow", "2025-03-30/2025-03-31", stage="sal")["value"] == 1
    assert figure("time_to_convert", MARCH, stage="mql", to_stage="sal")["value"] == 1


def test_time_in_stage_counts_open_stays_up_to_their_age(company):
    # 20 leave on day 4, 20 are open: half are out on day 4. Of the completed alone the answer is the same 4 days for all.
    tell(crowd(20, "mql 2025-03-01, sal 2025-03-05", "left") | crowd(20, "mql 2025-03-01", "open"))
    found = figure("time_in_stage", MARCH, stage="mql")
    assert (found["status"], found["value"], found["n"], found["open"]) == ("ok", 4, 40, 20)
    assert found["quantiles"] == {"p50": 4, "p75": None}


def test_a_median_that_is_not_reached_is_immature_and_names_the_last_age(company):
    tell(crowd(10, "mql 2025-03-01, sal 2025-03-05", "left") | crowd(30, "mql 2025-03-01", "open"))
    found = figure("time_in_stage", MARCH, stage="mql")
    assert (found["status"], found["value"], found["last_age"]) == ("immature", None, 4)


@pytest.mark.parametrize(("stays", "status"), [(LEAST_STAYS - 1, "suppressed"), (LEAST_STAYS, "ok")])
def test_fewer_than_thirty_stays_are_suppressed(company, stays, status):
    tell(crowd(stays, "mql 2025-03-01, sal 2025-03-05"))
    for key in ("time_in_stage", "stage_exit_curve"):
        found = figure(key, MARCH, stage="mql")
        assert (found["status"], found["n"]) == (status, stays)
        assert (found["value"] is None) == (status == "suppressed")
        assert ("curve" in found) == (key == "stage_exit_curve" and status == "ok")


def test_exits_by_cause_and_staying_add_up_at_every_age(company):
    tell(
        crowd(10, "mql 2025-03-01, sal 2025-03-03", "on")
        | crowd(6, "mql 2025-03-01, lost 2025-03-05", "lost")
        | crowd(4, "mql 2025-03-01, inquiry 2025-03-05", "back")
        | crowd(5, "mql 2025-03-01, recycled 2025-03-08", "later")
        | crowd(3, "mql 2025-03-01, disqualified 2025-03-09", "out")
        | crowd(12, "mql 2025-03-01", "open")
    )
    found = figure("stage_exit_curve", MARCH, stage="mql")
    assert [row["age"] for row in found["curve"]] == [2, 4, 7, 8]
    for row in found["curve"]:
        causes = [row[name] for name in ("advance", "lost", "back", "detour", "out")]
        assert row["staying"] + sum(causes) == pytest.approx(1, abs=1e-12)
    assert found["curve"][-1] | {"at_risk": 0} == pytest.approx(
        {"age": 8, "at_risk": 0, "staying": 0.3, "advance": 0.25, "lost": 0.15, "back": 0.1, "detour": 0.125, "out": 0.075}
    )
    assert found["value"] == 0.25


def test_the_curve_stops_where_fewer_than_five_are_left(company):
    days = [f"mql 2025-03-01, sal {dt.date(2025, 3, 2) + dt.timedelta(days=i)}" for i in range(30)]
    tell({f"lead {i}": journey for i, journey in enumerate(days)})
    curve = figure("stage_exit_curve", MARCH, stage="mql")["curve"]
    assert (len(curve), curve[-1]["at_risk"]) == (26, 5)


def test_time_to_convert_is_of_those_who_did_and_says_how_many_did_not(company):
    tell(
        crowd(3, "inquiry 2025-03-01, won 2025-03-11", "quick")
        | crowd(2, "inquiry 2025-03-01, won 2025-05-10", "slow")
        | crowd(5, "inquiry 2025-03-01", "open")
    )
    found = figure("time_to_convert", MARCH)
    assert (found["value"], found["numerator"], found["denominator"], found["open"]) == (10, 5, 10, 5)
    assert found["quantiles"] == {"p25": 10, "p50": 10, "p75": 70, "p90": 70}
    assert figure("time_to_convert", "2025-01-01/2025-02-01")["status"] == "undefined"


def answer(lead, at: str, **more):
    services.record_touch(
        **{"lead": lead, "side": "sales", "kind": "call", "occurred_at": instant(at), "actor": None} | more
    )


def test_speed_to_lead_counts_those_never_answered(company):
    """2.4: 100 MQL, 55 answered within the hour, 30 later, 15 never: 55 %, not 55 of 85."""
    told = tell(crowd(100, "mql 2025-03-03T10:00"))
    leads = list(told.values())
    for lead in leads[:55]:
        answer(lead, "2025-03-03T10:59")
    for lead in leads[55:85]:
        answer(lead, "2025-03-03T15:00")
    found = figure("speed_to_lead", MARCH)
    assert (found["numerator"], found["denominator"], found["open"], found["value"]) == (85, 100, 15, 59)
    hour = next(row for row in found["curve"] if row["age"] == 60)
    assert (hour["numerator"], hour["share"]) == (55, 0.55)
    assert [round(100 * bound, 1) for bound in hour["interval"]] == [45.2, 64.4]


def test_only_a_personal_contact_by_sales_in_this_pass_stops_the_clock(stages):
    told = tell(dict.fromkeys(("mail", "early", "late", "second"), "inquiry 2025-03-01, mql 2025-03-03T10:00"))
    answer(told["mail"], "2025-03-03T10:05", side="marketing", kind="email")
    answer(told["early"], "2025-03-03T09:59")
    answer(told["late"], "2025-03-03T11:00")
    services.append_lead_events([])
    tell({"again": "mql 2025-03-03T10:00, inquiry 2025-03-04, mql 2025-03-05T10:00"})
    found = figure("speed_to_lead", MARCH)
    assert (found["numerator"], found["denominator"]) == (1, 6)
    services.move_lead(told["mail"], stages["sal"], occurred_at=instant("2025-03-03T10:10"), actor=None)
    assert figure("speed_to_lead", MARCH)["numerator"] == 1


def test_unanswered_leads_are_followed_to_the_end_of_the_day_at_most(company):
    tell({"open": "mql 2025-09-30T11:00"})
    found = figure("speed_to_lead", "2025-09-01/2025-10-01", now=NOW)
    assert (found["status"], found["value"], found["open"]) == ("immature", None, 1)
