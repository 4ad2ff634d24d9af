"""What people do with a lead every day: move it, give it to somebody, log a contact, write a note, plan the next step."""

import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Perm, requires
from core.errors import Conflict, DomainError, StaleVersion
from funnel.book import load_book
from funnel.models import Stage
from leads.forms import AssignForm, MoveForm, NoteForm, StepForm, TouchForm
from leads.models import CONTACT_KINDS, LeadEvent, NextStep
from leads.pages.detail import reasons_of, ways_on, who_was_first
from leads.pages.leads import surroundings
from leads.projection import Context
from leads.queries import visible_deals, visible_leads
from leads.services import add_note, assign_lead, finish_step, move_lead, plan_step, record_touch
from leads.views.detail import lead_or_404
from leads.views.frame import ask, go, moment_of

_BOTH = ["GET", "HEAD", "POST"]


def page_of(pk: int, done: int | None = None) -> str:
    """The lead's page; with the event that was just written, so that it can be undone from there."""
    return reverse("lead", args=[pk]) + (f"?done={done}" if done else "")


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
    wanted = request.GET.get("to", "")
    initial = {"version": lead.version, "to_stage": int(wanted) if wanted.isdecimal() and len(wanted) < 19 else None}
    form = MoveForm(
        request.POST if request.method == "POST" else None, ways=ways, reasons=reasons, today=around.today, initial=initial
    )
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
                return go(request, page_of(pk, moved.event.pk))
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
        "back": page_of(pk),
        "ways": ways,
        "conflict": conflict,
        "fresh_version": lead.version,
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
    around = surroundings(request.user)
    form = AssignForm(request.POST if request.method == "POST" else None, initial={"owner": lead.owner_id})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                assign_lead(lead=lead, actor=request.user, **form.cleaned_data)
                event = LeadEvent.objects.filter(lead=lead, kind=LeadEvent.Kind.ASSIGNED).order_by("-id").first()
                if not visible_leads(request.user).filter(pk=pk).exists():
                    messages.success(request, "The lead is given away; you no longer see it.")
                    return go(request, reverse("leads"))
                return go(request, page_of(pk, event.pk))
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "title": f"Who takes {lead.contact or lead}?",
        "action": reverse("lead_assign", args=[pk]),
        "submit": "Assign the lead",
        "back": page_of(pk),
    }
    return ask(request, "leads/forms/plain.html", around, context, status=status)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_touch(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a contact. A first personal one by sales stops the response clock; nothing else does."""
    lead = lead_or_404(request, pk)
    around = surroundings(request.user)
    form = TouchForm(request.POST if request.method == "POST" else None, today=around.today, initial={"kind": "call"})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            at = moment_of(data["on"], around)[0] or dt.datetime.now(dt.UTC)
            if data["on"] and at < around.now:
                # Known to the day alone: at midday, so that no zone moves it to another one.
                at = min(at + dt.timedelta(hours=12), around.now)
            with transaction.atomic():
                touch = record_touch(
                    lead=lead,
                    contact=lead.contact,
                    side="sales" if data["kind"] in CONTACT_KINDS else "marketing",
                    kind=data["kind"],
                    outcome=data["outcome"],
                    occurred_at=at,
                    actor=request.user,
                )
                if data["note"].strip():
                    add_note(lead=lead, text=data["note"].strip(), author=request.user, occurred_at=at)
            messages.success(request, f"{touch.get_kind_display()} logged. It can be taken back in the timeline.")
            return go(request, page_of(pk))
    context = {
        "form": form,
        "title": f"Log a contact with {lead.contact or lead}",
        "action": reverse("lead_touch", args=[pk]),
        "submit": "Log the contact",
        "back": page_of(pk),
    }
    return ask(request, "leads/forms/plain.html", around, context, status=status)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_note(request: HttpRequest, pk: int) -> HttpResponse:
    lead = lead_or_404(request, pk)
    around = surroundings(request.user)
    form = NoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        add_note(lead=lead, text=form.cleaned_data["text"], author=request.user, occurred_at=around.now)
        messages.success(request, "The note is in the timeline.")
        return go(request, page_of(pk))
    context = {
        "form": form,
        "title": f"A note on {lead.contact or lead}",
        "action": reverse("lead_note", args=[pk]),
        "submit": "Add the note",
        "back": page_of(pk),
    }
    return ask(request, "leads/forms/plain.html", around, context, status=422 if form.errors else 200)


# --- next steps, of leads and deals -----------------------------------------------------------------------------


def _plan(request: HttpRequest, *, title: str, action: str, back: str, **whose) -> HttpResponse:
    around = surroundings(request.user)
    form = StepForm(
        request.POST if request.method == "POST" else None, initial={"due_on": around.today + dt.timedelta(days=1)}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                plan_step(actor=request.user, **form.cleaned_data, **whose)
                messages.success(request, "The next step is planned.")
                return go(request, back)
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {"form": form, "title": title, "action": action, "submit": "Plan the step", "back": back}
    return ask(request, "leads/forms/plain.html", around, context, status=status)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_step(request: HttpRequest, pk: int) -> HttpResponse:
    lead = lead_or_404(request, pk)
    title, action = f"Next step with {lead.contact or lead}", reverse("lead_step", args=[pk])
    return _plan(request, title=title, action=action, back=page_of(pk), lead=lead)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_step(request: HttpRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(visible_deals(request.user), pk=pk)
    title, action = f"Next step on {deal}", reverse("deal_step", args=[pk])
    return _plan(request, title=title, action=action, back=reverse("deal", args=[pk]), deal=deal)


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
    return go(request, back)
