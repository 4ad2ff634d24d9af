"""The close: minutes that stay as they were written, files, the recap, and the history with its trends."""

import csv
import datetime as dt
import io

import pytest

from core.errors import Conflict, NotAllowed
from core.models import OutgoingMessage
from reviews.models import Action, Decision, Minutes, Review
from reviews.services import (
    agree_action,
    close_review,
    drop_action,
    finish_action,
    new_secret,
    open_room,
    rate,
    state_expectation,
    take_back_decision,
    take_ballot,
    write_decision,
)
from tests.reviews.raising import NOW
from tests.reviews.room_people import freeze, freeze_promise, ready_review
from tests.reviews.safe_room import review_of

WEEK = dt.timedelta(days=7)
HISTORY = "/review/history/"


@pytest.fixture
def review(people):
    """A running review with a number off plan, a promise of each side that differ, and three people who came."""
    review = ready_review(people, facilitator="funnel_owner")
    freeze(review)
    freeze_promise(review, "M1", "marketing", status="met", position=10)
    freeze_promise(review, "S1", "sales", status="breached", position=11)
    freeze_promise(review, "S2", "sales", status="at_risk", position=12)
    open_room(review=review, actor=people["funnel_owner"], now=review.starts_at)
    review.participants.update(came_at=NOW)
    review.refresh_from_db()
    return review


def shut(review: Review, people, *, now: dt.datetime = NOW) -> Minutes:
    return close_review(review=review, actor=people["funnel_owner"], now=now)


def agree(people, what: str, *, owner: str = "member", due_on: dt.date, now: dt.datetime = NOW, **more) -> Action:
    return agree_action(
        what=what, about="Won deals", metric="won_deals", owner=people[owner], due_on=due_on, actor=None, now=now, **more
    )


def rated(review: Review, people, **values: int) -> None:
    for who, value in values.items():
        secret = new_secret()
        take_ballot(review=review, user=people[who], secret=secret)
        rate(review=review, secret=secret, value=value)


# --- closing --------------------------------------------------------------------------------------------------------


def test_closing_writes_the_minutes_ends_the_review_and_tells_everybody_who_was_invited(review, people):
    write_decision(review=review, sentence="The fair’s list goes to sales on the same day.", actor=people["funnel_owner"])
    agree(people, "Send the list", due_on=dt.date(2026, 5, 27), review=review)
    rated(review, people, member=8, colleague=9, viewer=4)
    state_expectation(review=review, side="sales", sentence="Two visits more.", actor=people["funnel_owner"])
    minutes = shut(review, people)
    review.refresh_from_db()
    body = minutes.body
    assert (review.state, review.closed_at) == (Review.State.CLOSED, NOW)
    assert body["decisions"] == ["The fair’s list goes to sales on the same day."]
    assert [(one["what"], one["owner"], one["due_on"], one["state"]) for one in body["actions"]["agreed"]] == [
        ("Send the list", "Member", "2026-05-27", "open")
    ]
    assert [(one["label"], one["value"], one["plan"], one["state"]) for one in body["numbers"]] == [
        ("Won deals", "8", "12", "off plan")
    ]
    assert [(one["side"], one["state"]) for one in body["promises"]] == [
        ("Marketing", "kept"), ("Sales", "not kept"), ("Sales", "at risk"),
    ]  # fmt: skip
    assert body["expectations"] == {
        "marked": [], "stated": [{"side": "Sales", "words": "Two visits more.", "met": ""}],
    }  # fmt: skip
    assert body["came"] == ["Colleague", "Member", "Viewer"]
    assert body["rating"] == {"counts": [0, 0, 0, 1, 0, 0, 0, 1, 1, 0], "count": 3, "mean": "7.0"}
    assert set(OutgoingMessage.objects.values_list("to", "subject")) == {
        (f"{who}@example.com", "Weekly: 1 decision, 1 new action") for who in ("member", "colleague", "viewer")
    }


def test_closing_twice_writes_one_and_mails_once(review, people):
    first, again = shut(review, people), shut(review, people, now=NOW + WEEK)
    assert (first.pk, again.body) == (again.pk, first.body)
    assert OutgoingMessage.objects.count() == 3


def test_the_recap_puts_ones_own_actions_on_top_and_names_what_is_off_plan(review, people, settings):
    settings.SITE_URL = "https://tandem.example"
    agree(people, "Send the list", due_on=dt.date(2026, 5, 27), review=review)
    shut(review, people)
    texts = dict(OutgoingMessage.objects.values_list("to", "text"))
    own, other = texts["member@example.com"], texts["colleague@example.com"]
    assert "Yours:\n- Send the list (by 2026-05-27)" in own
    assert "Yours" not in other
    assert "New actions:\n- Send the list (Member, by 2026-05-27)" in other
    assert "Off plan:\n- Won deals: 8, plan 12" in other
    assert own.rstrip().endswith(f"https://tandem.example/review/{review.pk}/minutes/")


