"""Reads of imports: whose they are, and what the pages show."""

import datetime as dt
from uuid import UUID

from accounts.models import User
from accounts.permissions import Perm
from accounts.queries import has_perm
from integrations.models import ImportJob
from leads.models import Deal, Lead

UNDO_FOR = dt.timedelta(days=7)


def visible_jobs(user: User):
    """A person's own imports; an administrator's are everybody's."""
    jobs = ImportJob.objects.select_related("actor", "batch")
    return jobs if has_perm(user, Perm.ADMINISTER) else jobs.filter(actor=user)


def job_of(user: User, uuid: UUID) -> ImportJob | None:
    return visible_jobs(user).filter(uuid=uuid).first()


def undo_until(job: ImportJob) -> dt.datetime | None:
    """Until when the import can be undone; None if it never stored anything."""
    if job.batch_id is None:
        return None
    return (job.finished_at or job.created_at) + UNDO_FOR


def may_undo(job: ImportJob, now: dt.datetime) -> bool:
    stored = job.state in (ImportJob.State.DONE, ImportJob.State.FAILED) and job.work in ("", "run")
    until = undo_until(job)
    return bool(stored and until and now < until)


def kept_words(job: ImportJob) -> list[dict]:
    """What an undo left as it is, by name: two queries, whatever their number."""
    shown = job.kept[:100]
    leads = Lead.objects.select_related("contact", "company").in_bulk([k["id"] for k in shown if k["kind"] == "lead"])
    deals = Deal.objects.in_bulk([k["id"] for k in shown if k["kind"] == "deal"])
    found = []
    for item in shown:
        thing = leads.get(item["id"]) if item["kind"] == "lead" else deals.get(item["id"])
        name = ""
        if item["kind"] == "lead" and thing:
            name = str(thing.contact or thing.company or thing.external_id or thing)
        elif thing:
            name = str(thing)
        found.append({"kind": item["kind"].capitalize(), "name": name or f"{item['kind']} {item['id']}", "why": item["why"]})
    return found
