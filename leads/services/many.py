"""The same act on many leads: each is checked and written by itself, and what was left as it was says why.

A job is rows (leads.models.work), so it survives whoever works on it: a chunk's writes and its ticks stand in one
transaction, and two workers of the same job take turns at its row.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterable

from celery import current_app
from django.db import transaction

from accounts.models import Team, User
from core.errors import DomainError
from funnel.models import Stage
from funnel.rules import reason_use
from leads.entering import asks_before, lacks_before
from leads.models import BulkItem, BulkJob, Lead, Precision, Tag
from leads.projection import Context
from leads.queries import visible_leads
from leads.services.leads import assign_lead, move_lead
from leads.services.tags import tag_lead

log = logging.getLogger("tandem.leads")

CHUNK = 20  # leads in one transaction: on SQLite nobody else writes meanwhile
QUIET = dt.timedelta(seconds=45)  # a job that did nothing for so long has lost its worker
KEEP = dt.timedelta(days=7)


def start_bulk(*, actor: User, act: str, lead_ids: Iterable[int], params: dict, inline: bool) -> BulkJob:
    """Note what is to be done with which leads. `inline`: the caller runs it at once; else a worker is woken.

    `params`: assign {owner, team}, move {to_stage, reason, note, at, precision, anyway}, tag {add, remove}; ids, text,
    ISO instants.
    """
    with transaction.atomic():
        ids = list(dict.fromkeys(lead_ids))
        job = BulkJob.objects.create(actor=actor, act=act, params=params, total=len(ids))
        BulkItem.objects.bulk_create([BulkItem(job=job, lead_id=pk) for pk in ids], batch_size=500)
        if not inline:
            transaction.on_commit(lambda: _hint(job.id))
    return job


def _hint(job_id: int) -> None:
    """Wake a worker. A lost hint costs at most one sweep."""
    try:
        current_app.send_task("leads.tasks.run_bulk_job", args=[job_id], retry=False, ignore_result=True)
    except Exception as error:  # whatever a broker raises
        log.warning("The broker did not take a hint (%s); the sweeper will find the job.", type(error).__name__)


def run_bulk(job_id: int, *, until: float | None = None) -> bool:
    """Work on a job until it is finished or the clock (time.monotonic) says so. True if it is finished."""
    context = Context()
    while until is None or time.monotonic() < until:
        if _next_chunk(job_id, context):
            return True
    return False


def _next_chunk(job_id: int, context: Context) -> bool:
    with transaction.atomic():
        job = BulkJob.objects.select_for_update(of=("self",)).select_related("actor").filter(pk=job_id).first()
        if job is None or job.finished_at is not None:
            return True
        items = [] if job.stopped else list(job.items.filter(done_at__isnull=True).order_by("id")[:CHUNK])
        now = dt.datetime.now(dt.UTC)
        if items:
            _work(job, items, context, now)
        job.worked_at = now
        job.finished_at = None if items else now
        job.save(update_fields=["worked_at", "finished_at"])
    return not items


def _work(job: BulkJob, items: list[BulkItem], context: Context, now: dt.datetime) -> None:
    leads = visible_leads(job.actor).select_related("contact").in_bulk([item.lead_id for item in items])
    write = _writer(job, context)
    for item in items:
        item.done_at = now
        try:
            lead = leads.get(item.lead_id)
            if lead is None:
                raise DomainError("gone", "It is no longer there, or you may not open it.")
            with transaction.atomic():
                write(lead)
        except DomainError as error:
            item.trouble = error.message[:300]
    BulkItem.objects.bulk_update(items, ["done_at", "trouble"])


def _writer(job: BulkJob, context: Context):
    """What is done with each lead of this job."""
    params = job.params
    match job.act:
        case BulkJob.Act.ASSIGN:
            owner = User.objects.filter(pk=params["owner"]).first() if params["owner"] else None
            team = Team.objects.filter(pk=params["team"]).first() if params["team"] else None
            return lambda lead: assign_lead(lead=lead, actor=job.actor, owner=owner, team=team)
        case BulkJob.Act.TAG:
            add, remove = (list(Tag.objects.filter(pk__in=params[name])) for name in ("add", "remove"))
            return lambda lead: tag_lead(lead=lead, actor=job.actor, add=add, remove=remove, context=context)
    stage = Stage.objects.get(pk=params["to_stage"])
    at = dt.datetime.fromisoformat(params["at"]) if params["at"] else None
    day = context.calendar.day_of(at or dt.datetime.now(dt.UTC))
    version = context.book.on(day)
    target = version.stages.get(stage.pk)
    # Jobs from before the agreement was asked know nothing of `anyway`; they go on as they were begun.
    looks = stage.pk in asks_before(version, day) and not params.get("anyway", True)

    def move(lead: Lead) -> None:
        if looks and (lacks := lacks_before(lead, version, dt.datetime.now(dt.UTC), day).get(stage.pk)):
            raise DomainError("still_missing", f"Still missing: {', '.join(lacks)}.")
        move_lead(
            lead,
            stage,
            actor=job.actor,
            occurred_at=at,
            time_precision=params["precision"] or Precision.INSTANT,
            reason=params["reason"] if target and reason_use(version, lead.stage_id, target) else "",
            note=params["note"],
            context=context,
        )

    return move


def stop_bulk(*, job: BulkJob) -> None:
    """Leave the leads that were not reached as they are. What is done stays."""
    BulkJob.objects.filter(pk=job.pk, finished_at__isnull=True).update(stopped=True)


def sweep_bulk() -> int:
    """Send out again what lost its worker, and forget what is long done. Returns the hints sent."""
    now = dt.datetime.now(dt.UTC)
    waiting = BulkJob.objects.filter(finished_at__isnull=True, worked_at__lt=now - QUIET).order_by("id")
    ids = list(waiting.values_list("id", flat=True)[:20])
    for job_id in ids:
        _hint(job_id)
    BulkJob.objects.filter(finished_at__lt=now - KEEP).delete()
    return len(ids)
