"""Everybody in the room rates the review from 1 to 10, without a name; from three ballots up it counts."""

import pytest

from core.errors import Conflict, DomainError, NotAllowed
from reviews.card_queries import cards_shown
from reviews.models import Paper, ReviewRating, Urn
from reviews.rating_queries import rating_of, ratings_of
from reviews.services import answer_word, ask_word, count_ratings, rate, vote
from reviews.services.ballots import cast, open_urn
from reviews.services.closing import close_review
from reviews.word_queries import word_of
from tests.reviews.raising import NOW
from tests.reviews.safe_room import CARDS, SIDES, TODAY, ballots, begin_vote, close, review_of, show


@pytest.fixture
def review(people):
    return review_of(people)


def give(review, people, values: dict[str, int]) -> dict[str, str]:
    taken = ballots(review, people, *values)
    for who, value in values.items():
        rate(review=review, secret=taken[who], value=value)
    return taken


def test_three_ratings_make_a_mean(review, people):
    taken = give(review, people, {"member": 10, "colleague": 7, "sales_lead": 1})
    rate(review=review, secret=taken["sales_lead"], value=4)  # a second thought
    assert rating_of(review) is None  # not before the count
    count_ratings(review=review, now=NOW)
    found = rating_of(review)
    assert (found.n, found.mean, found.counts) == (3, 7.0, (0, 0, 0, 1, 0, 0, 1, 0, 0, 1))
    assert not Paper.objects.exists()
    count_ratings(review=review, now=NOW)  # again: nothing changes
    assert rating_of(review) == found and ratings_of([review]) == {review.id: found}
    with pytest.raises(Conflict):
        rate(review=review, secret=taken["member"], value=1)


def test_two_ratings_are_destroyed_unseen(review, people):
    give(review, people, {"member": 10, "colleague": 7})
    count_ratings(review=review, now=NOW)
    assert rating_of(review) is None
    assert ReviewRating.objects.get().counts is None and not Paper.objects.exists()


def test_a_review_that_nobody_rated_has_no_rating(review):
    count_ratings(review=review, now=NOW)
    assert rating_of(review) is None


@pytest.mark.parametrize("value", [0, 11])
def test_a_rating_is_from_1_to_10(review, people, value):
    with pytest.raises(DomainError):
        give(review, people, {"member": value})
    assert not Paper.objects.exists()


def test_a_number_beyond_reading_is_no_rating(review, browser):
    assert browser("member").post(f"/review/{review.pk}/rate/", {"value": "9" * 5000}).status_code == 422


def test_a_rating_needs_a_ballot_and_a_running_review(review, people):
    with pytest.raises(NotAllowed):
        rate(review=review, secret="x" * 43, value=5)
    taken = ballots(review, people, "member")
    close(review)
    with pytest.raises(Conflict):
        rate(review=review, secret=taken["member"], value=5)


def test_the_hour_of_the_first_rating_is_stored_nowhere(review, people):
    give(review, people, {"member": 5})
    assert review.urns.get().opened_at == review.opened_at


def test_no_paper_comes_into_an_urn_that_a_close_left_open(review, people):
    """A rating that opened the urn a moment before the close, and is cast a moment after it."""
    secret = ballots(review, people, "member")["member"]
    open_urn(review=review, question=Urn.Question.RATING, now=NOW)
    close(review)
    with pytest.raises(Conflict):
        cast(review=review, question=Urn.Question.RATING, secret=secret, says={"value": 1})
    assert not Paper.objects.exists()


def test_no_ballot_outlives_the_review(review, people, stages):
    """What the facilitator forgot to count is counted with the close, and every paper is destroyed."""
    owner = people["funnel_owner"]
    cards = show(review, people)
    begin_vote(review, people)
    ask_word(review=review, key="driver", actor=owner, now=NOW, today=TODAY)
    for who, secret in give(review, people, {"member": 8, "colleague": 8, "sales_lead": 8}).items():
        vote(review=review, secret=secret, cards=[cards[CARDS[0]].id])
        answer_word(review=review, secret=secret, side=SIDES[who], yes=True)
    close_review(review=review, actor=owner, now=NOW)
    assert not Paper.objects.exists() and not review.urns.filter(counted_at=None).exists()
    assert [(card.sentence, card.votes) for card in cards_shown(review)][0] == (CARDS[0], 3)
    word = word_of(review)
    assert (word.yes, word.no) == (3, 0) and rating_of(review).mean == 8
