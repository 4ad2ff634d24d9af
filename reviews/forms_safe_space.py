"""Forms of the safe space, the word and the expectations: they read and check what was typed, and write nothing."""

from collections.abc import Iterable
from uuid import UUID

from django import forms

from accounts.models import Side, User
from reviews.forms import _Sentence
from reviews.models import Expectation

_YES_NO = [("yes", "Yes"), ("no", "No")]


class CardForm(forms.Form):
    sentence = _Sentence(
        label="What gets in the way?",
        min_length=10,
        max_length=300,
        widget=forms.Textarea(attrs={"class": "f", "rows": 4, "maxlength": 300, "autocomplete": "off"}),
        help_text="About the process: what happened, and what it led to. Describe it now; the fix is found later.",
        error_messages={"required": "Write what happened."},
    )
    anyway = forms.BooleanField(required=False, label="Put it in with the name")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="card_%s", label_suffix="", **kwargs)


class VoteForm(forms.Form):
    cards = forms.TypedMultipleChoiceField(coerce=UUID, error_messages={"required": "Choose one to three cards."})

    def __init__(self, *args, cards: Iterable, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["cards"].choices = [(str(card.id), "") for card in cards]
        self.fields["cards"].error_messages["invalid_choice"] = "One of these cards is not part of this review."


class TakeUpForm(forms.Form):
    """Who looks into a card, until when. There is no field for the solution: it comes after the meeting."""

    card = forms.UUIDField(widget=forms.HiddenInput)
    owner = forms.ModelChoiceField(
        label="Who looks into it", queryset=User.objects.none(), widget=forms.Select(attrs={"class": "f"})
    )
    fix_on = forms.DateField(
        label="Brings a way to solve it by", widget=forms.DateInput(attrs={"class": "f", "type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args, people, prefix_id: str = "take", **kwargs):
        super().__init__(*args, auto_id=f"{prefix_id}_%s", label_suffix="", **kwargs)
        self.fields["owner"].queryset = people


class SolutionForm(forms.Form):
    sentence = _Sentence(
        label="How it was solved",
        max_length=500,
        widget=forms.Textarea(attrs={"class": "f", "rows": 2, "maxlength": 500}),
        error_messages={"required": "Write a sentence, so that everybody knows what changed."},
    )

    def __init__(self, *args, prefix_id: str = "solution", **kwargs):
        super().__init__(*args, auto_id=f"{prefix_id}_%s", label_suffix="", **kwargs)


class AskForm(forms.Form):
    key = forms.SlugField(max_length=40)


class WordAnswerForm(forms.Form):
    yes = forms.ChoiceField(choices=_YES_NO, error_messages={"required": "Say yes or no."})


class WordOutcomeForm(forms.Form):
    stands = forms.ChoiceField(choices=_YES_NO, widget=forms.RadioSelect, error_messages={"required": "Say yes or no."})
    outcome = _Sentence(
        label="Why, in a sentence",
        max_length=300,
        widget=forms.Textarea(attrs={"class": "f", "rows": 2, "maxlength": 300}),
        help_text="Becomes an example beside the definition.",
        error_messages={"required": "Write a sentence, so that it can serve as an example."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="outcome_%s", label_suffix="", **kwargs)


class ExpectationForm(forms.Form):
    """`numbers`: key and words of the frozen numbers that may be expected."""

    side = forms.ChoiceField(choices=[(side.value, side.label) for side in (Side.MARKETING, Side.SALES)])
    sentence = _Sentence(
        label="In a sentence",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"class": "f", "rows": 2, "maxlength": 200}),
    )
    number = forms.ChoiceField(label="Or a number", required=False, widget=forms.Select(attrs={"class": "f"}))
    bound = forms.ChoiceField(
        label="Bound", required=False, choices=Expectation.Bound.choices, widget=forms.Select(attrs={"class": "f"})
    )
    target = forms.DecimalField(
        label="How much",
        required=False,
        max_digits=14,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"class": "f", "step": "any"}),
    )

    def __init__(self, *args, numbers: list[tuple[str, str]], prefix_id: str, **kwargs):
        super().__init__(*args, auto_id=f"{prefix_id}_%s", label_suffix="", **kwargs)
        self.fields["number"].choices = [("", "no number"), *numbers]


class MarkForm(forms.Form):
    expectation = forms.IntegerField(min_value=1)
    met = forms.ChoiceField(choices=_YES_NO)
