"""The safe space: cards are put into the box of a series, shown all at once, voted on, and the first ones looked into.

Writing a card takes no actor and keeps no time: that is the promise, and docs/security.md says what it rests on.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.permissions import Perm
from accounts.queries import has_perm
from core.errors import Conflict, DomainError, NotAllowed
from reviews.models import ProcessCard, Review, ReviewIssue, ReviewSeries, Solution, Urn
from reviews.queries import issues_for_review
from reviews.room_queries import may_steer
from reviews.services.ballots import cast, count, open_urn, refuse_unless_running
from reviews.services.nameless import one_at_a_time, write_anew
from reviews.services.room import room_changed

# Fewer cards are not shown: two people would know whose the other one is.
LEAST_CARDS = 3
MOST_WAITING = 60
MOST_VOTES = 3
MOST_TAKEN_UP = 3


def write_card(*, series: ReviewSeries, sentence: str) -> None:
    """Put a card into the box of a series. The same words count once while they wait: a second click.

    DomainError if the box is full. There is no limit per person, because counting a person's cards would name them.
    """
    with transaction.atomic():
        one_at_a_time()
        waiting = list(ProcessCard.objects.filter(series=series, review=None))
        if any(card.sentence == sentence for card in waiting):
            return
        if len(waiting) >= MOST_WAITING:
            raise DomainError("box_full", f"The box holds {MOST_WAITING} cards and is full. The next review empties it.")
        write_anew([*waiting, ProcessCard(series=series, sentence=sentence)])


def show_cards(*, review: Review, actor: User, today: dt.date) -> None:
    """Show what waits in the box, all at once and shuffled, with the issues from numbers beside it.

    Until the vote begins it may be done again, for cards that were written meanwhile. DomainError if there is nothing to
    show: fewer than three cards stay in the box, and nobody is told how many there are.
    """
    _refuse_others(review, actor)
    refuse_unless_running(review)
    with transaction.atomic():
        one_at_a_time()
        if Urn.objects.filter(review=review, question=Urn.Question.CARDS).exists():
            raise Conflict("vote_began", "The vote has begun. Cards written now wait for the next review.")
        shown = list(ProcessCard.objects.filter(review=review))
        waiting = list(ProcessCard.objects.filter(series=review.series_id, review=None))
        new = (waiting if len(waiting) >= LEAST_CARDS else []) + _cards_of_numbers(review, shown, today)
        if not new:
            raise DomainError(
                "too_few_cards",
                "Fewer than three cards are in the box, so none is shown. They wait; a few minutes to write may help.",
            )
        for card in new:
            card.review = review
        write_anew([*shown, *new])
    room_changed(review)


def _cards_of_numbers(review: Review, shown: list[ProcessCard], today: dt.date) -> list[ProcessCard]:
    """A card for each issue that somebody raised from a number, and for each number that this review put on its list."""
    carried = ProcessCard.objects.exclude(about=None).values("about")
    raised = [
        ProcessCard(series_id=review.series_id, about=issue, sentence=issue.sentence)
        for issue in issues_for_review(today).exclude(id__in=carried)
    ]
    known = {card.taken_up_id for card in shown}
    off_plan = ReviewIssue.objects.filter(review=review).exclude(metric="").exclude(id__in=known - {None})
    return raised + [ProcessCard(series_id=review.series_id, taken_up=one, sentence=one.sentence) for one in off_plan]


def open_vote(*, review: Review, actor: User, now: dt.datetime, today: dt.date) -> None:
    """Begin the silent vote. DomainError with fewer than two cards: there is nothing to choose."""
    _refuse_others(review, actor)
    with transaction.atomic():
        one_at_a_time()
        shown = list(ProcessCard.objects.filter(review=review))
        if not Urn.objects.filter(review=review, question=Urn.Question.CARDS).exists():
            new = _cards_of_numbers(review, shown, today)
            if len(shown) + len(new) < 2:
                raise DomainError("nothing_to_choose", "A vote needs two cards or more.")
            for card in new:
                card.review = review
            write_anew([*shown, *new])
        open_urn(review=review, question=Urn.Question.CARDS, now=now)
    room_changed(review)


def vote(*, review: Review, secret: str, cards: Sequence[UUID]) -> None:
    """Vote for one to three cards with this browser's ballot. Another vote of the same ballot replaces it.

    DomainError unless they are that many different cards of this review. Takes no actor.
    """
    chosen = set(cards)
    if not 1 <= len(chosen) <= MOST_VOTES or len(chosen) != len(cards):
        raise DomainError("votes", f"Choose one to {MOST_VOTES} cards.", field="cards")
    if ProcessCard.objects.filter(review=review, id__in=chosen).count() != len(chosen):
        raise DomainError("no_such_card", "One of these cards is not part of this review.", field="cards")
    says = {"cards": sorted(str(card) for card in chosen)}
    cast(review=review, question=Urn.Question.CARDS, secret=secret, says=says)


def count_votes(*, review: Review, actor: User, now: dt.datetime) -> None:
    """End the vote and say how many votes each card has; nothing where fewer than three ballots were cast."""
    _refuse_others(review, actor)
    tally_votes(review=review, now=now)
    room_changed(review)


def tally_votes(*, review: Review, now: dt.datetime) -> None:
    """Write the counted votes on the cards. Conflict if no vote runs."""
    with transaction.atomic():
        said = count(review=review, question=Urn.Question.CARDS, now=now)
        if said is not None:
            votes = Counter(card for paper in said for card in paper["cards"])
            cards = list(ProcessCard.objects.filter(review=review))
            for card in cards:
                card.votes = votes[str(card.id)]
            ProcessCard.objects.bulk_update(cards, ["votes"])


def take_up(*, review: Review, card: UUID, owner: User, fix_on: dt.date, actor: User, today: dt.date) -> ReviewIssue:
    """A card becomes an issue: somebody looks into it until a later day. How it is solved is not asked now.

    DomainError for a fourth card or a day that is not later; Conflict while the vote runs.
    """
    _refuse_others(review, actor)
    refuse_unless_running(review)
    if fix_on <= today:
        raise DomainError("not_later", "Describe now, solve later: choose a day after today.", field="fix_on")
    if not owner.is_active:
        raise DomainError("owner_gone", "Choose somebody who works here.", field="owner")
    with transaction.atomic():
        one_at_a_time()
        chosen = ProcessCard.objects.filter(review=review, id=card).select_related("taken_up").first()
        if chosen is None:
            raise DomainError("no_such_card", "This card is not part of this review.")
        if not _decided(review):
            raise Conflict("vote_first", "Vote first, then take up what was chosen.")
        issue = chosen.taken_up
        if issue is None or issue.owner_id is None:
            taken = ReviewIssue.objects.filter(review=review, owner__isnull=False).count()
            if taken >= MOST_TAKEN_UP:
                raise DomainError("enough", f"{MOST_TAKEN_UP} issues are enough for one review.")
        if issue is None:
            issue, _ = ReviewIssue.objects.get_or_create(review=review, sentence=chosen.sentence)
            ProcessCard.objects.filter(id=chosen.id).update(taken_up=issue)
        ReviewIssue.objects.filter(id=issue.id).update(owner=owner, fix_on=fix_on)
        issue.refresh_from_db()
    room_changed(review)
    return issue


def _decided(review: Review) -> bool:
    """Whether the vote is over, or there is nothing to choose between."""
    urn = Urn.objects.filter(review=review, question=Urn.Question.CARDS).first()
    if urn is None:
        return ProcessCard.objects.filter(review=review).count() < 2
    return urn.counted_at is not None


def solve_issue(*, issue: ReviewIssue, sentence: str, actor: User, today: dt.date) -> None:
    """Say how an issue was solved, once its review is closed. By its owner or the funnel owner; Conflict if it was said."""
    if issue.owner_id is None:
        raise DomainError("nobody_looks", "Nobody was asked to look into this issue.")
    if issue.owner_id != actor.id and not has_perm(actor, Perm.ANSWER_ISSUES):
        raise NotAllowed("not_the_owner", "Its owner says how the issue was solved.")
    if not Review.objects.filter(id=issue.review_id, state=Review.State.CLOSED).exists():
        raise Conflict("not_closed", "In the review issues are described. Solve this one when the review is closed.")
    _, new = Solution.objects.get_or_create(
        issue=issue, defaults={"sentence": sentence, "found_by": actor, "found_on": today}
    )
    if not new:
        raise Conflict("solved", "How this issue was solved has been written meanwhile.")


def _refuse_others(review: Review, actor: User) -> None:
    if not may_steer(actor, review):
        raise NotAllowed("not_facilitator", "The facilitator of this review does that.")
