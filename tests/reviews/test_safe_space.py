"""Cards are written without a name, shown all at once, voted on in silence; the first get an owner and a later day."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, DomainError, NotAllowed
from reviews.card_queries import cards_shown
from reviews.models import HandedBallot, Paper, ProcessCard, ReviewIssue, Urn
from reviews.services import (
    Shown,
    count_votes,
    drop_number,
    open_vote,
    raise_issue,
    raise_number,
    show_cards,
    solve_issue,
    take_ballot,
    take_up,
    vote,
    write_card,
)
from reviews.services.safe_space import MOST_WAITING
from tests.reviews.raising import NOW
from tests.reviews.safe_room import CARDS, TODAY, ballots, begin_vote, close, frozen, review_of, show

NEXT_WEEK = TODAY + dt.timedelta(days=7)


@pytest.fixture
def review(people):
    return review_of(people)


@pytest.fixture
def owner(people):
    return people["funnel_owner"]


def sentences(review) -> list[str]:
    return sorted(card.sentence for card in cards_shown(review))


def test_fewer_than_three_cards_are_not_shown_and_nobody_learns_how_many_there_are(review, owner, browser):
    refusals = []
    for sentence in [None, *CARDS[:2]]:
        if sentence:
            write_card(series=review.series, sentence=sentence)
        answer = browser("funnel_owner").post(
            f"/review/{review.pk}/cards/show/", {"screen": "steer"}, headers={"HX-Request": "true"}
        )
        assert answer.status_code == 422
        refusals.append(answer.content.decode().split("<h2")[0])
    assert len(set(refusals)) == 1 and "Fewer than three cards are in the box" in refusals[0]
    assert sentences(review) == []
    write_card(series=review.series, sentence=CARDS[2])
    show_cards(review=review, actor=owner, today=TODAY)
    assert sentences(review) == sorted(CARDS)


def test_before_they_are_shown_no_page_tells_of_a_card(review, browser):
    write_card(series=review.series, sentence=CARDS[0])
    for who, screen in (("funnel_owner", "steer"), ("member", "phone"), ("viewer", "wall")):
        page = browser(who).get(f"/review/{review.pk}/part/process/?screen={screen}").content.decode()
        assert CARDS[0] not in page and "What gets in the way?" in page, who


def test_what_was_too_few_waits_for_the_next_review_of_the_series(people, review, owner):
    write_card(series=review.series, sentence=CARDS[0])
    with pytest.raises(DomainError):
        show_cards(review=review, actor=owner, today=TODAY)
    close(review)
    following = review_of(people, starts_at=NOW + dt.timedelta(days=7), series=review.series)
    assert set(show(following, people, CARDS[1:])) == set(CARDS)


def test_a_card_written_after_the_vote_began_waits_for_the_next_review(review, people, owner):
    show(review, people)
    begin_vote(review, people)
    write_card(series=review.series, sentence="Too late for this one, but not for the next.")
    with pytest.raises(Conflict):
        show_cards(review=review, actor=owner, today=TODAY)
    assert sentences(review) == sorted(CARDS)


def test_the_same_card_twice_is_a_second_click_and_the_box_has_room_for_so_many(review):
    for _ in range(2):
        write_card(series=review.series, sentence=CARDS[0])
    assert ProcessCard.objects.count() == 1
    for n in range(MOST_WAITING - 1):
        write_card(series=review.series, sentence=f"Card number {n}")
    with pytest.raises(DomainError, match="full"):
        write_card(series=review.series, sentence="One more than the box has room for.")


def test_issues_raised_from_numbers_and_numbers_off_plan_stand_among_the_cards(review, people, owner):
    shown = Shown("won_deals", "from=2026-04-01", "this quarter · all leads", "2 deals", [1])
    raise_issue(shown=shown, wrong="low", sentence="Two deals are missing.", today=TODAY - dt.timedelta(days=1))
    raise_number(number=frozen(review))
    show_cards(review=review, actor=owner, today=TODAY)
    assert sentences(review) == ["Gross profit: €100 of €200, off plan", "Two deals are missing."]
    # Neither stands there twice, however often cards are shown.
    with pytest.raises(DomainError):
        show_cards(review=review, actor=owner, today=TODAY)
    assert len(sentences(review)) == 2


def test_two_numbers_that_read_alike_are_one_issue(review):
    first, second = (raise_number(number=frozen(review, key=key)) for key in ("gross_profit", "revenue"))
    assert first == second == raise_number(number=first.number)


def test_a_number_that_stands_among_the_cards_stays_on_the_list(review, owner):
    number = frozen(review)
    raise_number(number=number)
    show_cards(review=review, actor=owner, today=TODAY)
    with pytest.raises(Conflict, match="stands among the cards"):
        drop_number(number=number)
    assert (review.issues.count(), sentences(review)) == (1, ["Gross profit: €100 of €200, off plan"])


def test_a_vote_counts_once_a_ballot_and_its_last_word_counts(review, people, owner):
    cards = show(review, people)
    begin_vote(review, people)
    taken = ballots(review, people, "member", "colleague", "sales_lead")
    first, second, third = (cards[sentence].id for sentence in CARDS)
    vote(review=review, secret=taken["member"], cards=[first, second, third])
    vote(review=review, secret=taken["member"], cards=[first])
    vote(review=review, secret=taken["colleague"], cards=[first, second])
    vote(review=review, secret=taken["sales_lead"], cards=[second, first])
    count_votes(review=review, actor=owner, now=NOW)
    assert [(card.sentence, card.votes) for card in cards_shown(review)] == [(CARDS[0], 3), (CARDS[1], 2), (CARDS[2], 0)]
    assert Urn.objects.get().counted == 3
    assert not Paper.objects.exists()  # counted ballots are destroyed
    with pytest.raises(Conflict):
        vote(review=review, secret=taken["member"], cards=[third])


def test_with_fewer_than_three_ballots_no_votes_are_shown(review, people, owner, browser):
    cards = show(review, people)
    begin_vote(review, people)
    taken = ballots(review, people, "member", "colleague")
    for secret in taken.values():
        vote(review=review, secret=secret, cards=[cards[CARDS[0]].id])
    count_votes(review=review, actor=owner, now=NOW)
    assert {card.votes for card in cards_shown(review)} == {None}
    assert Urn.objects.get().counted is None
    page = browser("viewer").get(f"/review/{review.pk}/part/process/?screen=wall").content.decode()
    assert "Fewer than three ballots" in page and " vote" not in page.split("</h2>")[1].split('class="cards')[1]


@pytest.mark.parametrize("number", [0, 4])
def test_a_ballot_says_one_to_three_cards(review, people, number):
    cards = show(review, people, [*CARDS, "A fourth card about the handoff form."])
    begin_vote(review, people)
    secret = ballots(review, people, "member")["member"]
    with pytest.raises(DomainError, match="one to 3"):
        vote(review=review, secret=secret, cards=[card.id for card in cards.values()][:number])
    assert not Paper.objects.exists()


def test_no_ballot_no_vote(review, people):
    cards = show(review, people)
    begin_vote(review, people)
    with pytest.raises(NotAllowed):
        vote(review=review, secret="x" * 43, cards=[cards[CARDS[0]].id])


def test_each_person_has_one_ballot_in_one_browser(review, people):
    secret = ballots(review, people, "member")["member"]
    take_ballot(review=review, user=people["member"], secret=secret)  # again, after a lost answer
    with pytest.raises(Conflict, match="in the browser in which you took it"):
        take_ballot(review=review, user=people["member"], secret="y" * 43)
    with pytest.raises(Conflict, match="somebody else"):
        take_ballot(review=review, user=people["colleague"], secret=secret)
    with pytest.raises(NotAllowed):
        take_ballot(review=review, user=people["viewer"], secret="z" * 43)
    with pytest.raises(DomainError):
        take_ballot(review=review, user=people["colleague"], secret="short")
    assert HandedBallot.objects.count() == 1


def test_the_top_cards_become_issues_with_an_owner_and_a_later_day(review, people, owner):
    cards = show(review, people)
    with pytest.raises(Conflict):  # first the vote
        take_up(review=review, card=cards[CARDS[0]].id, owner=people["member"], fix_on=NEXT_WEEK, actor=owner, today=TODAY)
    begin_vote(review, people)
    count_votes(review=review, actor=owner, now=NOW)
    with pytest.raises(DomainError, match="after today"):
        take_up(review=review, card=cards[CARDS[0]].id, owner=people["member"], fix_on=TODAY, actor=owner, today=TODAY)
    with pytest.raises(NotAllowed):
        take_up(review=review, card=cards[CARDS[0]].id, owner=owner, fix_on=NEXT_WEEK, actor=people["member"], today=TODAY)
    issue = take_up(
        review=review, card=cards[CARDS[0]].id, owner=people["member"], fix_on=NEXT_WEEK, actor=owner, today=TODAY
    )
    assert (issue.sentence, issue.metric, issue.owner, issue.fix_on) == (CARDS[0], "", people["member"], NEXT_WEEK)
    # Somebody else instead: still one issue.
    take_up(review=review, card=cards[CARDS[0]].id, owner=people["colleague"], fix_on=NEXT_WEEK, actor=owner, today=TODAY)
    assert ReviewIssue.objects.get().owner == people["colleague"]


def test_three_issues_are_enough_for_one_review(review, people, owner):
    cards = list(show(review, people, [*CARDS, "A fourth card about the handoff form."]).values())
    begin_vote(review, people)
    count_votes(review=review, actor=owner, now=NOW)
    for card in cards[:3]:
        take_up(review=review, card=card.id, owner=owner, fix_on=NEXT_WEEK, actor=owner, today=TODAY)
    with pytest.raises(DomainError, match="3 issues are enough"):
        take_up(review=review, card=cards[3].id, owner=owner, fix_on=NEXT_WEEK, actor=owner, today=TODAY)
    assert ReviewIssue.objects.count() == 3


def test_there_is_no_field_for_a_solution_until_the_meeting_is_closed(review, people, owner, browser):
    cards = show(review, people)
    begin_vote(review, people)
    count_votes(review=review, actor=owner, now=NOW)
    issue = take_up(
        review=review, card=cards[CARDS[0]].id, owner=people["member"], fix_on=NEXT_WEEK, actor=owner, today=TODAY
    )
    url, form = "/review/looked-into/", 'name="sentence"'
    page = browser("member").get(url).content.decode()
    assert CARDS[0] in page and form not in page
    with pytest.raises(Conflict):
        solve_issue(issue=issue, sentence="Calls on the day itself.", actor=people["member"], today=TODAY)
    close(review)
    assert form in browser("member").get(url).content.decode()
    assert form not in browser("colleague").get(url).content.decode()
    address = f"/review/looked-into/{issue.pk}/solved/"
    assert browser("colleague").post(address, {"sentence": "Not mine."}).status_code == 403
    assert browser("member").post(address, {"sentence": ""}).status_code == 422
    assert browser("member").post(address, {"sentence": "Calls on the day itself."}).status_code == 302
    assert browser("funnel_owner").post(address, {"sentence": "Again."}).status_code == 409
    page = browser("viewer").get(url).content.decode()
    assert "Calls on the day itself." in page and "issue</button> is being looked into" in page


@pytest.mark.parametrize("act", ["cards/show", "vote/open", "vote/count", "cards/take-up"])
def test_who_does_not_steer_changes_nothing(review, people, browser, act):
    show(review, people)
    assert browser("member").post(f"/review/{review.pk}/{act}/").status_code == 403
    assert not Urn.objects.exists() and not ReviewIssue.objects.exists()


def test_a_vote_needs_something_to_choose(review, people, owner):
    with pytest.raises(DomainError, match="two cards"):
        open_vote(review=review, actor=owner, now=NOW, today=TODAY)


def test_a_name_on_a_card_brings_a_hint_and_the_writer_decides(review, browser):
    url, typed = f"/review/{review.pk}/cards/new/", "The outsider never answers the phone."
    refused = browser("member").post(url, {"sentence": typed})
    assert refused.status_code == 422 and not ProcessCard.objects.exists()
    assert "seems to name Outsider" in refused.content.decode() and typed in refused.content.decode()
    assert browser("member").post(url, {"sentence": typed, "anyway": "on"}).status_code == 302
    assert ProcessCard.objects.get().sentence == typed


def test_the_step_asks_the_database_as_often_for_six_cards_as_for_three(people, browser):
    counts = []
    for week, number in enumerate((3, 6)):
        review = review_of(people, starts_at=NOW + dt.timedelta(days=7 * week))
        show(review, people, [f"Card {n} of the week {week}" for n in range(number)])
        begin_vote(review, people)
        count_votes(review=review, actor=people["funnel_owner"], now=NOW)
        for card in list(review.cards.all())[: number // 2]:
            take_up(
                review=review,
                card=card.id,
                owner=people["member"],
                fix_on=NEXT_WEEK,
                actor=people["funnel_owner"],
                today=TODAY,
            )
        url = f"/review/{review.pk}/part/process/?screen=phone"
        browser("member").get(url)
        with CaptureQueriesContext(connection) as queries:
            assert browser("member").get(url).status_code == 200
        counts.append(len(queries))
        close(review)
    assert counts[0] == counts[1]
