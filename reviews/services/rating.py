"""How good the review was, from 1 to 10, by ballot."""

import datetime as dt

from django.db import transaction

from core.errors import DomainError
from reviews.models import Review, ReviewRating, Urn
from reviews.services.ballots import cast, count, open_urn

LOWEST, HIGHEST = 1, 10


def rate(*, review: Review, secret: str, value: int) -> None:
    """Rate a running review with this browser's ballot. A further value replaces the former one.

    DomainError unless 1 to 10; NotAllowed without a ballot; Conflict if the review is not running.
    """
    if not LOWEST <= value <= HIGHEST:
        raise DomainError("no_such_rating", "Choose a number from 1 to 10.", field="value")
    # The urn's hour is that of the review: the hour of the first rating would be somebody's.
    open_urn(review=review, question=Urn.Question.RATING, now=review.opened_at or review.starts_at)
    cast(review=review, question=Urn.Question.RATING, secret=secret, says={"value": value})


def count_ratings(*, review: Review, now: dt.datetime) -> None:
    """Count the ratings and destroy the ballots. Once; later calls change nothing."""
    with transaction.atomic():
        if ReviewRating.objects.filter(review=review).exists():
            return
        said = None
        if Urn.objects.filter(review=review, question=Urn.Question.RATING, counted_at=None).exists():
            said = count(review=review, question=Urn.Question.RATING, now=now)
        counts = None
        if said is not None:
            values = [paper["value"] for paper in said]
            counts = [values.count(value) for value in range(LOWEST, HIGHEST + 1)]
        ReviewRating.objects.create(review=review, counts=counts)
