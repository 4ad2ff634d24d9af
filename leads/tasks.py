"""Jobs on many leads and on due times. Safe to run twice, at once or never: what must be done stands in rows."""

import datetime as dt
import time

from celery import shared_task

from leads.services.digest import send_digests
from leads.services.entering import follow_entry_rules
from leads.services.many import run_bulk, sweep_bulk
from leads.services.notices import follow_hours, give_notices
from leads.services.reminding import remind
from leads.services.routing import route_waiting
from leads.services.scoring import follow_scores
from leads.services.telling import mail_notices

# Well below the soft time limit of a task; the rest is sent out again.
BUDGET = 100


@shared_task(name="leads.tasks.run_bulk_job")
def run_bulk_job(job_id: int) -> bool:
    finished = run_bulk(job_id, until=time.monotonic() + BUDGET)
    if not finished:
        run_bulk_job.apply_async(args=[job_id])
    return finished


@shared_task(name="leads.tasks.sweep_bulk_jobs")
def sweep_bulk_jobs() -> int:
    return sweep_bulk()


@shared_task(name="leads.tasks.check_promises")
def check_promises() -> int:
    now = dt.datetime.now(dt.UTC)
    follow_hours(now=now)
    return give_notices(now=now)


@shared_task(name="leads.tasks.remind")
def remind_of_steps() -> int:
    """Find the reminders that are due, whether or not anybody opens a page."""
    return remind(now=dt.datetime.now(dt.UTC))


@shared_task(name="leads.tasks.route")
def route() -> int:
    """Give away what entered MQL and has nobody, however it came in."""
    return route_waiting(now=dt.datetime.now(dt.UTC))


@shared_task(name="leads.tasks.mail_notices")
def mail_notices_of_promises() -> int:
    return mail_notices(now=dt.datetime.now(dt.UTC))


@shared_task(name="leads.tasks.send_digests")
def send_digests_of_teams() -> int:
    """Asked often, written once: what the morning needs may be missed by a worker that was down."""
    return send_digests(now=dt.datetime.now(dt.UTC))


@shared_task(name="leads.tasks.follow_entry_rules")
def follow_rules() -> int:
    """Move what newly meets an entry rule, where the agreement says that Tandem does it."""
    return follow_entry_rules(now=dt.datetime.now(dt.UTC))


@shared_task(name="leads.tasks.follow_scores")
def score_leads() -> int:
    """Score what changed, and everybody once a day. What this run does not reach, the next one does."""
    return follow_scores(now=dt.datetime.now(dt.UTC), until=time.monotonic() + BUDGET)
