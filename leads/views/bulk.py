"""Many leads at once: each is checked and written by itself, and the answer says which were not changed and why."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.permissions import Perm, requires
from core.errors import DomainError
from funnel.book import load_book
from funnel.models import Stage
from funnel.rules import reason_use
from leads.forms import AssignForm, MoveForm
from leads.models import Lead
from leads.pages.detail import Way, reasons_of, ways_on
from leads.pages.leads import PAGE, Surroundings, surroundings
from leads.projection import Context
from leads.queries import visible_leads
from leads.services import assign_lead, move_lead
from leads.views.frame import ask, moment_of


@dataclass(frozen=True)
class Outcome:
    lead: Lead
    trouble: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def bulk(request: HttpRequest, act: str) -> HttpResponse:
    """Assign or move the selected leads: a form first, then what became of each."""
    if act not in ("assign", "move"):
        raise Http404
    book = load_book()
    around = surroundings(request.user, book)
    params = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(request, params)
    version = book.on(around.today) if book else None
    ways = _common_ways(version, chosen) if version else []
    data = request.POST if request.method == "POST" else None
    if act == "assign":
        form = AssignForm(data)
    else:
        reasons = reasons_of(version, ways) if version else []
        form = MoveForm(data, ways=ways, reasons=reasons, today=around.today, bulk=True)
    outcomes, status = [], 200
    if request.method == "POST":
        status = 422
        if chosen and form.is_valid():
            write = _assign if act == "assign" else _move
            outcomes = [_outcome(write, lead, form, request, around, book) for lead in chosen]
            status = 200
    words = "lead" if len(chosen) == 1 else "leads"
    context = {
        "act": act,
        "form": form,
        "chosen": chosen,
        "ways": ways,
        "title": f"{'Assign' if act == 'assign' else 'Move'} {len(chosen)} {words}",
        "action": reverse("leads_bulk", args=[act]),
        "submit": f"{'Assign' if act == 'assign' else 'Move'} {len(chosen)} {words}",
        "back": reverse("leads"),
        "outcomes": outcomes,
        "refused": [o for o in outcomes if o.trouble],
        "done": [o for o in outcomes if not o.trouble],
    }
    return ask(request, "leads/forms/bulk.html", around, context, status=status)


def _chosen(request: HttpRequest, params: QueryDict) -> list[Lead]:
    """The selected leads that this person may open, at most one page of the list."""
    ids = [int(text) for text in params.getlist("lead") if text.isascii() and text.isdecimal() and len(text) < 19][:PAGE]
    rows = visible_leads(request.user).filter(pk__in=ids).select_related("contact", "company")
    return sorted(rows, key=lambda lead: ids.index(lead.pk))


def _common_ways(version, chosen: list[Lead]) -> list[Way]:
    """Stages that at least one of the leads may be moved to; the strictest list of reasons is asked for."""
    found: dict[int, Way] = {}
    for stage_id in dict.fromkeys(lead.stage_id for lead in chosen):
        for way in ways_on(version, stage_id):
            if way.stage.id not in found or way.use:
                found[way.stage.id] = way
    return sorted(found.values(), key=lambda way: way.stage.position)


def _outcome(write, lead: Lead, form, request: HttpRequest, around: Surroundings, book) -> Outcome:
    try:
        write(lead, form.cleaned_data, request, around, book)
    except DomainError as error:
        return Outcome(lead, error.message)
    return Outcome(lead)


def _assign(lead: Lead, data: dict, request: HttpRequest, around: Surroundings, book) -> None:
    assign_lead(lead=lead, actor=request.user, **data)


def _move(lead: Lead, data: dict, request: HttpRequest, around: Surroundings, book) -> None:
    at, precision = moment_of(data["on"], around)
    version = book.on(around.today)
    to = version.stages.get(data["to_stage"])
    needs_reason = to is not None and reason_use(version, lead.stage_id, to)
    move_lead(
        lead,
        Stage(pk=data["to_stage"]),
        actor=request.user,
        occurred_at=at,
        time_precision=precision,
        reason=data.get("reason", "") if needs_reason else "",
        note=data["note"].strip(),
        context=Context(book=book, cal=around.calendar),
    )
