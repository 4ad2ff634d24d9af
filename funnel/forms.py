"""Forms of the agreement's pages: they read and check what was typed, and write nothing."""

from decimal import Decimal

from django import forms

from accounts.console import ConsoleForm
from accounts.models import Side
from funnel.models import Agreement, Milestone, Reason, Segment, StageKind
from funnel.presets import PRESETS


class PresetForm(ConsoleForm):
    preset = forms.ChoiceField(choices=[(key, key) for key in PRESETS])


class NoteForm(ConsoleForm):
    note = forms.CharField(
        label="What this version is for",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2_000,
        required=False,
        help_text="Both sides read it before they sign.",
    )


class StageForm(ConsoleForm):
    name = forms.CharField(max_length=60)
    kind = forms.ChoiceField(
        choices=StageKind.choices, help_text="On the way stages are ranked; the others stand beside the way."
    )
    side = forms.ChoiceField(choices=Side.choices, label="Team that answers for it")
    milestone = forms.TypedChoiceField(
        choices=[("", "none"), *Milestone.choices],
        required=False,
        empty_value=None,
        help_text="Numbers that speak of MQL or SQL count the stage with that milestone. Each is given once.",
    )
    target_days = forms.DecimalField(
        required=False,
        min_value=Decimal("0.1"),
        max_value=Decimal("9999"),
        max_digits=6,
        decimal_places=1,
        help_text="Days a lead should stay at most. Empty: no target.",
    )
    definition = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4_000,
        required=False,
        label="Written definition",
        help_text="When is a lead in this stage? Both teams sign these words.",
    )


class EditStageForm(StageForm):
    retired = forms.BooleanField(
        required=False, label="Retired", help_text="Takes no new leads any more. Its history and its leads stay."
    )


class ReasonForm(ConsoleForm):
    use = forms.ChoiceField(choices=Reason.Use.choices, label="Used when a lead goes")
    label = forms.CharField(max_length=80, label="Reason")


def _meaning(label: str) -> forms.CharField:
    return forms.CharField(label=label, max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class WordForm(ConsoleForm):
    word = forms.CharField(max_length=60)
    marketing_meaning = _meaning("What marketing means by it")
    sales_meaning = _meaning("What sales means by it")
    agreed_meaning = _meaning("What both agreed it means")
    not_words = forms.CharField(max_length=200, required=False, label="Words not used for it")
    examples = _meaning("Examples")


class MarginForm(ConsoleForm):
    segment = forms.ModelChoiceField(Segment.objects.none(), required=False, empty_label="All other segments")
    percent = forms.DecimalField(min_value=0, max_value=100, max_digits=5, decimal_places=2, label="Margin, %")
    from_day = forms.DateField(label="From")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["segment"].queryset = Segment.objects.order_by("name")


class CompareForm(ConsoleForm):
    a = forms.ModelChoiceField(Agreement.objects.none(), to_field_name="number", label="Before", empty_label=None)
    b = forms.ModelChoiceField(Agreement.objects.none(), to_field_name="number", label="After", empty_label=None)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("a", "b"):
            self.fields[name].queryset = Agreement.objects.order_by("-number")
            self.fields[name].label_from_instance = lambda row: f"Version {row.number}, {row.get_state_display().lower()}"
