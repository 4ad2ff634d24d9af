"""Forms of a series and of one planned meeting."""

import datetime as dt
import zoneinfo
from collections.abc import Sequence

from django import forms

from accounts.models import User
from core.queries import zone_names
from reviews.models import ReviewSeries
from reviews.services import Settings

FIRST_YEAR, LAST_YEAR = 1990, 2200
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FREEZES = (
    (60, "1 hour before"),
    (120, "2 hours before"),
    (180, "3 hours before"),
    (240, "4 hours before"),
    (720, "12 hours before"),
    (1440, "a day before"),
)
_TIME = forms.TimeInput(attrs={"class": "f", "type": "time"}, format="%H:%M")
_SELECT = {"class": "f"}


class SeriesForm(forms.Form):
    """`people`: those who can be invited, in the order they are shown."""

    name = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"class": "f"}))
    cadence = forms.ChoiceField(label="How often", choices=ReviewSeries.Cadence.choices, widget=forms.Select(_SELECT))
    weekday = forms.TypedChoiceField(
        label="Weekday", choices=list(enumerate(WEEKDAYS)), coerce=int, widget=forms.Select(_SELECT)
    )
    week_of_month = forms.TypedChoiceField(
        label="Which of the month",
        choices=ReviewSeries.Week.choices,
        coerce=int,
        widget=forms.Select(_SELECT),
        help_text="Only for a monthly review.",
    )
    at = forms.TimeField(label="Time", widget=_TIME)
    zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(zone, zone) for zone in zone_names()],
        widget=forms.Select(_SELECT),
    )
    minutes = forms.IntegerField(
        label="Minutes", min_value=10, max_value=240, widget=forms.NumberInput(attrs={"class": "f", "inputmode": "numeric"})
    )
    freeze_minutes = forms.TypedChoiceField(
        label="Numbers are frozen",
        choices=FREEZES,
        coerce=int,
        widget=forms.Select(_SELECT),
        help_text="Days that are not over are left out of them.",
    )
    members = forms.TypedMultipleChoiceField(required=False, coerce=int)
    facilitators = forms.TypedMultipleChoiceField(
        label="Who facilitates",
        coerce=int,
        error_messages={"required": "Name at least one person who facilitates."},
    )

    def __init__(self, *args, people: Sequence[User], **kwargs):
        super().__init__(*args, auto_id="series_%s", label_suffix="", **kwargs)
        self.people = {person.pk: person for person in people}
        for name in ("members", "facilitators"):
            self.fields[name].choices = [(person.pk, str(person)) for person in people]

    def settings(self) -> Settings:
        return Settings(**{name: self.cleaned_data[name] for name in Settings.__dataclass_fields__})

    def chosen(self, name: str) -> list[User]:
        return [self.people[pk] for pk in self.cleaned_data[name]]

    def checked(self, name: str) -> set[int]:
        """Ids that are ticked, as typed or as stored."""
        found = self.data.getlist(name) if self.is_bound else self.initial.get(name, [])
        return {int(pk) for pk in found if len(str(pk)) < 19 and str(pk).isdecimal()}


class MoveForm(forms.Form):
    """Another day or time for one meeting, in the zone of its series."""

    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"class": "f", "type": "date"}, format="%Y-%m-%d"))
    at = forms.TimeField(label="Time", widget=_TIME)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="move_%s", label_suffix="", **kwargs)

    def clean_day(self) -> dt.date:
        """A day that has an instant in every zone."""
        day = self.cleaned_data["day"]
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError("This day lies too far away.")
        return day

    def instant(self, zone: str) -> dt.datetime:
        data = self.cleaned_data
        return dt.datetime.combine(data["day"], data["at"], zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)


class FacilitatorForm(forms.Form):
    facilitator = forms.TypedChoiceField(label="Facilitator", coerce=int, widget=forms.Select(_SELECT))

    def __init__(self, *args, people: Sequence[User], **kwargs):
        super().__init__(*args, auto_id="facilitator_%s", label_suffix="", **kwargs)
        self.people = {person.pk: person for person in people}
        self.fields["facilitator"].choices = [(person.pk, str(person)) for person in people]

    def chosen(self) -> User:
        return self.people[self.cleaned_data["facilitator"]]
