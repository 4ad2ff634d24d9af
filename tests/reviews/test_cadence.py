"""A series says when both teams meet; the worker plans each meeting once, and both teams facilitate in turn."""

import datetime as dt

import pytest
from icalendar import Calendar

from accounts import services as accounts
from accounts.models import Absence
from core.errors import DomainError
from core.models import OutgoingMessage, TaskFailure
from reviews import services
from reviews.cadence import slots
from reviews.models import Review, ReviewSeries
from reviews.queries import coming_reviews, next_review
from reviews.services import Settings

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
SUNDAY = MONDAY - dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)


def settings(**more) -> Settings:
    usual = {
        "name": "Weekly review", "cadence": "weekly", "weekday": 0, "week_of_month": 1, "at": dt.time(10),
        "zone": "Europe/Berlin", "minutes": 50, "freeze_minutes": 180,
    }  # fmt: skip
    return Settings(**(usual | more))


@pytest.fixture
def series(people):
    """Every Monday at 10:00 in Berlin, since Saturday."""
    return change(None, people, now=MONDAY - dt.timedelta(days=2))


def change(
    series: ReviewSeries | None, people, *, member: str = "member", now: dt.datetime = SUNDAY, **more
) -> ReviewSeries:
    """Both leads and a marketer take turns; `member` is invited, too."""
    turns = [people["marketing_lead"], people["sales_lead"], people["colleague"]]
    return services.set_series(
        series=series, settings=settings(**more), members=[people[member]], facilitators=turns, now=now
    )


def starts(**more) -> list[str]:
    found = ReviewSeries(**vars(settings(**more)))
    return [slot.starts_at.isoformat() for slot in slots(found, MONDAY, MONDAY + 6 * WEEK)]


def texts(review: Review) -> dict[str, Calendar]:
    """The newest calendar file of each address."""
    rows = OutgoingMessage.objects.filter(key__startswith=f"review:{review.pk}:").order_by("id")
    return {row.to: Calendar.from_ical(row.calendar) for row in rows}


# --- when -------------------------------------------------------------------------------------------------------------


