"""Stale notes: every write says, in its own transaction, which days' numbers it made stale."""

import datetime as dt
from collections.abc import Iterable

from core.models import StaleNote


def note_stale(pairs: Iterable[tuple[int | None, dt.date]]) -> int:
    """Record (lead id or None, day) pairs; returns how many. None means every row of that day."""
    notes = [StaleNote(lead_id=lead_id, day=day) for lead_id, day in sorted(set(pairs), key=lambda p: (p[1], p[0] or 0))]
    StaleNote.objects.bulk_create(notes, batch_size=2_000)
    return len(notes)
