"""Forms of a handoff: the decision, its completion, the dispute, feedback, pauses. They check, and write nothing."""

import datetime as dt
from zoneinfo import ZoneInfo

from django import forms

from campaigns.models import Campaign, Channel
from funnel.models import HandoffField, Region, Segment
from leads.forms import AskForm, DayField
from leads.handoffs import MEETING, REOPENED, WAIVER
from leads.models import Decision, Obligation
from leads.services.clock import EXCLUSIONS
from leads.services.feedback import AFTER_CONTACT, FITS, MOMENTS

_TEXT = 5000
_TABLES = {
    HandoffField.SEGMENT: Segment,
    HandoffField.REGION: Region,
    HandoffField.CHANNEL: Channel,
    HandoffField.CAMPAIGN: Campaign,
}
Reasons = list[tuple[str, str | list[tuple[str, str]]]]


def _sentence(label: str, *, required: bool = True, message: str = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3, "class": "f"})
    errors = {"required": message} if message else None
    return forms.CharField(max_length=_TEXT, label=label, required=required, widget=area, error_messages=errors)


def _version() -> forms.IntegerField:
    return forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class AcceptForm(AskForm):
    version = _version()


class DecisionForm(AskForm):
    """Return, recycle or disqualify: a reason of the agreed list and one sentence; recycling names a day."""

    reason = forms.ChoiceField(error_messages={"required": "Choose a reason."})
    until = DayField(plan=True, label="Marketing may hand it over again from")
    note = _sentence("One sentence for marketing", message="Write at least one sentence so that marketing can act on it.")
    version = _version()

    def __init__(self, *args, decision: str, reasons: list[tuple[str, str]], today: dt.date, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["reason"].choices = [("", "–"), *(reasons or [("other", "Other")])]
        if decision != Decision.RECYCLED:
            del self.fields["until"]

    def clean_until(self):
        if self.cleaned_data["until"] <= self.today:
            raise forms.ValidationError("Choose a day that is still to come.")
        return self.cleaned_data["until"]


class ResubmitForm(AskForm):
    """What was missing, each as a field of its own, and a sentence."""

    note = _sentence("What is different now", required=False)

    def __init__(self, *args, missing: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.missing = missing
        for name in missing:
            self.fields[name] = _field_of(HandoffField(name))
            self.fields[name].widget.attrs.setdefault("class", "f")
        self.order_fields([*missing, "note"])

    def values(self) -> dict:
        """As leads.services.intake takes them: plain values and names; own fields under `custom`."""
        found: dict = {}
        for name in self.missing:
            value = self.cleaned_data[name]
            if name == HandoffField.NEED:
                found["custom"] = {str(name): value.strip()}
            else:
                found[name] = value.name if name in _TABLES else value.strip() if isinstance(value, str) else value
        return found


def _field_of(name: HandoffField) -> forms.Field:
    errors = {"required": "Sales needs this."}
    if name in _TABLES:
        rows = _TABLES[name].objects.order_by("name")
        return forms.ModelChoiceField(rows, label=name.label, empty_label="–", error_messages=errors)
    match name:
        case HandoffField.EMAIL:
            return forms.EmailField(max_length=254, label=name.label, error_messages=errors)
        case HandoffField.SCORE:
            return forms.IntegerField(min_value=-(10**6), max_value=10**6, label=name.label, error_messages=errors)
    longest = {HandoffField.PHONE: 60, HandoffField.TIER: 20, HandoffField.NEED: 300}.get(name, 200)
    return forms.CharField(max_length=longest, label=name.label, error_messages=errors)


class ContestForm(AskForm):
    text = _sentence("Why should this be decided otherwise?", message="Write at least one sentence.")


class RulingForm(AskForm):
    """How a dispute ends. The text stands as an example beside the definition."""

    ruling = forms.ChoiceField(error_messages={"required": "Choose how it ends."})
    reason = forms.ChoiceField(required=False, help_text="Needed where the lead is recycled or disqualified now.")
    until = DayField(plan=True, required=False, label="If recycled: may come again from")
    text = _sentence("Reason for the ruling", message="Write the reason: it stands as an example beside the definition.")

    def __init__(self, *args, rulings: list[tuple[str, str]], reasons: Reasons, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["ruling"].choices = [("", "–"), *rulings]
        self.fields["reason"].choices = [("", "–"), *reasons]


def rulings_on(decision: str, returned: bool) -> list[tuple[str, str]]:
    """How a dispute about a decision may end; first that it stands."""
    stands = [(decision, f"The decision stands: {Decision(decision).label.lower()}")]
    open_again = [(REOPENED, "The return does not stand: sales decides")] if returned else []
    others = [d for d in Decision if d != decision and d != Decision.RETURNED]
    return [*stands, *open_again, *((str(d), f"It becomes: {d.label.lower()}") for d in others)]


class FeedbackForm(AskForm):
    """Three fields, fifteen seconds."""

    moment = forms.ChoiceField(choices=list(MOMENTS.items()), widget=forms.HiddenInput, initial=AFTER_CONTACT)
    fit = forms.ChoiceField(
        choices=list(FITS.items()), widget=forms.RadioSelect, error_messages={"required": "Choose one of the three."}
    )
    reason = forms.ChoiceField(required=False)
    text = forms.CharField(
        max_length=_TEXT, required=False, label="One sentence", widget=forms.Textarea(attrs={"rows": 2, "class": "f"})
    )

    def __init__(self, *args, reasons: Reasons, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [("", "–"), *reasons]


class PauseForm(AskForm):
    """The clock stands still from now until a moment in the company's time."""

    kind = forms.ChoiceField(
        choices=[(MEETING, "A meeting with the lead is booked"), (WAIVER, "Both teams agree to wait")],
        label="Why",
        help_text="Waiting by agreement begins to count once the other team’s lead has said yes.",
    )
    until = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "f"}),
        error_messages={"required": "Say until when."},
    )
    text = _sentence("Why, in a sentence", required=False)

    def __init__(self, *args, zone: ZoneInfo, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_until(self):
        return self.cleaned_data["until"].replace(tzinfo=self.zone)


class ExclusionForm(AskForm):
    promise = forms.ChoiceField()
    reason = forms.ChoiceField(choices=[("", "–"), *EXCLUSIONS.items()])
    text = _sentence("What happened", required=False)

    def __init__(self, *args, promises: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["promise"].choices = [(name, Obligation.Promise(name).label) for name in promises]
