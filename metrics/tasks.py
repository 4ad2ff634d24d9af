"""Jobs of the rollup. Safe to run twice, at once or never: what must be done stands in the notes."""

import time

from celery import shared_task

from core.models import StaleNote
from core.stale import send_hint
from metrics import rollup

# Well below the soft time limit of a task: a long backlog is worked off by several.
BUDGET = 100


@shared_task(name="metrics.tasks.roll_up")
def roll_up() -> int:
    """Work off the notes. Woken by commits, and by the sweeper for what a lost hint left behind."""
    done = rollup.drain(until=time.monotonic() + BUDGET)
    if done and StaleNote.objects.exists():
        send_hint()
    return done
