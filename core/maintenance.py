"""The one way past the append-only triggers: demo wipe, the tests' flush and privacy erasure of notes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from core.models import Maintenance


@contextmanager
def maintenance(reason: str) -> Iterator[None]:
    """Hold a maintenance row for the length of one transaction. It is gone before anyone else could see it."""
    with transaction.atomic():
        row = Maintenance.objects.create(reason=reason)
        yield
        row.delete()
