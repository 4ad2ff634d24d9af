"""Working hours, holidays and the preview of a due time, as they are typed. They write nothing."""

import datetime as dt
import re

from django import forms

from accounts.console import ConsoleForm
from core.queries import zone_names
from funnel.business_time import Window, WorkingHours
from funnel.pasting import parse_holidays

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIME = r"(\d{1,2})(?:[:.](\d{2}))?"
_SPAN = re.compile(rf"\s*{_TIME}\s*(?:-|–|to)\s*{_TIME}\s*")


class HoursForm(ConsoleForm):
    """Times per weekday, such as “9:00–12:00, 13:00–17:00”; an empty day is free."""

    from_day = forms.DateField(label="From")
    tz = forms.ChoiceField(label="Time zone", choices=lambda: [(z, z) for z in zone_names()])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for number, name in enumerate(WEEKDAYS):
            widget = forms.TextInput(attrs={"class": "f", "placeholder": "free", "autocomplete": "off"})
            self.fields[f"day{number}"] = forms.CharField(label=name, required=False, max_length=80, widget=widget)

    def days(self):
        return [self[f"day{number}"] for number in range(7)]

    def clean(self):
        data = super().clean()
        self.windows = []
        for number in range(7):
            try:
                self.windows += read_windows(number, data.get(f"day{number}", ""))
            except ValueError as error:
                self.add_error(f"day{number}", str(error))
        return data


def read_windows(weekday: int, text: str) -> list[Window]:
    """“9-12, 13:00–17:30” as windows; ValueError says what is wrong in words. 24:00 and 0:00 are the end of the day."""
    found = []
    for part in filter(None, (piece.strip() for piece in re.split("[,;]", text))):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise ValueError(f"“{part[:20]}” is no time span. Write it as 9:00–17:00.")
        opens, closes = _time(*match.group(1, 2)), _time(*match.group(3, 4), end=True)
        if closes != dt.time() and closes <= opens:
            raise ValueError(f"{part} ends before it begins. For a night, end one day at 24:00 and begin the next at 0:00.")
        found.append(Window(weekday, opens, closes))
    return found


def _time(hour: str, minute: str | None, *, end: bool = False) -> dt.time:
    if end and int(hour) == 24 and not int(minute or 0):
        return dt.time()
    try:
        return dt.time(int(hour), int(minute or 0))
    except ValueError as error:
        raise ValueError(f"{hour}:{minute or '00'} is no time of day.") from error


def typed_windows(hours: WorkingHours, weekday: int) -> str:
    """The windows of a weekday as a person would type them."""
    spans = [w for w in sorted(hours.windows) if w.weekday == weekday]
    return ", ".join(f"{w.opens:%H:%M}–{'24:00' if w.closes == dt.time() else format(w.closes, '%H:%M')}" for w in spans)


class HolidaysForm(ConsoleForm):
    """One day with its name, or a list as it was copied."""

    day = forms.DateField(label="Day", required=False)
    name = forms.CharField(label="Name", required=False, max_length=80)
    pasted = forms.CharField(
        label="A list: one day a line, with its name",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="2026-12-25 Christmas Day, or 25.12.2026 Christmas Day.",
    )

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        days, errors = parse_holidays(data.get("pasted", ""))
        for error in errors[:12]:
            self.add_error("pasted", error)
        if data.get("day"):
            days.append((data["day"], data.get("name", "")))
        if not days and not errors:
            self.add_error("day", "Choose a day or paste a list.")
        data["days"] = days
        return data


class PreviewForm(ConsoleForm):
    """When a promise would fall due."""

    entry = forms.DateTimeField(
        label="A lead comes in at",
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    hours = forms.DecimalField(label="Working hours promised", min_value=0, max_value=2_000, max_digits=7, decimal_places=2)
