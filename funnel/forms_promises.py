"""Promises as sentences to fill in: they read and check what was typed, and write nothing."""

from collections.abc import Iterator
from decimal import Decimal

from django import forms
from django.forms import BoundField

from accounts.console import ConsoleForm
from core.money import exponent, to_minor
from funnel.models import HandoffField, PromiseKey, Terms
from funnel.presets import USUAL
from funnel.promises import PromiseLine, TermsOfVersion, Worth

UNITS = {"minutes": 60, "hours": 3600}
_SHARE = "in at least {share} % of cases."
# What stands in braces is a field of the form.
SENTENCES = {
    "M1": "Marketing hands over {volume} MQLs {tier} a month. More than {cap} % of that counts for nothing.",
    "M2": "Marketing hands over MQLs worth {amount} {currency} of gross profit a month.",
    "M3": "Marketing hands over leads {tier} with at least {share} % of the required fields filled in.",
    "M4": "Marketing hands over MQLs {tier} of which sales accepts at least {share} %.",
    "S1": "Sales contacts leads {tier} within {time} {unit} of assignment " + _SHARE,
    "S2": "Sales makes at least {attempts} attempts on {distinct_days} different days within {days} working days "
    "to reach leads {tier}, or talks with the person before, " + _SHARE,
    "S3": "Sales decides on leads {tier}, with a reason, within {days} working days " + _SHARE,
    "S4": "Sales tells marketing what was good or missing about leads {tier} within {days} working days of the decision "
    + _SHARE,
}  # fmt: skip
_LAST = "Below {floor} % of this it is broken outright; it weighs {weight} among this side's promises."


def _whole(label: str, most: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=most)


def _percent(label: str, most: int = 100, least: int = 0) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=least, max_value=most, max_digits=6, decimal_places=2)


def _fields() -> dict[str, forms.Field]:
    return {
        "tier": forms.CharField(label="Tier, empty for every lead without a line of its own", max_length=20, required=False),
        "time": forms.DecimalField(label="Working time", min_value=Decimal("0.01"), max_digits=7, decimal_places=2),
        "unit": forms.ChoiceField(label="Unit of working time", choices=[(unit, f"working {unit}") for unit in UNITS]),
        "days": _whole("Working days", 250),
        "attempts": _whole("Attempts", 50),
        "distinct_days": _whole("Different days", 50),
        "share": _percent("Share, %"),
        "volume": _whole("MQLs a month", 10_000_000),
        "cap": _percent("Counts at most, % of the target", 1_000, 100),
        "amount": forms.DecimalField(label="Gross profit a month", min_value=0, max_digits=15, decimal_places=3),
        "floor": _percent("Broken outright below, %"),
        "weight": _whole("Weight", 100),
    }


class PromiseForm(ConsoleForm):
    """One promise of a key as a sentence; a line that exists keeps its tier."""

    def __init__(self, key: str, currency: str, *args, line: PromiseLine | None = None, fixed_tier: bool = False, **kwargs):
        self.key, self.currency, self.fixed_tier = key, currency, fixed_tier
        named = f"promise-{key}-{line.tier if fixed_tier else 'new'}".replace(" ", "_")
        super().__init__(*args, auto_id=f"{named}-%s", initial=_typed(line or USUAL[key], currency), **kwargs)
        words = SENTENCES[key] + _LAST
        self.fields |= {name: field for name, field in _fields().items() if f"{{{name}}}" in words}
        for name, field in self.fields.items():
            field.widget.attrs |= {"class": "f", "aria-label": field.label}
            if name in ("time", "share", "cap", "floor", "amount"):
                field.widget.attrs["step"] = "any"
        if "tier" in self.fields:
            if fixed_tier:
                self.fields["tier"].widget = forms.HiddenInput()
            else:
                self.fields["tier"].widget.attrs["placeholder"] = "of every tier"

    def sentence(self) -> Iterator[tuple[str, BoundField | None]]:
        """Words and fields in their order."""
        return self._parts(SENTENCES[self.key])

    def small_print(self) -> Iterator[tuple[str, BoundField | None]]:
        return self._parts(_LAST)

    def _parts(self, words: str) -> Iterator[tuple[str, BoundField | None]]:
        for part in words.replace("{currency}", self.currency).split("{"):
            name, found, text = part.partition("}")
            if not found:
                yield part, None
                continue
            if name == "tier":
                tier = self["tier"].value()
                yield (_of(tier) if self.fixed_tier else "of tier "), self["tier"]
            else:
                yield "", self[name]
            yield text, None

    def clean(self):
        data = super().clean()
        if data.get("time") is not None and data.get("unit"):
            data["seconds"] = round(data["time"] * UNITS[data["unit"]])
        return data

    def line(self) -> PromiseLine:
        """What was typed; only of a form without errors."""
        data = self.cleaned_data
        shares = {name: round(data[name] * 100) for name in ("share", "cap", "floor") if data.get(name) is not None}
        whole = {name: data.get(name) for name in ("days", "attempts", "distinct_days", "volume", "seconds")}
        amount = to_minor(data["amount"], self.currency) if data.get("amount") is not None else None
        return PromiseLine(self.key, data.get("tier", "").strip(), amount=amount, weight=data["weight"], **shares, **whole)


