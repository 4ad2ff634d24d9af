"""Jobs of the accounts. Safe to run twice, at once or never."""

import datetime as dt

from celery import shared_task

from accounts.services import purge_idempotent_requests


@shared_task(name="accounts.tasks.purge_idempotent_requests")
def purge_old_answers() -> None:
    """Forget stored answers of the API whose repeats are no longer expected."""
    purge_idempotent_requests(now=dt.datetime.now(dt.UTC))
