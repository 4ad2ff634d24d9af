"""Jobs of the house itself. Safe to run twice, at once or never."""

import datetime as dt
import time

from celery import shared_task

from core import outbox, planner, signs
from core.models import Heartbeat

# Well below the soft time limit of a task; the next tick goes on.
BUDGET = 100


@shared_task(name="core.tasks.heartbeat")
def heartbeat() -> None:
    signs.seen(Heartbeat.Part.WORKER, now=dt.datetime.now(dt.UTC))


@shared_task(name="core.tasks.send_messages")
def send_messages() -> int:
    return outbox.send_due(now=dt.datetime.now(dt.UTC), until=time.monotonic() + BUDGET)


@shared_task(name="core.tasks.forget_old")
def forget_old() -> None:
    """What nobody needs any more: messages that ended, failures that did not come again."""
    now = dt.datetime.now(dt.UTC)
    outbox.forget_old_messages(now=now)
    signs.forget_old_failures(now=now)


@shared_task(name="core.tasks.tell_planner")
def tell_planner() -> None:
    planner.tell_planner()
