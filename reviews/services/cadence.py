"""Writes of series and planned meetings: set up, follow a change, take turns, call off."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from accounts.models import Absence, Membership, Role, Side, User
from accounts.queries import on_day
from core.each import for_each
from core.errors import DomainError
from core.queries import calendar
from reviews.cadence import AHEAD, MADE_UP, Slot, slot_of, slots
from reviews.models import Review, ReviewParticipant, ReviewSeries, SeriesMember
from reviews.services.inviting import PREPARING, invite, uninvite

_State = Review.State
# What may still be moved or called off: nobody has met yet.
_AHEAD = (_State.PLANNED, _State.PREPARED)


@dataclass(frozen=True)
class Settings:
    """What a series is set to. `at` is local time in `zone`, an IANA name."""

    name: str
    cadence: str
    weekday: int
    week_of_month: int
    at: dt.time
    zone: str
    minutes: int
    freeze_minutes: int


def set_series(
    *,
    series: ReviewSeries | None,
    settings: Settings,
    members: Collection[User],
    facilitators: Collection[User],
    now: dt.datetime,
) -> ReviewSeries:
    """Set up a series, or change one and move what it has planned. Whoever takes a turn is a member, too.

    DomainError if nobody takes a turn or the name is taken.
    """
    if not facilitators:
        raise DomainError("facilitator_missing", "Name at least one person who facilitates.", field="facilitators")
    namesake = ReviewSeries.objects.filter(name=settings.name).exclude(pk=series.pk if series else None)
    if namesake.exists():
        raise DomainError("name_taken", "There is a series of this name.", field="name")
    with transaction.atomic():
        series = series or ReviewSeries(created_at=now)
        for name, value in vars(settings).items():
            setattr(series, name, value)
        series.save()
        _set_members(series, members, facilitators)
        _follow(series, now)
    return series


def set_active(*, series: ReviewSeries, active: bool, now: dt.datetime) -> None:
    """Pause a series, which calls off what it has planned, or take it up again."""
    with transaction.atomic():
        ReviewSeries.objects.filter(pk=series.pk).update(active=active)
        series.active = active
        if not active:
            for review in series.reviews.filter(state__in=_AHEAD, starts_at__gt=now):
                call_off(review=review, now=now)
        else:
            # What was called off and is still to come takes place again.
            for review in series.reviews.filter(state=_State.CANCELLED, freeze_at__gt=now, prepared_at=None):
                Review.objects.filter(pk=review.pk).update(
                    state=_State.PLANNED, calendar_sequence=F("calendar_sequence") + 1
                )
            _follow(series, now)


def call_off(*, review: Review, now: dt.datetime) -> None:
    """Cancel one meeting and tell those who were invited. DomainError once it has begun."""
    with transaction.atomic():
        ahead = Review.objects.filter(pk=review.pk, state__in=_AHEAD)
        if not ahead.update(state=_State.CANCELLED, calendar_sequence=F("calendar_sequence") + 1):
            raise DomainError("review_begun", "This review has begun or was called off before.")
        review.refresh_from_db()
        for participant in review.participants.select_related("user"):
            uninvite(participant=participant, review=review, now=now)


def move(*, review: Review, starts_at: dt.datetime, now: dt.datetime) -> None:
    """Hold one meeting at another time. Numbers that are frozen stay frozen; else they are frozen as long before as ever.

    DomainError if it has begun, lies in the past, or another meeting of the series begins then.
    """
    if starts_at <= now:
        raise DomainError("in_the_past", "A review takes place in the future.", field="starts_at")
    if Review.objects.filter(series=review.series_id, starts_at=starts_at).exclude(pk=review.pk).exists():
        raise DomainError("time_taken", "Another review of this series begins then.", field="starts_at")
    if review.state == _State.PREPARED and starts_at < review.freeze_at:
        raise DomainError("before_the_freeze", "The numbers are frozen already; choose a later time.", field="starts_at")
    with transaction.atomic():
        if not _moved(review, starts_at, review.minutes):
            raise DomainError("review_begun", "This review has begun or was called off.")
        invite(review=review, now=now)


def hand_over(*, review: Review, facilitator: User) -> None:
    """Let somebody else facilitate a meeting that has not ended. DomainError if they are not invited."""
    if not review.participants.filter(user=facilitator).exists():
        raise DomainError("not_invited", "Only somebody who is invited can facilitate.", field="facilitator")
    open_states = (*_AHEAD, _State.RUNNING)
    if not Review.objects.filter(pk=review.pk, state__in=open_states).update(facilitator=facilitator):
        raise DomainError("review_over", "This review is over.")
    review.facilitator = facilitator


def plan_due(*, now: dt.datetime) -> int:
    """Plan the meetings that come near, and those that were missed for less than a day. Twice makes one."""
    planned: list[Slot] = []

    def plan(series: ReviewSeries) -> bool:
        # Before it was set up a series had no meetings.
        after = max(now - MADE_UP, series.created_at)
        new = [slot for slot in slots(series, after, now + AHEAD[series.cadence]) if _plan(series, slot)]
        planned.extend(new)
        return bool(new)

    for_each(ReviewSeries.objects.filter(active=True).order_by("id"), plan, job=PREPARING, now=now)
    return len(planned)


def _plan(series: ReviewSeries, slot: Slot) -> bool:
    with transaction.atomic():
        # One at a time, so that turns are taken in order and a meeting is planned once.
        locked = ReviewSeries.objects.select_for_update().get(pk=series.pk)
        same = locked.reviews.filter(period=slot.period) | locked.reviews.filter(starts_at=slot.starts_at)
        if same.exists():
            return False
        day = calendar().day_of(slot.starts_at)
        facilitator = next_facilitator(locked, day)
        if facilitator is None:
            return False  # nobody is left who could be invited
        review = Review.objects.create(
            series=locked,
            period=slot.period,
            starts_at=slot.starts_at,
            minutes=locked.minutes,
            freeze_at=slot.freeze_at,
            facilitator=facilitator,
        )
        _follow_members(review)
        return True


def next_facilitator(series: ReviewSeries, day: dt.date) -> User | None:
    """Whose turn it is: somebody of the other team than last time, and of these who facilitated longest ago.

    People who are away that day are passed over. Without anybody it is the funnel owner, then any member.
    """
    members = list(series.memberships.filter(user__is_active=True).select_related("user").order_by("user__name", "user_id"))
    away = set(Absence.objects.filter(from_day__lte=day, to_day__gte=day).values_list("user_id", flat=True))
    turns = [member.user for member in members if member.can_facilitate and member.user_id not in away]
    if not turns:
        owner = User.objects.filter(memberships__in=Membership.objects.filter(on_day(day), role=Role.FUNNEL_OWNER))
        return owner.filter(is_active=True).first() or next((member.user for member in members), None)
    held = series.reviews.exclude(state=_State.CANCELLED).order_by("starts_at").values_list("facilitator_id", flat=True)
    order = {user_id: place for place, user_id in enumerate(held, start=1)}
    sides = sides_on(day, [user.pk for user in turns] + list(order))
    last = max(order, key=order.get, default=None)
    others = [user for user in turns if last is None or sides[user.pk] != sides[last]]
    return min(others or turns, key=lambda user: order.get(user.pk, 0))


def sides_on(day: dt.date, user_ids: Collection[int]) -> dict[int, str]:
    """The side of each person's team on a day; both teams' for those without one."""
    rows = Membership.objects.filter(on_day(day), user_id__in=user_ids, team__isnull=False).order_by("-from_day", "-id")
    return dict.fromkeys(user_ids, Side.JOINT) | dict(reversed(rows.values_list("user_id", "team__side")))


def _set_members(series: ReviewSeries, members: Collection[User], facilitators: Collection[User]) -> None:
    turns = {user.pk for user in facilitators}
    wanted = {user.pk for user in members} | turns
    series.memberships.exclude(user_id__in=wanted).delete()
    for user_id in sorted(wanted):
        SeriesMember.objects.update_or_create(series=series, user_id=user_id, defaults={"can_facilitate": user_id in turns})


def _follow(series: ReviewSeries, now: dt.datetime) -> None:
    """Bring what is planned and not yet held in line with the series."""
    for review in series.reviews.filter(state__in=_AHEAD, starts_at__gt=now).order_by("starts_at"):
        slot = slot_of(series, review.period)
        frozen = review.state == _State.PREPARED and slot.starts_at < review.freeze_at
        taken = series.reviews.filter(starts_at=slot.starts_at).exclude(pk=review.pk).exists()
        same_kind = slots_fit(series, review.period)
        if not same_kind:
            if review.state == _State.PLANNED:
                call_off(review=review, now=now)
            continue
        if slot.starts_at > now and not frozen and not taken:
            _moved(review, slot.starts_at, series.minutes)
        for participant in _follow_members(review):
            uninvite(participant=participant, review=review, now=now)
        invite(review=review, now=now)


def slots_fit(series: ReviewSeries, period: dt.date) -> bool:
    """Whether a period is one of the series' kind: weeks begin on a Monday, months on their first day."""
    return period.weekday() == 0 if series.cadence == ReviewSeries.Cadence.WEEKLY else period.day == 1


