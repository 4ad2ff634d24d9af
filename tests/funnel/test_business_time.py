"""Business time: the worked examples to the second, clock changes, nights, holidays, pauses, and what holds always."""

import datetime as dt
import os
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from funnel.business_time import Schedule, Window, WorkingHours

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = tuple(Window(day, dt.time(9), dt.time(17)) for day in range(5))
OFFICE = WorkingHours("Europe/Berlin", WEEK)
H = dt.timedelta(hours=1)


def berlin(month, day, hour=0, minute=0, *, year=2026, fold=0):
    return dt.datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold)


def minutes(count):
    return dt.timedelta(minutes=count)


# --- the specification's examples ---


def test_a_call_after_the_weekend_of_the_clock_change():
    entry, call = berlin(3, 27, 16, 30), berlin(3, 30, 10, 15)
    assert OFFICE.worked(entry, call) == minutes(105)
    # Aware times of one zone subtract as wall clocks; the hour that was skipped shows only in UTC.
    assert call.astimezone(dt.UTC) - entry.astimezone(dt.UTC) == dt.timedelta(hours=64, minutes=45)


def test_a_pause_on_monday_morning_does_not_count():
    pause = (berlin(3, 30, 9), berlin(3, 30, 9, 45))
    assert OFFICE.worked(berlin(3, 27, 16, 30), berlin(3, 30, 10, 15), [pause]) == minutes(60)


def test_a_holiday_on_monday_does_not_count():
    closed = WorkingHours("Europe/Berlin", WEEK, frozenset({dt.date(2026, 3, 30)}))
    assert closed.worked(berlin(3, 27, 16, 30), berlin(3, 31, 10)) == minutes(90)


def test_entry_on_friday_afternoon_is_due_on_monday():
    assert OFFICE.due(berlin(3, 27, 16, 30), 4 * H) == berlin(3, 30, 12, 30)


def test_expected_to_date_counts_working_days():
    # 140,000 × 8/21: eight of the 21 working days of a month are over.
    assert OFFICE.working_days(dt.date(2026, 5, 1), dt.date(2026, 6, 1)) == 21
    assert OFFICE.working_days(dt.date(2026, 5, 1), dt.date(2026, 5, 13)) == 8


# --- clock changes ---

NIGHTS = WorkingHours("Europe/Berlin", tuple(Window(day, dt.time(0), dt.time(0)) for day in range(7)))


def test_the_day_the_clocks_go_forward_has_23_hours_and_back_25():
    assert NIGHTS.worked(berlin(3, 29), berlin(3, 30)) == 23 * H
    assert NIGHTS.worked(berlin(10, 25), berlin(10, 26)) == 25 * H
    assert NIGHTS.due(berlin(3, 29), 23 * H) == berlin(3, 30)
    assert NIGHTS.due(berlin(10, 25), 25 * H) == berlin(10, 26)


def test_a_window_that_opens_in_the_skipped_hour_opens_at_the_change():
    shift = WorkingHours("Europe/Berlin", (Window(6, dt.time(2, 30), dt.time(3, 15)),))
    assert shift.worked(berlin(3, 29), berlin(3, 30)) == minutes(15)
    assert shift.worked(berlin(3, 22), berlin(3, 23)) == minutes(45)


def test_a_window_inside_the_skipped_hour_does_not_exist_that_day():
    shift = WorkingHours("Europe/Berlin", (Window(6, dt.time(2, 10), dt.time(2, 50)),))
    assert shift.worked(berlin(3, 29), berlin(3, 30)) == dt.timedelta()


def test_windows_that_meet_in_the_skipped_hour_are_counted_once():
    shift = WorkingHours("Europe/Berlin", (Window(6, dt.time(1, 30), dt.time(2, 45)), Window(6, dt.time(2, 50), dt.time(4))))
    assert shift.worked(berlin(3, 29, 1), berlin(3, 29, 4)) == minutes(90)


def test_the_hour_that_comes_twice_counts_twice_for_a_night_shift():
    shift = WorkingHours("Europe/Berlin", (Window(6, dt.time(1), dt.time(4)),))
    assert shift.worked(berlin(10, 25), berlin(10, 26)) == 4 * H
    assert shift.due(berlin(10, 25, 1), 2 * H) == berlin(10, 25, 2, fold=1).astimezone(dt.UTC)


def test_a_promise_across_the_change_is_due_by_the_wall_clock_of_its_day():
    assert OFFICE.due(berlin(10, 23, 16), 2 * H) == berlin(10, 26, 10)
    assert OFFICE.due(berlin(10, 23, 16), 2 * H).astimezone(dt.UTC).hour == 9
    assert OFFICE.due(berlin(3, 27, 16), 2 * H).astimezone(dt.UTC).hour == 8


