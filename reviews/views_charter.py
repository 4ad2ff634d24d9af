"""The charter of both teams: one page, a form for each line, ride-alongs."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from accounts.queries import has_perm
from core.errors import DomainError
from reviews.action_queries import today_now
from reviews.charter_queries import HELP, charter, may_change_ride, may_write, rides
from reviews.forms_charter import LearnedForm, LineForm, RideForm
from reviews.models import CharterLine, RideAlong
from reviews.services import call_off_ride, finish_ride, plan_ride, write_line


@require_safe
@requires(Perm.SEE_NUMBERS)
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, refused: LearnedForm | None = None, of: int = 0, status: int = 200) -> HttpResponse:
    today = today_now()
    found = charter(request.user, today)
    planned = [
        {
            "ride": ride,
            "form": _learned_form(request, ride, refused if ride.pk == of else None),
            "over": ride.planned_for <= today,
        }
        for ride in found.planned
    ]
    may_plan = has_perm(request.user, Perm.WORK_LEADS)
    context = {"charter": found, "planned": planned, "today": today, "may_plan": may_plan}
    return render(request, "reviews/charter.html", context, status=status)


def _learned_form(request: HttpRequest, ride: RideAlong, refused: LearnedForm | None) -> LearnedForm | None:
    if not may_change_ride(request.user, ride):
        return None
    return refused or LearnedForm(key=ride.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def line(request: HttpRequest, name: str) -> HttpResponse:
    """Write one line of the charter, from a day on. `name`: its subject."""
    subject = name
    if subject not in CharterLine.Subject.values:
        raise Http404
    if not may_write(request.user, subject):
        return _page(request, status=403)
    sent = request.method == "POST"
    form = LineForm(request.POST if sent else None, subject=subject, today=today_now())
    if sent and form.is_valid():
        try:
            write_line(subject=subject, actor=request.user, now=dt.datetime.now(dt.UTC), **form.chosen())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{CharterLine.Subject(subject).label}: written.")
            return redirect("review_charter")
    label = CharterLine.Subject(subject).label
    context = {"form": form, "subject": subject, "label": label, "help": HELP[subject]}
    return render(request, "reviews/charter_line.html", context, status=422 if sent else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def ride_new(request: HttpRequest) -> HttpResponse:
    """Plan that a marketer goes along on a sales call."""
    sent = request.method == "POST"
    form = RideForm(request.POST if sent else None, today=today_now())
    if sent and form.is_valid():
        try:
            plan_ride(actor=request.user, now=dt.datetime.now(dt.UTC), **form.chosen())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "The ride-along is planned.")
            return redirect("review_charter")
    return render(request, "reviews/ride_new.html", {"form": form}, status=422 if sent else 200)


def _own_ride(request: HttpRequest, pk: int) -> RideAlong:
    """A ride-along whose course this person may tell: asked before what they sent is read."""
    ride = get_object_or_404(rides(), pk=pk)
    if not may_change_ride(request.user, ride):
        raise PermissionDenied
    return ride


@require_POST
@requires(Perm.WORK_LEADS)
def ride_done(request: HttpRequest, pk: int) -> HttpResponse:
    """It took place, and this is what marketing takes from it."""
    ride = _own_ride(request, pk)
    form = LearnedForm(request.POST, key=ride.pk)
    status = 422
    if form.is_valid():
        try:
            finish_ride(ride=ride, actor=request.user, now=dt.datetime.now(dt.UTC), **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
            status = error.status
        else:
            return redirect("review_charter")
    return _page(request, refused=form, of=ride.pk, status=status)


@require_POST
@requires(Perm.WORK_LEADS)
def ride_off(request: HttpRequest, pk: int) -> HttpResponse:
    """It will not take place."""
    ride = _own_ride(request, pk)
    try:
        call_off_ride(ride=ride, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("review_charter")
