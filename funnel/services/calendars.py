"""Working calendars: hours from a day on, and holidays. A day that has begun under a signed promise keeps its hours."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from accounts.models import ConsoleEvent, Team, User
from accounts.services import record_event
from core.errors import DomainError
from funnel.business_time import Window
from funnel.models import CalendarWindow, Holiday, WorkingCalendar
from funnel.queries import bound_since

WINDOWS_A_DAY = 4


def set_hours(
    *, team: Team | None, from_day: dt.date, tz: str, windows: Iterable[Window], today: dt.date, actor: User | None
) -> WorkingCalendar:
    """When a team (None: the company) works from a day on. Hours that begin on the same day are replaced.

    A team's first own calendar takes the company's holidays along that are still to come.
    """
    week = sorted(set(windows))
    _must_be_a_week(week)
    _must_be_open(from_day, today)
    with transaction.atomic():
        first = team is not None and not WorkingCalendar.objects.filter(team=team).exists()
        calendar, _ = WorkingCalendar.objects.update_or_create(
            team=team, from_day=from_day, defaults={"tz": tz, "created_by": actor}
        )
        calendar.windows.all().delete()
        CalendarWindow.objects.bulk_create(
            CalendarWindow(calendar=calendar, weekday=w.weekday, opens=w.opens, closes=w.closes) for w in week
        )
        if first:
            taken = Holiday.objects.filter(team=None, day__gte=from_day)
            Holiday.objects.bulk_create(
                Holiday(team=team, day=row.day, name=row.name, created_by=actor, recorded_at=row.recorded_at)
                for row in taken
            )
        _log(actor, f"Set the working hours of {_whose(team)} from {from_day}.")
        return calendar


def drop_hours(*, calendar: WorkingCalendar, today: dt.date, actor: User | None) -> None:
    """Take back hours that have not begun yet; the ones before them go on."""
    _must_be_open(calendar.from_day, today)
    with transaction.atomic():
        _log(actor, f"Took back the working hours of {_whose(calendar.team)} from {calendar.from_day}.")
        calendar.delete()


def add_holidays(
    *, team: Team | None, days: Iterable[tuple[dt.date, str]], today: dt.date, actor: User | None
) -> list[Holiday]:
    """Add days without working hours, all or none; those already in the list are left as they are."""
    wanted = dict(days)
    for day in wanted:
        _must_be_free(day, today)
    with transaction.atomic():
        held = set(Holiday.objects.filter(team=team, day__in=wanted).values_list("day", flat=True))
        now = dt.datetime.now(dt.UTC)
        new = [
            Holiday(team=team, day=day, name=name.strip()[:80], created_by=actor, recorded_at=now)
            for day, name in sorted(wanted.items())
            if day not in held
        ]
        Holiday.objects.bulk_create(new)
        if new:
            count = f"{len(new)} {'holiday' if len(new) == 1 else 'holidays'}"
            _log(actor, f"Added {count} to the calendar of {_whose(team)}, {new[0].day} to {new[-1].day}.")
        return new


def remove_holiday(*, holiday: Holiday, today: dt.date, actor: User | None) -> None:
    _must_be_free(holiday.day, today)
    with transaction.atomic():
        _log(actor, f"Took the holiday of {holiday.day} out of the calendar of {_whose(holiday.team)}.")
        holiday.delete()


def _must_be_a_week(week: list[Window]) -> None:
    if not week:
        raise DomainError("no_hours", "Give at least one day working hours; without any, nothing would ever be due.")
    for before, after in zip(week, week[1:], strict=False):
        if before.weekday == after.weekday and (before.closes == dt.time() or after.opens < before.closes):
            raise DomainError("hours_overlap", "Two times of one day overlap.", field=f"day{after.weekday}")


def _must_be_open(from_day: dt.date, today: dt.date) -> None:
    """Hours change from tomorrow on once a signed promise holds: no closed window may come out otherwise."""
    since = bound_since()
    if from_day <= today and since is not None and since <= today:
        raise DomainError(
            "day_over", "Promises are measured by the hours of today already. Choose tomorrow or later.", field="from_day"
        )


def _must_be_free(day: dt.date, today: dt.date) -> None:
    since = bound_since()
    if since is not None and since <= day <= today:
        raise DomainError(
            "day_over", f"{day.day} {day:%B %Y} has begun as it was agreed, and promises were measured by it.", field="day"
        )


def _whose(team: Team | None) -> str:
    return str(team) if team else "the company"


def _log(actor: User | None, text: str) -> None:
    record_event(area=ConsoleEvent.Area.ORGANISATION, text=text, actor=actor)
