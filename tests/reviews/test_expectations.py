"""Each side states one expectation of the other; the next review marks it met or not met."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict
from reviews.expectation_queries import expectations_of, expectations_to_mark
from reviews.expectation_words import words_of_expectation
from reviews.models import Expectation
from reviews.services import mark_expectation, state_expectation
from tests.reviews.raising import NOW
from tests.reviews.safe_room import close, frozen, review_of

WEEK = dt.timedelta(days=7)
HX = {"HX-Request": "true"}


@pytest.fixture
def review(people):
    return review_of(people)


def state(browser, review, who: str, **typed):
    return browser(who).post(f"/review/{review.pk}/expectation/", typed, headers=HX)


def mark(browser, review, who: str, one: Expectation, met: str):
    return browser(who).post(f"/review/{review.pk}/expectation/mark/", {"expectation": one.pk, "met": met}, headers=HX)


def stated(people, review, side="sales", sentence="Ten MQLs of the fair by Thursday.") -> Expectation:
    return state_expectation(review=review, side=side, sentence=sentence, actor=people["funnel_owner"])


@pytest.mark.parametrize(
    ("who", "side", "status"),
    [("member", "sales", 200), ("member", "marketing", 403), ("colleague", "marketing", 200), ("colleague", "sales", 403),
     ("funnel_owner", "sales", 200), ("funnel_owner", "marketing", 200), ("viewer", "sales", 403)],
)  # fmt: skip
def test_each_side_states_its_own_and_the_facilitator_either(browser, review, who, side, status):
    assert state(browser, review, who, side=side, sentence="Ten MQLs of the fair by Thursday.").status_code == status
    assert Expectation.objects.filter(side=side).exists() == (status == 200)


def test_an_expectation_is_a_sentence_or_a_number_or_both(browser, review):
    frozen(review)
    frozen(review, key="accepted", value=700_000, unit="share")
    number = {"number": "gross_profit", "bound": "least", "target": "150"}
    assert state(browser, review, "member", side="sales", **number).status_code == 200
    assert words_of_expectation(Expectation.objects.get()) == "Gross profit: at least €150"
    both = {"sentence": "As agreed for the fair.", "number": "accepted", "bound": "most", "target": "72.5"}
    assert state(browser, review, "member", side="sales", **both).status_code == 200
    # Said anew it replaces.
    assert words_of_expectation(Expectation.objects.get()) == "Accepted rate: at most 72.5%. As agreed for the fair."


@pytest.mark.parametrize(
    "typed",
    [{}, {"sentence": " "}, {"sentence": "x" * 201}, {"number": "gross_profit"}, {"number": "unknown", "target": "1"},
     {"number": "gross_profit", "bound": "least", "target": "many"}],
)  # fmt: skip
def test_what_says_nothing_is_refused_and_nothing_is_stored(browser, review, typed):
    frozen(review)
    assert state(browser, review, "member", side="sales", **typed).status_code == 422
    assert not Expectation.objects.exists()


def test_the_next_review_marks_it_and_may_correct_itself(browser, people, review):
    one = stated(people, review)
    close(review)
    following = review_of(people, starts_at=NOW + WEEK)
    assert list(expectations_to_mark(following)) == [one]
    assert mark(browser, following, "member", one, "yes").status_code == 403
    assert mark(browser, following, "funnel_owner", one, "yes").status_code == 200
    assert mark(browser, following, "funnel_owner", one, "no").status_code == 200
    one.refresh_from_db()
    assert (one.met, one.marked_at, one.marked_by) == (False, following, people["funnel_owner"])
    page = browser("viewer").get(f"/review/{following.pk}/part/expectations/?screen=wall").content.decode()
    assert "Ten MQLs of the fair by Thursday." in page and "Not met" in page
    close(following)
    third = review_of(people, starts_at=NOW + 2 * WEEK)
    assert list(expectations_to_mark(third)) == []
    with pytest.raises(Conflict):
        mark_expectation(expectation=one, review=third, met=True, actor=people["funnel_owner"])


def test_what_a_review_left_unmarked_waits_for_the_one_after(people, review):
    one = stated(people, review)
    close(review)
    close(review_of(people, starts_at=NOW + WEEK))
    assert list(expectations_to_mark(review_of(people, starts_at=NOW + 2 * WEEK))) == [one]


def test_a_review_marks_neither_its_own_nor_after_it_is_closed(people, review):
    one = stated(people, review)
    with pytest.raises(Conflict):
        mark_expectation(expectation=one, review=review, met=True, actor=people["funnel_owner"])
    following = review_of(people, starts_at=NOW + WEEK)
    close(following)
    with pytest.raises(Conflict):
        mark_expectation(expectation=one, review=following, met=True, actor=people["funnel_owner"])
    with pytest.raises(Conflict):
        stated(people, following)


@pytest.mark.parametrize(("bound", "value", "proposed"), [("least", 150_00, "yes"), ("least", 149_99, "no"),
                                                          ("most", 150_00, "yes"), ("most", 150_01, "no")])  # fmt: skip
def test_an_expected_number_proposes_its_mark_by_the_frozen_value(browser, people, review, bound, value, proposed):
    frozen(review)
    owner = people["funnel_owner"]
    state_expectation(review=review, side="sales", number="gross_profit", bound=bound, target=150_00, actor=owner)
    close(review)
    following = review_of(people, starts_at=NOW + WEEK)
    frozen(following, value=value)
    page = browser("funnel_owner").get(f"/review/{following.pk}/part/expectations/?screen=steer").content.decode()
    main = [button for button in page.split("<button")[1:] if "slim main" in button.split(">")[0]]
    assert len(main) == 1 and f'value="{proposed}"' in main[0].split(">")[0]
    assert Expectation.objects.get().met is None  # a value proposes, people mark


def test_both_sides_stand_side_by_side_and_a_silent_one_says_so(browser, people, review):
    stated(people, review)
    found = expectations_of(review)
    assert list(found) == ["marketing", "sales"] and found["marketing"] is None
    page = browser("viewer").get(f"/review/{review.pk}/part/expectations/?screen=wall").content.decode()
    assert "Marketing expects of sales" in page and "Nothing stated yet." in page and "Sales expects of marketing" in page


def test_the_step_asks_the_database_as_often_for_three_open_marks_as_for_one(browser, people, review):
    counts, series = [], review.series
    for week in range(1, 4):
        stated(people, review)
        close(review)
        review = review_of(people, starts_at=NOW + week * WEEK, series=series)
        url = f"/review/{review.pk}/part/expectations/?screen=phone"
        browser("member").get(url)
        with CaptureQueriesContext(connection) as queries:
            assert browser("member").get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]