def test_only_who_steers_closes_and_only_a_running_review(review, people):
    with pytest.raises(NotAllowed):
        close_review(review=review, actor=people["viewer"], now=NOW)
    Review.objects.filter(pk=review.pk).update(state=Review.State.PREPARED)
    with pytest.raises(Conflict):
        shut(review, people)
    assert not Minutes.objects.exists()


def test_fewer_than_three_ratings_are_not_told(review, people):
    rated(review, people, member=1, colleague=9)
    minutes = shut(review, people)
    assert (minutes.body["rating"], minutes.rating_count) == (None, 0)


def test_a_decision_can_be_taken_back_before_the_close_and_not_after(review, people):
    owner = people["funnel_owner"]
    kept = write_decision(review=review, sentence="We meet on Mondays.", actor=owner)
    gone = write_decision(review=review, sentence="We meet on Sundays.", actor=owner)
    assert write_decision(review=review, sentence="We meet on Mondays.", actor=owner) == kept
    take_back_decision(decision=gone, actor=owner)
    assert shut(review, people).body["decisions"] == ["We meet on Mondays."]
    with pytest.raises(Conflict):
        take_back_decision(decision=Decision.objects.get(pk=kept.pk), actor=owner)


def test_the_close_works_on_the_screen_without_script(review, browser):
    answer = browser("funnel_owner").post(f"/review/{review.pk}/close/", {"screen": "steer"})
    assert (answer.status_code, answer["Location"]) == (302, f"/review/{review.pk}/minutes/")
    assert browser("member").post(f"/review/{review.pk}/rate/", {"value": "8"}).status_code == 409


# --- what stays -----------------------------------------------------------------------------------------------------


def test_the_link_shows_the_same_after_everything_has_changed(review, people, browser):
    action = agree(people, "Send the list", due_on=dt.date(2026, 5, 27), review=review)
    shut(review, people)
    address = f"/review/{review.pk}/minutes/"
    files = [f"{address}minutes.md", f"{address}minutes.csv"]
    before = [browser("viewer").get(url).content for url in files]
    page = browser("viewer").get(address).content.decode()
    finish_action(action=action, seen=1, actor=people["member"], now=NOW + WEEK)
    people["member"].name = "Somebody Else"
    people["member"].save()
    review.series.name = "Another name"
    review.series.save()
    assert [browser("viewer").get(url).content for url in files] == before
    assert article(browser("viewer").get(address).content.decode()) == article(page)


def article(page: str) -> str:
    return page[page.index("<article") : page.index("</article>")]


def test_minutes_cannot_be_changed_in_the_database(review, people):
    minutes = shut(review, people)
    with pytest.raises(RuntimeError):
        minutes.save()


def test_before_the_close_the_link_leads_to_the_review(review, browser):
    address = f"/review/{review.pk}/minutes/"
    assert browser("viewer").get(address)["Location"] == f"/review/{review.pk}/"
    assert browser("viewer").get(f"{address}minutes.md").status_code == 404


def test_the_markdown_keeps_what_people_typed_as_they_typed_it(review, people):
    write_decision(review=review, sentence="Use *one* list | not [two](x)", actor=people["funnel_owner"])
    text = shut(review, people).text
    assert "- Use \\*one\\* list \\| not \\[two\\](x)" in text
    assert text.startswith("# Weekly, 18 May 2026\n")


