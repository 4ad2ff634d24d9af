"""Actions: one owner, one day, what they answer; carried over until they are done or dropped with a reason."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, DomainError, NotAllowed
from core.models import OutgoingMessage
from reviews.action_queries import actions_for, open_actions
from reviews.models import Action, ActionStep, Review
from reviews.services import (
    agree_action,
    close_review,
    drop_action,
    finish_action,
    hand_action,
    move_action,
    remind_of_actions,
    reopen_action,
)
from tests.reviews.raising import NOW
from tests.reviews.safe_room import review_of

TODAY = dt.date(2026, 5, 20)  # a Wednesday; 22:00 in Berlin
WEEK = dt.timedelta(days=7)
LIST = "/review/actions/"
NUMBER = "m:won_deals"


@pytest.fixture
def agree(people):
    """`agree("Call the fair's leads", due=2)`: an action of the member, due in so many days."""

    def make(what: str = "Call the fair’s leads", *, owner: str = "member", due: int = 7, now=NOW, **more) -> Action:
        return agree_action(
            what=what,
            about="Won deals",
            metric="won_deals",
            owner=people[owner],
            due_on=now.date() + dt.timedelta(days=due),
            actor=people["funnel_owner"],
            now=now,
            **more,
        )

    return make


def steps(action: Action) -> list[tuple]:
    return list(action.steps.order_by("id").values_list("kind", "owner__name", "due_on", "reason"))


# --- agreeing -------------------------------------------------------------------------------------------------------


def test_an_action_has_one_owner_one_day_and_the_number_it_answers(browser, people):
    typed = {"what": "Call the fair’s leads", "answers": NUMBER, "owner": people["member"].pk, "due_on": "2026-05-27"}
    answer = browser("colleague").post(f"{LIST}new/", typed, follow=True)
    [action] = Action.objects.all()
    assert (action.what, action.owner, action.due_on, action.about) == (
        "Call the fair’s leads", people["member"], dt.date(2026, 5, 27), "Won deals",
    )  # fmt: skip
    assert steps(action) == [("agreed", "Member", dt.date(2026, 5, 27), "")]
    page = answer.content.decode()
    assert "Call the fair’s leads" in page
    assert 'href="/explain/won_deals/"' in page


@pytest.mark.parametrize("missing", ["what", "answers", "owner", "due_on"])
def test_what_an_action_lacks_is_asked_for(browser, people, missing):
    typed = {"what": "Call the fair’s leads", "answers": NUMBER, "owner": people["member"].pk, "due_on": "2026-05-27"}
    answer = browser("member").post(f"{LIST}new/", typed | {missing: ""})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [missing]
    assert not Action.objects.exists()


def test_a_viewer_owns_no_action_because_viewers_only_read(agree, people):
    with pytest.raises(DomainError) as refused:
        agree(owner="viewer")
    assert refused.value.field == "owner"


def test_a_day_that_is_over_is_no_due_day(agree):
    with pytest.raises(DomainError) as refused:
        agree(due=-1)
    assert refused.value.field == "due_on"


def test_a_second_click_agrees_on_nothing_twice(agree):
    assert agree().pk == agree().pk
    assert Action.objects.count() == 1


def test_the_form_begins_with_what_the_link_names(browser, people):
    page = browser("member").get(f"{LIST}new/?answers={NUMBER}")
    assert page.context["form"]["answers"].value() == NUMBER


# --- what becomes of it ----------------------------------------------------------------------------------------------


def test_another_day_needs_a_reason_and_leaves_the_first_one_to_measure_by(agree, people):
    action = agree()
    later = action.due_on + WEEK
    with pytest.raises(DomainError) as refused:
        move_action(action=action, due_on=later, reason="", seen=1, actor=people["member"], now=NOW)
    assert refused.value.field == "reason"
    move_action(action=action, due_on=later, reason="The list comes on Friday.", seen=1, actor=people["member"], now=NOW)
    assert (action.due_on, action.first_due_on) == (later, dt.date(2026, 5, 27))
    assert steps(action)[-1] == ("moved", "Member", later, "The list comes on Friday.")


def test_dropping_needs_a_reason_that_everybody_reads(agree, browser):
    action = agree()
    address = f"{LIST}{action.pk}/drop/"
    assert browser("member").post(address, {"seen": 1, "reason": ""}).status_code == 422
    assert browser("member").post(address, {"seen": 2**63 - 1, "reason": "Why not."}).status_code == 422
    page = browser("member").post(address, {"seen": 1, "reason": "The fair was cancelled."}, follow=True)
    action.refresh_from_db()
    assert (action.state, action.ended_at) == (Action.State.DROPPED, NOW)
    assert "The fair was cancelled." in page.content.decode()


def test_an_action_changes_hands_and_comes_back_to_life(agree, people):
    action = agree()
    hand_action(action=action, owner=people["colleague"], seen=1, actor=people["member"], now=NOW)
    finish_action(action=action, seen=2, actor=people["colleague"], now=NOW)
    reopen_action(action=action, seen=3, actor=people["colleague"], now=NOW)
    assert (action.owner, action.state, action.ended_at) == (people["colleague"], Action.State.OPEN, None)
    assert [kind for kind, *_ in steps(action)] == ["agreed", "handed", "done", "reopened"]


def test_of_two_at_once_one_wins_and_the_other_is_told_who(agree, people):
    action = agree()
    second = Action.objects.get(pk=action.pk)
    finish_action(action=action, seen=1, actor=people["member"], now=NOW)
    with pytest.raises(Conflict) as refused:
        drop_action(action=second, reason="Too late.", seen=1, actor=people["funnel_owner"], now=NOW)
    assert refused.value.message == "Member changed this action meanwhile. Look at it again."
    assert Action.objects.get().state == Action.State.DONE
    assert ActionStep.objects.count() == 2


def test_a_colleague_does_not_end_what_somebody_else_owns(agree, browser):
    action = agree()
    assert browser("colleague").post(f"{LIST}{action.pk}/done/", {"seen": 1}).status_code == 403
    assert browser("funnel_owner").post(f"{LIST}{action.pk}/done/", {"seen": 1}).status_code == 302


def test_the_service_refuses_as_the_page_does(agree, people):
    with pytest.raises(NotAllowed):
        finish_action(action=agree(), seen=1, actor=people["colleague"], now=NOW)


# --- carried over ----------------------------------------------------------------------------------------------------


def held(people, *, weeks_ago: int) -> Review:
    """A review of an earlier week, from its beginning to its close."""
    at = NOW - weeks_ago * WEEK
    review = review_of(people, starts_at=at)
    close_review(review=review, actor=people["funnel_owner"], now=at + dt.timedelta(hours=1))
    return review


def test_what_is_not_done_is_on_the_next_review_with_the_longest_overdue_first(agree, people):
    held(people, weeks_ago=2)
    fresh = agree("Write the answers down", due=3)
    late = agree("Clean the list", now=NOW - WEEK, due=2)
    longest = agree("Call the fair’s leads", now=NOW - 2 * WEEK + dt.timedelta(hours=2), due=1)
    held(people, weeks_ago=1)
    review = review_of(people)
    new = agree("Meet the designer", review=review)
    found = actions_for(review, reader=people["member"], today=TODAY)
    assert [(e.action.pk, e.late_days, e.carried) for e in found.carried] == [
        (longest.pk, 13, 2), (late.pk, 5, 1), (fresh.pk, 0, 0),
    ]  # fmt: skip
    assert [entry.action.pk for entry in found.agreed] == [new.pk]
    assert found.overdue == 2


def test_a_review_tells_what_ended_since_the_one_before_once(agree, people):
    done = agree("Call the fair’s leads", now=NOW - 2 * WEEK)
    before = agree("Clean the list", now=NOW - 2 * WEEK)
    finish_action(action=before, seen=1, actor=people["member"], now=NOW - 9 * dt.timedelta(days=1))
    held(people, weeks_ago=1)
    finish_action(action=done, seen=1, actor=people["member"], now=NOW - dt.timedelta(days=2))
    found = actions_for(review_of(people), reader=people["member"], today=TODAY)
    assert [entry.action.pk for entry in found.ended] == [done.pk]
    assert found.carried == []


def test_the_list_takes_as_many_queries_for_three_actions_as_for_one(agree, browser):
    page, counted = browser("funnel_owner"), []
    for number in range(3):
        agree(f"Action number {number}", due=number + 1)
        if number in (0, 2):
            page.get(LIST)
            with CaptureQueriesContext(connection) as found:
                page.get(LIST)
            counted.append(len(found))
    assert counted[0] == counted[1]


def test_the_list_shows_ones_own_only_when_asked(agree, browser):
    agree("Mine to do")
    agree("Not mine", owner="colleague")
    everybody, own = (browser("member").get(address).content.decode() for address in (LIST, f"{LIST}?whose=mine"))
    assert ("Mine to do" in everybody, "Not mine" in everybody) == (True, True)
    assert ("Mine to do" in own, "Not mine" in own) == (True, False)


# --- elsewhere -------------------------------------------------------------------------------------------------------


def test_my_day_shows_what_is_mine_and_due_and_one_click_finishes_it(agree, browser, people):
    action = agree("Call the fair’s leads", due=3)
    agree("Far away", due=40)
    agree("Somebody else’s", owner="colleague", due=1)
    fragment = browser("member").get(f"{LIST}mine/").content.decode()
    assert "action</button> of the review is yours" in fragment
    assert ("Far away" in fragment, "Somebody else’s" in fragment) == (False, False)
    browser("member").post(f"{LIST}{action.pk}/done/", {"seen": 1, "back": "my_day"})
    assert not open_actions().filter(owner=people["member"], due_on__lt=TODAY + 2 * WEEK).exists()


def test_a_form_that_names_no_review_s_number_is_taken_as_one_of_no_room(agree, browser):
    action = agree(due=1)
    sent = {"seen": action.steps_taken, "review": "9" * 5000}
    answer = browser("member").post(f"/review/actions/{action.pk}/done/", sent)
    assert (answer.status_code, answer.url) == (302, f"/review/actions/{action.pk}/")


def test_the_funnel_owner_reads_how_many_are_past_their_day(agree, browser):
    nothing = browser("funnel_owner").get(f"{LIST}overdue/").content.decode()
    agree("Clean the list", now=NOW - WEEK, due=2)
    line = browser("funnel_owner").get(f"{LIST}overdue/").content.decode()
    assert "No action of the reviews is past its day." in nothing
    assert "1 action of the reviews is past its day." in line
    assert "was due 15 May" in line


# --- reminders -------------------------------------------------------------------------------------------------------


def morning(day: int, hour: int = 8) -> dt.datetime:
    """Of May 2026, by the company's clock."""
    return dt.datetime(2026, 5, day, hour - 2, tzinfo=dt.UTC)


