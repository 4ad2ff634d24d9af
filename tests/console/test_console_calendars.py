"""The calendars' page: whose hours, from when, which days off, and when something would be due."""

import datetime as dt

import pytest

from funnel.models import CalendarWindow, Holiday, WorkingCalendar

FAR = dt.date(2090, 1, 2)  # a Monday no test run reaches
WEEK = {f"day{n}": "9:00-12:00, 13-17.30" for n in range(5)} | {"day5": "", "day6": "22:00–24:00"}


@pytest.fixture
def admin(as_):
    return as_("administrator")


@pytest.fixture
def team(people):
    return people["member"].memberships.get().team


def page(client, query=""):
    return " ".join(client.get(f"/console/calendars/{query}").content.decode().split())


def hours(client, **changed):
    data = WEEK | {"from_day": str(FAR), "tz": "Europe/Lisbon", "team": ""}
    return client.post("/console/calendars/hours/", data | changed)


def test_everybody_reads_the_usual_hours_and_nobody_but_administrators_changes_them(as_):
    for who in ("viewer", "sales_lead", "funnel_owner"):
        client = as_(who)
        text = page(client)
        assert "09:00–17:00" in text and "these are the usual hours" in text and "Change the hours" not in text
        assert hours(client).status_code == 403
        assert client.post("/console/calendars/holidays/", {"day": str(FAR)}).status_code == 403
    assert not WorkingCalendar.objects.exists() and not Holiday.objects.exists()


@pytest.mark.parametrize(
    ("entry", "length", "due"),
    [
        ("2026-03-27T16:30", "4", "An entry Fri 27 Mar, 16:30 + 4 h is due Mon 30 Mar, 12:30"),
        ("2026-10-23T16:30", "4", "is due Mon 26 Oct, 12:30"),
        ("2026-06-07T02:00", "1.5", "An entry Sun 7 Jun, 02:00 + 1.5 h is due Mon 8 Jun, 10:30"),
        ("2026-06-05T16:00", "1", "is due Fri 5 Jun, 17:00"),
    ],
)
def test_the_preview_says_when_it_is_due(admin, entry, length, due):
    assert due in page(admin, f"?entry={entry}&hours={length}")


def test_the_preview_without_a_question_shows_the_next_friday(admin):
    text = page(admin)
    assert "An entry Fri" in text and "16:30 + 4 h is due Mon" in text and "12:30" in text


def test_a_question_that_cannot_be_answered_says_why(admin):
    assert "Enter a valid date/time" in page(admin, "?entry=soon&hours=4")
    assert admin.get("/console/calendars/?team=99999").status_code == 404
    assert admin.get("/console/calendars/?team=x").status_code == 404


def test_a_team_gets_hours_of_its_own_from_a_day_on(admin, team):
    assert "Sales works the company's hours" in page(admin, f"?team={team.pk}")
    assert hours(admin, team=team.pk).url.endswith(f"?team={team.pk}")
    row = WorkingCalendar.objects.get()
    assert (row.team, row.from_day, row.tz) == (team, FAR, "Europe/Lisbon")
    windows = CalendarWindow.objects.filter(weekday=0).values_list("opens", "closes")
    assert list(windows.order_by("opens")) == [(dt.time(9), dt.time(12)), (dt.time(13), dt.time(17, 30))]
    assert CalendarWindow.objects.get(weekday=6).closes == dt.time()
    text = page(admin, f"?team={team.pk}")
    assert "From 2 Jan 2090" in text and "Sunday 22:00–24:00" in text
    admin.post(f"/console/calendars/hours/{row.pk}/drop/")
    assert not WorkingCalendar.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"day0": "9 to five"}, "is no time span. Write it as 9:00–17:00."),
        ({"day0": "17:00-9:00"}, "ends before it begins. For a night"),
        ({"day0": "9:00-25:00"}, "25:00 is no time of day."),
        ({"day0": "9-12, 11-17"}, "Two times of one day overlap."),
        ({f"day{n}": "" for n in range(7)}, "Give at least one day working hours"),
        ({"tz": "Berlin"}, "Select a valid choice"),
    ],
)
def test_hours_that_make_no_sense_stay_and_say_why(admin, changed, words):
    answer = hours(admin, **changed)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not WorkingCalendar.objects.exists()


def test_holidays_are_added_one_by_one_or_pasted(admin):
    admin.post("/console/calendars/holidays/", {"day": "2090-05-01", "name": "Labour Day"})
    pasted = "2090-12-25\tChristmas Day\n26.12.2090; Boxing Day\n\n2090-5-1 twice"
    assert admin.post("/console/calendars/holidays/", {"pasted": pasted}).status_code == 302
    assert list(Holiday.objects.order_by("day").values_list("day", "name")) == [
        (dt.date(2090, 5, 1), "Labour Day"),
        (dt.date(2090, 12, 25), "Christmas Day"),
        (dt.date(2090, 12, 26), "Boxing Day"),
    ]
    assert "Mon 25 Dec 2090" in page(admin) or "25 Dec 2090" in page(admin)
    admin.post(f"/console/calendars/holidays/{Holiday.objects.get(name='Boxing Day').pk}/remove/")
    assert Holiday.objects.count() == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose a day or paste a list."),
        ({"pasted": "12/25/2090 Christmas"}, "does not begin with a day such as 2026-12-25"),
        ({"pasted": "2090-12-25 Christmas\n2090-02-30 never"}, "2090-02-30 never"),
    ],
)
def test_a_list_that_cannot_be_read_adds_nothing(admin, data, words):
    answer = admin.post("/console/calendars/holidays/", data)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not Holiday.objects.exists()


def test_a_holiday_moves_the_preview(admin):
    admin.post("/console/calendars/holidays/", {"day": "2090-01-09"})
    assert "is due Tue 10 Jan, 12:30" in page(admin, "?entry=2090-01-06T16:30&hours=4")
