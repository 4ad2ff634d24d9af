"""What works a job off. The row is the truth: claimed by a conditional update with a lease, taken over when that runs out.

Running a job again is harmless: the importer knows every row by its identity, an undo skips what is taken back.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q

from core.failpoints import failpoint
from integrations import undoing
from integrations.errors import FileError
from integrations.importing import OUTCOMES, run_import
from integrations.mapping import Mapping, read_mapping
from integrations.models import ImportJob, ReplacedValue, SavedMapping
from integrations.previewing import preview
from integrations.scanning import scan
from integrations.uploads import path_of, remove
from leads.models import ImportBatch
from leads.services.history import finish_batch, reopen_batch, start_batch

log = logging.getLogger("tandem.imports")

LEASE = dt.timedelta(seconds=60)
UNDO_DAYS = 7
KEEP_DAYS = 30
State, Work = ImportJob.State, ImportJob.Work


class TakenOver(Exception):
    """Another runner holds the job by now, or a person stopped it."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def queue(job: ImportJob) -> None:
    """Wake a worker once the row is committed. A lost hint costs at most one sweep."""

    def hint() -> None:
        try:
            current_app.send_task("integrations.tasks.run_import_job", args=[job.id], retry=False, ignore_result=True)
        except Exception as error:  # whatever a broker raises
            log.warning("The broker did not take a hint (%s); the sweeper will find the import.", type(error).__name__)

    transaction.on_commit(hint)


def claim(job_id: int) -> ImportJob | None:
    """Make this process the runner, unless another one is alive."""
    now = _now()
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=now)
    claimed = ImportJob.objects.filter(free, id=job_id).exclude(work="")
    if not claimed.update(state=State.RUNNING, attempt=F("attempt") + 1, lease_until=now + LEASE, problem=""):
        return None
    return ImportJob.objects.select_related("actor", "batch").get(id=job_id)


def _mine(job: ImportJob):
    return ImportJob.objects.filter(id=job.id, attempt=job.attempt, state=State.RUNNING)


def _pulse(job: ImportJob) -> Callable[[int, int], None]:
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        failpoint("imports.progress")
        if time.monotonic() - last < 1 and done != total:
            return
        last = time.monotonic()
        if not _mine(job).update(done_rows=done, lease_until=_now() + LEASE):
            raise TakenOver

    return progress


def run_job(job_id: int) -> bool:
    """Do what the job waits for; False if there is nothing to do or another runner does it."""
    job = claim(job_id)
    if job is None:
        return False
    try:
        _WORKS[job.work](job, _pulse(job))
    except TakenOver:
        return False
    except FileError as error:
        _fail(job, str(error))
    except (OperationalError, InterfaceError) as error:
        log.warning("Import %s lost the database (%s); it goes on later.", job.id, type(error).__name__)
        with suppress(OperationalError, InterfaceError):
            _mine(job).update(state=State.WAITING, lease_until=_now() + LEASE)
        return False
    except Exception as error:
        log.exception("Import %s stopped", job.id)
        _fail(job, f"Something unexpected happened ({type(error).__name__}). The log has the details.")
    return True


def _fail(job: ImportJob, words: str) -> None:
    """Back to preparation if nothing was stored so far; a run or an undo that stopped can be taken up again."""
    before = job.work in (Work.SCAN, Work.CHECK)
    state = State.DRAFT if before else State.FAILED
    _mine(job).update(state=state, work="" if before else job.work, problem=words, lease_until=None)


def _scan(job: ImportJob, progress) -> None:
    found = scan(path_of(job.uuid), read_mapping(job.mapping), progress)
    _mine(job).update(questions=found, state=State.DRAFT, work="", lease_until=None, done_rows=0)


def _mapping(job: ImportJob) -> Mapping:
    """The mapping, without the lines that were left out as doubles."""
    return replace(read_mapping(job.mapping), left_out=frozenset(job.left_out))


