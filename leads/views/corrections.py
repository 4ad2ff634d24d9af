"""Corrections of what was recorded: take an event back, merge and un-merge, take a lead out."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Perm, requires
from accounts.queries import has_perm
from core.errors import DomainError
from funnel.book import load_book
from leads.finding import find_leads, words_of
from leads.models import Lead, LeadEvent, Touch
from leads.pages.detail import find_visible
from leads.pages.filters import surroundings
from leads.pages.merging import preview_merge
from leads.pages.timeline import UNDO_FOR, may_undo
from leads.queries import visible_leads
from leads.services import merge_leads, unmerge_lead, void_lead, void_touch
from leads.services.taking_back import take_back
from leads.views.actions import page_of
from leads.views.detail import lead_or_404
from leads.views.frame import ask, back_to, go

_BOTH = ["GET", "HEAD", "POST"]


def _home_of(request: HttpRequest, lead: Lead) -> int:
    """The lead on whose page a row is shown, if this person may open it: its own, its survivor's or one taken out."""
    found, survivor = find_visible(request.user, lead.pk)
    home = found or survivor
    if home is not None:
        return home.pk
    if lead.voided and visible_leads(request.user, taken_out=True).filter(pk=lead.pk).exists():
        return lead.pk
    raise Http404


@require_POST
@requires(Perm.WORK_LEADS)
def event_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an event of a lead back by a further one; the numbers are as if it had not been."""
    event = get_object_or_404(LeadEvent.objects.select_related("lead"), pk=pk)
    home = _home_of(request, event.lead)
    around = surroundings(request.user)
    correct = has_perm(request.user, Perm.CORRECT_HISTORY)
    if not may_undo(event, user=request.user, now=around.now, may_work=True, may_correct=correct):
        raise PermissionDenied
    try:
        take_back(event=event, actor=request.user)
        messages.success(request, "Taken back. The timeline keeps both.")
    except DomainError as error:
        messages.error(request, error.message)
    return go(request, back_to(request, page_of(event.lead_id if event.kind == LeadEvent.Kind.LEAD_VOIDED else home)))


@require_POST
@requires(Perm.WORK_LEADS)
def touch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a logged contact back: one's own for a quarter of an hour, any with the right to correct history."""
    touch = get_object_or_404(Touch.objects.select_related("lead"), pk=pk)
    home = page_of(_home_of(request, touch.lead)) if touch.lead else reverse("deals")
    around = surroundings(request.user)
    own = touch.actor_id == request.user.pk and around.now - touch.recorded_at <= UNDO_FOR
    if not (own or has_perm(request.user, Perm.CORRECT_HISTORY)):
        raise PermissionDenied
    try:
        void_touch(touch=touch, actor=request.user)
        messages.success(request, "The contact is taken back.")
    except DomainError as error:
        messages.error(request, error.message)
    return go(request, back_to(request, home))


@require_http_methods(_BOTH)
@requires(Perm.CORRECT_HISTORY)
def lead_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Find the other lead, look at the merged timeline, then merge. Nothing is written before the last step."""
    lead = lead_or_404(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    params = request.POST if request.method == "POST" else request.GET
    text, words = params.get("other", ""), words_of(request.GET.get("q"))
    mine = visible_leads(request.user).exclude(pk=lead.pk).select_related("contact", "company", "owner")
    other = mine.filter(pk=int(text)).first() if text.isascii() and text.isdecimal() and len(text) < 19 else None
    status, error = 200, ""
    if request.method == "POST":
        if other is None:
            raise Http404
        try:
            event = merge_leads(survivor=lead, duplicate=other, actor=request.user)
            messages.success(request, f"{other.contact or other} is now part of this lead.")
            return go(request, page_of(pk, event.pk))
        except DomainError as refused:
            status, error = refused.status, refused.message
    found = []
    if other is None:
        if words:
            found = list(find_leads(mine, words).order_by("-created_at")[:10])
        else:
            found = _alike(lead, mine)
    context = {
        "lead": lead,
        "other": other,
        "preview": preview_merge(lead, other, around, book) if other and book else None,
        "found": [(row, around.stages.get(row.stage_id)) for row in found],
        "words": words,
        "error": error,
        "title": f"Merge another lead into {lead.contact or lead}",
        "action": reverse("lead_merge", args=[pk]),
        "back": page_of(pk),
    }
    return ask(request, "leads/forms/merge.html", around, context, status=status)


def _alike(lead: Lead, mine) -> list[Lead]:
    """Leads of the same person or address: what one most likely looks for."""
    if lead.contact_id is None:
        return []
    same = mine.filter(contact_id=lead.contact_id)
    if lead.contact.email:
        same |= mine.filter(contact__email__iexact=lead.contact.email)
    if lead.contact.name:
        same |= mine.filter(contact__name__iexact=lead.contact.name)
    return list(same.distinct().order_by("-created_at")[:10])


@require_POST
@requires(Perm.CORRECT_HISTORY)
def lead_unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the merge of this lead back: both have their own histories again."""
    merged = get_object_or_404(Lead, pk=pk, merged_into__isnull=False)
    home = _home_of(request, merged)
    try:
        unmerge_lead(lead=merged, actor=request.user)
        messages.success(request, "The leads are separate again, as if they had never been one.")
    except DomainError as error:
        messages.error(request, error.message)
    return go(request, page_of(home))


@require_http_methods(_BOTH)
@requires(Perm.CORRECT_HISTORY)
def lead_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a test or a spam lead out of every number."""
    lead = lead_or_404(request, pk)
    around = surroundings(request.user)
    if request.method == "POST":
        event = void_lead(lead=lead, actor=request.user)
        return go(request, f"{reverse('leads')}?done={event.pk}")
    context = {
        "title": f"Take {lead.contact or lead} out?",
        "intro": "For test entries and spam. The lead leaves every list and every number, past ones too. "
        "A lead that simply will not buy is moved to a stage that says so.",
        "action": reverse("lead_void", args=[pk]),
        "submit": "Take the lead out",
        "back": page_of(pk),
    }
    return ask(request, "leads/forms/plain.html", around, context)
