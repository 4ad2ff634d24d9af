"""The room of a review: the wall, the facilitator's remote, the participant's page, and what they follow."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Perm, requires
from core.errors import Conflict, DomainError, NotAllowed
from reviews.forms_room import GoodThingForm, SteerForm
from reviews.models import FrozenNumber, Review, RoomState
from reviews.panels import answer_part, panel_context, screen_of, shown_step
from reviews.parts import BY_NAME, Screen
from reviews.queries import review_for
from reviews.room_page import page_words
from reviews.room_queries import may_steer, room_of, room_told
from reviews.services import drop_number, mark_here, open_room, raise_number, say_good_thing, steer_room


@require_safe
@requires(Perm.SEE_NUMBERS)
def phone(request: HttpRequest, pk: int) -> HttpResponse:
    """A participant's page: follows the room; `step` looks at another part without leaving it."""
    return _screen(request, pk, "phone")


@require_safe
@requires(Perm.SEE_NUMBERS)
def wall(request: HttpRequest, pk: int) -> HttpResponse:
    """What everybody in the room looks at."""
    return _screen(request, pk, "wall")


@require_safe
@requires(Perm.SEE_NUMBERS)
def steer(request: HttpRequest, pk: int) -> HttpResponse:
    """The facilitator's remote. Whoever may not steer is told who does."""
    return _screen(request, pk, "steer")


def _screen(request: HttpRequest, pk: int, screen: Screen) -> HttpResponse:
    review = review_for(request.user, pk)
    asked = BY_NAME.get(request.GET.get("step", ""))
    # A closed review opens with the way to its minutes; its steps can still be looked at.
    step = asked or (shown_step(review) if review.state == Review.State.RUNNING else None)
    context = {"review": review, "screen": screen, "apart": asked is not None} | page_words(request.user, review)
    if screen == "steer" and not context["may_steer"]:
        return render(request, "reviews/room/not_yours.html", context, status=403)
    if step is not None:
        context |= panel_context(request, review, step, screen)
    return render(request, f"reviews/room/{screen}.html", context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def told(request: HttpRequest, pk: int) -> JsonResponse:
    """Where the room is, for screens that follow: asked every second by each of them, so it reads one row."""
    room = RoomState.objects.filter(review__id=pk).select_related("review").first()
    review = room.review if room else review_for(request.user, pk)
    return JsonResponse(room_told(review, room, dt.datetime.now(dt.UTC)))


@require_safe
@requires(Perm.SEE_NUMBERS)
def part(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step as a fragment for a screen."""
    review = review_for(request.user, pk)
    if name not in BY_NAME:
        raise Http404
    return render(request, "reviews/parts/fragment.html", panel_context(request, review, BY_NAME[name], screen_of(request)))


@require_POST
@requires(Perm.SEE_NUMBERS)
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """The facilitator opens the review."""
    review = review_for(request.user, pk)
    try:
        open_room(review=review, actor=request.user, now=dt.datetime.now(dt.UTC))
    except NotAllowed as error:
        raise PermissionDenied from error
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("review_steer", pk=pk)


@require_POST
@requires(Perm.SEE_NUMBERS)
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """One press on the remote: JSON for the script, a redirect without it. Whoever was second gets 409 and what is so."""
    review, form = review_for(request.user, pk), SteerForm(request.POST)
    if not may_steer(request.user, review):
        raise PermissionDenied
    now, status, words = dt.datetime.now(dt.UTC), 200, ""
    try:
        if not form.is_valid():
            raise DomainError("no_such_act", "The remote has no such button.")
        room = steer_room(review=review, actor=request.user, now=now, **form.cleaned_data)
    except DomainError as error:
        room, status, words = room_of(review), error.status, error.message
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(room_told(review, room, now) | {"words": words}, status=status)
    if words:
        messages.error(request, words)
    return redirect("review_steer", pk=pk)


@require_POST
@requires(Perm.SEE_NUMBERS)
def here(request: HttpRequest, pk: int) -> HttpResponse:
    """An invited person is in the room."""
    review = review_for(request.user, pk)
    mark_here(review=review, user=request.user, now=dt.datetime.now(dt.UTC))
    if request.headers.get("HX-Request") == "true":
        return render(request, "reviews/room/here.html")
    return redirect("review", pk=pk)


@require_POST
@requires(Perm.SEE_NUMBERS)
def good_thing(request: HttpRequest, pk: int) -> HttpResponse:
    """What a team is glad of."""
    review, form = review_for(request.user, pk), GoodThingForm(request.POST)
    if not form.is_valid():
        return answer_part(request, review, "checkin", status=422, refused="A good thing is one sentence of 140 letters.")
    try:
        say_good_thing(review=review, actor=request.user, **form.cleaned_data)
    except (Conflict, NotAllowed) as error:
        return answer_part(request, review, "checkin", status=error.status, refused=error.message)
    return answer_part(request, review, "checkin")


@require_POST
@requires(Perm.SEE_NUMBERS)
def number_issue(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A number off plan goes to the issues, or is taken from them: the facilitator's one click."""
    review = review_for(request.user, pk)
    if not may_steer(request.user, review):
        raise PermissionDenied
    found = get_object_or_404(FrozenNumber.objects.select_related("review"), review=review, pk=number)
    step = "promises" if found.group == FrozenNumber.Group.PROMISE else "numbers"
    try:
        if "take_back" in request.POST:
            drop_number(number=found)
        else:
            raise_number(number=found)
    except DomainError as error:
        return answer_part(request, review, step, status=error.status, refused=error.message)
    return answer_part(request, review, step)
