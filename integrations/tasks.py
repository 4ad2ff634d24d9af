"""Jobs of the import page and of the calendar. Safe to run twice, at once or never: what must be done stands in rows."""

import datetime as dt

from celery import shared_task

from integrations import meetings, running

# A file of the largest size takes longer than other jobs may; a runner that is killed is replaced by the sweeper.
_LIMIT = 3_600


@shared_task(name="integrations.tasks.run_import_job", soft_time_limit=_LIMIT, time_limit=_LIMIT + 60)
def run_import_job(job_id: int) -> bool:
    return running.run_job(job_id)


@shared_task(name="integrations.tasks.sweep_imports")
def sweep_imports() -> int:
    """Take up what lost its runner or its hint; delete files that were kept long enough."""
    return running.sweep()


@shared_task(name="integrations.tasks.hold_meetings")
def hold_meetings() -> int:
    """Log the meetings with leads that have taken place."""
    return meetings.hold_meetings(now=dt.datetime.now(dt.UTC))
