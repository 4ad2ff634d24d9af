"""When teams work: hours per weekday, holidays, and when a promise would fall due."""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.models import Team
from accounts.permissions import Perm, requires
from accounts.queries import has_perm
from funnel import services
from funnel.business_time import Schedule, WorkingHours
from funnel.forms_calendars import WEEKDAYS, HolidaysForm, HoursForm, PreviewForm, typed_windows
from funnel.models import Holiday, WorkingCalendar
from funnel.queries import working_hours
from funnel.views.frame import today

_EXAMPLE_HOURS = 4


@require_safe
@requires(Perm.SEE_NUMBERS)
def calendars(request: HttpRequest) -> HttpResponse:
    return _page(request, _team(request.GET.get("team", "")))


def _team(text: str) -> Team | None:
    """The team that is named by its id; nothing names the company."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return get_object_or_404(Team, pk=int(text))


def _page(
    request: HttpRequest, team: Team | None, *, hours: HoursForm | None = None, holidays: HolidaysForm | None = None
) -> HttpResponse:
    day = today()
    schedule = working_hours(team_id=team.pk if team else None)
    present = schedule.on(day)
    own = WorkingCalendar.objects.filter(team=team).order_by("from_day")
    # A team without hours of its own follows the company's holidays too.
    follows = team is not None and not own.exists()
    days = Holiday.objects.filter(team=None if follows else team).order_by("day")
    may_change = has_perm(request.user, Perm.ADMINISTER)
    typed = {f"day{n}": typed_windows(present, n) for n in range(7)} | {
        "tz": present.tz,
        "from_day": day + dt.timedelta(days=1),
    }
    context = {
        "team": team,
        "teams": Team.objects.filter(retired=False).order_by("side", "name"),
        "follows": follows,
        "week": [(name, typed_windows(present, n)) for n, name in enumerate(WEEKDAYS)],
        "tz": present.tz,
        "usual": not own.exists(),
        "coming": [(row, _hours_of(row)) for row in own.filter(from_day__gt=day).prefetch_related("windows")],
        "holidays": [row for row in days if row.day >= day],
        "past_holidays": [row for row in days if row.day < day],
        "preview": _preview(request, schedule, day),
        "hours_form": (hours or HoursForm(initial=typed)) if may_change else None,
        "holidays_form": (holidays or HolidaysForm()) if may_change and not follows else None,
        "today": day,
    }
    status = 422 if hours is not None or holidays is not None else 200
    return show(request, "console/calendars.html", "console_calendars", context, status)


def _hours_of(row: WorkingCalendar) -> list[tuple[str, str]]:
    hours = WorkingHours(row.tz, tuple(w.as_window() for w in row.windows.all()))
    return [(name, text) for n, name in enumerate(WEEKDAYS) if (text := typed_windows(hours, n))]


def _preview(request: HttpRequest, schedule: Schedule, day: dt.date) -> dict:
    """When a lead of the coming Friday afternoon, or of the time that was asked for, would be due."""
    friday = dt.datetime.combine(day + dt.timedelta(days=(4 - day.weekday()) % 7), dt.time(16, 30))
    asked = "entry" in request.GET
    form = PreviewForm(request.GET if asked else None, initial={"entry": friday, "hours": _EXAMPLE_HOURS})
    if asked and not form.is_valid():
        return {"form": form}
    entry = form.cleaned_data["entry"].replace(tzinfo=None) if asked else friday
    hours = form.cleaned_data["hours"] if asked else _EXAMPLE_HOURS
    zone = schedule.on(entry.date()).zone
    start = entry.replace(tzinfo=zone)
    due = schedule.due(start, dt.timedelta(hours=float(hours)))
    # Wall clock times of the calendar: the template must not move them to another zone.
    wall = due and due.astimezone(schedule.at(due).zone).replace(tzinfo=None)
    return {"form": form, "entry": entry, "hours": f"{float(hours):g}", "due": wall}


def _back(team: Team | None) -> HttpResponse:
    return redirect(reverse("console_calendars") + (f"?team={team.pk}" if team else ""))


@require_POST
@requires(Perm.ADMINISTER)
def save_hours(request: HttpRequest) -> HttpResponse:
    team, form = _team(request.POST.get("team", "")), HoursForm(request.POST)
    made = fill(
        form,
        lambda data: services.set_hours(
            team=team, from_day=data["from_day"], tz=data["tz"], windows=form.windows, today=today(), actor=request.user
        ),
    )
    return _back(team) if made is not None else _page(request, team, hours=form)


@require_POST
@requires(Perm.ADMINISTER)
def drop_hours(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(WorkingCalendar.objects.select_related("team"), pk=pk)
    attempt(request, lambda: services.drop_hours(calendar=row, today=today(), actor=request.user), "Taken back.")
    return _back(row.team)


@require_POST
@requires(Perm.ADMINISTER)
def add_holidays(request: HttpRequest) -> HttpResponse:
    team, form = _team(request.POST.get("team", "")), HolidaysForm(request.POST)
    made = fill(form, lambda data: services.add_holidays(team=team, days=data["days"], today=today(), actor=request.user))
    return _back(team) if made is not None else _page(request, team, holidays=form)


@require_POST
@requires(Perm.ADMINISTER)
def remove_holiday(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Holiday.objects.select_related("team"), pk=pk)
    attempt(request, lambda: services.remove_holiday(holiday=row, today=today(), actor=request.user), "Taken out.")
    return _back(row.team)
