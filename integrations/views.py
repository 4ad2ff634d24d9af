"""The import page: five steps, each a page of its own that works without script. Nothing is stored before step 5."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from core.errors import DomainError
from core.queries import calendar
from funnel.book import load_book
from integrations import decisions, matching, services, uploads
from integrations.errors import FileError
from integrations.forms import ColumnsForm, sample
from integrations.models import ImportJob
from integrations.queries import job_of, kept_words, may_undo, undo_until, visible_jobs
from integrations.toml_out import to_toml
from integrations.words import OUTCOMES, label

SHOWN_JOBS = 30
_BOTH = ["GET", "HEAD", "POST"]
STEPS = ((1, "File", "import_file"), (2, "Columns", "import_columns"), (3, "Values", "import_values"),
         (4, "Preview", "import_preview"), (5, "Result", "import_result"))  # fmt: skip
State, Work = ImportJob.State, ImportJob.Work


def the_job(request: HttpRequest, uuid: UUID) -> ImportJob:
    job = job_of(request.user, uuid)
    if job is None:
        raise Http404
    return job


def _place(job: ImportJob) -> str:
    """The address of the step at which a person goes on."""
    if job.batch_id is not None or job.state == State.UNDONE or job.work in (Work.RUN, Work.UNDO):
        return reverse("import_result", args=[job.uuid])
    if not job.header or job.step < 2:
        return reverse("import_file", args=[job.uuid])
    if job.work:
        return reverse("import_preview" if job.work == Work.CHECK else "import_values", args=[job.uuid])
    if job.step == 2 and job.questions is not None:
        # Read in the background: on to what was found, not back to the columns.
        return reverse("import_values" if job.questions["items"] else "import_preview", args=[job.uuid])
    name = {2: "import_columns", 3: "import_values"}.get(job.step, "import_preview")
    return reverse(name if job.preview is not None or job.step < 4 else "import_columns", args=[job.uuid])


def show_step(request: HttpRequest, template: str, job: ImportJob, step: int, status: int = 200, **context) -> HttpResponse:
    reached = 5 if job.batch_id else max(job.step, step)
    steps = [
        {
            "number": number,
            "name": name,
            "current": number == step,
            "url": reverse(view, args=[job.uuid]) if _may_go(job, number, reached) and number != step else "",
            "done": number < step,
        }
        for number, name, view in STEPS
    ]
    zone = calendar().zone_at(dt.datetime.now(dt.UTC))
    context |= {"job": job, "steps": steps, "step": step, "zone": zone, "entity": matching.ENTITY_WORDS.get(job.entity)}
    context["delimiter"] = uploads.DELIMITER_WORDS.get(job.mapping.get("delimiter", ""), job.mapping.get("delimiter", ""))
    return render(request, template, context, status=status)


def _may_go(job: ImportJob, number: int, reached: int) -> bool:
    if job.batch_id is not None or job.state != State.DRAFT:
        return number == 5
    return number <= reached and (number < 3 or job.questions is not None) and (number < 4 or job.preview is not None)


def busy_page(request: HttpRequest, job: ImportJob, step: int) -> HttpResponse | None:
    """The page of an import that is being worked on, whatever step was asked for."""
    if job.state not in (State.WAITING, State.RUNNING):
        return None
    return show_step(request, "import/working.html", job, step, percent=_percent(job))


def _percent(job: ImportJob) -> int:
    return min(round(job.done_rows * 100 / job.total), 100) if job.total and job.work != Work.UNDO else 0


def moved_on_page(request: HttpRequest, job: ImportJob, error: DomainError) -> HttpResponse:
    job.refresh_from_db()
    return render(request, "import/moved_on.html", {"job": job, "error": error, "url": _place(job)}, status=409)


@require_http_methods(_BOTH)
@requires(Perm.IMPORT)
def imports(request: HttpRequest) -> HttpResponse:
    """Step 1 for a new file, and the imports so far."""
    error, said = "", {"entity": "", "source": ""}
    if request.method == "POST":
        file = request.FILES.get("file")
        said = {name: request.POST.get(name, "").strip() for name in said}
        try:
            if file is None:
                raise FileError("Choose a file first.")
            if file.size > uploads.MAX_BYTES:
                raise FileError(f"The file is larger than {uploads.MAX_BYTES >> 20} MB. Split it and import the parts.")
            entity = said["entity"] if said["entity"] in matching.ENTITY_WORDS else ""
            job = services.upload(
                actor=request.user, name=file.name or "", chunks=file.chunks(), entity=entity, source=said["source"]
            )
            return redirect(_place(job))
        except FileError as problem:
            error = str(problem)
    jobs = list(visible_jobs(request.user).order_by("-id")[:SHOWN_JOBS])
    context = {
        "jobs": [(job, _place(job)) for job in jobs],
        "entities": matching.ENTITY_WORDS.items(),
        "sources": matching.SOURCE_WORDS.items(),
        "said": said,
        "error": error,
        "ready": bool(load_book()),
        "limits": {"megabytes": uploads.MAX_BYTES >> 20, "rows": uploads.MAX_ROWS},
        "zone": calendar().zone_at(dt.datetime.now(dt.UTC)),
    }
    return render(request, "import/start.html", context, status=422 if error else 200)


@require_safe
@requires(Perm.IMPORT)
def resume(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return redirect(_place(the_job(request, uuid)))


@require_http_methods(_BOTH)
@requires(Perm.IMPORT)
def file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Step 1 again: what a person must say about the file."""
    job, errors = the_job(request, uuid), {}
    if busy := busy_page(request, job, 1):
        return busy
    if job.batch_id or job.state != State.DRAFT:
        return redirect(_place(job))
    said = {"entity": job.entity, "source": job.source}
    said |= {name: job.mapping.get(name, "") for name in ("encoding", "delimiter")}
    if request.method == "POST":
        said = {name: request.POST.get(name, "") for name in said}
        try:
            services.set_file(job=job, **said)
            return redirect("import_columns", job.uuid)
        except FileError as error:
            errors["file"] = str(error)
        except DomainError as error:
            if error.status == 409:
                return moved_on_page(request, job, error)
            errors[error.field] = error.message
    asks = not job.file_gone and not uploads.is_utf8(uploads.path_of(job.uuid))
    context = {
        "said": said,
        "errors": errors,
        "entities": matching.ENTITY_WORDS.items(),
        "sources": matching.SOURCE_WORDS.items(),
        "readings": uploads.readings(job.uuid) if asks else [],
        "asks": asks,
        "delimiters": uploads.DELIMITER_WORDS.items(),
    }
    return show_step(request, "import/file.html", job, 1, 422 if errors else 200, **context)


