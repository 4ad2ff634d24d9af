"""Stale notes: every write says, in its own transaction, which days' numbers it made stale; the commit wakes the worker."""

import datetime as dt
import logging
import time
from collections.abc import Iterable

from celery import current_app
from django.db import transaction

from core.models import StaleNote

log = logging.getLogger("tandem.rollup")

# A broker that was away is not asked again for so long: no request waits for it twice in a row.
BROKER_PAUSE = 10.0
_paused_until = 0.0


def note_stale(pairs: Iterable[tuple[int | None, dt.date]]) -> int:
    """Record (lead id or None, day) pairs; returns how many. None means every row of that day."""
    now = dt.datetime.now(dt.UTC)
    ordered = sorted(set(pairs), key=lambda p: (p[1], p[0] or 0))
    notes = [StaleNote(lead_id=lead_id, day=day, noted_at=now) for lead_id, day in ordered]
    if notes:
        StaleNote.objects.bulk_create(notes, batch_size=2_000)
        _wake_on_commit(notes[0].id)
    return len(notes)


def _wake_on_commit(first_note: int) -> None:
    """Once per transaction, and only by its first note: a hook of an enclosing savepoint already does it for later ones."""
    connection = transaction.get_connection()
    around = set(connection.savepoint_ids)
    if any(getattr(hook, "wakes_worker", False) and sids <= around for sids, hook, *_ in connection.run_on_commit):
        return

    def wake():
        # Notes that were waiting before ours have been announced, and whoever works them off goes on until none is left.
        # So thousands of writes send one hint, and none pile up while no worker runs.
        try:
            if not StaleNote.objects.filter(id__lt=first_note).exists():
                send_hint()
        except Exception:
            log.warning("The rollup could not be woken; the sweeper will find its notes.", exc_info=True)

    wake.wakes_worker = True
    transaction.on_commit(wake)


def wake_worker() -> None:
    """Wake the worker once this transaction stands, where a row of another table says what there is to do."""
    transaction.on_commit(send_hint)


def send_hint() -> bool:
    """Tell the workers that there are notes. Best effort: a lost hint costs a delay of up to half a minute."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return False
    try:
        current_app.send_task("metrics.tasks.roll_up", retry=False, ignore_result=True)
    except Exception as error:  # whatever a broker raises
        _paused_until = time.monotonic() + BROKER_PAUSE
        log.warning("The broker did not take a hint (%s).", type(error).__name__)
        return False
    return True
