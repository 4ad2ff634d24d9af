"""What people do with an import, from the upload to the undo. Nothing is stored in the funnel before the run."""

import datetime as dt
from collections.abc import Iterable
from copy import deepcopy

from django.db import transaction

from accounts.models import User
from core.errors import Conflict, DomainError
from funnel.models import Agreement
from funnel.services.first_plan import set_first_promises, set_first_rules
from integrations import matching, running, uploads
from integrations.errors import FileError
from integrations.fields import FIELDS
from integrations.mapping import read_mapping
from integrations.models import GuideMark, ImportJob
from integrations.queries import may_undo
from leads.models import Lead

# Files up to this many rows are read and checked while the person waits; larger ones in the background.
INLINE_ROWS = 2_000
MOST_OPEN = 20
State, Work = ImportJob.State, ImportJob.Work


def upload(*, actor: User, name: str, chunks: Iterable[bytes], entity: str, source: str) -> ImportJob:
    """Keep a file and look at it. FileError (with nothing kept) if it is none that can be imported."""
    if ImportJob.objects.filter(actor=actor, state=State.DRAFT).count() >= MOST_OPEN:
        raise FileError(f"You have {MOST_OPEN} imports in preparation. Finish or delete one of them first.")
    job = ImportJob(actor=actor, file_name=uploads.clean_name(name), entity=entity, source=source[:60])
    job.size = uploads.store(job.uuid, chunks)
    try:
        if job.size == 0:
            raise FileError("The file is empty.")
        try:
            _read_header(job)
        except uploads.EncodingUnknown:
            if not uploads.readings(job.uuid):
                raise
        job.save()
    except BaseException:
        uploads.remove(job.uuid)
        raise
    return job


def _read_header(job: ImportJob, *, encoding: str = "", delimiter: str = "") -> None:
    """Fill in what the header tells: columns, kind, source and a mapping to start from."""
    try:
        table = uploads.look(job.uuid, encoding=encoding, delimiter=delimiter)
    except FileError as error:
        raise type(error)(str(error).replace(f"{job.uuid}.csv", job.file_name)) from error
    job.header, job.total, job.fingerprint = list(table.header), table.total, uploads.fingerprint(table.header)
    entity, source = matching.recognise(table.header)
    job.entity, job.source = job.entity or entity, job.source or source
    job.mapping = {"encoding": table.encoding if encoding else "", "delimiter": table.delimiter}
    if job.entity and job.source:
        _propose(job)


def _propose(job: ImportJob) -> None:
    reading = {name: job.mapping.get(name, "") for name in ("encoding", "delimiter")}
    found, job.origin = matching.propose(job.header, entity=job.entity, source=job.source)
    job.mapping = found | {name: value for name, value in reading.items() if value}
    job.step, job.questions, job.preview = 2, None, None


def set_file(*, job: ImportJob, entity: str, source: str, encoding: str, delimiter: str) -> ImportJob:
    """Step 1 again: how the file is read, what it holds and where it comes from."""
    _must_be_open(job)
    if entity not in FIELDS:
        raise DomainError("entity_missing", "Choose what the file holds.", field="entity")
    if not source.strip():
        raise DomainError("source_missing", "Write where the file comes from, for example “hubspot”.", field="source")
    job.entity, job.source = entity, source.strip()[:60]
    _read_header(job, encoding=encoding, delimiter=delimiter)
    return _store(job)


def set_mapping(*, job: ImportJob, mapping: dict) -> ImportJob:
    """Step 2: which column is what. FileError if the mapping can't be one."""
    _must_be_open(job)
    read_mapping(mapping)
    if mapping != job.mapping or job.questions is None:
        job.mapping, job.questions, job.preview, job.step = mapping, None, None, 2
        return _store(job)
    return job


def answer(*, job: ImportJob, answers: dict[int, str]) -> ImportJob:
    """Step 3: what values mean. An answer is a value of Tandem, or "" for an empty cell; no answer keeps the default."""
    _must_be_open(job)
    mapping = deepcopy(job.mapping)
    for number, text in answers.items():
        item = job.questions["items"][number]
        part = mapping if item["part"] == 0 else mapping["emit"][item["part"] - 1]
        part.setdefault("values", {}).setdefault(item["field"], {})[item["text"]] = text
    read_mapping(mapping)
    job.mapping, job.preview = mapping, None
    job.step = max(job.step, 3)
    return _store(job)


def forget_answers(*, job: ImportJob) -> ImportJob:
    """Back to the values: they are looked at again, so that what was decided can be decided anew."""
    _must_be_open(job)
    mapping = deepcopy(job.mapping)
    for item in (job.questions or {}).get("items", []):
        part = mapping if item["part"] == 0 else mapping["emit"][item["part"] - 1]
        part.get("values", {}).get(item["field"], {}).pop(item["text"], None)
    job.mapping, job.preview = mapping, None
    return _store(job)


