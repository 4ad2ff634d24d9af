"""What the end of a review does with ballots: none outlives it."""

import datetime as dt

from django.db import transaction

from reviews.models import Review, Urn
from reviews.services.nameless import one_at_a_time
from reviews.services.rating import count_ratings
from reviews.services.safe_space import tally_votes
from reviews.services.words import tally_word


def end_ballots(*, review: Review, now: dt.datetime) -> None:
    """Count what nobody has counted, as if the facilitator had, and destroy the papers. Once; later calls change nothing."""
    with transaction.atomic():
        one_at_a_time()
        waiting = set(Urn.objects.filter(review=review, counted_at=None).values_list("question", flat=True))
        if Urn.Question.CARDS in waiting:
            tally_votes(review=review, now=now)
        if Urn.Question.WORD in waiting:
            tally_word(review=review, now=now)
        count_ratings(review=review, now=now)
