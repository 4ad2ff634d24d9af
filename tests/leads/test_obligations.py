"""What is owed about a handoff and when: the worked examples of metrics-spec 3.2 and 3.4, on handmade handoffs."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from funnel.business_time import Schedule, Window, WorkingHours
from funnel.promises import PromiseBook, PromiseLine, TermsOfVersion
from leads.handoffs import HandoffState
from leads.obligations import ContactFact, Counters, ObligationState, count_due, fold_obligations, standing
from leads.timeline import Assignment

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = tuple(Window(day, dt.time(9), dt.time(17)) for day in range(5))
LATE_SHIFT = tuple(Window(day, dt.time(12), dt.time(20)) for day in range(5))
TEAMS = {1: WorkingHours("Europe/Berlin", OFFICE), 2: WorkingHours("Europe/Berlin", LATE_SHIFT)}
HOUR = 3600
PROMISED = PromiseBook(
    agreement_id=7,
    lines=(
        PromiseLine("S1", tier="hand-raise", seconds=HOUR),
        PromiseLine("S1", seconds=4 * HOUR),
        PromiseLine("S2", attempts=5, distinct_days=3, days=10),
        PromiseLine("S3", days=5),
        PromiseLine("S4", days=2),
    ),
    terms=TermsOfVersion(routing_seconds=900),
)


def t(text: str) -> dt.datetime:
    """Berlin wall-clock time in 2026: "03-27 16:30"."""
    return dt.datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN).astimezone(dt.UTC)


def handed(entered: str, *, assigned: str | None = "", **told) -> HandoffState:
    """A handoff, assigned at its entry to somebody of team 1 unless told otherwise."""
    at = t(entered)
    holders = told.pop("holders", None)
    if holders is None:
        holders = () if assigned is None else (Assignment(t(assigned) if assigned else at, 1, 1),)
    values = {
        "entry_id": 1, "agreement_id": 7, "entered_at": at, "entered_day": at.astimezone(BERLIN).date(),
        "precision": "instant", "until": None, "assigned_at": holders[0].at if holders else None,
        "owner_id": None, "team_id": None, "decision": "", "decided_at": None, "decided_by_id": None, "decided_with": None,
        "reason": "", "recycled_until": None, "explained": False, "state": "open", "returned_at": None,
        "contested_at": None, "ruled_at": None, "first_decision": told.get("decision", ""), "pauses": (),
        "holders": holders, "feedback_at": None, "feedback_read_at": None,
    }  # fmt: skip
    return HandoffState(**(values | told))


def contact(text: str, kind="call", outcome="no_answer", logged: str | None = None) -> ContactFact:
    at = t(text)
    return ContactFact(at, int(at.timestamp()), t(logged) if logged else at, kind, outcome)


def owed(handoff, *contacts, tier="", book=PROMISED, hours=None) -> dict[str, ObligationState]:
    schedule = hours or (lambda team: Schedule.always(TEAMS[team or 1]))
    found = fold_obligations(
        handoff, sorted(contacts), tier=tier, book=book, hours=schedule, day_of=lambda at: at.astimezone(BERLIN).date()
    )
    return {one.promise: one for one in found}


# --- the clock ----------------------------------------------------------------------------------------------------


def test_the_example_over_a_weekend_with_a_clock_change():
    first = owed(handed("03-27 16:30"), contact("03-30 10:15"))["S1"]
    assert (first.due_at, first.met_at, first.paused_seconds) == (t("03-30 12:30"), t("03-30 10:15"), 0)
    assert standing(first, t("03-30 11:00")) == "kept"


def test_a_pause_within_the_window_moves_the_due_time_by_its_working_time():
    paused = handed("03-27 16:30", pauses=(("meeting", t("03-30 08:00"), t("03-30 09:45")),))
    first = owed(paused, contact("03-30 10:15"))["S1"]
    assert (first.due_at, first.paused_seconds) == (t("03-30 13:15"), 45 * 60)


def test_a_holiday_is_no_working_time():
    hours = WorkingHours("Europe/Berlin", OFFICE, frozenset({dt.date(2026, 3, 30)}))
    first = owed(handed("03-27 16:30"), contact("03-31 10:00"), hours=lambda team: Schedule.always(hours))["S1"]
    assert first.due_at == t("03-31 12:30")


def test_nothing_falls_due_at_night_or_on_a_sunday():
    for one in owed(handed("03-28 02:00", decision="accepted", decided_at=t("03-29 02:00"))).values():
        local = one.due_at.astimezone(BERLIN)
        assert local.weekday() < 5 and 9 <= local.hour <= 17, one


def test_a_hand_raise_has_the_shorter_promise_of_its_tier():
    assert owed(handed("03-03 09:00"), tier="hand-raise")["S1"].due_at == t("03-03 10:00")
    assert owed(handed("03-03 09:00"), tier="gold")["S1"].due_at == t("03-03 13:00")


def test_a_reassignment_keeps_the_elapsed_time_and_takes_the_new_teams_hours_from_then_on():
    # An hour is worked from 16:00; then the late shift of team 2 goes on: 17 to 20 o'clock is three hours.
    moved = handed("03-03 16:00", holders=(Assignment(t("03-03 16:00"), 1, 1), Assignment(t("03-03 17:00"), 2, 2)))
    first = owed(moved)["S1"]
    assert (first.due_at, first.team_id) == (t("03-03 20:00"), 2)
    # Without it the rest is worked on the next morning.
    assert owed(handed("03-03 16:00"))["S1"].due_at == t("03-04 12:00")


def test_the_team_that_had_it_when_the_window_closed_answers_for_it():
    late = handed("03-03 09:00", holders=(Assignment(t("03-03 09:00"), 1, 1), Assignment(t("03-03 15:00"), 2, 2)))
    assert owed(late)["S1"].team_id == 1  # due at 13:00, before it went to team 2
    assert owed(late)["S3"].team_id == 2


# --- what stops which clock ---------------------------------------------------------------------------------------


def test_only_a_contact_stops_the_first_contact():
    decided = handed("03-03 09:00", decision="disqualified", decided_at=t("03-03 09:30"), reason="no_need", state="decided")
    assert owed(decided)["S1"].met_at is None
    assert owed(decided)["S3"].met_at == t("03-03 09:30")
    assert owed(decided, contact("03-03 10:00"))["S1"].met_at == t("03-03 10:00")


def test_contacts_before_the_entry_and_after_the_next_one_belong_elsewhere():
    one = handed("03-03 09:00", until=t("04-01 09:00"))
    assert owed(one, contact("03-02 10:00"), contact("04-01 09:00"))["S1"].met_at is None


def test_routing_runs_until_a_person_of_sales_has_it_and_the_response_from_then_on():
    found = owed(handed("03-03 16:50", assigned="03-04 09:30"))
    routing, first = found["routing"], found["S1"]
    assert (routing.due_at, routing.met_at) == (t("03-04 09:05"), t("03-04 09:30"))
    assert standing(routing, t("03-04 12:00")) == "missed"
    assert (first.started_at, first.due_at) == (t("03-04 09:30"), t("03-04 13:30"))


def test_who_calls_has_it_whether_or_not_somebody_wrote_the_assignment_down():
    found = owed(handed("03-03 09:00", assigned=None), contact("03-03 09:10"))
    assert found["routing"].met_at == t("03-03 09:10")
    assert (found["S1"].started_at, found["S1"].met_at) == (t("03-03 09:10"), t("03-03 09:10"))
    assert set(owed(handed("03-03 09:00", assigned=None))) == {"routing"}


def test_persistence_is_enough_attempts_on_enough_working_days():
    # Tuesday twice, Saturday (an attempt, no working day), Monday, then Tuesday: the fifth attempt on the third day.
    tries = [contact(x) for x in ("03-03 10:00", "03-03 15:00", "03-07 10:00", "03-09 10:00", "03-10 10:00")]
    assert owed(handed("03-03 09:00"), *tries[:4])["S2"].met_at is None
    assert owed(handed("03-03 09:00"), *tries)["S2"].met_at == t("03-10 10:00")
    same_day = [contact(f"03-03 {hour}:00") for hour in range(10, 16)]
    assert owed(handed("03-03 09:00"), *same_day)["S2"].met_at is None
    assert owed(handed("03-03 09:00"))["S2"].due_at == t("03-17 17:00")


@pytest.mark.parametrize("talk", [("call", "reached"), ("personal_email", "replied"), ("meeting", ""), ("conversation", "")])
def test_a_talk_in_both_directions_is_persistence_enough(talk):
    assert owed(handed("03-03 09:00"), contact("03-03 10:00", *talk))["S2"].met_at == t("03-03 10:00")


def test_a_decision_needs_a_reason_and_accepting_explains_itself():
    def decided(**told):
        return owed(handed("03-03 09:00", decided_at=t("03-05 10:00"), state="decided", **told))["S3"]

    assert decided(decision="accepted").met_at == t("03-05 10:00")
    assert decided(decision="recycled", reason="timing").met_at == t("03-05 10:00")
    assert decided(decision="recycled").met_at is None
    assert decided(decision="recycled").due_at == t("03-10 17:00")


def test_while_marketing_has_it_the_clock_stands_still_unless_it_had_run_out_before():
    def returned(at):
        stood = {"decision": "returned", "reason": "context_missing", "state": "returned"}
        return handed("03-03 09:00", returned_at=t(at), decided_at=t(at), pauses=(("returned", t(at), None),), **stood)

    waiting = owed(returned("03-03 11:00"))
    assert (waiting["S1"].due_at, waiting["S3"].due_at, waiting["S3"].met_at) == (None, None, None)
    assert standing(waiting["S1"], t("03-20 11:00")) == "paused"
    assert owed(returned("03-03 14:00"))["S1"].due_at == t("03-03 13:00")
    back = handed("03-03 09:00", pauses=(("returned", t("03-03 11:00"), t("03-04 15:00")),))
    assert owed(back)["S1"].due_at == t("03-04 17:00")


def test_pauses_that_the_agreement_does_not_know_count_as_working_time():
    strict = PromiseBook(agreement_id=7, lines=PROMISED.lines, terms=TermsOfVersion(pause_meeting=False))
    paused = handed("03-03 09:00", pauses=(("meeting", t("03-03 10:00"), t("03-03 12:00")),))
    assert owed(paused, book=strict)["S1"].due_at == t("03-03 13:00")
    assert owed(paused)["S1"].due_at == t("03-03 15:00")


def test_feedback_is_due_after_the_decision_for_accepted_leads_too():
    accepted = handed("03-03 09:00", decision="accepted", decided_at=t("03-05 10:00"), state="decided")
    feedback = owed(accepted)["S4"]
    assert (feedback.started_at, feedback.due_at, feedback.met_at) == (t("03-05 10:00"), t("03-09 17:00"), None)
    assert "S4" not in owed(handed("03-03 09:00"))
    told = handed(
        "03-03 09:00", decision="accepted", decided_at=t("03-05 10:00"), state="decided", feedback_at=t("03-06 9:00")
    )
    assert owed(told)["S4"].met_at == t("03-06 09:00")


def test_a_decision_that_explains_itself_is_feedback():
    no = {"decision": "disqualified", "reason": "no_need", "decided_at": t("03-05 10:00"), "state": "decided"}
    assert owed(handed("03-03 09:00", explained=True, **no))["S4"].met_at == t("03-05 10:00")
    assert owed(handed("03-03 09:00", **no))["S4"].met_at is None


def test_a_contact_that_is_logged_more_than_two_days_later_counts_and_is_marked():
    prompt = owed(handed("03-03 09:00"), contact("03-03 10:00", logged="03-05 10:00"))["S1"]
    late = owed(handed("03-03 09:00"), contact("03-03 10:00", logged="03-05 10:01"))["S1"]
    assert (prompt.met_at, prompt.late_logged) == (t("03-03 10:00"), False)
    assert (late.met_at, late.late_logged) == (t("03-03 10:00"), True)


def test_nothing_is_owed_without_a_promise_or_without_a_known_instant():
    assert owed(handed("03-03 09:00"), book=PromiseBook(agreement_id=7)) == {}
    assert owed(handed("03-03 09:00", precision="day")) == {}


# --- what the times say -------------------------------------------------------------------------------------------


def row(number: int, due="05-11 12:00", met: str | None = None, excluded="", team=1, promise="S1") -> ObligationState:
    due_at = t(due)
    return ObligationState(
        number, promise, 7, team, t("05-11 08:00"), due_at, due_at.date(), t(met) if met else None, 0, excluded, False
    )


def test_a_closed_window_is_kept_or_missed_and_at_risk_only_while_open():
    open_one = row(1)
    assert standing(open_one, t("05-11 10:00")) == "open"
    assert standing(open_one, t("05-11 11:00")) == "at_risk"
    assert standing(open_one, t("05-11 12:00")) == "missed"
    assert standing(row(1, met="05-11 12:00"), t("05-11 11:30")) == "kept"
    assert standing(row(1, met="05-11 12:01"), t("05-12 11:30")) == "missed"
    assert standing(row(1, excluded="test"), t("05-12 11:30")) == "excluded"


def test_the_example_of_fifty_in_may():
    rows = [row(i, excluded="duplicate") for i in range(3)]
    rows += [row(i, met="05-11 11:00") for i in range(3, 44)]
    rows += [row(i, met="05-12 11:00") for i in range(44, 48)]
    rows += [row(i) for i in range(48, 50)]
    not_yet = [row(50, due="05-29 12:00"), row(51, due="05-29 12:00", met="05-11 11:00")]
    found = count_due([(one, "gold") for one in rows + not_yet], t("05-20 12:00"))
    assert found == {("S1", dt.date(2026, 5, 1), 1, "gold"): Counters(due=47, met=41, missed=6, excluded=3)}
    (counters,) = found.values()
    assert round(counters.attainment * 100, 1) == 87.2
    assert counters.many_excluded
    assert not Counters(due=95, met=95, excluded=5).many_excluded


def test_a_month_in_which_nothing_was_due_has_no_share():
    assert Counters().attainment is None
    assert not Counters().many_excluded
