"""Deals: the list, the page of one, and what people do with it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from core.errors import Conflict, DomainError, StaleVersion
from core.money import exponent
from funnel.book import load_book
from funnel.models import StageKind
from leads.finding import words_of
from leads.forms import CloseForm, DealForm
from leads.models import Deal, DealEvent
from leads.pages.content import content_card
from leads.pages.deals import list_deals, read_deal
from leads.pages.filters import surroundings
from leads.queries import visible_deals
from leads.request_queries import requests_of_deal
from leads.services import (
    cancel_deal,
    credit_deal,
    lose_deal,
    open_deal,
    reopen_deal,
    void_deal,
    void_deal_event,
    win_deal,
)
from leads.services.deals import change_deal
from leads.views.detail import lead_or_404
from leads.views.frame import ask, go, moment_of, page_number, show
from leads.views.list import near_pages

_BOTH = ["GET", "HEAD", "POST"]
# What can be done with a deal: title, button, further fields, in which status.
ACTS = {
    "win": ("The contract is signed", "Win the deal", (), "open"),
    "lose": ("The customer said no", "Lose the deal", ("reason",), "open"),
    "reopen": ("The deal goes on", "Reopen the deal", (), "closed"),
    "credit": ("Give money back", "Record the credit", ("amount",), "won"),
    "cancel": ("The contract ends early", "Record the cancellation", ("amount",), "won"),
    "void": ("Take the deal out of every number?", "Take the deal out", (), "any"),
}


def _deal(request: HttpRequest, pk: int) -> Deal:
    rows = visible_deals(request.user).select_related("lead__contact", "company", "owner", "team", "renews")
    return get_object_or_404(rows, pk=pk)


@require_safe
@requires(Perm.SEE_LEADS)
def deals(request: HttpRequest) -> HttpResponse:
    around = surroundings(request.user)
    status = request.GET.get("status", "")
    status = status if status in Deal.Status.values else ""
    words, mine = words_of(request.GET.get("q")), request.GET.get("owner") == "me"
    listing = list_deals(around, status=status, words=words, mine=mine, page=page_number(request))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "listing": listing,
        "status": status,
        "words": words,
        "mine": mine,
        "query": query.urlencode(),
        "near": near_pages(listing.page, listing.pages),
    }
    return show(request, "leads/deals.html", around, context)


@require_safe
@requires(Perm.SEE_LEADS)
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    found = _deal(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    page = read_deal(found, around, book)
    acts = [(key, act[1]) for key, act in ACTS.items() if key != "void" and _fits(found, act[3])]
    asked = content_card(request.user, requests_of_deal(found))
    return show(request, "leads/deal.html", around, {"page": page, "deal": found, "acts": acts} | asked)


def _fits(deal: Deal, status: str) -> bool:
    return status == "any" or status == deal.status or (status == "closed" and deal.status != Deal.Status.OPEN)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a deal from a lead."""
    lead = lead_or_404(request, pk)
    around = surroundings(request.user)
    initial = {
        "name": str(lead.company or lead.contact or ""),
        "currency": around.company.base_currency,
        "owner": lead.owner_id,
    }
    form = DealForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                made = open_deal(
                    occurred_at=around.now,
                    actor=request.user,
                    lead=lead,
                    amount=data.get("amount_minor"),
                    cost=data.get("cost_minor"),
                    **{name: data[name] for name in ("currency", "owner", "name", "kind", "expected_close")},
                    **{name: data[name] for name in ("term_start", "term_end")},
                )
                messages.success(request, "The deal is open.")
                return go(request, reverse("deal", args=[made.pk]))
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "title": f"New deal with {lead.contact or lead}",
        "action": reverse("deal_new", args=[pk]),
        "submit": "Open the deal",
        "back": reverse("lead", args=[pk]),
    }
    return ask(request, "leads/forms/plain.html", around, context, status=status)


