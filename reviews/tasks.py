"""Jobs of the review. Safe to run twice: a month has one sample, a week one review, a number is frozen once."""

import datetime as dt

from celery import shared_task

from reviews.services import draw_when_due, prepare_due, remind_of_actions, restate_due


@shared_task(name="reviews.tasks.draw_sample")
def draw_sample() -> bool:
    return draw_when_due(now=dt.datetime.now(dt.UTC)) is not None


@shared_task(name="reviews.tasks.prepare_reviews")
def prepare_reviews() -> int:
    """Plan and invite ahead; freeze what is due. One that the worker missed is made up as of its own freeze instant."""
    return prepare_due(now=dt.datetime.now(dt.UTC))


@shared_task(name="reviews.tasks.look_for_restatements")
def look_for_restatements() -> int:
    return restate_due(now=dt.datetime.now(dt.UTC))


@shared_task(name="reviews.tasks.remind_owners")
def remind_owners() -> int:
    """Mails to those whose actions are due or overdue."""
    return remind_of_actions(now=dt.datetime.now(dt.UTC))
