"""What every page of the set-up guide shows, and where it leads next."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from integrations import guide as guiding
from integrations.guide_steps import KEYS, MINUTES, STEPS


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def frame(found: guiding.Guide) -> dict:
    """The guide and how far it is, as every page of it shows it."""
    return {"guide": found, "minutes": MINUTES, "width": f"{found.done * 100 / len(STEPS):.1f}%"}


def page(request: HttpRequest, key: str, status: int = 200, **context) -> HttpResponse:
    found = guiding.guide(now())
    index = KEYS.index(key)
    context |= frame(found) | {
        "at": found.of(key),
        "number": index + 1,
        "after": KEYS[index + 1] if index + 1 < len(KEYS) else "",
    }
    return render(request, f"start/steps/{key}.html", context, status=status)


def go_on(key: str) -> HttpResponse:
    index = KEYS.index(key) + 1
    return redirect("start_step", KEYS[index]) if index < len(KEYS) else redirect("start")
