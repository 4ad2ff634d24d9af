"""Writes at the end of a review: decisions, the close with its minutes, and the recap by mail."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from core.errors import Conflict, NotAllowed
from core.outbox import queue_message
from core.queries import calendar
from reviews.action_queries import held_before
from reviews.frozen_queries import frozen_promises
from reviews.minutes import gather, markdown
from reviews.models import Action, Decision, Minutes, Review
from reviews.rating_queries import rating_of
from reviews.room_queries import may_steer
from reviews.services.ballots import refuse_unless_running
from reviews.services.ending import end_ballots

NAMED = 20  # lines of each list in the mail; the minutes have them all


def write_decision(*, review: Review, sentence: str, actor: User) -> Decision:
    """Write down what both teams decided. The same sentence counts once. For those who steer, while the review runs."""
    _refuse_others(review, actor)
    refuse_unless_running(review)
    with transaction.atomic():
        same = Decision.objects.filter(review=review, sentence=sentence, taken_back=False).first()
        return same or Decision.objects.create(review=review, sentence=sentence, written_by=actor)


def take_back_decision(*, decision: Decision, actor: User) -> None:
    """Take a decision from the list before the close."""
    _refuse_others(decision.review, actor)
    refuse_unless_running(decision.review)
    Decision.objects.filter(pk=decision.pk).update(taken_back=True)


def close_review(*, review: Review, actor: User, now: dt.datetime) -> Minutes:
    """Count the ballots, write the minutes, end the review and queue the recap: all of it or nothing.

    Closing a closed review returns its minutes. Conflict if it was never opened; NotAllowed for those who do not steer.
    """
    _refuse_others(review, actor)
    with transaction.atomic():
        closed = Review.objects.filter(pk=review.pk, state=Review.State.RUNNING).update(
            state=Review.State.CLOSED, closed_at=now
        )
        written = Minutes.objects.filter(review=review).first()
        if written is not None:
            return written
        if not closed:
            raise Conflict("not_running", "Only a review that runs can be closed.")
        end_ballots(review=review, now=now)
        review.refresh_from_db()
        minutes = _write_minutes(review, actor, now)
        _send_recap(minutes, now)
    return minutes


def _write_minutes(review: Review, actor: User, now: dt.datetime) -> Minutes:
    body, rating = gather(review, now=now), rating_of(review)
    due, on_time = _on_time(review, now)
    states = [row.state for row in frozen_promises(review) if row.state]
    return Minutes.objects.create(
        review=review,
        body=body,
        text=markdown(body),
        rating_count=rating.n if rating else 0,
        rating_sum=sum(value * number for value, number in enumerate(rating.counts, start=1)) if rating else 0,
        actions_due=due,
        actions_on_time=on_time,
        promises_closed=len(states),
        promises_kept=states.count("on"),
        written_by=actor,
    )


def _on_time(review: Review, now: dt.datetime) -> tuple[int, int]:
    """Actions whose first agreed day lies after the review before and before this one's day, and how many were done by it.

    What is due on the day of the review counts at the next one: its day is not over. What was dropped before its day came
    is left out: nobody waited for it.
    """
    days, before = calendar(), held_before(review)
    rows = Action.objects.filter(first_due_on__lt=days.day_of(review.starts_at))
    if before is not None:
        rows = rows.filter(first_due_on__gte=days.day_of(before.starts_at))
    due = on_time = 0
    for action in rows.only("state", "ended_at", "first_due_on"):
        ended_on = days.day_of(action.ended_at) if action.ended_at else None
        in_time = ended_on is not None and ended_on <= action.first_due_on
        if action.state == Action.State.DROPPED and in_time:
            continue
        due += 1
        on_time += in_time and action.state == Action.State.DONE
    return due, on_time


def _refuse_others(review: Review, actor: User) -> None:
    if not may_steer(actor, review):
        raise NotAllowed("not_facilitator", "The facilitator of this review does that.")


# --- the recap --------------------------------------------------------------------------------------------------


def _send_recap(minutes: Minutes, now: dt.datetime) -> None:
    """One mail for each person who was invited, once: what was decided, their own actions first, and the link."""
    invited = minutes.review.participants.select_related("user").order_by("id")
    for one in invited:
        if one.user.is_active:
            queue_message(
                key=f"recap:{minutes.review_id}:{one.user_id}",
                kind="Recap of a review",
                to=one.user.email,
                subject=_subject(minutes),
                text=recap_text(minutes, one.user),
                now=now,
            )


def _subject(minutes: Minutes) -> str:
    agreed = len(minutes.body["actions"]["agreed"])
    decided = len(minutes.body["decisions"])
    return f"{minutes.body['series']}: {decided} decision{'s' * (decided != 1)}, {agreed} new action{'s' * (agreed != 1)}"


def recap_text(minutes: Minutes, reader: User) -> str:
    """The mail. Everybody gets the same, with the actions that are theirs on top."""
    body = minutes.body
    actions = body["actions"]["agreed"] + body["actions"]["carried"]
    own = [one for one in actions if one["owner_id"] == reader.pk]
    off = [one for one in body["numbers"] if one["state"] == "off plan"]
    lines = [f"{reader.name or reader.email},", "", f"{body['series']} of {body['day']} is closed.", ""]
    lines += _part("Yours", [_action_words(one, owner=False) for one in own])
    lines += _part("Decided", body["decisions"])
    lines += _part("New actions", [_action_words(one) for one in body["actions"]["agreed"]])
    lines += _part("Off plan", [f"{one['label']}: {one['value']}, plan {one['plan']}" for one in off])
    lines += _part("Issues that are looked into", [one["sentence"] for one in body["issues"] if one["owner"]])
    if body["rating"]:
        lines += [f"Rated {body['rating']['mean']} of 10 by {body['rating']['count']}.", ""]
    lines.append("The minutes stay as they are: the numbers are those that were frozen for this review.")
    if settings.SITE_URL:
        lines.append(settings.SITE_URL + reverse("review_minutes", args=[minutes.review_id]))
    return "\n".join(lines) + "\n"


def _part(title: str, words: list[str]) -> list[str]:
    if not words:
        return []
    rest = [f"- and {len(words) - NAMED} more"] if len(words) > NAMED else []
    return [f"{title}:", *(f"- {one}" for one in words[:NAMED]), *rest, ""]


def _action_words(one: dict, *, owner: bool = True) -> str:
    who = f"{one['owner']}, " if owner else ""
    state = "" if one["state"] == "open" else f", {one['state']}"
    return f"{one['what']} ({who}by {one['due_on']}{state})"
