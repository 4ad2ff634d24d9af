"""Reads of the room: where it is, how much time its part has left, who may steer it."""

import datetime as dt
from dataclasses import dataclass

from accounts.models import Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm, standing
from reviews.models import GoodThing, Review, ReviewIssue, RoomState, SeriesMember
from reviews.parts import BY_NAME, STEPS, Part

BOTH_SIDES = (Side.MARKETING, Side.SALES)


@dataclass(frozen=True)
class Clock:
    """Seconds of a part. `left` is 0 when the time is up, however long ago that was."""

    left: int
    total: int
    paused: bool


def room_of(review: Review) -> RoomState | None:
    """None before the review is opened."""
    return RoomState.objects.filter(review=review).first()


def clock_of(room: RoomState, now: dt.datetime) -> Clock:
    """Of the part that the room is in. A part that is visited again goes on where it was left."""
    part = BY_NAME[room.step].part
    total = 60 * (part.minutes + room.more_minutes.get(part.key, 0))
    left = total - seconds_used(room, part, now)
    return Clock(left=max(0, left), total=total, paused=room.running_since is None)


def seconds_used(room: RoomState, part: Part, now: dt.datetime) -> int:
    """How long the room has been in a part so far, pauses left out."""
    used = room.used_seconds.get(part.key, 0)
    if room.running_since is not None and BY_NAME[room.step].part == part:
        used += max(0, int((now - room.running_since).total_seconds()))
    return used


def may_steer(user: User, review: Review) -> bool:
    """The facilitator, those of the series who take turns, and whoever answers for the funnel as a whole."""
    if user.id == review.facilitator_id or has_perm(user, Perm.ANSWER_ISSUES):
        return True
    return SeriesMember.objects.filter(series_id=review.series_id, user=user, can_facilitate=True).exists()


def room_told(review: Review, room: RoomState | None, now: dt.datetime) -> dict:
    """What a screen needs to follow. `version` 0: not opened yet."""
    told = {"state": review.state, "version": 0, "content": 0, "step": "", "part": "", "left": 0, "total": 0,
            "paused": False, "blank": False}  # fmt: skip
    if room is None:
        return told
    clock = clock_of(room, now)
    return told | {
        "version": room.version,
        "content": room.content,
        "step": room.step,
        "part": BY_NAME[room.step].part.key,
        "left": clock.left,
        "total": clock.total,
        "paused": clock.paused,
        "blank": room.blank,
    }


def good_things(review: Review) -> dict[str, GoodThing | None]:
    """The last word of each side; None where it said nothing or took it back."""
    last = {one.side: one for one in GoodThing.objects.filter(review=review).order_by("id")}
    return {side: one if (one := last.get(side)) and one.sentence else None for side in BOTH_SIDES}


def sides_for_good_thing(user: User, review: Review) -> list[str]:
    """For whom a person may say something good: their own side; whoever steers writes for both."""
    if may_steer(user, review):
        return list(BOTH_SIDES)
    return [side for side in BOTH_SIDES if side in standing(user).sides]


def raised_numbers(review: Review) -> dict[int, ReviewIssue]:
    """The numbers that went to this review's issues, by the id of the frozen number."""
    return {one.number_id: one for one in ReviewIssue.objects.filter(review=review, number__isnull=False)}


def agenda() -> list[dict]:
    """The parts in order, each with its first step and the title of what follows."""
    found = []
    for at, step in enumerate(STEPS):
        if not found or found[-1]["part"] != step.part:
            found.append({"part": step.part, "step": step, "number": len(found) + 1, "steps": []})
        follows = STEPS[at + 1] if at + 1 < len(STEPS) else None
        found[-1]["steps"].append({"step": step, "next": follows})
    return found
