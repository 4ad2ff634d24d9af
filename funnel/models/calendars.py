"""Working calendars: when a team works. They are dated, and a day that has begun keeps the hours it had."""

import datetime as dt

from django.db import models
from django.db.models.functions import Coalesce, Now

from accounts.models import Team, User
from funnel.business_time import Window


class WorkingCalendar(models.Model):
    """Working hours from a local day on, of one team or, without one, of the company."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="calendars")
    from_day = models.DateField()
    tz = models.CharField(max_length=64, help_text="IANA name")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(Coalesce("team", 0), "from_day", name="funnel_calendar_once_a_day"),
        ]

    def __str__(self):
        return f"{self.team or 'company'} from {self.from_day}"


class CalendarWindow(models.Model):
    """Working time of a weekday (0 is Monday), local times. `closes` at 00:00 is the end of that day."""

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="funnel_window_once"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="funnel_window_on_a_weekday"),
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")) | models.Q(closes=dt.time(0)), name="funnel_window_lasts"
            ),
        ]

    def __str__(self):
        return f"{self.weekday} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def as_window(self) -> Window:
        return Window(self.weekday, self.opens, self.closes)


class Holiday(models.Model):
    """A day without working hours, of the company's calendar or of a team's own. It is known since `recorded_at`."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=80, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(Coalesce("team", 0), "day", name="funnel_holiday_once")]

    def __str__(self):
        return f"{self.name or 'holiday'} {self.day}"
