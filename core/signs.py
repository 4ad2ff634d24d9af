"""Signs of life and of trouble that the machinery leaves in the database, for the health page and /healthz."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F

from core.models import Heartbeat, TaskFailure

FAILURES_KEPT = dt.timedelta(days=14)


def seen(part: Heartbeat.Part, *, now: dt.datetime) -> None:
    """A part of the machinery is alive."""
    Heartbeat.objects.update_or_create(part=part, defaults={"seen_at": now})


def record_failure(*, task: str, error: str, now: dt.datetime) -> None:
    """Count an error of a job under its class. One row each, however often it comes."""
    task, error = task[:100], error[:60]
    for _ in range(2):
        if TaskFailure.objects.filter(task=task, error=error).update(times=F("times") + 1, last_at=now):
            return
        try:
            with transaction.atomic():
                TaskFailure.objects.create(task=task, error=error, first_at=now, last_at=now)
            return
        except IntegrityError:
            continue  # another worker wrote the first one: count ours


def forget_old_failures(*, now: dt.datetime) -> None:
    TaskFailure.objects.filter(last_at__lt=now - FAILURES_KEPT).delete()
