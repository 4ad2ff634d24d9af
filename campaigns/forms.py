"""Forms of the campaign pages: they read and check what was typed, and write nothing."""

import datetime as dt
from decimal import Decimal

from django import forms

from accounts.models import User
from campaigns.models import Campaign, Channel, Content, PreviewNote, Spend
from core.money import MAX_MINOR, exponent, is_currency
from core.text import clean_text

FIRST_YEAR, LAST_YEAR = 1990, 2200
LONGEST_TEXT = 8_000


class _Form(forms.Form):
    """Our looks: the kit's class on every field; days as the browser's own."""

    def __init__(self, *args, prefix_id: str = "ask", **kwargs):
        super().__init__(*args, auto_id=f"{prefix_id}_%s", label_suffix="", **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
                field.widget.attrs.setdefault("class", "f")


class _Day(forms.DateField):
    def __init__(self, **kwargs):
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=["%Y-%m-%d"], widget=widget, **kwargs)

    def validate(self, value: dt.date | None):
        super().validate(value)
        if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise forms.ValidationError("This day lies too far away.")


class _Text(forms.CharField):
    def __init__(self, *, rows: int = 0, max_length: int = LONGEST_TEXT, **kwargs):
        if rows:
            kwargs["widget"] = forms.Textarea(attrs={"rows": rows})
        super().__init__(max_length=max_length, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        try:
            return clean_text(text)
        except ValueError as error:
            raise forms.ValidationError(f"The text {error}.") from error


class _People(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        rows = User.objects.filter(is_active=True, memberships__isnull=False).distinct().order_by("name")
        super().__init__(rows, required=False, empty_label="nobody yet", **kwargs)


class CampaignForm(_Form):
    """The plan of a campaign. A channel may be new: it is made with its first campaign."""

    name = _Text(max_length=160)
    channel = _Text(max_length=120, required=False, help_text="How people come across it, such as Webinar or Paid search.")
    marketing_owner = _People(label="Owner in marketing")
    sales_owner = _People(label="Owner in sales", help_text="Looks at the plan before the launch.")
    starts_on = _Day(required=False, label="First day")
    ends_on = _Day(required=False, label="Last day", help_text="Leave empty for one that runs on.")
    brief = _Text(
        rows=8, required=False, help_text="Whom it is for, what it says, what sales should know before the first call."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["channel"].widget.attrs["list"] = "channels"
        self.known_channels = list(Channel.objects.order_by("name").values_list("name", flat=True))

    def clean(self):
        data = super().clean()
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", "The campaign ends before it starts.")
        return data


class ContentForm(_Form):
    name = _Text(max_length=160)
    owner = _People(label="Answers for it")
    link = forms.URLField(max_length=500, required=False, assume_scheme="https", label="Where it is")
    ready_on = _Day(required=False, label="Ready on")
    how_to_use = _Text(
        rows=5, required=False, label="How to use it", help_text="When to send it, to whom, and what to say with it."
    )


class PutContentForm(_Form):
    content = forms.ModelChoiceField(Content.objects.none(), label="Piece of content", empty_label="Choose one")

    def __init__(self, *args, campaign: Campaign, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["content"].queryset = Content.objects.exclude(campaigns=campaign).order_by("name")


class SpendForm(_Form):
    label = _Text(max_length=160, required=False, label="What for")
    amount = forms.DecimalField(max_digits=18, help_text="Below zero for a credit note.")
    currency = forms.CharField(max_length=3, min_length=3)
    status = forms.ChoiceField(
        choices=Spend.Status.choices,
        help_text="Planned is the budget. An order is committed until its invoice takes its place.",
    )
    kind = forms.ChoiceField(
        choices=Spend.Kind.choices,
        label="Kind of cost",
        help_text="Programme is what campaigns cost. Other kinds are of no campaign: they are in what a new customer costs.",
    )
    service_from = _Day(label="First day of service")
    service_to = _Day(label="Last day of service", help_text="The amount is spread evenly over these days, both included.")
    campaign = forms.ModelChoiceField(
        Campaign.objects.order_by("name"), required=False, empty_label="none: shown as unallocated"
    )
    channel = forms.ModelChoiceField(
        Channel.objects.order_by("name"), required=False, empty_label="that of the campaign", label="Channel"
    )

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].upper()
        if not is_currency(code):
            raise forms.ValidationError("Write the three letters of the currency, such as EUR.")
        return code

    def clean(self):
        data = super().clean()
        first, last = data.get("service_from"), data.get("service_to")
        if first and last and last < first:
            self.add_error("service_to", "The service ends before it starts.")
        if data.get("kind") not in (None, Spend.Kind.PROGRAMME) and (data.get("campaign") or data.get("channel")):
            self.add_error("kind", "What a campaign or channel costs is programme cost. Choose that, or leave both empty.")
        amount, currency = data.get("amount"), data.get("currency")
        if amount is not None and currency:
            self._to_minor(amount, currency)
        return data

    def _to_minor(self, amount: Decimal, currency: str) -> None:
        minor = amount.scaleb(exponent(currency))
        if minor != minor.to_integral_value():
            self.add_error("amount", f"{currency} has {exponent(currency)} decimals.")
        elif abs(minor) > MAX_MINOR:
            self.add_error("amount", "The amount is too large.")
        elif minor == 0:
            self.add_error("amount", "A cost line has an amount. A line that no longer holds is taken back instead.")
        else:
            self.cleaned_data["minor"] = int(minor)


class RespondForm(_Form):
    """What sales says about the plan."""

    kind = forms.ChoiceField(
        label="What do you say to it?",
        choices=[
            (PreviewNote.Kind.SEEN, "Seen, ready to start"),
            (PreviewNote.Kind.COMMENT, "Seen, with a comment"),
            (PreviewNote.Kind.CHANGE_ASKED, "Please change something"),
        ],
        widget=forms.RadioSelect,
        initial=PreviewNote.Kind.SEEN,
    )
    text = _Text(rows=3, max_length=1_000, required=False, label="In a sentence or two")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class AnswerForm(_Form):
    """What marketing answers to a change that was asked for."""

    made = forms.ChoiceField(
        label="Answer", choices=[("yes", "It is changed"), ("no", "It stays as it is")], widget=forms.RadioSelect
    )
    text = _Text(rows=2, max_length=1_000, required=False, label="In a sentence")