def _major(minor: int | None, currency: str):
    if minor is None:
        return None
    places = exponent(currency)
    return f"{minor / 10**places:.{places}f}" if minor % 10**places else str(minor // 10**places)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a deal's money, owner, dates and name. Amounts and owners leave events, so past days keep theirs."""
    found = _deal(request, pk)
    around = surroundings(request.user)
    plain = ("name", "kind", "expected_close", "term_start", "term_end")
    initial = {name: getattr(found, name) for name in plain}
    initial |= {"currency": found.currency, "owner": found.owner_id, "version": found.version}
    initial |= {name: _major(getattr(found, name), found.currency) for name in ("amount", "cost")}
    form = DealForm(request.POST if request.method == "POST" else None, initial=initial)
    form.fields["currency"].disabled = True
    status, conflict = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                change_deal(
                    deal=found,
                    values={name: data[name] for name in plain},
                    amount=data.get("amount_minor"),
                    cost=data.get("cost_minor"),
                    owner=data["owner"],
                    actor=request.user,
                    expected_version=_seen(data, found),
                )
                messages.success(request, "The deal is saved.")
                return go(request, reverse("deal", args=[pk]))
            except (StaleVersion, Conflict):
                found.refresh_from_db()
                status, conflict = 409, _who_changed(found)
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "title": f"Change {found}",
        "action": reverse("deal_edit", args=[pk]),
        "submit": "Save the deal",
        "back": reverse("deal", args=[pk]),
        "conflict": conflict,
        "fresh_version": found.version,
    }
    return ask(request, "leads/forms/plain.html", around, context, status=status)


def _seen(data: dict, found: Deal) -> int:
    """The version that the person saw; a form without one goes by what this request read."""
    return found.version if data["version"] is None else data["version"]


def _who_changed(deal: Deal) -> str:
    last = deal.events.select_related("actor").order_by("-id").first()
    who = str(last.actor) if last and last.actor else "Somebody"
    return f"{who} changed this deal since you opened it. Your text is kept below. Compare and save again."


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Win, lose, reopen, credit or cancel a deal; its lead follows as the rules of deals say."""
    if act not in ACTS or act == "void":
        raise Http404
    return _ask_act(request, pk, act)


@require_http_methods(_BOTH)
@requires(Perm.CORRECT_HISTORY)
def deal_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a deal out of every number: a test, a double entry."""
    return _ask_act(request, pk, "void")


def _ask_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    found = _deal(request, pk)
    book = load_book()
    around = surroundings(request.user, book)
    title, submit, fields, _ = ACTS[act]
    reasons = list(book.on(around.today).reasons.get("lost", {}).items()) if book else []
    form = CloseForm(
        request.POST if request.method == "POST" else None,
        fields=fields,
        reasons=reasons,
        currency=found.currency,
        today=around.today,
        initial={"version": found.version},
    )
    status, conflict = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _act(act, found, form.cleaned_data, request, around)
                if act == "void":
                    messages.success(request, "The deal is taken out of every number.")
                    return go(request, reverse("deals"))
                messages.success(request, f"{submit}: done. It can be taken back in the history.")
                return go(request, reverse("deal", args=[pk]))
            except (StaleVersion, Conflict):
                found.refresh_from_db()
                status, conflict = 409, _who_changed(found)
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    won = next((s.name for s in around.stages.values() if s.kind == StageKind.WON), "Won")
    intro = {
        "win": f"The first won deal moves its lead to {won}.",
        "lose": "The lead moves along only if no other deal of it is open or won.",
        "credit": "It is posted on its own day; the win stays where it is.",
        "cancel": "What will not be paid, posted on its own day; the win stays where it is.",
        "void": "For tests and double entries. A move of the lead that it caused is taken back with it.",
    }.get(act, "")
    context = {
        "form": form,
        "title": f"{title}: {found}",
        "intro": intro,
        "action": reverse("deal_act", args=[pk, act]),
        "submit": submit,
        "back": reverse("deal", args=[pk]),
        "conflict": conflict,
        "fresh_version": found.version,
    }
    return ask(request, "leads/forms/plain.html", around, context, status=status)


def _act(act: str, deal: Deal, data: dict, request: HttpRequest, around) -> None:
    at, precision = moment_of(data["on"], around)
    common = {"deal": deal, "actor": request.user, "expected_version": _seen(data, deal)}
    match act:
        case "win":
            win_deal(occurred_at=at, time_precision=precision, **common)
        case "lose":
            lose_deal(occurred_at=at, time_precision=precision, reason=data["reason"], **common)
        case "reopen":
            reopen_deal(occurred_at=at, **common)
        case "credit":
            credit_deal(occurred_at=at, amount=data["amount"], **common)
        case "cancel":
            cancel_deal(occurred_at=at, amount=data["amount"], **common)
        case "void":
            void_deal(**common)


@require_POST
@requires(Perm.CORRECT_HISTORY)
def deal_event_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an event of a deal back; a move of its lead that it caused goes with it."""
    event = get_object_or_404(DealEvent.objects.select_related("deal"), pk=pk)
    _deal(request, event.deal_id)
    try:
        void_deal_event(event=event, actor=request.user)
        messages.success(request, "Taken back. The history keeps both.")
    except DomainError as error:
        messages.error(request, error.message)
    return go(request, reverse("deal", args=[event.deal_id]))
