"""What Celery's own classes do here besides: jobs record their failures, the clock shows that it lives."""

import datetime as dt
import logging

from celery import Task
from celery.beat import PersistentScheduler
from django.db import DatabaseError, close_old_connections

from core.models import Heartbeat
from core.signs import record_failure, seen

log = logging.getLogger("tandem.jobs")

CLOCK_SAYS_EVERY = dt.timedelta(seconds=30)


class Job(Task):
    def on_failure(self, exc, task_id, args, kwargs, einfo):
        """Leave the error's class where the health page finds it; its text and the arguments stay out."""
        try:
            record_failure(task=self.name, error=type(exc).__name__, now=dt.datetime.now(dt.UTC))
        except DatabaseError:
            log.warning("A failure of %s could not be recorded.", self.name)


class Clock(PersistentScheduler):
    """Celery's beat, which writes down twice a minute that it ticks."""

    said_at: dt.datetime | None = None

    def tick(self, *args, **kwargs):
        self.say()
        wait = super().tick(*args, **kwargs)
        return min(wait, CLOCK_SAYS_EVERY.total_seconds())

    def say(self) -> None:
        """A database that is away must not stop the clock: it stands still on the health page until it is back."""
        now = dt.datetime.now(dt.UTC)
        if self.said_at and self.said_at <= now < self.said_at + CLOCK_SAYS_EVERY:
            return
        try:
            close_old_connections()
            seen(Heartbeat.Part.BEAT, now=now)
            self.said_at = now
        except DatabaseError:
            log.warning("The clock could not say that it lives.")
