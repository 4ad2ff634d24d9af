"""The three screens of a review and what they hand in, through the browser's door."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict
from reviews.models import GoodThing, Review, ReviewIssue, ReviewParticipant, RoomState
from reviews.panels import PANELS
from reviews.parts import STEPS
from reviews.room_queries import room_of
from reviews.services import drop_number, open_room, raise_number
from tests.reviews.room_people import STARTS, freeze, freeze_promise, ready_review

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def review(people):
    return ready_review(people)


@pytest.fixture
def running(review, people):
    open_room(review=review, actor=people["member"], now=STARTS)
    review.refresh_from_db()
    return review


def at(review, path: str = "") -> str:
    return f"/review/{review.pk}/{path}"


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


# --- before, during and after -----------------------------------------------------------------------------------------


def test_before_it_begins_every_screen_says_when_it_does(review, browser):
    for path, who in (("", "viewer"), ("wall/", "viewer"), ("steer/", "member")):
        shown = text(browser(who).get(at(review, path)))
        assert "Week 21 begins Mon 18 May 09:00" in shown, path
        assert 'data-seen="0"' in shown, path
    assert "Write a card" in text(browser("viewer").get(at(review)))


def test_a_planned_review_says_when_its_numbers_are_frozen_and_has_no_button_to_begin(review, browser):
    Review.objects.update(state=Review.State.PLANNED, prepared_at=None)
    shown = text(browser("member").get(at(review, "steer/")))
    assert "Its numbers are frozen Mon 18 May 06:00." in shown
    assert "Begin the review" not in shown


def test_the_facilitator_begins_and_everybody_sees_the_first_step(review, browser):
    assert browser("member").post(at(review, "steer/begin/")).url == at(review, "steer/")
    for path, who in (("", "viewer"), ("wall/", "viewer"), ("steer/", "member")):
        assert "One good thing per team" in text(browser(who).get(at(review, path))), path


def test_a_closed_review_leads_to_its_minutes(running, browser):
    Review.objects.update(state=Review.State.CLOSED, closed_at=STARTS)
    assert "Week 21 is closed" in text(browser("viewer").get(at(running, "wall/")))
    assert at(running, "minutes/") in text(browser("viewer").get(at(running)))


def test_whoever_may_not_steer_is_told_who_does(running, browser):
    answer = browser("sales_lead").get(at(running, "steer/"))
    assert (answer.status_code, "Member steers this review" in text(answer)) == (403, True)


@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_every_step_comes_on_every_screen(running, browser, step):
    assert step in PANELS
    for screen, who in (("wall", "viewer"), ("steer", "member"), ("phone", "viewer")):
        answer = browser(who).get(at(running, f"part/{step}/?screen={screen}"))
        assert (answer.status_code, "<h2" in text(answer), "<html" in text(answer)) == (200, True, False), screen


@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_nothing_is_clicked_on_the_wall(running, browser, step):
    freeze(running)
    freeze_promise(running, "S1", "sales", status="breached")
    shown = browser("member").get(at(running, f"part/{step}/?screen=wall")).content.decode()
    assert [mark for mark in ("<a ", "<form", "<button", "<input") if mark in shown] == []


# --- the remote -------------------------------------------------------------------------------------------------------


def press(client, review, act, version, **headers):
    return client.post(at(review, "steer/act/"), {"act": act, "version": version}, headers=headers)


def test_a_press_answers_a_script_with_where_the_room_is_now(running, browser):
    answer = press(browser("member"), running, "next", 1, Accept="application/json")
    told = answer.json()
    assert (answer.status_code, told["step"], told["version"], told["words"]) == (200, "numbers", 2, "")


def test_the_second_of_two_is_told_where_the_room_is_and_nothing_happens_twice(running, browser):
    press(browser("member"), running, "next", 1)
    answer = press(browser("colleague"), running, "next", 1, Accept="application/json")
    told = answer.json()
    assert (answer.status_code, told["step"], told["version"]) == (409, "numbers", 2)
    assert told["words"] == "The room has moved on meanwhile. This is where it is now."


def test_without_script_a_press_comes_back_to_the_remote(running, browser):
    assert press(browser("member"), running, "next", 1).url == at(running, "steer/")
    page = browser("member").post(at(running, "steer/act/"), {"act": "next", "version": 1}, follow=True)
    assert "The room has moved on meanwhile." in text(page)


@pytest.mark.parametrize("sent", [{}, {"act": "next"}, {"act": "next", "version": "x"}, {"act": "jump", "version": 1}])
def test_what_is_no_press_changes_nothing(running, browser, sent):
    answer = browser("member").post(at(running, "steer/act/"), sent, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["words"]) == (422, "The remote has no such button.")
    assert room_of(running).version == 1


# --- who came ---------------------------------------------------------------------------------------------------------


def test_an_invited_person_is_marked_as_here_once(running, browser, people):
    came = ReviewParticipant.objects.filter(review=running, came_at__isnull=False).values_list("user__email", flat=True)
    assert "I am here" in text(browser("viewer").get(at(running)))
    assert not came.exists()
    for who in ("viewer", "viewer", "sales_lead"):
        browser(who).post(at(running, "here/"))
    assert list(came) == ["viewer@example.com"]
    assert "I am here" not in text(browser("viewer").get(at(running)))


# --- check-in ---------------------------------------------------------------------------------------------------------


def say(client, review, side, sentence, **headers):
    return client.post(at(review, "good-thing/"), {"side": side, "sentence": sentence}, headers=headers)


def test_a_team_says_its_good_thing_and_the_wall_has_it(running, browser):
    say(browser("colleague"), running, "marketing", "  Eleven  requests\ncame. ")
    assert "Eleven requests came." in text(browser("viewer").get(at(running, "wall/")))
    assert room_of(running).content == 2


def test_the_last_word_counts_the_same_word_is_no_news_and_nothing_takes_it_back(running, browser):
    for sentence in ("One.", "Two.", "Two.", ""):
        say(browser("member"), running, "sales", sentence)
    assert list(GoodThing.objects.order_by("id").values_list("sentence", flat=True)) == ["One.", "Two.", ""]
    assert (room_of(running).content, "Sales says it in the room." in text(browser("viewer").get(at(running)))) == (4, True)


def test_nobody_speaks_for_the_other_team_but_the_facilitator(running, browser):
    assert say(browser("sales_lead"), running, "marketing", "Theirs.", **FRAGMENT).status_code == 403
    assert say(browser("viewer"), running, "sales", "Theirs.", **FRAGMENT).status_code == 403
    assert say(browser("member"), running, "marketing", "Ours.", **FRAGMENT).status_code == 200
    assert list(GoodThing.objects.values_list("sentence", flat=True)) == ["Ours."]


def test_a_good_thing_that_is_too_long_is_refused_in_words(running, browser):
    answer = say(browser("member"), running, "sales", "x" * 141)
    assert (answer.status_code, "A good thing is one sentence of 140 letters." in text(answer)) == (422, True)


# --- a number becomes an issue ----------------------------------------------------------------------------------------


def click(client, number, **sent):
    return client.post(at(number.review, f"numbers/{number.pk}/issue/"), {"screen": "steer"} | sent, headers=FRAGMENT)


def test_one_click_makes_an_issue_of_a_number_and_a_second_one_finds_it(running, browser):
    number = freeze(running)
    assert "To the issues" in text(browser("member").get(at(running, "part/numbers/?screen=steer")))
    assert "on the list" in text(click(browser("member"), number))
    click(browser("colleague"), number)
    issue = ReviewIssue.objects.get()
    assert (issue.number, issue.metric, issue.sentence) == (number, "won_deals", "Won deals: 8 of 12, off plan")
    assert "on the issues’ list" in text(browser("viewer").get(at(running, "part/numbers/?screen=wall")))
    assert room_of(running).content == 2


def test_two_stages_of_one_metric_are_two_issues(running, browser):
    for place, (key, label) in enumerate((("stage_inflow:mql", "Into MQL"), ("stage_inflow:sql", "Into SQL")), 1):
        click(browser("member"), freeze(running, key, position=place, label=label))
    assert ReviewIssue.objects.count() == 2


def test_a_number_is_taken_back_until_somebody_looks_into_it(running, browser, people):
    number = freeze(running)
    click(browser("member"), number)
    click(browser("member"), number, take_back="1")
    assert not ReviewIssue.objects.exists()
    click(browser("member"), number)
    ReviewIssue.objects.update(owner=people["member"])
    answer = click(browser("member"), number, take_back="1")
    assert (answer.status_code, "Somebody looks into this issue already" in text(answer)) == (409, True)


def test_only_what_is_off_plan_and_only_the_facilitator_makes_an_issue(running, browser):
    number = freeze(running, state="on")
    assert click(browser("member"), number).status_code == 422
    assert click(browser("viewer"), number).status_code == 403
    assert "To the issues" not in text(browser("viewer").get(at(running, "part/numbers/?screen=phone")))
    assert not ReviewIssue.objects.exists()


def test_a_missed_promise_becomes_an_issue_too(running, browser):
    promise = freeze_promise(running, "S1", "sales", status="breached")
    assert "Promises</button> of both sides" in text(click(browser("member"), promise))
    assert ReviewIssue.objects.get().sentence == "Promise S1: 70% of 80%, off plan"


def test_after_the_close_the_list_stays_as_it_is(running):
    number = freeze(running)
    issue = raise_number(number=number)
    Review.objects.update(state=Review.State.CLOSED, closed_at=STARTS)
    running.refresh_from_db()
    for act in (raise_number, drop_number):
        with pytest.raises(Conflict):
            act(number=number)
    assert ReviewIssue.objects.get() == issue


# --- numbers and promises ---------------------------------------------------------------------------------------------


def test_the_title_counts_what_is_off_plan(running, browser):
    shown = lambda: text(browser("viewer").get(at(running, "part/numbers/?screen=wall")))  # noqa: E731
    assert "No number has been frozen" in shown()
    freeze(running, state="on", position=1)
    assert "No number is off plan" in shown()
    freeze(running, "stage_inflow:mql", position=2)
    assert "1 of 2 numbers is off plan" in shown()


def test_both_columns_of_promises_are_of_one_size_and_in_one_form(running, browser):
    freeze_promise(running, "M1", "marketing", position=10)
    freeze_promise(running, "S1", "sales", status="breached", position=11)
    answer = browser("viewer").get(at(running, "part/promises/?screen=wall"))
    shown = text(answer)
    assert [(side["side"], len(side["rows"])) for side in answer.context["sides"]] == [("marketing", 1), ("sales", 1)]
    assert shown.index("Marketing promised") < shown.index("Kept") < shown.index("Sales promised") < shown.index("Missed")


def test_a_step_costs_as_many_queries_with_one_number_as_with_three(running, browser):
    client, counts = browser("viewer"), []
    for more in (1, 2):
        for place in range(more):
            freeze(running, f"stage_inflow:{more}{place}", position=10 * more + place)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(at(running, "part/numbers/?screen=wall"))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_words_of_a_step_open_where_somebody_can_click_and_are_plain_on_the_wall(running, browser):
    freeze(running, "stage_inflow:7")
    shown = {
        screen: browser("viewer").get(at(running, f"part/numbers/?screen={screen}")).content.decode()
        for screen in ("wall", "steer", "phone")
    }
    assert {screen: "popovertarget" in page for screen, page in shown.items()} == {
        "wall": False,
        "steer": True,
        "phone": True,
    }


def test_no_look_at_a_screen_changes_the_room(running, browser):
    before = list(RoomState.objects.values())
    for path in ("", "wall/", "steer/", "room/", "part/checkin/", "?step=words"):
        browser("member").get(at(running, path))
    assert list(RoomState.objects.values()) == before
    assert not ReviewParticipant.objects.filter(came_at__isnull=False).exists()
