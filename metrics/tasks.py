"""Jobs of the rollup and of backtests. Safe to run twice, at once or never: what must be done stands in the database."""

import datetime as dt
import time

from celery import shared_task

from core.models import StaleNote
from core.stale import send_hint
from metrics import rollup
from metrics.services import run_backtest, sweep_backtests

# Well below the soft time limit of a task: a long backlog is worked off by several.
BUDGET = 100
# A test of a draft gives way to what people wait for.
SLICE = 20


@shared_task(name="metrics.tasks.roll_up")
def roll_up() -> int:
    """Work off the notes. Woken by commits, and by the sweeper for what a lost hint left behind."""
    done = rollup.drain(until=time.monotonic() + BUDGET)
    if done and StaleNote.objects.exists():
        send_hint()
    return done


@shared_task(name="metrics.tasks.try_drafts")
def try_drafts() -> int:
    """Go on with the drafts that are to be tried on history; what does not fit into this run is left to the next look."""
    until = time.monotonic() + SLICE
    waiting = sweep_backtests(now=dt.datetime.now(dt.UTC))
    for backtest in waiting:
        run_backtest(backtest, until=until)
    return len(waiting)
