"""Content that sales asks marketing for: asked from a lead or a deal, answered by marketing, used by sales."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from core.errors import DomainError
from leads.forms_requests import AnswerRequestForm, AskForContentForm
from leads.models import ContentRequest
from leads.pages.content import may_about_content
from leads.pages.filters import surroundings
from leads.queries import visible_deals
from leads.request_queries import WAITING, visible_requests
from leads.services.content_requests import (
    answer_request,
    ask_for_content,
    decline_request,
    promise_content,
    use_content,
)
from leads.views.detail import lead_or_404
from leads.views.frame import answer_form, back_to, page_number, show
from leads.views.list import near_pages

_BOTH = ["GET", "HEAD", "POST"]
PAGE = 50
State = ContentRequest.State
TABS = {"": ("Waiting", WAITING), "answered": ("Answered", (State.ANSWERED,)), "declined": ("Declined", (State.DECLINED,))}


@require_safe
@requires(Perm.SEE_LEADS)
def content_requests(request: HttpRequest) -> HttpResponse:
    """What sales asked for, of the leads and deals that this person may open: what waits first, the oldest on top."""
    around, asked = surroundings(request.user), visible_requests(request.user)
    tab = request.GET.get("state", "")
    tab = tab if tab in TABS else ""
    order = ("asked_at", "id") if not tab else ("-answered_at", "-id")
    pages = Paginator(asked.filter(state__in=TABS[tab][1]).order_by(*order), PAGE)
    page = pages.get_page(page_number(request))
    context = {
        "page": page,
        "near": near_pages(page.number, pages.num_pages),
        "tab": tab,
        "tabs": [(key, word, asked.filter(state__in=states).count()) for key, (word, states) in TABS.items()],
        "query": f"state={tab}" if tab else "",
        **may_about_content(request.user),
    }
    return show(request, "leads/content_requests.html", around, context)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def lead_content(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for content for a lead."""
    lead = lead_or_404(request, pk)
    return _ask(request, reverse("lead_content", args=[pk]), reverse("lead", args=[pk]), lead=lead)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def deal_content(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for content for a deal."""
    deal = get_object_or_404(visible_deals(request.user), pk=pk)
    return _ask(request, reverse("deal_content", args=[pk]), reverse("deal", args=[pk]), deal=deal)


def _ask(request: HttpRequest, action: str, page: str, **of) -> HttpResponse:
    around = surroundings(request.user)
    back = back_to(request, page)

    def write(data: dict) -> str:
        ask_for_content(need=data["need"], wanted_by=data["wanted_by"], actor=request.user, now=_now(), **of)
        return back

    context = {
        "title": "Ask marketing for content",
        "intro": "Marketing sees it in My day, and answers with a piece of content or with a date.",
        "action": action,
        "submit": "Ask for it",
        "back": back,
    }
    return answer_form(request, AskForContentForm(_posted(request)), write, around=around, context=context)


@require_http_methods(_BOTH)
@requires(Perm.WORK_LEADS)
def content_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Marketing answers: the piece and how to use it, who makes it by when, or why not."""
    asked = get_object_or_404(visible_requests(request.user), pk=pk)
    around = surroundings(request.user)
    back = back_to(request, reverse("content_requests"))
    initial = {
        "version": asked.version,
        "owner": asked.owner_id or request.user.pk,
        "due_on": asked.due_on or asked.wanted_by,
    }
    form = AnswerRequestForm(_posted(request), today=around.today, initial=initial)

    def write(data: dict) -> str:
        act = {"request": asked, "version": data["version"], "actor": request.user, "now": _now()}
        if data["answer"] == "answered":
            answer_request(content=data["content"], how_to_use=data["how_to_use"], **act)
        elif data["answer"] == "promised":
            promise_content(owner=data["owner"], due_on=data["due_on"], **act)
        else:
            decline_request(why_not=data["why_not"], **act)
        return back

    context = {
        "title": "Answer sales",
        "intro": f"“{asked.need}”",
        "action": reverse("content_answer", args=[pk]),
        "submit": "Answer",
        "back": back,
    }
    return answer_form(request, form, write, around=around, context=context, template="leads/forms/content_answer.html")


@require_POST
@requires(Perm.WORK_LEADS)
def content_use(request: HttpRequest, pk: int) -> HttpResponse:
    """Sales used it: a touch of the lead or the deal."""
    asked = get_object_or_404(visible_requests(request.user), pk=pk)
    try:
        use_content(request=asked, actor=request.user, now=_now())
        messages.success(request, f"“{asked.content}” is logged as used. It counts among the touches.")
    except DomainError as error:
        messages.error(request, error.message)
    page = reverse("lead", args=[asked.lead.merged_into_id or asked.lead_id]) if asked.lead_id else ""
    return redirect(back_to(request, page or reverse("deal", args=[asked.deal_id])))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _posted(request: HttpRequest):
    return request.POST if request.method == "POST" else None
