"""Forms of the lead, deal and company pages: they read and check what was typed, and write nothing."""

import datetime as dt
from decimal import Decimal

from django import forms

from accounts.models import Team, User
from campaigns.models import Campaign, Channel
from core.money import MAX_MINOR, exponent, is_currency
from funnel.models import Region, Segment
from leads.models import Deal, Origin

FIRST_YEAR = 1990


class AskForm(forms.Form):
    """Our looks: the kit's class on every field; dates as the browser's own."""

    def __init__(self, *args, prefix_id: str = "ask", **kwargs):
        super().__init__(*args, auto_id=f"{prefix_id}_%s", **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs.setdefault("class", "f")
            if isinstance(field, forms.DateField):
                field.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "f"})


class DayField(forms.DateField):
    """A day that may not lie far in the past, and not in the future unless it is a plan."""

    def __init__(self, *, plan: bool = False, **kwargs):
        self.plan = plan
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def validate(self, value):
        super().validate(value)
        if value is not None and not FIRST_YEAR <= value.year <= 2200:
            raise forms.ValidationError("This day lies too far away.")


def not_after(day: dt.date | None, today: dt.date) -> None:
    if day is not None and day > today:
        raise forms.ValidationError("This day lies in the future.")


class _People(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        rows = User.objects.filter(is_active=True, memberships__isnull=False).distinct().order_by("name")
        super().__init__(rows, required=False, **kwargs)


class _ByName(forms.ModelChoiceField):
    """A row of a table of names."""

    def __init__(self, model, **kwargs):
        super().__init__(model.objects.order_by("name"), required=False, empty_label="–", **kwargs)


class LeadForm(AskForm):
    """The facts of a lead: who it is, and where it came from."""

    name = forms.CharField(max_length=200, required=False)
    email = forms.EmailField(max_length=254, required=False, label="E-mail address")
    phone = forms.CharField(max_length=60, required=False)
    company = forms.CharField(max_length=200, required=False)
    channel = _ByName(Channel)
    campaign = _ByName(Campaign)
    segment = _ByName(Segment)
    region = _ByName(Region)
    origin = forms.ChoiceField(choices=Origin.choices, label="Started by", initial=Origin.MARKETING)
    tier = forms.CharField(max_length=20, required=False)
    score = forms.IntegerField(label="Score, as given", required=False, min_value=-(10**6), max_value=10**6)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def clean(self):
        data = super().clean()
        if not self.errors and not any(data.get(name) for name in ("name", "email", "phone", "company")):
            raise forms.ValidationError("Say who it is: a name, an address, a phone number or a company.")
        return data

    def values(self) -> dict:
        """As leads.services.intake takes them: plain values and names."""
        data = self.cleaned_data
        found = {name: data[name].strip() for name in ("name", "phone", "company", "tier")}
        found["email"] = data["email"].strip().lower()
        found |= {name: data[name].name if data[name] else None for name in ("channel", "campaign", "segment", "region")}
        return found | {"origin": data["origin"], "score": data["score"], "company": found["company"] or None}


class NewLeadForm(LeadForm):
    stage = forms.ChoiceField()
    owner = _People(empty_label="nobody yet")
    again = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, stages: list[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = stages


class MoveForm(AskForm):
    to_stage = forms.TypedChoiceField(coerce=int, label="To stage", error_messages={"required": "Choose a stage."})
    reason = forms.ChoiceField(required=False)
    note = forms.CharField(max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3, "class": "f"}))
    on = DayField(required=False, label="On an earlier day", help_text="Empty means now.")
    anyway = forms.BooleanField(required=False, label="Move it all the same, and say why in the note")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, *args, ways, reasons, today, missing: dict[int, list[str]] | None = None, bulk=False, **kwargs):
        """`missing`: by stage, what the agreement asks for before a lead goes there and the lead has not; of many leads,
        what some may lack: those are left where they are unless somebody says `anyway`, and why."""
        super().__init__(*args, **kwargs)
        self.missing, self.bulk = missing or {}, bulk
        if not self.missing:
            del self.fields["anyway"]
        elif bulk:
            names = {way.stage.id: way.stage.name for way in ways}
            asked = "; ".join(f"{names[stage]}: {', '.join(asks)}" for stage, asks in self.missing.items())
            self.fields["anyway"].label = "Also leads that lack what the agreement asks for, and say why in the note"
            self.fields["anyway"].help_text = f"It asks for, in {asked}. Without a tick such leads stay where they are."
        self.today, self.uses = today, {way.stage.id: way.use for way in ways}
        self.fields["to_stage"].choices = [("", "–"), *((way.stage.id, way.stage.name) for way in ways)]
        self.fields["reason"].choices = [("", "–"), *((title, choices) for _, title, choices in reasons)]
        if not reasons:
            del self.fields["reason"]
        else:
            self.fields["reason"].help_text = "Needed for a move back, for “not now”, out and lost."
        if bulk:
            del self.fields["version"]

    def clean_on(self):
        not_after(self.cleaned_data["on"], self.today)
        return self.cleaned_data["on"]

    def clean(self):
        data = super().clean()
        if lacks := self.missing.get(data.get("to_stage")):
            if not data.get("anyway") and not self.bulk:
                self.add_error("anyway", f"Still missing: {', '.join(lacks)}. Fill it in, or move it all the same.")
            elif data.get("anyway") and not data.get("note", "").strip():
                self.add_error("note", "Say in one sentence why it is moved without it.")
        return data


