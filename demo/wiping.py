"""Removes the demo company: afterwards the database is as after migrate."""

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from core.errors import DomainError
from core.maintenance import maintenance
from core.models import Maintenance, Organisation
from metrics.models import RollupState

# What migrate itself writes, and what outlives the wipe: the epoch tells readers to forget what they hold.
_STAYS = (ContentType, Permission, Maintenance, RollupState)


def wipe_demo() -> int:
    """Delete every row, append-only tables included, in one transaction. Returns how many rows went.

    Refuses an installation that is not a demo: there is no way to tell its people's work from ours.
    """
    organisation = Organisation.objects.first()
    if organisation is None:
        raise DomainError("demo_missing", "There is no company here, so there is no demo to remove.")
    if not organisation.is_demo:
        raise DomainError("not_a_demo", f"{organisation.name} is a real company. Only a demo can be wiped.")
    removed = 0
    with maintenance("demo wipe"), connection.cursor() as cursor:
        # Children first, as models are declared after what they refer to; the database checks references at the end.
        for model in reversed(apps.get_models(include_auto_created=True)):
            if model in _STAYS or not model._meta.managed:
                continue
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608 - no data
            removed += max(cursor.rowcount, 0)
        state, _ = RollupState.objects.select_for_update().get_or_create(id=1)
        RollupState.objects.filter(id=1).update(epoch=state.epoch + 1, written_at=None, lease_token="", lease_until=None)
    return removed