# --- nights, weekends, holidays ---


@pytest.mark.parametrize(
    "entry", [berlin(6, 7, 2), berlin(6, 6, 23, 59), berlin(6, 5, 17), berlin(6, 8, 3), berlin(6, 8, 9)]
)
def test_what_comes_while_nobody_works_starts_on_monday_morning(entry):
    assert OFFICE.due(entry, H) == berlin(6, 8, 10)
    assert OFFICE.worked(entry, berlin(6, 8, 9)) == dt.timedelta()


def test_due_may_be_the_close_of_a_day_but_never_the_night():
    assert OFFICE.due(berlin(6, 5, 16), H) == berlin(6, 5, 17)
    assert OFFICE.due(berlin(6, 5, 16), minutes(61)) == berlin(6, 8, 9, 1)


def test_no_time_left_is_due_when_work_begins():
    assert OFFICE.due(berlin(6, 7, 2), dt.timedelta()) == berlin(6, 8, 9)
    assert OFFICE.due(berlin(6, 8, 11), -H) == berlin(6, 8, 11)


def test_a_lunch_break_does_not_count():
    split = WorkingHours("Europe/Berlin", (Window(0, dt.time(9), dt.time(12)), Window(0, dt.time(13), dt.time(17))))
    assert split.worked(berlin(6, 8, 11), berlin(6, 8, 14)) == 2 * H
    assert split.due(berlin(6, 8, 11, 30), H) == berlin(6, 8, 13, 30)


def test_a_calendar_without_working_time_makes_nothing_due():
    empty = WorkingHours("Europe/Berlin", ())
    assert empty.due(berlin(6, 8), H) is None
    assert empty.add_working_days(berlin(6, 8), 1) is None
    always_closed = WorkingHours("UTC", WEEK, frozenset(dt.date(2026, 6, 1) + dt.timedelta(days=i) for i in range(900)))
    assert always_closed.due(berlin(6, 8), H) is None


def test_working_days_end_with_the_close_of_business():
    assert OFFICE.add_working_days(berlin(6, 8, 10), 5) == berlin(6, 15, 17)
    assert OFFICE.add_working_days(berlin(6, 6, 10), 1) == berlin(6, 8, 17)  # Saturday
    closed = WorkingHours("Europe/Berlin", WEEK, frozenset({dt.date(2026, 6, 10)}))
    assert closed.add_working_days(berlin(6, 8, 10), 5) == berlin(6, 16, 17)
    with pytest.raises(ValueError):
        OFFICE.add_working_days(berlin(6, 8), 0)


def test_a_day_that_is_paused_as_a_whole_is_no_working_day():
    whole = (berlin(6, 9, 8), berlin(6, 9, 18))
    half = (berlin(6, 9, 8), berlin(6, 9, 12))
    assert OFFICE.add_working_days(berlin(6, 8, 10), 2, [whole]) == berlin(6, 11, 17)
    assert OFFICE.add_working_days(berlin(6, 8, 10), 2, [half]) == berlin(6, 10, 17)


# --- pauses ---


def test_pauses_that_overlap_are_counted_once():
    pauses = [(berlin(6, 8, 10), berlin(6, 8, 12)), (berlin(6, 8, 11), berlin(6, 8, 13))]
    assert OFFICE.worked(berlin(6, 8, 9), berlin(6, 8, 17), pauses) == 5 * H
    assert OFFICE.due(berlin(6, 8, 9), 2 * H, pauses) == berlin(6, 8, 14)


def test_while_a_pause_lasts_nothing_falls_due():
    open_end = [(berlin(6, 8, 10), None)]
    assert OFFICE.due(berlin(6, 8, 9), 2 * H, open_end) is None
    assert OFFICE.due(berlin(6, 8, 9), H, open_end) == berlin(6, 8, 10)
    assert OFFICE.worked(berlin(6, 8, 9), berlin(7, 8, 9), open_end) == H


# --- hours that change, a lead that changes teams ---


def test_hours_that_change_hold_from_their_day_on():
    short = WorkingHours("Europe/Berlin", tuple(Window(day, dt.time(9), dt.time(13)) for day in range(5)))
    changed = Schedule.always(OFFICE).then(berlin(6, 9), Schedule.always(short))
    assert changed.worked(berlin(6, 8), berlin(6, 10)) == 12 * H
    assert changed.due(berlin(6, 8, 16), 3 * H) == berlin(6, 9, 11)
    assert changed.at(berlin(6, 8, 23)) is OFFICE and changed.at(berlin(6, 9)) is short


