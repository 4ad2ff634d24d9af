"""What all pages of this app share: who reads, when, and how a form answers."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.permissions import Perm
from accounts.queries import has_perm, standing
from core.errors import DomainError
from core.models import Organisation
from core.queries import calendar, organisation


@dataclass(frozen=True)
class Around:
    """The moment and the company."""

    now: dt.datetime
    today: dt.date
    zone: ZoneInfo
    company: Organisation


def around() -> Around:
    now, days = dt.datetime.now(dt.UTC), calendar()
    return Around(now, days.day_of(now), days.zone_at(now), organisation())


def show(request: HttpRequest, template: str, near: Around, context: dict, *, status: int = 200) -> HttpResponse:
    shared = {
        "today": near.today,
        "zone": near.zone,
        "currency": near.company.base_currency,
        "may_plan": has_perm(request.user, Perm.PLAN_CAMPAIGNS),
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, template, shared | context, status=status)


def answer_form(
    request: HttpRequest, form: forms.Form, write: Callable[[dict], str], near: Around, context: dict
) -> HttpResponse:
    """Write what a valid form says and go to the address that `write` returns; else the form again, with its errors."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return redirect(write(form.cleaned_data))
            except DomainError as error:
                status = error.status
                form.add_error(error.field if error.field in form.fields else None, error.message)
    return show(request, "campaigns/form.html", near, {"form": form} | context, status=status)


def posted(request: HttpRequest):
    return request.POST if request.method == "POST" else None


def back_to(request: HttpRequest, usual: str) -> str:
    """Where a form leads when it is done: the page it was opened from, if that is one of ours; else the usual one."""
    asked = request.POST.get("back") or request.GET.get("back") or ""
    ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if ours and len(asked) < 2000 else usual


def page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:7]) else 1


def id_in(text: str | None) -> int | None:
    """A key from an address; None if it is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None
