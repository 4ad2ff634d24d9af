"""The form of a touch that a person logs: it reads and checks what was typed, and writes nothing."""

import datetime as dt
from zoneinfo import ZoneInfo

from django import forms

from campaigns.models import Campaign, Content
from campaigns.queries import told_apart
from leads.forms import AskForm, DayField, not_after
from leads.models import CONTACT_KINDS, Contact, Touch
from leads.services.feedback import OUTCOMES


class _Campaigns(forms.ModelChoiceField):
    """Campaigns by names that tell two of the same name apart."""

    def label_from_instance(self, campaign: Campaign) -> str:
        return campaign.word


class TouchForm(AskForm):
    """A contact in one click: the button pressed says how it went. `moment` is the instant, or None for now."""

    kind = forms.ChoiceField(choices=Touch.Kind.choices)
    contact = forms.ModelChoiceField(Contact.objects.none(), required=False, label="With", empty_label="the company")
    outcome = forms.ChoiceField(choices=[("", "–"), *OUTCOMES.items()], required=False)
    on = DayField(required=False, label="On an earlier day", help_text="Empty means today.")
    at = forms.TimeField(
        required=False,
        label="At",
        help_text="Empty means now, on an earlier day noon.",
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "f"}),
    )
    content = forms.ModelChoiceField(
        Content.objects.order_by("name"), required=False, label="Content that was used", empty_label="none"
    )
    campaign = _Campaigns(Campaign.objects.none(), required=False, label="For campaign", empty_label="none")
    note = forms.CharField(max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 2, "class": "f"}))

    def __init__(self, *args, now: dt.datetime, zone: ZoneInfo, people=None, **kwargs):
        """`people`: of a deal without a lead, whom it was with. None: a lead, whose contact it is."""
        super().__init__(*args, **kwargs)
        self.now, self.zone = now, zone
        personal = [(str(kind), kind.label) for kind in CONTACT_KINDS]
        others = [choice for choice in Touch.Kind.choices if choice[0] not in CONTACT_KINDS]
        self.fields["kind"].choices = [("By a person of sales", personal), ("By marketing", others)]
        self.fields["campaign"].queryset = told_apart().order_by("word")
        if people is None:
            del self.fields["contact"]
        else:
            self.fields["contact"].queryset = people
            del self.fields["note"]  # notes stand on leads

    def clean_on(self):
        not_after(self.cleaned_data["on"], self.now.astimezone(self.zone).date())
        return self.cleaned_data["on"]

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        today = self.now.astimezone(self.zone).date()
        day, at = data.get("on") or today, data.get("at")
        if at is None and day == today:
            data["moment"] = None
            return data
        moment = dt.datetime.combine(day, at or dt.time(12), self.zone).astimezone(dt.UTC)
        if moment > self.now and at is not None:
            self.add_error("at", "This time lies in the future.")
        data["moment"] = min(moment, self.now)
        return data
