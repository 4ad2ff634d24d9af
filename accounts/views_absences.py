"""Absences: one's own, those of the team one leads, everybody's for administrators."""

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.console import attempt, fill
from accounts.forms import AbsenceForm
from accounts.models import Absence
from accounts.permissions import Perm, requires
from accounts.presence import people_to_enter_for
from accounts.queries import standing, today_for
from accounts.services.absences import end_absence, enter_absence


def _today() -> dt.date:
    return today_for(dt.datetime.now(dt.UTC))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def absences(request: HttpRequest) -> HttpResponse:
    """What is running or coming, and the form for one more."""
    day = _today()
    people = people_to_enter_for(request.user, day)
    form = AbsenceForm(people=people, initial={"user": request.user.pk, "from_day": day})
    if request.method == "POST":
        form = AbsenceForm(request.POST, people=people)
        if fill(form, lambda data: enter_absence(today=day, actor=request.user, **data)) is not None:
            messages.success(request, "Entered. Nobody gives new leads to this person on these days.")
            return redirect("absences")
    rows = Absence.objects.filter(user__in=people, to_day__gte=day).select_related("user").order_by("from_day", "user__name")
    context = {
        "form": form,
        "rows": rows,
        "others": people.count() > 1,
        "today": day,
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, "accounts/absences.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Perm.WORK_LEADS)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Back from today on; what has not begun is taken back."""
    day = _today()
    absence = get_object_or_404(Absence.objects.select_related("user"), pk=pk)
    if not people_to_enter_for(request.user, day).filter(pk=absence.user_id).exists():
        raise PermissionDenied
    done = f"{absence.user} is there again from today." if absence.from_day < day else "Taken back."
    attempt(request, lambda: end_absence(absence=absence, today=day, actor=request.user), done)
    return redirect("absences")
