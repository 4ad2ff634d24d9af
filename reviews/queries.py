"""Reads of reviews and issues. Everybody reads the same ones; nobody reads who raised an issue."""

import datetime as dt
import re

from django.db.models import F, Prefetch, QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from reviews.models import Issue, Review, ReviewParticipant, ReviewSeries

SHORTEST_NAME = 3


def shown_issues(today: dt.date) -> QuerySet[Issue]:
    """What people may read: the issues of earlier days, so that nobody can watch one appear and look who is at a desk.

    Within a day the random ids give the order.
    """
    return Issue.objects.filter(day__lt=today).select_related("answered_by").order_by("-day", "id")


def waiting_issues(today: dt.date) -> QuerySet[Issue]:
    """Issues without an answer, for the funnel owner."""
    return shown_issues(today).filter(decision="")


def issues_for_review(today: dt.date) -> QuerySet[Issue]:
    """What the next weekly review takes up: what was sent there, and what nobody has answered."""
    return shown_issues(today).filter(decision__in=("", Issue.Decision.REVIEW))


def names_in(text: str) -> list[str]:
    """People of this company whom a text seems to name, by any part of their name."""
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    found = []
    for name in User.objects.filter(is_active=True).order_by("name").values_list("name", flat=True):
        parts = {part.casefold() for part in re.findall(r"\w+", name) if len(part) >= SHORTEST_NAME}
        if parts & words:
            found.append(name)
    return found


def review_for(user: User, pk: int) -> Review:
    """A review with its series and facilitator, one that was called off too; 404 without one.

    Everybody who reads numbers may open each of them. `invited` holds the reader's own invitation, if there is one.
    """
    own = Prefetch("participants", ReviewParticipant.objects.filter(user=user), to_attr="invited")
    return get_object_or_404(Review.objects.select_related("series", "facilitator").prefetch_related(own), pk=pk)


def next_review(now: dt.datetime) -> Review | None:
    """The one that runs, else the one that is due next: its end has not passed."""
    running = _reviews().filter(state=Review.State.RUNNING).order_by("-starts_at").first()
    if running is not None:
        return running
    coming = _reviews().filter(state__in=(Review.State.PLANNED, Review.State.PREPARED))
    coming = coming.filter(starts_at__gt=now - dt.timedelta(days=1)).order_by("starts_at", "id")
    return next((review for review in coming if ends_at(review) > now), None)


def past_reviews() -> QuerySet[Review]:
    """Closed reviews of all series, newest first."""
    return _reviews().filter(state=Review.State.CLOSED).order_by("-starts_at", "-id")


def coming_reviews(now: dt.datetime) -> QuerySet[Review]:
    """What is planned, prepared or running, soonest first; what nobody held stays here for a day."""
    open_states = (Review.State.PLANNED, Review.State.PREPARED, Review.State.RUNNING)
    return _reviews().filter(state__in=open_states, starts_at__gt=now - dt.timedelta(days=1)).order_by("starts_at", "id")


def review_before(review: Review) -> Review | None:
    """The last review of the same series that was frozen before this one."""
    earlier = Review.objects.filter(series=review.series_id, freeze_at__lt=review.freeze_at, prepared_at__isnull=False)
    return earlier.exclude(state=Review.State.CANCELLED).order_by("-freeze_at").first()


def ends_at(review: Review) -> dt.datetime:
    return review.starts_at + dt.timedelta(minutes=review.minutes)


def all_series() -> QuerySet[ReviewSeries]:
    """Every series, active ones first, with its members in the order of their names."""
    return ReviewSeries.objects.prefetch_related("memberships__user").order_by(F("active").desc(), "name")


def _reviews() -> QuerySet[Review]:
    return Review.objects.exclude(state=Review.State.CANCELLED).select_related("series", "facilitator")