def test_a_change_of_clocks_moves_no_meeting_on_the_wall():
    found = starts()
    assert found[:5] == [
        "2026-03-02T09:00:00+00:00", "2026-03-09T09:00:00+00:00", "2026-03-16T09:00:00+00:00",
        "2026-03-23T09:00:00+00:00", "2026-03-30T08:00:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(("week", "days"), [(1, ["2026-03-05", "2026-04-02"]), (3, ["2026-03-19"]), (5, ["2026-03-26"])])
def test_a_monthly_series_meets_on_the_first_third_or_last_such_weekday(week, days):
    found = starts(cadence="monthly", weekday=3, week_of_month=week)
    assert [text[:10] for text in found] == days


def test_the_worker_plans_a_week_ahead_and_twice_makes_one(series):
    assert services.plan_due(now=MONDAY) == 2
    assert services.plan_due(now=MONDAY) == 0
    first, second = coming_reviews(MONDAY)
    assert (first.starts_at, first.freeze_at) == (MONDAY + dt.timedelta(hours=1), MONDAY - dt.timedelta(hours=2))
    assert second.starts_at - first.starts_at == WEEK


def test_a_series_that_can_t_be_planned_keeps_no_other_waiting(series, people):
    other = change(None, people, name="Second review", at=dt.time(14))
    ReviewSeries.objects.filter(pk=series.pk).update(zone="Europe/Atlantis")  # a name that the system no longer knows
    services.prepare_due(now=SUNDAY)
    assert set(Review.objects.values_list("series", flat=True)) == {other.pk}
    assert TaskFailure.objects.get().task == "reviews.tasks.prepare_reviews", "the health page tells"


def test_an_invitation_that_can_t_be_written_keeps_no_other_waiting(series, people):
    other = change(None, people, name="Second review", at=dt.time(14))
    services.plan_due(now=SUNDAY)
    ReviewSeries.objects.filter(pk=series.pk).update(zone="Europe/Atlantis")
    services.prepare_due(now=SUNDAY)
    written = Review.objects.filter(participants__invited_sequence__isnull=False)
    assert set(written.values_list("series", flat=True)) == {other.pk}


def test_a_series_has_no_meetings_before_it_was_set_up(people):
    evening = MONDAY + dt.timedelta(hours=9)
    services.set_series(series=None, settings=settings(), members=[], facilitators=[people["sales_lead"]], now=evening)
    services.plan_due(now=evening)
    assert [review.starts_at.day for review in Review.objects.all()] == [9]


def test_what_was_missed_for_less_than_a_day_is_made_up_and_no_older_one(series):
    services.plan_due(now=MONDAY + 2 * WEEK + dt.timedelta(hours=9))
    assert [review.starts_at.day for review in Review.objects.order_by("starts_at")] == [16, 23]


def test_the_one_that_runs_or_comes_next_is_the_next_review(series):
    services.plan_due(now=MONDAY)
    first, second = coming_reviews(MONDAY)
    assert next_review(MONDAY) == first
    assert next_review(MONDAY + dt.timedelta(hours=2)) == second
    Review.objects.filter(pk=first.pk).update(state="running")
    assert next_review(MONDAY + dt.timedelta(hours=2)) == first


# --- who --------------------------------------------------------------------------------------------------------------


def facilitators(weeks: int) -> list[str]:
    for week in range(weeks):
        services.plan_due(now=MONDAY + week * WEEK)
    return [review.facilitator.name for review in Review.objects.order_by("starts_at")]


def test_the_facilitator_alternates_between_the_teams_and_within_a_team_it_is_who_waited_longest(series):
    assert facilitators(4) == ["Colleague", "Sales Lead", "Marketing Lead", "Sales Lead", "Colleague"]


def test_who_is_away_that_day_is_passed_over(series, people):
    Absence.objects.create(user=people["sales_lead"], from_day=dt.date(2026, 3, 9), to_day=dt.date(2026, 3, 9))
    assert facilitators(1) == ["Colleague", "Marketing Lead"]


def test_who_is_away_is_asked_of_the_day_on_the_wall(people):
    """Half past midnight in Berlin is still Sunday by Greenwich."""
    change(None, people, now=MONDAY - dt.timedelta(days=2), at=dt.time(0, 30))
    Absence.objects.create(user=people["sales_lead"], from_day=dt.date(2026, 3, 9), to_day=dt.date(2026, 3, 9))
    assert facilitators(1) == ["Colleague", "Marketing Lead"]


def test_without_anybody_who_takes_turns_it_is_the_funnel_owner(series):
    series.memberships.update(can_facilitate=False)
    assert facilitators(1) == ["Funnel Owner", "Funnel Owner"]


def test_each_participant_stands_for_the_side_of_their_team(series):
    services.plan_due(now=MONDAY)
    rows = Review.objects.order_by("starts_at").first().participants.order_by("user__name")
    assert [(row.user.name, row.side) for row in rows] == [
        ("Colleague", "marketing"), ("Marketing Lead", "marketing"), ("Member", "sales"), ("Sales Lead", "sales"),
    ]  # fmt: skip


def test_a_series_needs_somebody_who_facilitates(people):
    with pytest.raises(DomainError) as refused:
        services.set_series(series=None, settings=settings(), members=[people["member"]], facilitators=[], now=MONDAY)
    assert refused.value.code == "facilitator_missing"


def test_a_meeting_can_be_handed_to_somebody_who_is_invited_and_to_nobody_else(series, people):
    services.plan_due(now=MONDAY)
    review = next_review(MONDAY)
    services.hand_over(review=review, facilitator=people["member"])
    assert Review.objects.get(pk=review.pk).facilitator == people["member"]
    with pytest.raises(DomainError) as refused:
        services.hand_over(review=review, facilitator=people["viewer"])
    assert refused.value.code == "not_invited"


# --- invitations ------------------------------------------------------------------------------------------------------


@pytest.fixture
def invited(series):
    services.plan_due(now=SUNDAY)
    services.invite_due(now=SUNDAY)
    return Review.objects.order_by("starts_at").first()


def test_everybody_is_written_once_with_a_calendar_file_and_the_link(invited, settings_with_address):
    assert services.invite_due(now=SUNDAY) == 0
    rows = OutgoingMessage.objects.filter(key__startswith=f"review:{invited.pk}:")
    assert sorted(row.to for row in rows) == sorted(
        f"{who}@example.com" for who in ("colleague", "marketing_lead", "member", "sales_lead")
    )
    file = texts(invited)["member@example.com"]
    event = file.walk("VEVENT")[0]
    assert file["method"] == "REQUEST"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (
        MONDAY + dt.timedelta(hours=1),
        MONDAY + dt.timedelta(hours=1, minutes=50),
    )
    assert (event["sequence"], event["status"], str(event["summary"])) == (0, "CONFIRMED", "Weekly review")
    assert event["url"] == f"https://tandem.example/review/{invited.pk}/"
    assert event["attendee"] == "MAILTO:member@example.com"
    assert f"https://tandem.example/review/{invited.pk}/" in rows.get(to="member@example.com").text


@pytest.fixture
def settings_with_address(settings):
    settings.SITE_URL = "https://tandem.example"


@pytest.fixture(autouse=True)
def address(settings_with_address):
    """Before anything is written: links need an address."""


def test_a_new_time_updates_the_same_entry_with_a_higher_sequence(series, invited, people):
    before = texts(invited)["member@example.com"].walk("VEVENT")[0]
    change(series, people, member="member", at=dt.time(14))
    after = texts(invited)["member@example.com"].walk("VEVENT")[0]
    assert (after["uid"], after["sequence"]) == (before["uid"], 1)
    assert after.decoded("dtstart") == MONDAY + dt.timedelta(hours=5)
    invited.refresh_from_db()
    assert invited.freeze_at == MONDAY + dt.timedelta(hours=2)
    newest = OutgoingMessage.objects.filter(to="member@example.com", key__startswith=f"review:{invited.pk}:").last()
    assert newest.subject.startswith("Changed: Weekly review")


def test_saving_a_series_as_it_was_writes_to_nobody(series, invited, people):
    number = OutgoingMessage.objects.count()
    change(series, people, member="member")
    assert OutgoingMessage.objects.count() == number


def test_calling_a_meeting_off_cancels_the_entry_of_everybody_who_was_written(invited):
    services.call_off(review=invited, now=SUNDAY)
    for file in texts(invited).values():
        event = file.walk("VEVENT")[0]
        assert (file["method"], event["status"], event["sequence"]) == ("CANCEL", "CANCELLED", 1)
    assert next_review(MONDAY) is None
    assert services.plan_due(now=MONDAY) == 1  # next week's; this one is not planned anew
    assert next_review(MONDAY).starts_at.day == 9


def test_who_is_no_member_any_more_gets_a_cancellation_and_whoever_is_new_an_invitation(series, invited, people):
    change(series, people, member="viewer")
    found = {to: str(file["method"]) for to, file in texts(invited).items()}
    assert (found["member@example.com"], found["viewer@example.com"]) == ("CANCEL", "REQUEST")
    assert not invited.participants.filter(user=people["member"]).exists()


def test_one_meeting_moves_alone_and_its_freeze_moves_with_it(invited):
    services.move(review=invited, starts_at=MONDAY + dt.timedelta(days=1), now=SUNDAY)
    invited.refresh_from_db()
    assert (invited.starts_at, invited.freeze_at) == (
        MONDAY + dt.timedelta(days=1),
        MONDAY + dt.timedelta(hours=21),
    )
    assert invited.calendar_sequence == 1
    services.plan_due(now=MONDAY)
    assert [review.starts_at.day for review in Review.objects.order_by("starts_at")] == [3, 9]


def test_a_pause_calls_off_what_is_planned_and_the_series_can_be_taken_up_again(series, invited):
    before = SUNDAY
    services.set_active(series=series, active=False, now=before)
    assert next_review(before) is None
    assert services.plan_due(now=before) == 0
    services.set_active(series=series, active=True, now=before)
    assert next_review(before) == invited
    assert texts(invited)["member@example.com"].walk("VEVENT")[0]["sequence"] == 2


def test_somebody_who_left_is_not_invited(series, people):
    accounts.deactivate_person(user=people["member"], today=MONDAY.date(), actor=None)
    services.plan_due(now=MONDAY)
    assert not next_review(MONDAY).participants.filter(user=people["member"]).exists()
