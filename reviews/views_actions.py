"""Actions: all of them on one page, one with its history, the acts on it, and the lines on other pages."""

import datetime as dt

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from accounts.queries import has_perm
from core.errors import DomainError
from reviews.action_queries import (
    SOON,
    actions_of,
    all_actions,
    ended_actions,
    entries,
    may_change,
    open_actions,
    overdue_actions,
    today_now,
)
from reviews.forms_actions import ASKED, ActionForm, ChangeForm
from reviews.models import Action, Review
from reviews.panels import answer_part
from reviews.queries import review_for
from reviews.services import (
    agree_action,
    drop_action,
    finish_action,
    hand_action,
    move_action,
    reopen_action,
    room_changed,
)

PAGE = 25
_ACTS = {"done": finish_action, "drop": drop_action, "move": move_action, "hand": hand_action, "reopen": reopen_action}
_SAID = {
    "done": "Done: {}.",
    "drop": "Dropped: {}.",
    "move": "New day for: {}.",
    "hand": "Handed over: {}.",
    "reopen": "Open again: {}.",
}


@require_safe
@requires(Perm.SEE_NUMBERS)
def actions(request: HttpRequest) -> HttpResponse:
    """All actions: open ones with the longest overdue first, then those that ended."""
    today, mine = today_now(), request.GET.get("whose") == "mine"
    there, ended = open_actions(), ended_actions()
    if mine:
        there, ended = there.filter(owner=request.user), ended.filter(owner=request.user)
    shown = entries(there, reader=request.user, today=today)
    page = Paginator(ended, PAGE).get_page(request.GET.get("page"))
    context = {
        "overdue": [one for one in shown if one.overdue],
        "coming": [one for one in shown if not one.overdue],
        "ended": entries(page, reader=request.user, today=today),
        "page": page,
        "mine": mine,
        "today": today,
        "may_add": has_perm(request.user, Perm.WORK_LEADS),
    }
    return render(request, "reviews/actions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def new(request: HttpRequest) -> HttpResponse:
    """A new action, outside of a review. `answers`: key of what it answers, to begin with."""
    today, sent = today_now(), request.method == "POST"
    initial = {"answers": request.GET.get("answers", ""), "owner": request.GET.get("owner") or request.user.pk}
    form = ActionForm(request.POST if sent else None, today=today, initial=initial)
    if sent and form.is_valid():
        try:
            action = agree_action(**form.chosen(), actor=request.user, now=dt.datetime.now(dt.UTC))
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Agreed: {action.what}")
            return redirect("review_actions")
    return render(request, "reviews/action_new.html", {"form": form}, status=422 if sent else 200)


@require_POST
@requires(Perm.WORK_LEADS)
def agree_in_review(request: HttpRequest, pk: int) -> HttpResponse:
    """A new action of a running review, from the remote or a phone."""
    review = review_for(request.user, pk)
    form = ActionForm(request.POST, today=today_now(), review=review)
    status = 422
    if form.is_valid():
        try:
            _refuse_ended(review)
            agree_action(**form.chosen(), review=review, actor=request.user, now=dt.datetime.now(dt.UTC))
        except DomainError as error:
            form.refuse(error)
            status = error.status
        else:
            room_changed(review)
            return answer_part(request, review, "actions")
    return answer_part(request, review, "actions", status=status, form=form)


def _refuse_ended(review: Review) -> None:
    if review.state in (Review.State.CLOSED, Review.State.CANCELLED):
        raise DomainError("closed", "This review is closed; a new action is written on the page of actions.")


@require_safe
@requires(Perm.SEE_NUMBERS)
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """One action: what became of it step by step, and what may be done with it."""
    return _one(request, get_object_or_404(all_actions(), pk=pk))


def _one(request: HttpRequest, found: Action, *, refused: ChangeForm | None = None, of: str = "", status: int = 200):
    today = today_now()
    acts = ("reopen",) if found.state != Action.State.OPEN else ("done", "move", "hand", "drop")
    forms = {}
    if may_change(request.user, found):
        initial = {"seen": found.steps_taken}
        forms = {act: ChangeForm(act=act, today=today, key=found.pk, initial=initial) for act in acts}
        if refused is not None:
            forms[of] = refused
    context = {
        "entry": entries([found], reader=request.user, today=today)[0],
        "steps": found.steps.select_related("owner", "actor").order_by("-id"),
        "forms": forms,
        "today": today,
    }
    return render(request, "reviews/action.html", context, status=status)


@require_POST
@requires(Perm.SEE_NUMBERS)
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Done, dropped, another day, somebody else, open again. Owners who only read may finish what is theirs."""
    if name not in ASKED:
        raise Http404
    found = get_object_or_404(all_actions(), pk=pk)
    form = ChangeForm(request.POST, act=name, today=today_now(), key=found.pk)
    status = 422
    if form.is_valid():
        try:
            _ACTS[name](action=found, actor=request.user, now=dt.datetime.now(dt.UTC), **form.chosen())
        except DomainError as error:
            form.refuse(error)
            status = error.status
        else:
            return _after(request, found, name)
    in_room = _room_of(request)
    if in_room is not None:
        return answer_part(request, in_room, "actions", status=status, refused=form, refused_on=found.pk)
    found.refresh_from_db()
    return _one(request, found, refused=form, of=name, status=status)


def _room_of(request: HttpRequest) -> Review | None:
    """The review whose screen the form stood on."""
    sent = request.POST.get("review", "")
    return review_for(request.user, int(sent)) if len(sent) < 19 and sent.isdecimal() else None


def _after(request: HttpRequest, found: Action, name: str) -> HttpResponse:
    in_room = _room_of(request)
    if in_room is not None:
        room_changed(in_room)
        return answer_part(request, in_room, "actions")
    if request.POST.get("back") == "my_day":
        if request.headers.get("HX-Request") == "true":
            return _mine(request)
        return redirect("my_day")
    messages.success(request, _SAID[name].format(found.what))
    return redirect(reverse("review_action", args=[found.pk]))


@require_safe
@requires(Perm.SEE_NUMBERS)
def mine(request: HttpRequest) -> HttpResponse:
    """One's own actions that are late or due soon, for My day; nothing if there are none."""
    return _mine(request)


def _mine(request: HttpRequest) -> HttpResponse:
    today = today_now()
    found = entries(actions_of(request.user, today), reader=request.user, today=today)
    return render(request, "reviews/parts/my_actions.html", {"entries": found, "today": today, "soon": SOON.days})


@require_safe
@requires(Perm.SEE_NUMBERS)
def overdue_line(request: HttpRequest) -> HttpResponse:
    """How many actions of the reviews are past their day, for the page of the funnel owner."""
    today = today_now()
    late = list(overdue_actions(today)[:1])
    context = {"number": overdue_actions(today).count(), "oldest": late[0] if late else None, "today": today}
    return render(request, "reviews/parts/overdue_line.html", context)
