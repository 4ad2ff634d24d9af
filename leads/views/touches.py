"""Touches that people log themselves, on a lead or on a deal: when exactly, by which campaign, with which content."""

import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import Side
from accounts.permissions import Perm, requires
from accounts.sides import require_side
from core.errors import DomainError
from leads.forms_touches import TouchForm
from leads.models import CONTACT_KINDS, Contact, Deal, Lead, Touch
from leads.pages.filters import Surroundings, surroundings
from leads.queries import visible_deals, visible_leads
from leads.services import add_note, record_touch
from leads.services.feedback import log_contact
from leads.views.detail import lead_or_404
from leads.views.frame import answer_form, back_to

_BOTH = ["GET", "HEAD", "POST"]


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_touch(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a contact. A first personal one by sales stops the response clock; nothing else does."""
    lead = lead_or_404(request, pk)
    around = surroundings(request.user)
    return _ask(
        request,
        around,
        form=_form(request, around),
        write=lambda data: _of_lead(lead, data, around),
        title=f"Log a contact with {lead.contact or lead}",
        action=reverse("lead_touch", args=[pk]),
        usual=reverse("lead", args=[pk]),
    )


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_touch(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a contact on a deal: with its lead, or, without one, with one of its people or its company."""
    deal = get_object_or_404(visible_deals(request.user).select_related("lead", "company"), pk=pk)
    around = surroundings(request.user)
    lead = _lead_of(deal, request.user)
    people = None if lead else Contact.objects.filter(deal_roles__deal=deal).order_by("name", "id")
    return _ask(
        request,
        around,
        form=_form(request, around, people=people),
        write=lambda data: _of_lead(lead, data, around) if lead else _of_deal(deal, data, around),
        title=f"Log a contact on {deal}",
        action=reverse("deal_touch", args=[pk]),
        usual=reverse("deal", args=[pk]),
    )


def _lead_of(deal: Deal, user) -> Lead | None:
    """The deal's lead, or what it was merged into."""
    if deal.lead is None:
        return None
    return get_object_or_404(visible_leads(user).select_related("contact"), pk=deal.lead.merged_into_id or deal.lead_id)


def _form(request: HttpRequest, around: Surroundings, people=None) -> TouchForm:
    kind = request.GET.get("kind", "")
    initial = {"kind": kind if kind in CONTACT_KINDS else "call"}
    posted = request.POST if request.method == "POST" else None
    return TouchForm(posted, now=around.now, zone=around.zone, initial=initial, people=people)


def _ask(request: HttpRequest, around: Surroundings, *, form, write, title: str, action: str, usual: str) -> HttpResponse:
    back = back_to(request, usual)

    def log(data: dict) -> str:
        touch = write(data)
        where = "on the deal" if touch.lead_id is None else "in the timeline"
        messages.success(request, f"{touch.get_kind_display()} logged. It can be taken back {where}.")
        return back

    context = {"title": title, "action": action, "submit": "Log the contact", "back": back}
    return answer_form(request, form, log, around=around, context=context)


def _of_lead(lead: Lead, data: dict, around: Surroundings) -> Touch:
    at = data["moment"] or dt.datetime.now(dt.UTC)
    about = {"campaign": data["campaign"], "content": data["content"]}
    with transaction.atomic():
        if data["kind"] in CONTACT_KINDS:
            touch = log_contact(
                lead=lead, kind=data["kind"], outcome=data["outcome"], occurred_at=at, actor=around.user, **about
            )
        else:
            touch = record_touch(
                lead=lead,
                contact=lead.contact,
                side=Side.MARKETING,
                kind=data["kind"],
                outcome=data["outcome"],
                occurred_at=at,
                actor=around.user,
                channel=data["campaign"] and data["campaign"].channel,
                **about,
            )
        if data["note"].strip():
            add_note(lead=lead, text=data["note"].strip(), author=around.user, occurred_at=at)
    return touch


def _of_deal(deal: Deal, data: dict, around: Surroundings) -> Touch:
    """Nobody's response clock runs on a deal without a lead, so nothing but the touch is written."""
    contact = data.get("contact")
    if contact is None and deal.company is None:
        raise DomainError("nobody_there", "This deal names neither a lead nor a company nor a person to talk to.")
    personal = data["kind"] in CONTACT_KINDS
    if personal:
        require_side(around.user, Side.SALES, "logs its contacts")
    return record_touch(
        side=Side.SALES if personal else Side.MARKETING,
        kind=data["kind"],
        outcome=data["outcome"],
        occurred_at=data["moment"] or dt.datetime.now(dt.UTC),
        actor=around.user,
        contact=contact,
        company=deal.company,
        campaign=data["campaign"],
        content=data["content"],
        channel=data["campaign"] and data["campaign"].channel,
    )
