"""Many leads at once: those that were ticked, or all that a filter finds. Each is checked and written by itself."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from core.errors import DomainError
from funnel.book import load_book
from leads.entering import asks_before
from leads.forms import AssignForm, ManyTagsForm, MoveForm
from leads.models import BulkJob, Tag
from leads.pages.bulk import Chosen, choose, common_ways, read_job
from leads.pages.detail import reasons_of
from leads.pages.filters import read_asked, surroundings
from leads.services import ensure_tag, run_bulk, start_bulk, stop_bulk
from leads.views.frame import ask, go, moment_of, show

# Up to so many are done while the person waits; more by a worker.
INLINE = 50
WORDS = {"assign": ("Assign", "assigned"), "move": ("Move", "moved"), "tag": ("Tag", "tagged")}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def bulk(request: HttpRequest, act: str) -> HttpResponse:
    """Assign, move or tag many leads: a form first, then what became of each."""
    if act not in WORDS:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    book = load_book()
    around = surroundings(request.user, book)
    params = request.GET if posted is None else posted
    asked = read_asked(params)
    # Which leads a filter finds is decided now, not when the page was drawn.
    chosen = choose(params.getlist("lead"), asked if "all" in params else None, around)
    ways = common_ways(book.on(around.today), chosen.stages) if book and act == "move" else []
    if act == "assign":
        form = AssignForm(posted)
    elif act == "tag":
        form = ManyTagsForm(posted)
    else:
        reasons = reasons_of(book.on(around.today), ways) if book else []
        asked_for = asks_before(book.on(around.today), around.today) if book else {}
        asked_for = {way.stage.id: asked_for[way.stage.id] for way in ways if way.stage.id in asked_for}
        form = MoveForm(posted, ways=ways, reasons=reasons, today=around.today, bulk=True, missing=asked_for)
    status = 200
    if posted is not None:
        status = 422
        if chosen.ids and form.is_valid():
            try:
                return _start(request, act, chosen, form.cleaned_data, around)
            except DomainError as error:
                status = error.status
                form.add_error(None, error.message)
    verb = WORDS[act][0]
    title = f"{verb} {chosen.words}"
    context = {
        "act": act,
        "form": form,
        "chosen": chosen,
        "pairs": asked.pairs() if "all" in params else [],
        "all": "all" in params,
        "ways": ways,
        "title": title,
        "action": reverse("leads_bulk", args=[act]),
        "submit": title,
        "back": f"{reverse('leads')}?{asked.query()}" if "all" in params else reverse("leads"),
        "background": len(chosen.ids) > INLINE,
        "known_tags": Tag.objects.order_by("name")[:200] if act == "tag" else [],
    }
    return ask(request, "leads/forms/bulk.html", around, context, status=status)


def _start(request: HttpRequest, act: str, chosen: Chosen, data: dict, around) -> HttpResponse:
    if act == "assign":
        params = {name: data[name].pk if data[name] else None for name in ("owner", "team")}
    elif act == "tag":
        params = {name: [ensure_tag(name=word).pk for word in data[name]] for name in ("add", "remove")}
    else:
        at, precision = moment_of(data["on"], around)
        params = {
            "to_stage": data["to_stage"],
            "reason": data.get("reason", ""),
            "note": data["note"].strip(),
            "at": at.isoformat() if at else None,
            "precision": precision,
            "anyway": bool(data.get("anyway")),
        }
    inline = len(chosen.ids) <= INLINE
    job = start_bulk(actor=request.user, act=act, lead_ids=chosen.ids, params=params, inline=inline)
    if not inline:
        return go(request, reverse("leads_job", args=[job.pk]))
    run_bulk(job.pk)
    return ask(request, "leads/forms/bulk_result.html", around, _result(job, around))


def _result(job: BulkJob, around) -> dict:
    found = read_job(job, around)
    return {"job": job, "result": found, "done_word": WORDS[job.act][1], "title": f"{WORDS[job.act][0]} {job.total:,} leads"}


def _job(request: HttpRequest, pk: int) -> BulkJob:
    return get_object_or_404(BulkJob, pk=pk, actor=request.user)


@require_safe
@requires(Perm.WORK_LEADS)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a job of this person is, and at its end which leads were left as they were and why."""
    around = surroundings(request.user)
    context = _result(_job(request, pk), around)
    part = request.headers.get("HX-Target", "").endswith("#job")
    return show(request, "leads/parts/job.html" if part else "leads/job.html", around, context)


@require_POST
@requires(Perm.WORK_LEADS)
def job_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the leads that were not reached as they are."""
    found = _job(request, pk)
    stop_bulk(job=found)
    return go(request, reverse("leads_job", args=[pk]))
