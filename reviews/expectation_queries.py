"""Reads of expectations: those stated at a review, and those of earlier ones that it marks."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.queries import standing
from reviews.models import Expectation, FrozenNumber, Review
from reviews.room_queries import BOTH_SIDES, may_steer


def sides_to_speak_for(user: User, review: Review) -> list[str]:
    """For which sides a person may state an expectation: both for whoever steers, else their own."""
    return list(BOTH_SIDES) if may_steer(user, review) else [side for side in BOTH_SIDES if side in standing(user).sides]


def expectations_of(review: Review) -> dict[str, Expectation | None]:
    """What each side stated at a review, marketing first; None where a side stated nothing."""
    stated = {one.side: one for one in Expectation.objects.filter(review=review).select_related("marked_at")}
    return {side: stated.get(side) for side in BOTH_SIDES}


def expectations_to_mark(review: Review) -> QuerySet[Expectation]:
    """What earlier reviews of the series left unmarked, and what this one has marked, oldest first."""
    earlier = Expectation.objects.filter(review__series=review.series_id, review__starts_at__lt=review.starts_at)
    here = earlier.filter(Q(marked_at=None) | Q(marked_at=review))
    return here.select_related("review").order_by("review__starts_at", "side")


@dataclass(frozen=True)
class ExpectedNumber:
    """A frozen number that an expectation can name. `unit` and `currency`: of its value."""

    key: str
    label: str
    words: str
    unit: str
    currency: str


def numbers_to_expect(review: Review) -> list[ExpectedNumber]:
    """The frozen numbers of a review that have a value, in their order."""
    rows = FrozenNumber.objects.filter(review=review, value__isnull=False).order_by("position")
    return [ExpectedNumber(row.key, row.label, row.words, row.unit, row.currency) for row in rows]


@dataclass(frozen=True)
class Came:
    """What became of an expected number by a later review: its value there in words, and whether that meets it."""

    words: str
    met: bool


def what_came(expectations: Iterable[Expectation], review: Review) -> dict[int, Came]:
    """By expectation id, for those with a number that this review has frozen."""
    asked = [one for one in expectations if one.number]
    rows = FrozenNumber.objects.filter(review=review, key__in={one.number for one in asked}, value__isnull=False)
    frozen = {row.key: row for row in rows}
    found = {}
    for one in asked:
        row = frozen.get(one.number)
        if row is not None and row.unit == one.unit and row.currency == one.currency:
            enough = row.value >= one.target if one.bound == Expectation.Bound.LEAST else row.value <= one.target
            found[one.id] = Came(row.words, enough)
    return found
