"""The charter: who is there for what, from which day on; ride-alongs planned and done; previews of campaigns."""

import datetime as dt

import pytest

from campaigns import services as campaigns
from core.errors import DomainError
from reviews.charter_queries import charter
from reviews.models import CharterLine, RideAlong
from reviews.services import finish_ride, plan_ride, write_line
from tests.reviews.raising import NOW
from tests.reviews.safe_room import review_of

PAGE = "/review/charter/"
TODAY = dt.date(2026, 5, 20)


@pytest.fixture
def write(people):
    def line(subject: str, *, who: str = "", words: str = "", days: int = 0, actor: str = "funnel_owner") -> CharterLine:
        from_day = TODAY + dt.timedelta(days=days)
        person = people[who] if who else None
        return write_line(subject=subject, person=person, words=words, from_day=from_day, actor=people[actor], now=NOW)

    return line


@pytest.fixture
def ride(people) -> RideAlong:
    return plan_ride(
        marketer=people["colleague"], seller=people["member"], what="Visit to a dairy",
        planned_for=dt.date(2026, 5, 27), actor=people["colleague"], now=NOW,
    )  # fmt: skip


def line_of(subject: str):
    found = charter(None, TODAY)
    return next(line for line in (*found.people, *found.words) if line.subject == subject)


def test_a_line_holds_from_its_day_and_what_held_before_stays_readable(write):
    write("cadence", words="Every two weeks.", days=-90)
    write("cadence", words="Every week.", days=-30)
    write("cadence", words="Every day.", days=10)
    line = line_of("cadence")
    assert (line.now.words, [row.words for row in line.before], [row.words for row in line.coming]) == (
        "Every week.", ["Every two weeks."], ["Every day."],
    )  # fmt: skip


def test_of_two_lines_of_one_day_the_one_written_last_holds(write):
    write("content", who="colleague")
    write("content", who="marketing_lead")
    assert line_of("content").now.person.name == "Marketing Lead"


def test_writing_the_same_again_adds_nothing(write):
    write("cadence", words="Every week.")
    write("cadence", words="Every week.")
    assert CharterLine.objects.count() == 1


def test_the_point_person_for_content_is_of_marketing(write):
    with pytest.raises(DomainError) as refused:
        write("content", who="member")
    assert refused.value.field == "person"
    assert refused.value.message == "Member works in no team of marketing."


@pytest.mark.parametrize(
    ("who", "subject", "status"),
    [
        ("marketing_lead", "incentives_marketing", 302),
        ("sales_lead", "incentives_marketing", 403),
        ("marketing_lead", "cadence", 403),
        ("funnel_owner", "cadence", 302),
        ("member", "incentives_sales", 403),
    ],
)
def test_the_lead_of_a_side_writes_its_lines_and_the_funnel_owner_all(browser, who, subject, status):
    typed = {"words": "The gross profit of the company.", "from_day": "2026-06-01"}
    assert browser(who).post(f"{PAGE}{subject}/", typed).status_code == status


def test_the_page_names_what_is_not_written_yet(write, browser):
    before = browser("viewer").get(PAGE).content.decode()
    write("content", who="colleague")
    after = browser("viewer").get(PAGE).content.decode()
    assert "7 of 7 lines are not written yet" in " ".join(before.split())
    assert "6 of 7 lines are not written yet" in " ".join(after.split())


def test_a_ride_along_is_planned_and_what_was_learned_is_read_by_all(ride, browser):
    planned = browser("viewer").get(PAGE).content.decode()
    browser("colleague").post(f"/review/ride-alongs/{ride.pk}/done/", {"learned": "They buy uptime, not pumps."})
    done = browser("viewer").get(PAGE).content.decode()
    assert "1 ride-along planned" in " ".join(planned.split())
    assert "They buy uptime, not pumps." in done
    assert RideAlong.objects.get().done_on == TODAY


def test_what_nobody_learned_is_not_logged(ride, people, browser):
    answer = browser("colleague").post(f"/review/ride-alongs/{ride.pk}/done/", {"learned": ""})
    assert answer.status_code == 422
    with pytest.raises(DomainError):
        finish_ride(ride=ride, learned="", actor=people["colleague"], now=NOW)


def test_a_ride_along_that_was_called_off_is_neither_planned_nor_done(ride, browser):
    browser("member").post(f"/review/ride-alongs/{ride.pk}/off/")
    found = charter(None, TODAY)
    assert (found.planned, found.done) == ([], [])
    again = browser("member").post(f"/review/ride-alongs/{ride.pk}/off/", follow=True)
    assert "has been said meanwhile" in again.content.decode()


def test_only_the_two_people_and_the_funnel_owner_say_what_became_of_it(ride, browser):
    assert browser("marketing_lead").post(f"/review/ride-alongs/{ride.pk}/off/").status_code == 403
    assert browser("funnel_owner").post(f"/review/ride-alongs/{ride.pk}/off/").status_code == 302


def test_two_people_of_one_side_are_no_ride_along(people):
    with pytest.raises(DomainError) as refused:
        plan_ride(
            marketer=people["colleague"], seller=people["marketing_lead"], what="A visit", planned_for=TODAY,
            actor=people["colleague"], now=NOW,
        )  # fmt: skip
    assert refused.value.field == "seller"


def test_campaigns_that_start_soon_stand_there_with_what_sales_said(people, browser):
    soon = campaigns.plan_campaign(name="Spring fair", starts_on=TODAY + dt.timedelta(days=20), actor=people["colleague"])
    campaigns.plan_campaign(name="Far away", starts_on=TODAY + dt.timedelta(days=90), actor=people["colleague"])
    before = browser("viewer").get(PAGE).content.decode()
    campaigns.respond_to_preview(campaign=soon, kind="seen", text="", version=1, actor=people["member"], now=NOW)
    after = browser("viewer").get(PAGE).content.decode()
    assert ("Spring fair" in before, "Far away" in before, "no preview asked for" in before) == (True, False, True)
    assert "seen by sales" in after


def test_the_review_shows_the_charter_on_every_screen(write, people, browser):
    write("content", who="colleague")
    review = review_of(people)
    for screen in ("wall", "steer", "phone"):
        part = browser("funnel_owner").get(f"/review/{review.pk}/part/charter/?screen={screen}").content.decode()
        assert ("Colleague" in part, "nobody named" in part) == (True, True)
