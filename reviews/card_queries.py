"""Reads of the safe space: the cards that a review shows, and the issues that they became. Never what waits in the box."""

import datetime as dt

from django.db.models import F, QuerySet

from reviews.models import Paper, ProcessCard, Review, ReviewIssue, Urn


def cards_shown(review: Review) -> list[ProcessCard]:
    """Most votes first once they are counted; before that in the order of the random ids."""
    rows = ProcessCard.objects.filter(review=review).select_related("about", "taken_up__owner")
    return list(rows.order_by(F("votes").desc(nulls_last=True), "id"))


def takes_cards(review: Review) -> bool:
    """Whether a card that is written now can still be shown at this review; otherwise it waits for the next one."""
    if review.state in (Review.State.CLOSED, Review.State.CANCELLED):
        return False
    return not Urn.objects.filter(review=review, question=Urn.Question.CARDS).exists()


def issues_looked_into(*, before: dt.datetime | None = None) -> QuerySet[ReviewIssue]:
    """Issues with an owner and without a solution, the earliest day first: all, or those of reviews that began before."""
    rows = ReviewIssue.objects.filter(owner__isnull=False, solution=None).select_related("owner", "review__series")
    if before is not None:
        rows = rows.filter(review__starts_at__lt=before)
    return rows.order_by("fix_on", "id")


def issues_solved() -> QuerySet[ReviewIssue]:
    """Issues with a solution, the last one first."""
    rows = ReviewIssue.objects.filter(solution__isnull=False).select_related("owner", "review__series", "solution__found_by")
    return rows.order_by("-solution__found_on", "-id")


def own_paper(review: Review, question: Urn.Question, mark: str) -> dict | None:
    """What the ballot with this mark says in an urn that is not counted yet."""
    paper = Paper.objects.filter(urn__review=review, urn__question=question, mark=mark).first()
    return paper.says if paper else None