def _of(tier: str) -> str:
    return f"of tier {tier}" if tier else "of every other tier"


def _typed(line: PromiseLine, currency: str) -> dict:
    """A line as a person would type it."""
    unit = "minutes" if line.seconds is not None and line.seconds < 3600 else "hours"
    shares = {name: getattr(line, name) for name in ("share", "cap", "floor")}
    return {
        "tier": line.tier,
        "time": None if line.seconds is None else _plain(Decimal(line.seconds) / UNITS[unit]),
        "unit": unit,
        "amount": None if line.amount is None else _plain(major(line.amount, currency)),
        **{name: getattr(line, name) for name in ("days", "attempts", "distinct_days", "volume", "weight")},
        **{name: None if value is None else _plain(Decimal(value) / 100) for name, value in shares.items()},
    }


def major(minor: int, currency: str) -> Decimal:
    """Minor units as a person writes the amount."""
    return Decimal(minor).scaleb(-exponent(currency))


def _plain(value: Decimal) -> str:
    text = f"{value:.3f}"
    return text.rstrip("0").rstrip(".")


class LeadValueForm(ConsoleForm):
    """What an MQL of one tier is worth. A line with nothing in it is none."""

    tier = forms.CharField(max_length=20, required=False, label="Tier")
    gross_profit = forms.DecimalField(min_value=0, max_digits=15, decimal_places=3, label="Gross profit", required=False)
    revenue = forms.DecimalField(min_value=0, max_digits=15, decimal_places=3, label="Revenue", required=False)

    def clean(self):
        data = super().clean()
        if data.get("gross_profit") is None and (data.get("tier") or data.get("revenue") is not None) and not self.errors:
            self.add_error("gross_profit", "Without a gross profit this MQL has no value. Empty the line to take it out.")
        return data


class BaseLeadValues(forms.BaseFormSet):
    def clean(self):
        if any(self.errors):
            return
        tiers = [row["tier"].strip() for row in self.rows()]
        if len(set(tiers)) < len(tiers):
            raise forms.ValidationError("A tier stands here twice.")

    def rows(self) -> list[dict]:
        return [form.cleaned_data for form in self.forms if form.cleaned_data.get("gross_profit") is not None]

    def worths(self, currency: str, held: dict[str, Worth]) -> dict[str, Worth]:
        """The values by tier; one that was not changed keeps what it says about where it comes from."""
        found = {}
        for row in self.rows():
            revenue = row.get("revenue")
            worth = Worth(
                to_minor(row["gross_profit"], currency), None if revenue is None else to_minor(revenue, currency), "typed"
            )
            old = held.get(row["tier"].strip())
            same = old is not None and (old.gross_profit, old.revenue) == (worth.gross_profit, worth.revenue)
            found[row["tier"].strip()] = old if same else worth
        return found


LeadValues = forms.formset_factory(LeadValueForm, formset=BaseLeadValues, extra=1, max_num=60)


def lead_values(currency: str, held: dict[str, Worth], data=None) -> BaseLeadValues:
    """The lines of the table, and one to add to."""
    rows = [
        {
            "tier": tier,
            "gross_profit": _plain(major(worth.gross_profit, currency)),
            "revenue": None if worth.revenue is None else _plain(major(worth.revenue, currency)),
        }
        for tier, worth in sorted(held.items(), key=lambda item: (item[0] == "", item[0]))
    ]
    return LeadValues(data, initial=rows, prefix="values")


class TermsForm(ConsoleForm):
    fields_required = forms.MultipleChoiceField(
        choices=HandoffField.choices,
        required=False,
        label="Every handoff must bring",
        widget=forms.CheckboxSelectMultiple,
    )
    undecided = forms.ChoiceField(choices=Terms.Undecided.choices, label="A handoff that nobody decides in time")
    contest_days = forms.IntegerField(min_value=1, max_value=60, label="Working days in which a decision may be contested")
    routing_minutes = forms.IntegerField(
        min_value=1,
        max_value=12_000,
        required=False,
        label="Working minutes until a new MQL is with a person",
        help_text="Charged to whoever distributes leads, not to sales. Empty: not promised.",
    )
    pause_returned = forms.BooleanField(required=False, label="while marketing adds what was missing")
    pause_meeting = forms.BooleanField(required=False, label="until a meeting that is booked with the lead")
    meeting_days = forms.IntegerField(
        min_value=1, max_value=60, label="Working days that a booked meeting may stop it at most"
    )
    pause_waiver = forms.BooleanField(required=False, label="while both teams have agreed to wait")

    def stops(self) -> list[BoundField]:
        return [self[name] for name in ("pause_returned", "pause_meeting", "pause_waiver")]

    @classmethod
    def of(cls, terms: TermsOfVersion, fields: tuple[str, ...]) -> "TermsForm":
        minutes = None if terms.routing_seconds is None else terms.routing_seconds // 60
        return cls(initial=vars(terms) | {"routing_minutes": minutes, "fields_required": list(fields)})

    def terms(self) -> TermsOfVersion:
        data = dict(self.cleaned_data)
        data.pop("fields_required")
        minutes = data.pop("routing_minutes")
        return TermsOfVersion(routing_seconds=None if minutes is None else minutes * 60, **data)


def is_key(text: str) -> bool:
    return text in PromiseKey.values