@require_http_methods(_BOTH)
@requires(Perm.IMPORT)
def columns(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Step 2: which column is what."""
    job = the_job(request, uuid)
    if busy := busy_page(request, job, 2):
        return busy
    if job.batch_id or job.state != State.DRAFT or not job.header or job.step < 2:
        return redirect(_place(job))
    version = load_book().newest
    stages = sorted((s for s in version.stages.values() if not s.retired), key=lambda s: s.position)
    form = ColumnsForm(job, job.mapping, sample(job), stages, calendar())
    problem = ""
    if request.method == "POST":
        mapping = form.read(request.POST)
        form.mapping = mapping
        if not form.errors:
            try:
                services.set_mapping(job=job, mapping=mapping)
                if job.questions is None:
                    services.start(job=job, work=Work.SCAN)
                return redirect(_after_scan(job))
            except FileError as error:
                problem = str(error)
            except DomainError as error:
                return moved_on_page(request, job, error)
    footer = form.mapping.get("skip_footer", form.sample.footer if job.questions is None else 0)
    status = 422 if form.errors or problem else 200
    return show_step(request, "import/columns.html", job, 2, status, form=form, problem=problem, footer=footer)


def _after_scan(job: ImportJob) -> str:
    if job.state == State.DRAFT and job.questions is not None and not job.questions["items"] and job.preview is None:
        services.start(job=job, work=Work.CHECK)
        return reverse("import_preview", args=[job.uuid])
    return reverse("import_values" if job.questions is None or job.questions["items"] else "import_preview", args=[job.uuid])


@require_http_methods(_BOTH)
@requires(Perm.IMPORT)
def values(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Step 3: values that need a decision."""
    job = the_job(request, uuid)
    if busy := busy_page(request, job, 3):
        return busy
    if job.batch_id or job.state != State.DRAFT or job.step < 2:
        return redirect(_place(job))
    if job.questions is None:
        return redirect("import_columns", job.uuid)
    if request.method == "POST":
        try:
            services.answer(job=job, answers=decisions.read_answers(job, request.POST))
            services.start(job=job, work=Work.CHECK)
            return redirect("import_preview", job.uuid)
        except DomainError as error:
            return moved_on_page(request, job, error)
    version = load_book().newest
    stages = sorted((s for s in version.stages.values() if not s.retired), key=lambda s: s.position)
    groups = decisions.questions(job, stages)
    for item in (item for group in groups for item in group["items"]):
        item["said"] = _said(job, item["number"])
    return show_step(request, "import/values.html", job, 3, groups=groups)


def _said(job: ImportJob, number: int) -> str | None:
    """What was decided before about this value, so that going back shows it."""
    item = job.questions["items"][number]
    part = job.mapping if item["part"] == 0 else job.mapping["emit"][item["part"] - 1]
    return part.get("values", {}).get(item["field"], {}).get(item["text"])


@require_http_methods(_BOTH)
@requires(Perm.IMPORT)
def preview(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Step 4: what the import would do. POST imports."""
    job = the_job(request, uuid)
    if busy := busy_page(request, job, 4):
        return busy
    if request.method == "POST":
        try:
            services.start(job=job, work=Work.RUN)
        except DomainError as error:
            return moved_on_page(request, job, error)
        return redirect("import_result", job.uuid)
    if job.batch_id or job.state != State.DRAFT:
        return redirect(_place(job))
    if job.preview is None:
        if job.questions is None or job.problem:
            return redirect("import_columns", job.uuid)
        services.start(job=job, work=Work.CHECK)
        if busy := busy_page(request, job, 4):
            return busy
        if job.preview is None:
            return redirect("import_columns", job.uuid)
    found = job.preview
    context = {
        "counts": _counts(found["counts"]),
        "ready": sum(found["counts"][name] for name in ("created", "updated")),
        "heads": [label(name) for name in found["fields"]],
        "rows": [row | {"word": OUTCOMES[row["outcome"]]} for row in found["rows"]],
        "found": found,
        "doubles": found.get("doubles", {}).get("total", 0),
    }
    return show_step(request, "import/preview.html", job, 4, **context)


def _counts(counts: dict) -> list[tuple[str, str, int]]:
    return [(name, word, counts.get(name, 0)) for name, word in OUTCOMES.items()]


@require_safe
@requires(Perm.IMPORT)
def result(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Step 5: what the import did."""
    job = the_job(request, uuid)
    if busy := busy_page(request, job, 5):
        return busy
    if job.batch_id is None and job.state != State.FAILED:
        return redirect(_place(job))
    now = dt.datetime.now(dt.UTC)
    counts = job.counts or (job.batch.counts if job.batch else {})
    context = {
        "counts": _counts(counts),
        "read": counts.get("read", 0),
        "rejected": counts.get("rejected", 0),
        "has_rejects": bool(job.batch and job.batch.rejects_file),
        "may_undo": may_undo(job, now),
        "until": undo_until(job),
        "kept": kept_words(job) if job.kept else [],
        "more_kept": max(len(job.kept) - 100, 0),
        "left_empty": counts.get("left_empty", {}),
    }
    return show_step(request, "import/result.html", job, 5, **context)


@require_safe
@requires(Perm.IMPORT)
def progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The moving part of the waiting page; when the work is over, the page that follows."""
    job = the_job(request, uuid)
    if job.state not in (State.WAITING, State.RUNNING):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = _place(job)
        return response
    return render(request, "import/progress.html", {"job": job, "percent": _percent(job)})


@require_POST
@requires(Perm.IMPORT)
def act(request: HttpRequest, uuid: UUID, what: str) -> HttpResponse:
    """Stop, go on, undo, delete."""
    job = the_job(request, uuid)
    try:
        if what == "discard":
            services.discard(job=job)
            return redirect("import")
        if what == "stop":
            services.stop(job=job)
        else:
            services.start(job=job, work=Work.UNDO if what == "undo" else job.work)
    except DomainError as error:
        return moved_on_page(request, job, error)
    job.refresh_from_db()
    return redirect(_place(job))


@require_safe
@requires(Perm.IMPORT)
def mapping(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The mapping as a file for `import_csv`."""
    job = the_job(request, uuid)
    if not job.mapping.get("columns"):
        raise Http404
    response = HttpResponse(to_toml(job.mapping), content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_plain_name(job)}.toml"'
    return response


def _plain_name(job: ImportJob) -> str:
    return slugify(job.file_name.rsplit(".", 1)[0])[:60] or "import"


@require_safe
@requires(Perm.IMPORT)
def rejected(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The rejected rows with reasons. Cells that a spreadsheet would run were guarded when the file was written."""
    job = the_job(request, uuid)
    name = job.batch.rejects_file if job.batch else ""
    path = settings.REJECT_DIR / name
    if not name or path.parent != settings.REJECT_DIR or not path.is_file():
        raise Http404
    name = f"{_plain_name(job)}-rejected.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
