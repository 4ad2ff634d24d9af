"""My day: the next steps of the person who looks, and whether reminders come by mail."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Perm, requires
from accounts.queries import standing
from accounts.services.preferences import set_reminders_by_mail
from core.mail import mail_is_set_up
from core.queries import calendar
from leads.models import NextStep
from leads.pages.my_day import read_day, steps_due
from leads.services import finish_step


@require_safe
@requires(Perm.WORK_LEADS)
def my_day(request: HttpRequest) -> HttpResponse:
    days, now = calendar(), dt.datetime.now(dt.UTC)
    context = {
        "day": read_day(request.user, days, now),
        "today": days.day_of(now),
        "mail_works": mail_is_set_up(),
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, "leads/my_day.html", context)


@require_safe
@requires(Perm.WORK_LEADS)
def count(request: HttpRequest) -> HttpResponse:
    """The number beside the place in the header."""
    today = calendar().day_of(dt.datetime.now(dt.UTC))
    return render(request, "leads/parts/due_count.html", {"number": steps_due(request.user, today).count()})


@require_POST
@requires(Perm.WORK_LEADS)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick a step of one's own off, or put it back (`undo`)."""
    step = get_object_or_404(NextStep, pk=pk, who=request.user)
    finish_step(step=step, actor=request.user, done="undo" not in request.POST)
    return redirect("my_day")


@require_POST
@requires(Perm.WORK_LEADS)
def mails(request: HttpRequest) -> HttpResponse:
    """Reminders by mail: on or off."""
    set_reminders_by_mail(user=request.user, on="on" in request.POST)
    return redirect("my_day")
