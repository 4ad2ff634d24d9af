"""Forms of routing: they read and check what was typed, and write nothing."""

import datetime as dt

from django import forms

from accounts.console import ConsoleForm
from accounts.models import Side, Team, User
from accounts.presence import sales_people
from campaigns.models import Channel
from funnel.models import Region, Segment
from leads.models import Origin, RoutingRule


class _Any(forms.ModelChoiceField):
    """A row of a table of names; nothing chosen is any."""

    def __init__(self, model, **kwargs):
        super().__init__(model.objects.order_by("name"), required=False, empty_label="any", **kwargs)


def _sales_teams():
    return Team.objects.filter(side=Side.SALES, retired=False).order_by("name")


class _People(forms.ModelMultipleChoiceField):
    """A number that no row can have is no choice, as any other that names nobody."""

    def clean(self, value):
        try:
            return super().clean(value)
        except OverflowError as error:  # more digits than the database counts with
            raise forms.ValidationError("Choose people from the list.", code="invalid_choice") from error


class RuleForm(ConsoleForm):
    """One rule: which leads, to whom, how."""

    name = forms.CharField(max_length=80, help_text="Shown on every lead it gives away, such as “Large companies”.")
    segment = _Any(Segment)
    region = _Any(Region)
    channel = _Any(Channel)
    tier = forms.CharField(
        max_length=20, required=False, widget=forms.TextInput(attrs={"placeholder": "any", "autocomplete": "off"})
    )
    origin = forms.ChoiceField(choices=[("", "any"), *Origin.choices], required=False, label="Started by")
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, empty_label="the people ticked below", label="They go to the reps of"
    )
    people = _People(User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Or to these people")
    method = forms.ChoiceField(
        choices=RoutingRule.Method.choices, label="Among those who are there", widget=forms.RadioSelect
    )

    def __init__(self, *args, today: dt.date, **kwargs):
        super().__init__(*args, **kwargs)
        # A list of ticks has no look of its own field.
        self.fields["people"].widget.attrs.pop("class", None)
        self.fields["team"].queryset = _sales_teams()
        self.fields["people"].queryset = User.objects.filter(id__in=sales_people(today).everybody).order_by("name", "email")

    def clean(self):
        data = super().clean()
        if not self.errors and bool(data.get("team")) == bool(data.get("people")):
            self.add_error("team", "Choose a team, or people by name.")
        return data

    def row(self, saved: RoutingRule | None) -> RoutingRule:
        """The rule as it would be, not stored. Only of a valid form."""
        values = {name: self.cleaned_data[name] for name in self.cleaned_data if name != "people"}
        row = RoutingRule(**values)
        if saved is not None:
            row.pk, row.last_person_id = saved.pk, saved.last_person_id
        return row


class QueueForm(ConsoleForm):
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None, label="What the rules leave waits for")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = _sales_teams()