def _check(job: ImportJob, progress) -> None:
    found = preview(path_of(job.uuid), _mapping(job), job.actor, progress, job.file_name)
    _mine(job).update(preview=found, state=State.DRAFT, work="", lease_until=None, done_rows=0, step=4)


def _run(job: ImportJob, progress) -> None:
    mapping = _mapping(job)
    batch = _take_up(job)
    report = run_import(
        path=path_of(job.uuid),
        mapping=mapping,
        actor=job.actor,
        progress=progress,
        file_name=job.file_name,
        batch=batch,
    )
    counts = _together(report.as_dict(), job.carried)
    with transaction.atomic():
        name = Path(report.rejects_file).name if report.rejects_file else ""
        finish_batch(batch=batch, state=ImportBatch.State.DONE, counts=counts, rejects_file=name)
        done = _mine(job).update(
            state=State.DONE,
            work="",
            step=5,
            counts=counts | {"left_empty": {kind: len(words) for kind, words in report.left_empty.items()}},
            lease_until=None,
            finished_at=_now(),
        )
        if not done:
            raise TakenOver
        SavedMapping.objects.update_or_create(
            source=job.source,
            entity=job.entity,
            fingerprint=job.fingerprint,
            defaults={"mapping": job.mapping, "actor": job.actor, "used_at": _now()},
        )


def _take_up(job: ImportJob) -> ImportBatch:
    """The batch of this job: a new one, or that of a run that died, whose stored rows will now read as unchanged."""
    with transaction.atomic():
        if job.batch is None:
            job.batch = start_batch(entity=job.entity, source=job.source, file_name=job.file_name, actor=job.actor)
        else:
            before = ImportBatch.objects.get(id=job.batch_id)
            for name in ("created", "updated"):
                job.carried[name] = job.carried.get(name, 0) + before.counts.get(name, 0)
            if before.rejects_file:
                (settings.REJECT_DIR / before.rejects_file).unlink(missing_ok=True)
            reopen_batch(batch=before)
        if not _mine(job).update(batch=job.batch, carried=job.carried, done_rows=0):
            raise TakenOver
    return job.batch


def _together(counts: dict, carried: dict) -> dict:
    found = {name: counts[name] for name in OUTCOMES}
    for name in ("created", "updated"):
        moved = min(carried.get(name, 0), found["unchanged"])
        found[name] += moved
        found["unchanged"] -= moved
    return counts | found


def _undo(job: ImportJob, progress) -> None:
    kept = undoing.undo(job.batch, actor=job.actor, progress=progress)
    with transaction.atomic():
        if not _mine(job).update(state=State.UNDONE, work="", kept=kept, lease_until=None):
            raise TakenOver
        ReplacedValue.objects.filter(batch=job.batch).delete()


_WORKS = {Work.SCAN: _scan, Work.CHECK: _check, Work.RUN: _run, Work.UNDO: _undo}


def sweep() -> int:
    """Send out again what waits or lost its runner, and delete what was kept long enough. Returns the hints sent."""
    now, sent = _now(), 0
    orphans = ImportJob.objects.exclude(work="").filter(Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=now))
    for job in orphans.order_by("id")[:20]:
        queue(job)
        sent += 1
    old = now - dt.timedelta(days=KEEP_DAYS)
    undoable = now - dt.timedelta(days=UNDO_DAYS)
    closed = Q(state=State.DONE, finished_at__lt=undoable) | Q(state=State.UNDONE) | Q(created_at__lt=old, work="")
    for job in ImportJob.objects.filter(closed, file_gone=False).order_by("id")[:200]:
        remove(job.uuid)
        ImportJob.objects.filter(id=job.id).update(file_gone=True)
    ReplacedValue.objects.filter(batch__finished_at__lt=undoable).delete()
    _drop_old_rejects(old)
    return sent


def _drop_old_rejects(old: dt.datetime) -> None:
    """Rejected rows hold personal data, as the file did."""
    for path in settings.REJECT_DIR.glob("*.csv"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < old.timestamp():
                path.unlink()
