"""What all pages of this app share: who reads, answers to forms with and without script."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.permissions import Perm
from accounts.queries import has_perm, standing
from leads.pages.leads import Surroundings


def show(request: HttpRequest, template: str, around: Surroundings, context: dict, *, status: int = 200) -> HttpResponse:
    """A page with what every template of this app reads."""
    shared = {
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
