"""Writes of the room: open it, move it, keep its clock, and what its screens hand in.

Every act on the room names the version it was decided on. Whoever comes second is told what is so now, and nothing
happens twice: two people who press "next" at once move the room one step.
"""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError

from accounts.models import User
from core.errors import Conflict, DomainError, NotAllowed
from reviews.models import FrozenNumber, GoodThing, Review, ReviewIssue, ReviewParticipant, RoomState
from reviews.parts import BY_NAME, FIRST, Step, first_step_of, next_step, step_before
from reviews.room_queries import may_steer, room_of, seconds_used, sides_for_good_thing

OFF = "off"
MOST_MORE = 60  # minutes added to one part


def open_room(*, review: Review, actor: User, now: dt.datetime) -> RoomState:
    """Begin the review at its first step. Opening it again changes nothing. DomainError before its numbers are frozen."""
    _refuse_others(review, actor)
    with transaction.atomic():
        opened = Review.objects.filter(id=review.id, state=Review.State.PREPARED).update(
            state=Review.State.RUNNING, opened_at=now
        )
        if opened:
            return RoomState.objects.create(review=review, step=FIRST.name, running_since=now)
    room = room_of(review)
    if room is None:
        raise DomainError("not_prepared", "The numbers of this review are not frozen yet, so it cannot begin.")
    return room


def steer_room(*, review: Review, act: str, version: int, actor: User, now: dt.datetime) -> RoomState:
    """Do one act: next, back, pause (or go on), more (a minute), blank (or show again), or "go:<part>".

    `version`: of the room as the actor saw it. Conflict if somebody else was first; DomainError if there is no such act or
    nothing after the last step; NotAllowed for those who may not steer.
    """
    _refuse_others(review, actor)
    room = room_of(review)
    if room is None or Review.objects.filter(id=review.id).exclude(state=Review.State.RUNNING).exists():
        raise Conflict("not_running", "This review is not running.")
    if room.version == version:
        changed = RoomState.objects.filter(review=review, version=version).update(
            **_changes(room, act, now), version=F("version") + 1
        )
        if changed:
            return room_of(review)
    raise Conflict("room_moved", "The room has moved on meanwhile. This is where it is now.")


def _changes(room: RoomState, act: str, now: dt.datetime) -> dict:
    here = BY_NAME[room.step]
    match act:
        case "next":
            return _move(room, next_step(here), now)
        case "back":
            return _move(room, step_before(here), now)
        case "pause":
            used = room.used_seconds | {here.part.key: seconds_used(room, here.part, now)}
            return {"used_seconds": used, "running_since": None if room.running_since else now}
        case "more":
            minutes = room.more_minutes.get(here.part.key, 0) + 1
            if minutes > MOST_MORE:
                raise DomainError("too_long", "An hour more is the most. Close the review, or go on.")
            return {"more_minutes": room.more_minutes | {here.part.key: minutes}}
        case "blank":
            return {"blank": not room.blank}
    verb, _, part = act.partition(":")
    try:
        wanted = first_step_of(part)
    except KeyError:
        wanted = None
    if verb != "go" or wanted is None:
        raise DomainError("no_such_act", "The remote has no such button.")
    return _move(room, wanted, now)


def _move(room: RoomState, to: Step | None, now: dt.datetime) -> dict:
    here = BY_NAME[room.step]
    if to is None:
        raise DomainError("no_further", "There is no step that way.")
    if to.part == here.part:
        return {"step": to.name, "blank": False}
    # The clock runs in every part that is entered; the part that is left keeps what it has used.
    used = room.used_seconds | {here.part.key: seconds_used(room, here.part, now)}
    return {"step": to.name, "used_seconds": used, "running_since": now, "blank": False}


def room_changed(review: Review) -> None:
    """Every open screen fetches its step again. Without effect before the room is open."""
    RoomState.objects.filter(review=review).update(content=F("content") + 1)


def mark_here(*, review: Review, user: User, now: dt.datetime) -> bool:
    """Note that an invited person came, once. Returns whether that was news."""
    return bool(ReviewParticipant.objects.filter(review=review, user=user, came_at=None).update(came_at=now))


def say_good_thing(*, review: Review, side: str, sentence: str, actor: User) -> None:
    """One good thing of a side; an empty sentence takes it back. NotAllowed for those of the other side."""
    if side not in sides_for_good_thing(actor, review):
        raise NotAllowed("other_side", "Each team says its own good thing.")
    _refuse_closed(review)
    last = GoodThing.objects.filter(review=review, side=side).order_by("-id").first()
    if (last.sentence if last else "") != sentence:
        GoodThing.objects.create(review=review, side=side, sentence=sentence, said_by=actor)
        room_changed(review)


def raise_number(*, number: FrozenNumber) -> ReviewIssue:
    """Put a number that is off plan on its review's list of issues. A second click finds the first one's issue.

    Takes no actor: an issue of a number is nobody's complaint. DomainError if the number is not off plan.
    """
    _refuse_closed(number.review)
    if number.state != OFF:
        raise DomainError("not_off_plan", "Only a number that is off plan goes to the issues.")
    sentence = f"{number.label}: {number.words} of {number.plan_words}, off plan"
    try:
        with transaction.atomic():
            issue = ReviewIssue.objects.create(review=number.review, number=number, metric=number.metric, sentence=sentence)
    except IntegrityError:
        # This number's, or that of another one that reads just like it.
        return ReviewIssue.objects.get(review=number.review, sentence=sentence)
    room_changed(number.review)
    return issue


def drop_number(*, number: FrozenNumber) -> None:
    """Take a number from the list again. Conflict once the issue has an owner or an action, or stands among the cards."""
    _refuse_closed(number.review)
    try:
        dropped, _ = ReviewIssue.objects.filter(number=number, owner=None, actions=None).delete()
    except ProtectedError as error:
        text = "This number stands among the cards of the review already, so it stays on the list."
        raise Conflict("among_the_cards", text) from error
    if not dropped and ReviewIssue.objects.filter(number=number).exists():
        raise Conflict("owned", "Somebody looks into this issue already, so it stays on the list.")
    if dropped:
        room_changed(number.review)


def _refuse_others(review: Review, actor: User) -> None:
    if not may_steer(actor, review):
        raise NotAllowed("not_facilitator", "This review is steered by its facilitator.")


def _refuse_closed(review: Review) -> None:
    if Review.objects.filter(id=review.id, state__in=[Review.State.CLOSED, Review.State.CANCELLED]).exists():
        raise Conflict("closed", "This review is closed; its minutes stay as they are.")
