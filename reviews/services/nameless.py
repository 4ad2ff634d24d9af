"""What keeps nameless rows nameless: they are written one at a time, and each time anew in random order."""

import random
from collections.abc import Sequence

from django.db import models

from core.models import Organisation

_shuffle = random.SystemRandom().shuffle


def one_at_a_time() -> None:
    """The company's row as a lock: two at once would write the same rows anew. Inside a transaction."""
    Organisation.objects.select_for_update().filter(id=1).first()


def write_anew(rows: Sequence[models.Model]) -> None:
    """Replace these rows of one table by themselves in random order: where a row lies in the file, and which transaction
    wrote it, no longer tells which came first. Rows that are not stored yet are stored among them."""
    if not rows:
        return
    model, shuffled = type(rows[0]), list(rows)
    _shuffle(shuffled)
    stored = model._base_manager.filter(pk__in=[row.pk for row in shuffled])
    # Not delete(): whatever refers to a row keeps referring to it; references are checked at the commit.
    stored._raw_delete(stored.db)
    model._base_manager.bulk_create(shuffled)
