"""Jobs of the review. Safe to run twice: a month has one sample."""

import datetime as dt

from celery import shared_task

from reviews.services import draw_when_due


@shared_task(name="reviews.tasks.draw_sample")
def draw_sample() -> bool:
    return draw_when_due(now=dt.datetime.now(dt.UTC)) is not None
