"""The review's start page, the pages where the funnel owner sets the rhythm, and the pages of a week's frozen numbers."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import OutgoingMessage
from metrics.series import current
from reviews import services
from reviews.models import FrozenChange, FrozenNumber, Review, ReviewParticipant, ReviewSeries
from tests.metrics.promising import sign
from tests.reviews.raising import NOW

pytestmark = pytest.mark.django_db

TYPED = {
    "name": "Weekly review", "cadence": "weekly", "weekday": "4", "week_of_month": "1", "at": "10:00",
    "zone": "Europe/Berlin", "minutes": "50", "freeze_minutes": "180",
}  # fmt: skip
FRIDAY = dt.datetime(2026, 5, 22, 8, tzinfo=dt.UTC)


@pytest.fixture
def save(browser, people):
    """`save()`: the funnel owner sets up a series on Fridays in which both leads take turns."""

    def post(address: str = "/review/series/new/", who: str = "funnel_owner", **typed):
        turns = [people["marketing_lead"].pk, people["sales_lead"].pk]
        data = TYPED | {"facilitators": turns, "members": [people["member"].pk]} | typed
        return browser(who).post(address, data)

    return post


@pytest.fixture
def planned(save) -> Review:
    save()
    services.prepare_due(now=NOW)
    return Review.objects.get(starts_at=FRIDAY)


@pytest.fixture
def prepared(planned, wins) -> Review:
    sign({"key": "M1", "volume": 4}, {"key": "S1", "share": 9_000, "seconds": 8 * 3600})
    snapshot = current()
    Review.objects.filter(pk=planned.pk).update(freeze_at=NOW)
    planned.refresh_from_db()
    services.freeze(review=planned, now=NOW, facts=snapshot, before=snapshot, since=NOW - dt.timedelta(days=7))
    return planned


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_before_anything_is_set_up_the_page_says_what_a_review_is_and_who_sets_it_up(browser):
    assert "No review is set up yet" in text_of(browser("member").get("/review/"))
    assert "Funnel Owner sets it up" in text_of(browser("member").get("/review/"))
    assert 'href="/review/series/new/"' in text_of(browser("funnel_owner").get("/review/"))


def test_the_funnel_owner_sets_up_a_series_and_the_worker_plans_and_invites(save, people):
    assert save().status_code == 302
    found = ReviewSeries.objects.get()
    assert (found.weekday, found.at, found.zone, found.freeze_minutes) == (4, dt.time(10), "Europe/Berlin", 180)
    turns = found.memberships.order_by("user__name").values_list("user__name", "can_facilitate")
    assert list(turns) == [("Marketing Lead", True), ("Member", False), ("Sales Lead", True)]
    services.prepare_due(now=NOW)
    assert Review.objects.get(starts_at=FRIDAY).facilitator == people["marketing_lead"]
    assert OutgoingMessage.objects.filter(kind="Invitation to a review").count() == 3


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"facilitators": []}, "Name at least one person who facilitates."),
        ({"name": ""}, "Name: This field is required."),
        ({"minutes": "3"}, "Minutes: Ensure this value is greater than or equal to 10."),
        ({"zone": "Berlin"}, "Time zone: Select a valid choice."),
    ],
)
def test_a_series_that_can_t_be_is_refused_and_what_was_typed_stays(save, typed, words):
    response = save(**typed)
    assert response.status_code == 422
    assert words in text_of(response)
    assert not ReviewSeries.objects.exists()


def test_a_second_series_needs_a_name_of_its_own(save):
    save()
    assert "There is a series of this name." in text_of(save())
    assert save(name="All hands", cadence="monthly").status_code == 302


def test_only_the_funnel_owner_and_the_administrator_set_the_rhythm(save):
    assert save(who="sales_lead").status_code == 403
    assert save(who="administrator").status_code == 302


def test_the_next_review_says_when_the_numbers_are_frozen_and_who_facilitates(planned, browser):
    page = text_of(browser("member").get("/review/"))
    assert "Week 21, Fri 22 May 10:00" in page
    assert "The numbers are frozen Fri 22 May 07:00" in page
    assert "<dd>Marketing Lead</dd>" in page


def test_a_prepared_review_says_how_many_numbers_are_off_plan(prepared, browser):
    page = text_of(browser("member").get("/review/"))
    assert "Prepared" in page
    assert f'href="/review/{prepared.pk}/numbers/"' in page


def test_a_meeting_is_moved_handed_over_and_called_off(planned, browser, people):
    owner = browser("funnel_owner")
    owner.post(f"/review/{planned.pk}/move/", {"day": "2026-05-25", "at": "11:00"})
    owner.post(f"/review/{planned.pk}/facilitator/", {"facilitator": people["sales_lead"].pk})
    planned.refresh_from_db()
    assert (planned.starts_at, planned.facilitator) == (dt.datetime(2026, 5, 25, 9, tzinfo=dt.UTC), people["sales_lead"])
    owner.post(f"/review/{planned.pk}/call-off/")
    planned.refresh_from_db()
    assert planned.state == "cancelled"
    assert "does not take place" in text_of(browser("member").get(f"/review/{planned.pk}/"))


def test_a_meeting_can_t_be_moved_into_the_past(planned, browser):
    response = browser("funnel_owner").post(f"/review/{planned.pk}/move/", {"day": "2026-05-19", "at": "11:00"}, follow=True)
    assert "A review takes place in the future." in text_of(response)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_meeting_can_t_be_moved_to_a_day_without_an_instant(planned, browser, day):
    response = browser("funnel_owner").post(f"/review/{planned.pk}/move/", {"day": day, "at": "00:00"}, follow=True)
    assert "Give a day and a time" in text_of(response)


@pytest.mark.parametrize("typed", ["²", "9" * 5000])
def test_people_that_are_no_numbers_are_refused_like_any_choice(browser, typed):
    sent = {"members": typed, "facilitators": typed}
    assert browser("funnel_owner").post("/review/series/new/", sent).status_code == 422


def test_a_week_s_page_shows_its_frozen_numbers_promises_and_what_changed(prepared, browser):
    page = text_of(browser("viewer").get(f"/review/{prepared.pk}/numbers/"))
    number = FrozenNumber.objects.get(review=prepared, key="gross_profit")
    assert number.value == 120_00
    assert "€120" in page
    assert f'href="/review/numbers/{number.pk}/"' in page
    assert "What changed since the end of 12 May" in page
    assert "Promises</button> of both sides" in page


def test_a_frozen_number_shows_what_it_rests_on_and_the_deals_behind_it(prepared, browser):
    number = FrozenNumber.objects.get(review=prepared, key="gross_profit")
    page = text_of(browser("viewer").get(f"/review/numbers/{number.pk}/"))
    assert number.inputs_hash in page
    assert "2 deals behind it" in page
    assert page.count('href="/deals/') == 2


def test_a_box_opens_its_leads(prepared, browser):
    row = FrozenChange.objects.get(review=prepared, measure="leads", box="won")
    page = text_of(browser("viewer").get(f"/review/changes/{row.pk}/"))
    assert "Won: open leads" in page
    assert page.count('href="/leads/') >= 2


def test_a_review_that_is_not_prepared_says_so(planned, browser):
    assert "Nothing is frozen yet" in text_of(browser("viewer").get(f"/review/{planned.pk}/numbers/"))


@pytest.mark.parametrize(("address", "weeks", "state"), [("/review/", -1, "closed"), ("/review/series/", 1, "planned")])
def test_more_reviews_cost_no_more_queries(save, browser, address, weeks, state):
    save()
    series = ReviewSeries.objects.get()
    owner = browser("funnel_owner")

    def hold(number: int) -> None:
        start = FRIDAY + number * weeks * dt.timedelta(weeks=1)
        held = {"closed_at": start, "prepared_at": start} if state == "closed" else {}
        review = Review.objects.create(
            series=series, period=start.date() - dt.timedelta(days=4), starts_at=start, freeze_at=start, state=state,
            facilitator=series.memberships.first().user, **held,
        )  # fmt: skip
        for member in series.memberships.all():
            ReviewParticipant.objects.create(review=review, user=member.user)

    hold(1)
    owner.get(address)
    with CaptureQueriesContext(connection) as one:
        owner.get(address)
    hold(2)
    hold(3)
    with CaptureQueriesContext(connection) as three:
        owner.get(address)
    assert len(three) == len(one)