class AssignForm(AskForm):
    owner = _People(empty_label="nobody")
    team = forms.ModelChoiceField(
        Team.objects.filter(retired=False).order_by("name"),
        required=False,
        empty_label="the owner’s own",
        help_text="A team without an owner is the team’s queue.",
    )


class NoteForm(AskForm):
    text = forms.CharField(max_length=5000, label="Note", widget=forms.Textarea(attrs={"rows": 3, "class": "f"}))


class _Names(forms.CharField):
    """Tags separated by commas, as a list."""

    def __init__(self, **kwargs):
        super().__init__(
            max_length=600, required=False, widget=forms.TextInput(attrs={"class": "f", "list": "known-tags"}), **kwargs
        )

    def clean(self, value):
        return [name.strip() for name in super().clean(value).split(",") if name.strip()]


class TagsForm(AskForm):
    tags = _Names(label="Tags", help_text="Separated by commas. No names of people: a tag is seen by everybody.")


class ManyTagsForm(AskForm):
    add = _Names(label="Put on", help_text="Separated by commas.")
    remove = _Names(label="Take off")

    def clean(self):
        data = super().clean()
        if not self.errors and not (data["add"] or data["remove"]):
            raise forms.ValidationError("Write at least one tag.")
        return data


class StepForm(AskForm):
    what = forms.CharField(max_length=200, label="What comes next")
    due_on = DayField(plan=True, label="By")
    remind_on = DayField(plan=True, label="Remind from", required=False)
    who = _People(label="Who", empty_label="me")


class DealForm(AskForm):
    """A deal as it is opened or corrected. Amounts are typed in major units."""

    name = forms.CharField(max_length=200, label="Name of the deal")
    kind = forms.ChoiceField(choices=Deal.Kind.choices)
    amount = forms.DecimalField(required=False, min_value=0, max_digits=18)
    cost = forms.DecimalField(required=False, min_value=0, max_digits=18, help_text="What it costs to deliver.")
    currency = forms.CharField(max_length=3, min_length=3)
    owner = _People(empty_label="nobody")
    expected_close = DayField(plan=True, label="Expected close", required=False)
    term_start = DayField(plan=True, label="Term from", required=False)
    term_end = DayField(plan=True, label="Term until", required=False, help_text="Empty for a one-off.")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def clean_currency(self):
        code = self.cleaned_data["currency"].upper()
        if not is_currency(code):
            raise forms.ValidationError("A currency is three letters, such as EUR.")
        return code

    def clean(self):
        data = super().clean()
        currency = data.get("currency")
        for name in ("amount", "cost"):
            if currency and data.get(name) is not None:
                self._minor(name, data[name], currency)
        if data.get("term_start") and data.get("term_end") and data["term_end"] < data["term_start"]:
            self.add_error("term_end", "The term ends before it starts.")
        return data

    def _minor(self, name: str, amount: Decimal, currency: str) -> None:
        minor = amount.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            self.add_error(name, f"{currency} has {exponent(currency)} decimals.")
        elif minor > MAX_MINOR:
            self.add_error(name, "The amount is too large.")
        else:
            self.cleaned_data[f"{name}_minor"] = int(minor)


class CloseForm(AskForm):
    """Win, lose, reopen, credit or cancel a deal; which fields it has depends on the act."""

    reason = forms.ChoiceField()
    amount = forms.DecimalField(min_value=0, max_digits=18)
    on = DayField(required=False, label="On an earlier day", help_text="Empty means now.")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, *args, fields: tuple[str, ...], reasons, currency: str, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.today, self.currency = today, currency
        for name in ("reason", "amount"):
            if name not in fields:
                del self.fields[name]
        if "reason" in fields:
            self.fields["reason"].choices = [("", "–"), *(reasons or [("other", "Other")])]
        if "amount" in fields:
            self.fields["amount"].label = f"Amount in {currency}"

    def clean_on(self):
        not_after(self.cleaned_data["on"], self.today)
        return self.cleaned_data["on"]

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        minor = amount.scaleb(exponent(self.currency))
        if minor != minor.to_integral_value():
            raise forms.ValidationError(f"{self.currency} has {exponent(self.currency)} decimals.")
        if not 0 < minor <= MAX_MINOR:
            raise forms.ValidationError("The amount is above zero and not beyond all measure.")
        return int(minor)
