"""The worker prepares reviews: plans and invites ahead, freezes the numbers when their time has come, looks for what was
restated since. Every step may run twice or late; what was done is not done again."""

import datetime as dt
import logging

from core.each import for_each
from core.periods import add_months
from metrics.series import current
from reviews.models import Review, ReviewSeries
from reviews.queries import review_before
from reviews.review_set import known_at
from reviews.services.cadence import plan_due
from reviews.services.freezing import freeze, restate
from reviews.services.inviting import PREPARING, invite_due

log = logging.getLogger("tandem.reviews")

# A review that nobody has held so long after its start is not prepared any more.
GIVEN_UP = dt.timedelta(days=7)
# Reviews of so many weeks are looked through for numbers that differ today.
LOOKED_BACK = dt.timedelta(weeks=13)


def prepare_due(*, now: dt.datetime) -> int:
    """Plan, invite, and prepare every review whose freeze instant has come; returns how many were prepared."""
    plan_due(now=now)
    invite_due(now=now)
    due = Review.objects.filter(state=Review.State.PLANNED, freeze_at__lte=now, starts_at__gt=now - GIVEN_UP)
    return for_each(
        due.select_related("series").order_by("freeze_at", "id"),
        lambda review: prepare(review=review, now=now),
        job=PREPARING,
        now=now,
        in_transaction=False,
    )


def prepare(*, review: Review, now: dt.datetime) -> bool:
    """Freeze the numbers of a review as they were known at its freeze instant, however late this runs.

    False if it was prepared meanwhile. What was restated of the review before is told first.
    """
    snapshot = current()
    previous = review_before(review)
    since = previous.freeze_at if previous is not None else first_since(review)
    facts, before = known_at(review.freeze_at, snapshot), known_at(since, snapshot)
    if previous is not None:
        restate(review=previous, found_for=review)
    done = freeze(review=review, now=now, facts=facts, before=before, since=since)
    if done:
        log.info("Review %s is prepared.", review.pk)
    return done


def first_since(review: Review) -> dt.datetime:
    """Since when changes are told in the first review of a series: a week, or a month, before its freeze."""
    if review.series.cadence == ReviewSeries.Cadence.WEEKLY:
        return review.freeze_at - dt.timedelta(days=7)
    day = add_months(review.freeze_at.date(), -1)
    return dt.datetime.combine(day, review.freeze_at.timetz())


def restate_due(*, now: dt.datetime) -> int:
    """Look through the reviews of the last quarter for numbers that differ today; returns how many reviews have new ones."""
    frozen = Review.objects.filter(prepared_at__isnull=False, freeze_at__gt=now - LOOKED_BACK)
    frozen = frozen.exclude(state=Review.State.CANCELLED)
    return for_each(
        frozen.order_by("freeze_at"),
        lambda review: restate(review=review, found_for=None) > 0,
        job="reviews.tasks.look_for_restatements",
        now=now,
        in_transaction=False,
    )
