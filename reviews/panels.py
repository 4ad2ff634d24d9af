"""What each step of the agenda shows: step name to the function that gathers it. reviews/parts.py tells the contract."""

import datetime as dt
from collections.abc import Callable
from typing import get_args

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from core.queries import calendar
from reviews.action_panels import actions, charter_part, close
from reviews.frozen_panels import changes, numbers, promises
from reviews.models import Review
from reviews.parts import BY_NAME, Screen, Step, next_step
from reviews.room_page import page_words
from reviews.room_panels import checkin
from reviews.room_queries import may_steer, room_of
from reviews.safe_panels import expectations, process, words

Panel = Callable[[HttpRequest, Review, Screen], dict]

PANELS: dict[str, Panel] = {
    "checkin": checkin,
    "numbers": numbers,
    "changes": changes,
    "promises": promises,
    "expectations": expectations,
    "process": process,
    "words": words,
    "actions": actions,
    "charter": charter_part,
    "close": close,
}
# Screens by the page that carries them.
PAGES: dict[Screen, str] = {"wall": "review_wall", "steer": "review_steer", "phone": "review"}


def screen_of(request: HttpRequest) -> Screen:
    """What the request says it is for: the phone if it says nothing known."""
    asked = request.POST.get("screen") or request.GET.get("screen")
    return asked if asked in get_args(Screen) else "phone"


def shown_step(review: Review) -> Step | None:
    """Where the room is; None before it opens."""
    room = room_of(review)
    return BY_NAME[room.step] if room else None


def panel_context(request: HttpRequest, review: Review, step: Step, screen: Screen, **more) -> dict:
    """What the template of a step gets. `more` wins over what the panel gathers: a form with its errors."""
    found = {
        "review": review,
        "screen": screen,
        "step": step,
        "template": f"reviews/parts/{step.name}.html",
        "may_steer": may_steer(request.user, review),
        "today": calendar().day_of(dt.datetime.now(dt.UTC)),
        "next": next_step(step),
    }
    if screen == "wall":
        found["glossary"] = {}  # nothing is clicked there: words stay plain
    return found | PANELS[step.name](request, review, screen) | more


def answer_part(request: HttpRequest, review: Review, step: str, *, status: int = 200, **more) -> HttpResponse:
    """How a form of a fragment answers: the fragment again for htmx; without script the page again, or the page as a whole
    with what was wrong. `more` goes to the step's template."""
    screen = screen_of(request)
    context = panel_context(request, review, BY_NAME[step], screen, **more)
    if request.headers.get("HX-Request") == "true":
        return render(request, "reviews/parts/fragment.html", context, status=status)
    if status < 400:
        kept = "" if shown_step(review) == BY_NAME[step] else f"?step={step}"
        return redirect(reverse(PAGES[screen], args=[review.pk]) + kept)
    return render(request, f"reviews/room/{screen}.html", context | page_words(request.user, review), status=status)
