"""Reads for the pages of series and of the review's start page."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import Membership, Side, User
from accounts.queries import on_day
from reviews.models import Review, ReviewParticipant, ReviewSeries
from reviews.queries import past_reviews

SHOWN_PAST = 12


@dataclass(frozen=True)
class Person:
    user: User
    side: str
    team: str


def invitable(day: dt.date) -> list[Person]:
    """Active people with a role, marketing's first, by name; whoever has no team stands for both."""
    rows = Membership.objects.filter(on_day(day), user__is_active=True).select_related("user", "team")
    found: dict[int, Person] = {}
    for row in rows.order_by("from_day", "id"):
        if row.team is not None:
            found[row.user_id] = Person(row.user, row.team.side, row.team.name)
        else:
            found.setdefault(row.user_id, Person(row.user, Side.JOINT, row.get_role_display()))
    order = [Side.MARKETING, Side.SALES, Side.JOINT]
    return sorted(found.values(), key=lambda one: (order.index(one.side), str(one.user), one.user.pk))


def past_with_counts() -> QuerySet[Review]:
    """Past reviews, newest first, with how many numbers were on and off plan and how many people came."""
    numbers = Q(frozen__group="number")
    return past_reviews().annotate(
        on_plan=Count("frozen", filter=numbers & Q(frozen__state="on"), distinct=True),
        off_plan=Count("frozen", filter=numbers & Q(frozen__state="off"), distinct=True),
        came=Count("participants", filter=Q(participants__came_at__isnull=False), distinct=True),
    )


def with_participants(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Reviews with whoever is invited, by name."""
    rows = ReviewParticipant.objects.select_related("user").order_by("user__name", "user_id")
    return reviews.prefetch_related(Prefetch("participants", rows))


def rule_words(series: ReviewSeries) -> str:
    """Every Monday at 10:00 (Europe/Berlin), 50 minutes."""
    day = (dt.date(2024, 1, 1) + dt.timedelta(days=series.weekday)).strftime("%A")
    when = f"Every {day}"
    if series.cadence == ReviewSeries.Cadence.MONTHLY:
        when = f"Every {series.get_week_of_month_display().lower()} {day} of the month"
    return f"{when} at {series.at:%H:%M} ({series.zone}), {series.minutes} minutes"


def local_start(review: Review) -> dt.datetime:
    return review.starts_at.astimezone(ZoneInfo(review.series.zone))