def start(*, job: ImportJob, work: str) -> ImportJob:
    """Have the file read for values, checked, imported or undone; small files are read and checked at once."""
    now = dt.datetime.now(dt.UTC)
    if work == Work.UNDO:
        allowed = may_undo(job, now) or (job.state == State.FAILED and job.work == Work.UNDO)
    elif work == Work.RUN:
        allowed = (job.state == State.DRAFT and job.preview is not None) or (
            job.state == State.FAILED and job.work == Work.RUN
        )
    else:
        allowed = job.state == State.DRAFT and work in (Work.SCAN, Work.CHECK)
    if not allowed or (job.file_gone and work != Work.UNDO):
        raise Conflict("import_moved_on", "This import has moved on since you opened the page. This is how it stands now.")
    with transaction.atomic():
        moved = ImportJob.objects.filter(id=job.id, state=job.state, attempt=job.attempt).update(
            state=State.WAITING, work=work, done_rows=0, problem="", lease_until=None
        )
        if not moved:
            raise Conflict("import_moved_on", "Somebody was faster: this import is already on its way.")
        small = work in (Work.SCAN, Work.CHECK) and job.total <= INLINE_ROWS
        if not small:
            running.queue(job)
    if small:
        running.run_job(job.id)
    job.refresh_from_db()
    return job


def leave_out(*, job: ImportJob, lines: Iterable[int]) -> ImportJob:
    """Skip these lines of the file: possible doubles that somebody has looked at. The trial run has to be repeated."""
    _must_be_open(job)
    job.left_out, job.preview = sorted(set(lines)), None
    return _store(job)


def mark_step(*, step: str, kind: str, actor: User) -> None:
    """Note in the set-up guide that a step was put off or a text read; "" takes the note back."""
    GuideMark.objects.filter(step=step).delete()
    if kind:
        GuideMark.objects.create(step=step, kind=kind, actor=actor)


def choose_first_rules(*, agreement: Agreement, preset: str, actor: User) -> None:
    """Take the entry rules of a preset into the unsigned first version, and note that somebody chose."""
    with transaction.atomic():
        set_first_rules(agreement=agreement, preset=preset, actor=actor)
        mark_step(step="criteria", kind=GuideMark.Kind.READ, actor=actor)


def choose_first_promises(*, agreement: Agreement, preset: str, actor: User) -> None:
    """Take the promises of a preset into the unsigned first version, and note that somebody chose.

    Refused once there are leads: what fell due for them fell due as it was promised then.
    """
    with transaction.atomic():
        if Lead.objects.exists():
            raise DomainError("leads_exist", "Leads are there already: change promises in the console, as a draft.")
        set_first_promises(agreement=agreement, preset=preset, actor=actor)
        mark_step(step="promises", kind=GuideMark.Kind.READ, actor=actor)


def stop(*, job: ImportJob) -> None:
    """Stop what runs. A check leaves nothing; an import keeps what it has stored and can go on or be undone."""
    before = job.work in (Work.SCAN, Work.CHECK)
    ImportJob.objects.filter(id=job.id, state__in=(State.WAITING, State.RUNNING)).update(
        state=State.DRAFT if before else State.FAILED,
        work="" if before else job.work,
        lease_until=None,
        problem="" if before else "You stopped it. What was stored until then stays until you undo it.",
    )


def discard(*, job: ImportJob) -> None:
    """Delete an import that has stored nothing, with its file."""
    if job.batch_id is not None or job.state not in (State.DRAFT, State.FAILED):
        raise DomainError("import_stored", "This import has stored rows; undo it instead.")
    uploads.remove(job.uuid)
    job.delete()


def _must_be_open(job: ImportJob) -> None:
    if job.state != State.DRAFT or job.batch_id is not None or job.file_gone:
        raise Conflict("import_moved_on", "This import has moved on since you opened the page. This is how it stands now.")


def _store(job: ImportJob) -> ImportJob:
    """Save what the person decided, unless another tab has started the work meanwhile."""
    fields = ("entity", "source", "header", "fingerprint", "total", "mapping", "origin", "step", "questions", "preview")
    fields += ("left_out",)
    values = {name: getattr(job, name) for name in fields}
    if not ImportJob.objects.filter(id=job.id, state=State.DRAFT, attempt=job.attempt).update(problem="", **values):
        raise Conflict("import_moved_on", "This import has moved on since you opened the page. This is how it stands now.")
    return job