def test_a_reassignment_keeps_the_time_and_switches_the_calendar():
    lisbon = Schedule.always(WorkingHours("Europe/Lisbon", WEEK))
    both = Schedule.always(OFFICE).then(berlin(6, 8, 11), lisbon)
    # Two hours in Berlin, then Lisbon, which closes at 18:00 Berlin time.
    assert both.worked(berlin(6, 8, 9), berlin(6, 8, 18)) == 9 * H
    assert both.due(berlin(6, 8, 9), 9 * H) == berlin(6, 8, 18)
    assert both.due(berlin(6, 8, 9), H) == berlin(6, 8, 10)


def test_a_schedule_needs_a_beginning_and_instants_a_zone():
    with pytest.raises(ValueError):
        Schedule(())
    with pytest.raises(ValueError):
        Schedule(((berlin(6, 8), OFFICE),))
    with pytest.raises(ValueError):
        OFFICE.worked(berlin(6, 8).replace(tzinfo=None), berlin(6, 9))
    with pytest.raises(ValueError):
        Window(0, dt.time(17), dt.time(9))


# --- what holds always ---

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "UTC")
FIRST = dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
instants = st.integers(0, 729 * 86_400).map(lambda seconds: FIRST + dt.timedelta(seconds=seconds))


@st.composite
def hours(draw):
    windows = []
    for day in draw(st.sets(st.integers(0, 6), min_size=1)):
        cuts = sorted(draw(st.sets(st.integers(0, 95), min_size=2, max_size=6)))
        times = [dt.time(cut // 4, cut % 4 * 15) for cut in cuts]
        windows += [Window(day, a, b) for a, b in zip(times[::2], times[1::2], strict=False)]
        if draw(st.booleans()):
            windows.append(Window(day, dt.time(23, 50), dt.time(0)))
    days = draw(st.sets(st.dates(dt.date(2017, 1, 1), dt.date(2018, 12, 31)), max_size=8))
    return WorkingHours(draw(st.sampled_from(ZONES)), tuple(windows), frozenset(days))


pauses = st.lists(st.tuples(instants, st.integers(1, 3 * 86_400)), max_size=4).map(
    lambda rows: [(at, at + dt.timedelta(seconds=long)) for at, long in rows]
)


@settings(max_examples=60, deadline=None)
@given(hours(), st.lists(instants, min_size=3, max_size=3).map(sorted), pauses)
@example(OFFICE, [berlin(3, 27, 16, 30), berlin(3, 29, 2), berlin(3, 30, 10, 15)], [])
def test_it_adds_up_and_never_exceeds_what_elapsed(clock, times, held):
    a, b, c = times
    assert clock.worked(a, b, held) + clock.worked(b, c, held) == clock.worked(a, c, held)
    assert dt.timedelta() <= clock.worked(a, c, held) <= clock.worked(a, c) <= c.astimezone(dt.UTC) - a.astimezone(dt.UTC)
    assert clock.worked(c, a) == dt.timedelta()


@settings(max_examples=60, deadline=None)
@given(hours(), instants, st.integers(1, 40 * 3600), pauses)
def test_exactly_the_promised_time_has_passed_when_it_falls_due(clock, start, seconds, held):
    target = dt.timedelta(seconds=seconds)
    due = clock.due(start, target, held)
    if due is None:
        assert clock.worked(start, start + dt.timedelta(days=731), held) < target
        return
    assert clock.worked(start, due, held) == target
    # Inside a window or at its end: the last second before it was working time.
    assert clock.worked(due - dt.timedelta(seconds=1), due) == dt.timedelta(seconds=1)


@settings(max_examples=60, deadline=None)
@given(hours(), hours(), st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_a_switch_of_calendars_keeps_adding_up(first, second, times):
    a, b, c = times
    both = Schedule.always(first).then(b, Schedule.always(second))
    assert both.worked(a, c) == first.worked(a, b) + second.worked(b, c)


@pytest.fixture
def server_zone():
    before = os.environ.get("TZ")

    def move(zone):
        os.environ["TZ"] = zone
        time.tzset()

    yield move
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_the_servers_zone_and_the_readers_change_nothing(server_zone):
    answers = set()
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "UTC"):
        server_zone(zone)
        seen = berlin(3, 27, 16, 30).astimezone(ZoneInfo(zone))
        answers.add((OFFICE.worked(seen, berlin(3, 30, 10, 15)), OFFICE.due(seen, 4 * H), OFFICE.add_working_days(seen, 5)))
    assert answers == {(minutes(105), berlin(3, 30, 12, 30), berlin(4, 3, 17))}