def mails() -> list[tuple[str, str]]:
    return list(OutgoingMessage.objects.order_by("id").values_list("to", "subject"))


def test_the_owner_is_reminded_the_working_day_before_and_then_once_a_week(agree):
    agree("Call the fair’s leads", due=5)  # Monday the 25th
    sent = {day: remind_of_actions(now=morning(day)) for day in (21, 22, 25, 26, 28)}
    assert sent == {21: 0, 22: 1, 25: 0, 26: 1, 28: 0}
    assert remind_of_actions(now=morning(26) + WEEK) == 1
    assert mails() == [("member@example.com", "Action: Call the fair’s leads")] * 3


def test_running_twice_sends_one_mail_for_all_that_is_due(agree):
    agree("Call the fair’s leads", due=1)
    agree("Clean the list", due=1)
    assert [remind_of_actions(now=morning(21)), remind_of_actions(now=morning(21))] == [1, 0]
    assert mails() == [("member@example.com", "2 actions of yours are due")]


@pytest.mark.parametrize(("day", "hour"), [(21, 6), (23, 10), (24, 10)])
def test_nobody_is_reminded_in_the_night_or_at_the_weekend(agree, day, hour):
    agree(due=4)
    assert remind_of_actions(now=morning(day, hour)) == 0


def test_a_new_day_is_reminded_of_anew(agree, people):
    action = agree(due=1)
    remind_of_actions(now=morning(21))
    with time_machine.travel(morning(21, 9), tick=False):
        move_action(
            action=action, due_on=dt.date(2026, 5, 29), reason="The list is late.", seen=1, actor=people["member"],
            now=morning(21, 9),
        )  # fmt: skip
    assert [remind_of_actions(now=morning(day)) for day in (22, 28)] == [0, 1]


def test_who_wants_no_reminders_gets_none(agree, people):
    type(people["member"]).objects.filter(pk=people["member"].pk).update(reminders_by_mail=False)
    agree(due=1)
    assert remind_of_actions(now=morning(21)) == 0
    assert mails() == []
