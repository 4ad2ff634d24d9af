"""Working calendars: whose hours hold when, and that no day changes that promises were already measured by."""

import datetime as dt

import pytest

from accounts.models import ConsoleEvent
from core.errors import DomainError
from core.models import CompanyZone
from funnel import services
from funnel.business_time import Window
from funnel.models import Agreement, CalendarWindow, Holiday, WorkingCalendar
from funnel.queries import calendars_digest, working_hours, working_schedules

TODAY = dt.date(2026, 6, 10)  # a Wednesday
H = dt.timedelta(hours=1)
SHORT = [Window(day, dt.time(8), dt.time(12)) for day in range(4)]


@pytest.fixture
def team(people):
    return people["member"].memberships.get().team


@pytest.fixture
def signed(people, at):
    """Somebody signed the promises of the first version, which holds from the start of 2025."""
    version = Agreement.objects.get()
    services.sign(agreement=version, side="sales", user=people["sales_lead"], signed_at=at(1, 2, year=2025))


def set_hours(team=None, from_day=dt.date(2026, 6, 15), windows=SHORT, tz="Europe/Berlin"):
    return services.set_hours(team=team, from_day=from_day, tz=tz, windows=windows, today=TODAY, actor=None)


def add(*days, team=None):
    return services.add_holidays(team=team, days=[(day, "") for day in days], today=TODAY, actor=None)


def test_a_company_without_a_calendar_works_from_nine_to_five_in_its_zone(company, at):
    hours = working_hours(team_id=None)
    assert hours.worked(at(6, 8, 0), at(6, 15, 0)) == 40 * H
    assert hours.due(at(6, 5, 14, 30), 4 * H) == at(6, 8, 10, 30)  # Fri 16:30 to Mon 12:30 in Berlin


def test_the_usual_hours_follow_the_companys_zone(company, at):
    CompanyZone.objects.create(from_day=dt.date(2026, 6, 10), tz="America/New_York")
    hours = working_hours(team_id=None)
    assert hours.due(at(6, 9, 4), H) == at(6, 9, 8)
    assert hours.due(at(6, 10, 4), H) == at(6, 10, 14)


def test_a_team_has_the_companys_hours_until_its_own_begin(team, at):
    set_hours(team)
    own, company = (working_hours(team_id=key) for key in (team.id, None))
    assert own.worked(at(6, 8, 0), at(6, 13, 0)) == company.worked(at(6, 8, 0), at(6, 13, 0)) == 40 * H
    assert own.worked(at(6, 15, 0), at(6, 22, 0)) == 16 * H
    assert company.worked(at(6, 15, 0), at(6, 22, 0)) == 40 * H


def test_a_teams_hours_are_of_its_own_zone(team, at):
    set_hours(team, tz="America/New_York")
    assert working_hours(team_id=team.id).due(at(6, 16, 0), H) == at(6, 16, 13)


def test_a_holiday_of_the_company_holds_for_teams_without_hours_of_their_own(team, at):
    add(dt.date(2026, 6, 11))
    assert working_hours(team_id=team.id).due(at(6, 10, 15), H) == at(6, 12, 8)


def test_a_teams_own_calendar_takes_the_coming_holidays_along_and_then_goes_its_own_way(team):
    add(dt.date(2026, 6, 12), dt.date(2026, 6, 16), dt.date(2026, 12, 25))
    set_hours(team)
    own = Holiday.objects.filter(team=team)
    assert [h.day for h in own.order_by("day")] == [dt.date(2026, 6, 16), dt.date(2026, 12, 25)]
    add(dt.date(2026, 6, 17))
    assert own.count() == 2
    # Later hours do not copy once more.
    services.remove_holiday(holiday=own.get(day=dt.date(2026, 6, 16)), today=TODAY, actor=None)
    set_hours(team, from_day=dt.date(2026, 7, 1))
    assert own.count() == 1


def test_holidays_are_added_once(company):
    assert len(add(dt.date(2026, 12, 25), dt.date(2026, 12, 26))) == 2
    assert add(dt.date(2026, 12, 25)) == []


def test_before_anybody_signed_a_promise_past_days_may_be_put_right(company, at):
    set_hours(from_day=dt.date(2025, 1, 1))
    add(dt.date(2026, 6, 9), TODAY)
    assert working_hours(team_id=None).worked(at(6, 8, 0), at(6, 13, 0)) == 8 * H


def test_a_day_that_promises_were_measured_by_keeps_its_hours(company, signed):
    for day in (TODAY, dt.date(2025, 1, 1)):
        with pytest.raises(DomainError, match="has begun as it was agreed"):
            add(dt.date(2026, 12, 25), day)
        with pytest.raises(DomainError, match="Choose tomorrow or later"):
            set_hours(from_day=day)
    assert not Holiday.objects.exists() and not WorkingCalendar.objects.exists()
    # Nobody promised anything then, and tomorrow has not begun.
    assert len(add(dt.date(2024, 12, 25), dt.date(2026, 6, 11))) == 2
    assert set_hours(from_day=dt.date(2026, 6, 11))


def test_what_has_begun_is_not_taken_back(company, signed):
    began = WorkingCalendar.objects.create(from_day=TODAY, tz="UTC")
    holiday = Holiday.objects.create(day=TODAY)
    with pytest.raises(DomainError):
        services.drop_hours(calendar=began, today=TODAY, actor=None)
    with pytest.raises(DomainError):
        services.remove_holiday(holiday=holiday, today=TODAY, actor=None)
    services.drop_hours(calendar=set_hours(), today=TODAY, actor=None)
    assert list(WorkingCalendar.objects.all()) == [began]


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        ([], "at least one day"),
        ([Window(0, dt.time(9), dt.time(12)), Window(0, dt.time(11), dt.time(17))], "overlap"),
        ([Window(0, dt.time(9), dt.time(0)), Window(0, dt.time(11), dt.time(17))], "overlap"),
    ],
)
def test_hours_that_make_no_sense_are_refused(company, windows, words):
    with pytest.raises(DomainError, match=words):
        set_hours(windows=windows)
    assert not CalendarWindow.objects.exists()


def test_hours_of_the_same_day_replace_each_other(company):
    set_hours()
    set_hours(windows=[Window(0, dt.time(9), dt.time(0))])
    assert [(w.weekday, w.closes) for w in CalendarWindow.objects.all()] == [(0, dt.time(0))]


def test_every_change_is_in_the_history_and_changes_the_digest(team):
    seen = [calendars_digest()]
    for change in (
        lambda: set_hours(team),
        lambda: add(dt.date(2026, 12, 25), team=team),
        lambda: set_hours(team, windows=SHORT[:2]),
        lambda: services.remove_holiday(holiday=Holiday.objects.get(), today=TODAY, actor=None),
        lambda: services.drop_hours(calendar=WorkingCalendar.objects.get(), today=TODAY, actor=None),
    ):
        events = ConsoleEvent.objects.count()
        change()
        assert ConsoleEvent.objects.count() == events + 1
        seen.append(calendars_digest())
    # The last change takes everything back.
    assert len(set(seen)) == 5 and seen[0] == seen[-1]


def test_many_teams_cost_as_many_queries_as_one(team, django_assert_num_queries):
    set_hours(team)
    set_hours()
    with django_assert_num_queries(4):
        working_schedules([None])
    with django_assert_num_queries(4):
        assert set(working_schedules([None, team.id, 99])) == {None, team.id, 99}
