"""What all pages of this app share: who reads, answers to forms with and without script."""

import datetime as dt
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.permissions import Perm
from accounts.queries import has_perm, standing
from core.errors import DomainError
from leads.pages.filters import Surroundings


def show(request: HttpRequest, template: str, around: Surroundings, context: dict, *, status: int = 200) -> HttpResponse:
    """A page with what every template of this app reads."""
    shared = {
        "here": here(request),
        "zone": around.zone,
        "today": around.today,
        "currency": around.company.base_currency,
        "may_work": has_perm(request.user, Perm.WORK_LEADS),
        "may_correct": has_perm(request.user, Perm.CORRECT_HISTORY),
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, template, shared | context, status=status)


def is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def go(request: HttpRequest, address: str) -> HttpResponse:
    """Lead on to a page after a write: a redirect, or htmx's own where a form stood in a dialog."""
    if not is_fragment(request):
        return redirect(address)
    answer = HttpResponse(status=200)
    answer["HX-Redirect"] = address
    return answer


def here(request: HttpRequest) -> str:
    """The address that the browser shows, without what was just done there: that of the page around a fragment."""
    shown = request.headers.get("HX-Current-URL") if is_fragment(request) else None
    parts = urlsplit(shown) if shown else None
    return with_done(f"{parts.path}?{parts.query}" if parts else request.get_full_path(), None)


def back_to(request: HttpRequest, usual: str) -> str:
    """Where a form leads when it is done: the page it was opened from, if that is one of ours; else the usual one."""
    around = here(request) if is_fragment(request) and "HX-Current-URL" in request.headers else ""
    asked = request.POST.get("back") or request.GET.get("back") or around
    ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if ours and len(asked) < 2000 else usual


def with_done(address: str, event: int | None) -> str:
    """The address that also names the event just written, so that it can be undone from there."""
    parts = urlsplit(address)
    pairs = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "done"]
    return parts._replace(query=urlencode([*pairs, ("done", event)] if event else pairs)).geturl()


def id_in(text: str | None) -> int | None:
    """A key from an address; None if it is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:7]) else 1


def moment_of(day: dt.date | None, around: Surroundings) -> tuple[dt.datetime | None, str]:
    """A day typed into a form as an instant with its precision; today and nothing mean now."""
    if day is None or day == around.today:
        return None, "instant"
    return around.calendar.start_of_day(day), "day"


def ask(request: HttpRequest, template: str, around: Surroundings, context: dict, *, status: int = 200) -> HttpResponse:
    """A form: the content of the dialog for htmx, a page of its own otherwise."""
    layout = "leads/parts/bare.html" if is_fragment(request) else "leads/parts/page.html"
    return show(request, template, around, {"layout": layout} | context, status=status)


def answer_form(
    request: HttpRequest,
    form: forms.Form,
    write: Callable[[dict], str],
    *,
    around: Surroundings,
    context: dict,
    template: str = "leads/forms/plain.html",
) -> HttpResponse:
    """Write what a valid form says and go to the address that `write` returns; else the form again, with its errors."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return go(request, write(form.cleaned_data))
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    return ask(request, template, around, {"form": form} | context, status=status)