def _moved(review: Review, starts_at: dt.datetime, minutes: int) -> bool:
    """Give a meeting that is still ahead another time; False if it is not. The same time and length change nothing."""
    ahead = Review.objects.filter(pk=review.pk, state__in=_AHEAD)
    if (review.starts_at, review.minutes) == (starts_at, minutes):
        return ahead.exists()
    before = dt.timedelta(minutes=review.series.freeze_minutes)
    freeze_at = review.freeze_at if review.state == _State.PREPARED else starts_at - before
    changed = ahead.filter(state=review.state).update(
        starts_at=starts_at, minutes=minutes, freeze_at=freeze_at, calendar_sequence=F("calendar_sequence") + 1
    )
    review.refresh_from_db()
    return bool(changed)


def _follow_members(review: Review) -> list[ReviewParticipant]:
    """Invite who is a member and is not yet; returns who was written and is no member any more."""
    day = calendar().day_of(review.starts_at)
    members = set(review.series.memberships.filter(user__is_active=True).values_list("user_id", flat=True))
    members.add(review.facilitator_id)
    known = {one.user_id: one for one in review.participants.select_related("user")}
    sides = sides_on(day, sorted(members))
    new = sorted(members - known.keys())
    ReviewParticipant.objects.bulk_create(ReviewParticipant(review=review, user_id=pk, side=sides[pk]) for pk in new)
    gone = [one for user_id, one in known.items() if user_id not in members]
    return gone
