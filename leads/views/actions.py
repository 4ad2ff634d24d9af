"""What people do with a lead every day: move it, give it to somebody, write a note, plan the next step."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Perm, requires
from core.errors import Conflict, DomainError, StaleVersion
from funnel.book import load_book
from funnel.models import Stage
from leads.entering import lacks_before
from leads.forms import AssignForm, MoveForm, NoteForm, StepForm, TagsForm
from leads.models import LeadEvent, NextStep, Tag
from leads.pages.detail import reasons_of, ways_on, who_was_first
from leads.pages.filters import surroundings
from leads.projection import Context
from leads.queries import visible_deals, visible_leads
from leads.services import add_note, assign_lead, finish_step, move_lead, plan_step, set_tags
from leads.views.detail import lead_or_404
from leads.views.frame import answer_form, ask, back_to, go, id_in, moment_of, with_done

_BOTH = ["GET", "HEAD", "POST"]


def page_of(pk: int, done: int | None = None) -> str:
    """The lead's page; with the event that was just written, so that it can be undone from there."""
    return with_done(reverse("lead", args=[pk]), done)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a lead to a stage, now or on an earlier day, with the reason that the agreement asks for."""
    lead = lead_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    version = book.on(around.today) if book else None
    ways = ways_on(version, lead.stage_id) if version else []
    reasons = reasons_of(version, ways) if version else []
    back = back_to(request, page_of(pk))
    initial = {"version": lead.version, "to_stage": id_in(request.GET.get("to"))}
    needs = lacks_before(lead, version, around.now, around.today) if version else {}
    form = MoveForm(_posted(request), ways=ways, reasons=reasons, today=around.today, initial=initial, missing=needs)
    status, conflict = 200, ""
    if request.method == "POST":
        status = 422
        if _is_stale(form, lead):
            status, conflict = 409, who_was_first(lead, around, book)
        elif form.is_valid():
            data = form.cleaned_data
            at, precision = moment_of(data["on"], around)
            try:
                moved = move_lead(
                    lead,
                    Stage.objects.get(pk=data["to_stage"]),
                    actor=request.user,
                    occurred_at=at,
                    time_precision=precision,
                    reason=data.get("reason", "") if form.uses[data["to_stage"]] else "",
                    note=data["note"].strip(),
                    expected_version=data["version"],
                    context=Context(book=book, cal=around.calendar),
                )
                if not moved.current_stage_changed:
                    messages.info(request, "The move is in the timeline. The lead’s present stage comes from a later one.")
                return go(request, with_done(back, moved.event.pk))
            except (StaleVersion, Conflict):
                lead.refresh_from_db()
                status, conflict = 409, who_was_first(lead, around, book)
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "lead": lead,
        "title": f"Move {lead.contact or lead}",
        "now": around.stages.get(lead.stage_id),
        "action": reverse("lead_move", args=[pk]),
        "back": back,
        "ways": ways,
        "conflict": conflict,
        "fresh_version": lead.version,
        "lacks": [(around.stages[stage].name, lines) for stage, lines in needs.items() if stage in form.uses],
    }
    return ask(request, "leads/forms/move.html", around, context, status=status)


def _is_stale(form: MoveForm, lead) -> bool:
    """Whether the form was opened before somebody else's change: said before anything else about it is checked."""
    seen = form.data.get("version", "")
    return seen.isascii() and seen.isdecimal() and len(seen) < 12 and int(seen) != lead.version


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a lead to a person or to a team's queue."""
    lead = lead_or_404(request, pk)
    back = back_to(request, page_of(pk))
    form = AssignForm(_posted(request), initial={"owner": lead.owner_id})

    def write(data: dict) -> str:
        assign_lead(lead=lead, actor=request.user, **data)
        event = LeadEvent.objects.filter(lead=lead, kind=LeadEvent.Kind.ASSIGNED).order_by("-id").first()
        if visible_leads(request.user).filter(pk=pk).exists():
            return with_done(back, event.pk)
        messages.success(request, "The lead is given away; you no longer see it.")
        return reverse("leads") if back.startswith(page_of(pk)) else back

    context = {
        "title": f"Who takes {lead.contact or lead}?",
        "action": reverse("lead_assign", args=[pk]),
        "submit": "Assign the lead",
        "back": back,
    }
    return answer_form(request, form, write, around=surroundings(request.user), context=context)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_note(request: HttpRequest, pk: int) -> HttpResponse:
    lead = lead_or_404(request, pk)
    around = surroundings(request.user)
    back = back_to(request, page_of(pk))

    def write(data: dict) -> str:
        add_note(lead=lead, text=data["text"], author=request.user, occurred_at=around.now)
        messages.success(request, "The note is in the timeline.")
        return back

    context = {
        "title": f"A note on {lead.contact or lead}",
        "action": reverse("lead_note", args=[pk]),
        "submit": "Add the note",
        "back": back,
    }
    return answer_form(request, NoteForm(_posted(request)), write, around=around, context=context)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a lead exactly the tags that are typed."""
    lead = lead_or_404(request, pk)
    back = back_to(request, page_of(pk))
    there = ", ".join(Tag.objects.filter(lead_tags__lead=lead).order_by("name").values_list("name", flat=True))
    form = TagsForm(_posted(request), initial={"tags": there})

    def write(data: dict) -> str:
        set_tags(lead=lead, names=data["tags"], actor=request.user)
        messages.success(request, "The tags are saved. Each change can be taken back in the timeline.")
        return back

    context = {
        "title": f"Tags of {lead.contact or lead}",
        "action": reverse("lead_tags", args=[pk]),
        "submit": "Save the tags",
        "back": back,
        "known_tags": Tag.objects.order_by("name")[:200],
    }
    return answer_form(request, form, write, around=surroundings(request.user), context=context)


def _posted(request: HttpRequest):
    return request.POST if request.method == "POST" else None


# --- next steps, of leads and deals -----------------------------------------------------------------------------


def _plan(request: HttpRequest, *, title: str, action: str, usual: str, **whose) -> HttpResponse:
    around = surroundings(request.user)
    back = back_to(request, usual)
    form = StepForm(_posted(request), initial={"due_on": around.today + dt.timedelta(days=1)})

    def write(data: dict) -> str:
        plan_step(actor=request.user, **data, **whose)
        messages.success(request, "The next step is planned.")
        return back

    context = {"title": title, "action": action, "submit": "Plan the step", "back": back}
    return answer_form(request, form, write, around=around, context=context)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_step(request: HttpRequest, pk: int) -> HttpResponse:
    lead = lead_or_404(request, pk)
    title, action = f"Next step with {lead.contact or lead}", reverse("lead_step", args=[pk])
    return _plan(request, title=title, action=action, usual=page_of(pk), lead=lead)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_step(request: HttpRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(visible_deals(request.user), pk=pk)
    title, action = f"Next step on {deal}", reverse("deal_step", args=[pk])
    return _plan(request, title=title, action=action, usual=reverse("deal", args=[pk]), deal=deal)


@require_POST
@requires(Perm.WORK_LEADS)
def step_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick a step off, or put it back (`undo`)."""
    step = get_object_or_404(NextStep.objects.select_related("lead", "deal"), pk=pk)
    if step.lead_id:
        lead_id = step.lead.merged_into_id or step.lead_id
        lead_or_404(request, lead_id)
        back = page_of(lead_id)
    else:
        get_object_or_404(visible_deals(request.user), pk=step.deal_id)
        back = reverse("deal", args=[step.deal_id])
    done = "undo" not in request.POST
    finish_step(step=step, actor=request.user, done=done)
    messages.success(request, "Done." if done else "The step is open again.")
    return go(request, back_to(request, back))