def test_the_csv_is_safe_to_open_in_a_spreadsheet(review, people, browser):
    write_decision(review=review, sentence='=HYPERLINK("http://x")', actor=people["funnel_owner"])
    shut(review, people)
    answer = browser("viewer").get(f"/review/{review.pk}/minutes/minutes.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    by_part = {(row["part"], row["what"]): row for row in rows}
    assert ("decision", '\'=HYPERLINK("http://x")') in by_part
    assert by_part["number", "Won deals"]["value"] == "8"
    assert answer["Content-Disposition"] == 'attachment; filename="review-2026-05-18.csv"'


# --- the history ----------------------------------------------------------------------------------------------------


def series_of_reviews(people, number: int, *, rate_them=()) -> list[Minutes]:
    """Closed reviews, one a week, the last one a week ago."""
    found = []
    for back in range(number, 0, -1):
        at = NOW - back * WEEK
        one = review_of(people, starts_at=at)
        if rate_them:
            values = rate_them[number - back]
            rated(one, people, member=values, colleague=values, sales_lead=values)
        found.append(shut(one, people, now=at + dt.timedelta(hours=1)))
    return found


def test_the_history_lists_closed_reviews_newest_first(people, browser):
    first, second = series_of_reviews(people, 2)
    page = browser("viewer").get(HISTORY)
    assert [row["minutes"].pk for row in page.context["rows"]] == [second.pk, first.pk]


def test_searching_finds_the_minutes_that_hold_all_words_in_any_case(people, browser):
    one = review_of(people, starts_at=NOW - WEEK)
    write_decision(review=one, sentence="Über die Messe_Liste entscheidet Sales.", actor=people["funnel_owner"])
    found = shut(one, people)
    shut(review_of(people), people)

    def hits(query: str) -> list[int]:
        return [row["minutes"].pk for row in browser("viewer").get(HISTORY, {"q": query}).context["rows"]]

    assert hits("ÜBER messe_liste") == [found.pk]
    assert hits("über nothing") == []
    assert "No minutes hold all of these words." in browser("viewer").get(HISTORY, {"q": "xyz"}).content.decode()


def test_the_trend_compares_the_last_four_with_the_four_before(people, browser):
    series_of_reviews(people, 8, rate_them=(5, 5, 6, 6, 7, 7, 8, 8))
    trend = browser("viewer").get(HISTORY).context["trends"][0]
    assert (trend.last, trend.before, trend.direction) == ("7.5 of 10", "5.5 of 10", 1)
    assert trend.values == [5, 5, 6, 6, 7, 7, 8, 8]


def test_what_was_never_rated_is_unknown_and_not_nothing(people, browser):
    series_of_reviews(people, 2)
    page = browser("viewer").get(HISTORY)
    assert [trend.values for trend in page.context["trends"]] == [[None, None]] * 3
    assert "Fewer than three ratings" in page.content.decode()


def test_on_time_means_by_the_first_agreed_day(people):
    """Due between two reviews: one done in time, one late, one dropped late, one dropped in time, one still open."""
    begin = NOW - 2 * WEEK
    shut(review_of(people, starts_at=begin), people, now=begin)
    due = (begin + dt.timedelta(days=3)).date()
    made = {name: agree(people, name, due_on=due, now=begin) for name in ("in time", "late", "dropped late", "open")}
    dropped = agree(people, "dropped in time", due_on=due, now=begin)
    owner = people["member"]
    finish_action(action=made["in time"], seen=1, actor=owner, now=begin + dt.timedelta(days=3))
    finish_action(action=made["late"], seen=1, actor=owner, now=begin + dt.timedelta(days=4))
    for action, days in ((made["dropped late"], 5), (dropped, 1)):
        drop(action, owner, begin + dt.timedelta(days=days))
    agree(people, "due on the day itself", due_on=(begin + WEEK).date(), now=begin)
    minutes = shut(review_of(people, starts_at=begin + WEEK), people, now=begin + WEEK)
    assert (minutes.actions_on_time, minutes.actions_due) == (1, 4)


def drop(action, actor, now) -> None:
    drop_action(action=action, reason="Not needed.", seen=1, actor=actor, now=now)


def test_promises_kept_counts_what_was_measured(review, people):
    minutes = shut(review, people)
    assert (minutes.promises_kept, minutes.promises_closed) == (1, 3)


# --- in the room ----------------------------------------------------------------------------------------------------


def test_an_action_agreed_in_the_room_belongs_to_the_review(review, people, browser):
    typed = {"what": "Send the list", "answers": "m:won_deals", "owner": people["member"].pk, "due_on": "2026-05-27"}
    answer = browser("member").post(f"/review/{review.pk}/actions/", typed, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Send the list" in answer.content.decode()
    assert Action.objects.get().review == review


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(review, browser):
    typed = {"what": "Send the list", "answers": "", "owner": "", "due_on": ""}
    answer = browser("member").post(f"/review/{review.pk}/actions/", typed, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert 'value="Send the list"' in answer.content.decode()


def test_on_the_wall_nothing_is_clicked(review, people, browser):
    agree(people, "Send the list", due_on=dt.date(2026, 5, 27), now=NOW - WEEK)
    for step in ("actions", "charter", "close"):
        wall = browser("funnel_owner").get(f"/review/{review.pk}/part/{step}/?screen=wall").content.decode()
        assert [mark for mark in ("<form", "<button", "<a ", "<input") if mark in wall] == []
