"""What the three pages of a room say around its step: its name, its times, who is invited, how far the room is."""

import datetime as dt
from zoneinfo import ZoneInfo

from accounts.models import Side, User
from reviews.models import Review, ReviewParticipant, ReviewSeries
from reviews.parts import BY_NAME
from reviews.room_queries import agenda, may_steer, room_of, room_told


def title_of(review: Review) -> str:
    """Week 48, or November for a monthly one."""
    if review.series.cadence == ReviewSeries.Cadence.MONTHLY:
        return f"{review.period:%B %Y}"
    return f"Week {review.period.isocalendar().week}"


def time_words(instant: dt.datetime, review: Review) -> str:
    """Mon 23 Nov 09:00, in the zone of the series."""
    local = instant.astimezone(ZoneInfo(review.series.zone))
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def page_words(user: User, review: Review) -> dict:
    """For the templates of reviews/room."""
    room = room_of(review)
    here = BY_NAME[room.step] if room else None
    return {
        "title": title_of(review),
        "starts": time_words(review.starts_at, review),
        "frozen": time_words(review.freeze_at, review),
        "minutes": review.minutes,
        "room": room_told(review, room, dt.datetime.now(dt.UTC)),
        "here": here,
        "agenda": agenda(),
        "may_steer": may_steer(user, review),
        "sides": invited(review),
        "expected": any(one.came_at is None for one in review.invited),
    }


def invited(review: Review) -> list[dict]:
    """Names by side, in the order of the alphabet; sides without anybody are left out."""
    rows = ReviewParticipant.objects.filter(review=review).select_related("user").order_by("user__name")
    by_side: dict[str, list[str]] = {}
    for row in rows:
        by_side.setdefault(row.side, []).append(row.user.name)
    return [{"side": side, "names": by_side[side]} for side in Side if side in by_side]
