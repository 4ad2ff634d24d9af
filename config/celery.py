"""Jobs and their beat times.

The broker carries hints only: what must be done is a row in the database first.
"""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Meant for pickled messages, which a root worker would execute; ours are JSON only.
warnings.filterwarnings("ignore", category=SecurityWarning, message="You're running the worker with superuser")

TRANSPORT_ALIASES["filesystem"] = "config.files_broker:Transport"

app = Celery("tandem", task_cls="core.jobs:Job")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A tick that no worker took is worthless once the next one is due: without the expiry, ticks would pile up
# while the worker is away.
EVERY_HALF_MINUTE = {"schedule": 30.0, "options": {"expires": 25}}

app.conf.beat_schedule = {
    # The sweeper: finds what a lost hint left behind.
    "metrics-roll-up": {"task": "metrics.tasks.roll_up", **EVERY_HALF_MINUTE},
    # Drafts that are to be tried on history: asked for since the last look, or left by their worker.
    "try-drafts": {"task": "metrics.tasks.try_drafts", "schedule": 10.0, "options": {"expires": 9}},
    # Shows on the pages whether a worker takes what the clock gives.
    "heartbeat": {"task": "core.tasks.heartbeat", **EVERY_HALF_MINUTE},
    "send-messages": {"task": "core.tasks.send_messages", **EVERY_HALF_MINUTE},
    # Costs milliseconds, and is worth most soon after a large import.
    "tell-planner": {"task": "core.tasks.tell_planner", "schedule": 300.0, "options": {"expires": 240}},
    "remind-of-next-steps": {"task": "leads.tasks.remind", "schedule": 300.0, "options": {"expires": 240}},
    "forget-old-messages": {"task": "core.tasks.forget_old", "schedule": 3600.0, "options": {"expires": 3000}},
    # Meetings with leads that are over become contacts.
    "meetings-held": {"task": "integrations.tasks.hold_meetings", "schedule": 300.0, "options": {"expires": 240}},
    "imports-sweep": {"task": "integrations.tasks.sweep_imports", **EVERY_HALF_MINUTE},
    # Finds promises that are due soon or past due; nobody has to open a page for it.
    "leads-promises": {"task": "leads.tasks.check_promises", **EVERY_HALF_MINUTE},
    # Gives away what entered MQL without a person, whichever way it came in.
    "leads-route": {"task": "leads.tasks.route", **EVERY_HALF_MINUTE},
    # Moves leads that newly meet the entry rule of a stage, where the agreement says so.
    "entry-rules": {"task": "leads.tasks.follow_entry_rules", "schedule": 60.0, "options": {"expires": 55}},
    # Scores leads that changed and, once a day, everybody; the hints that come with changes make it sooner.
    "scores": {"task": "leads.tasks.follow_scores", **EVERY_HALF_MINUTE},
    # Apart from the check, so that what is found together is one mail.
    "mail-notices": {"task": "leads.tasks.mail_notices", "schedule": 120.0, "options": {"expires": 110}},
    # Written from 08:30 of the company's clock on; asked often, so that a worker that was down loses no morning.
    "team-digests": {"task": "leads.tasks.send_digests", "schedule": 120.0, "options": {"expires": 110}},
    "leads-sweep": {"task": "leads.tasks.sweep_bulk_jobs", **EVERY_HALF_MINUTE},
    # Last month's leads for the two judges; a month has one sample, so most of these find nothing to do.
    "draw-sample": {"task": "reviews.tasks.draw_sample", "schedule": 3600.0, "options": {"expires": 3000}},
    "remind-of-actions": {"task": "reviews.tasks.remind_owners", "schedule": 900.0, "options": {"expires": 840}},
    # Asked often, so that a review is ready soon after its freeze; a week has one, so most of these find nothing to do.
    "prepare-reviews": {"task": "reviews.tasks.prepare_reviews", "schedule": 120.0, "options": {"expires": 110}},
    "look-for-restatements": {
        "task": "reviews.tasks.look_for_restatements",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600},
    },
    "forget-old-answers": {
        "task": "accounts.tasks.purge_idempotent_requests",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
}
