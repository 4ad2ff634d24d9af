"""Possible doubles of an import, for a person to decide: part of step 4, before anything is stored."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.permissions import Perm, requires
from core.errors import DomainError
from integrations import services
from integrations.doubles import with_names
from integrations.models import ImportJob
from integrations.views import busy_page, moved_on_page, show_step, the_job


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.IMPORT)
def doubles(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The rows that may be somebody who is here already, with the leads they resemble. POST: skip some, all or none."""
    job = the_job(request, uuid)
    if busy := busy_page(request, job, 4):
        return busy
    if job.batch_id or job.state != ImportJob.State.DRAFT or job.preview is None:
        return redirect("import_job", job.uuid)
    found = job.preview.get("doubles", {"total": 0, "lines": [], "rows": []})
    if request.method == "POST":
        try:
            services.leave_out(job=job, lines=_lines(request, job, found["lines"]))
            services.start(job=job, work=ImportJob.Work.CHECK)
        except DomainError as error:
            return moved_on_page(request, job, error)
        return redirect("import_preview", job.uuid)
    rows = with_names(found["rows"], request.user)
    context = {"rows": rows, "total": found["total"], "left_out": len(job.left_out)}
    return show_step(request, "import/doubles.html", job, 4, **context)


def _lines(request: HttpRequest, job: ImportJob, lines: list[int]) -> list[int]:
    """What is left out from now on: what was, and of the doubles those that are ticked, or all; "none" begins anew."""
    what = request.POST.get("what")
    if what == "none":
        return []
    ticked = {text for text in request.POST.getlist("line") if text.isascii() and text.isdigit()}
    return [*job.left_out, *(line for line in lines if what == "all" or str(line) in ticked)]
