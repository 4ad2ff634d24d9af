"""Forms of issues and of the monthly sample: they read and check what was typed, and write nothing."""

from collections.abc import Mapping

from django import forms

from accounts.models import User
from core.text import clean_text
from reviews.models import Issue


class _Sentence(forms.CharField):
    """One line of text: breaks and runs of spaces are folded, so that the way of typing says less about the writer."""

    def clean(self, value):
        text = super().clean(value)
        try:
            return " ".join(clean_text(text).split())
        except ValueError as error:
            raise forms.ValidationError(f"The text {error}.") from error


class IssueForm(forms.Form):
    wrong = forms.ChoiceField(label="What looks wrong?", choices=Issue.Wrong.choices, widget=forms.RadioSelect)
    sentence = _Sentence(
        label="In one sentence",
        min_length=10,
        max_length=300,
        widget=forms.Textarea(attrs={"class": "f", "rows": 3, "maxlength": 300}),
        help_text="What happened, not who. Describe it; the fix is found in the review.",
        error_messages={"required": "Write one sentence, so that somebody can look into it."},
    )
    anyway = forms.BooleanField(required=False, label="Send it with the name")
    shown = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="issue_%s", label_suffix="", **kwargs)


class AnswerForm(forms.Form):
    decision = forms.ChoiceField(label="What became of it?", choices=Issue.Decision.choices, widget=forms.RadioSelect)
    answer = _Sentence(
        label="In a sentence, for everybody",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "f", "rows": 2, "maxlength": 500}),
    )

    def __init__(self, *args, prefix_id: str = "answer", **kwargs):
        super().__init__(*args, auto_id=f"{prefix_id}_%s", label_suffix="", **kwargs)


_YES_NO = [("yes", "Yes"), ("no", "No")]


class JudgementForm(forms.Form):
    qualifies = forms.ChoiceField(
        label="Does this lead meet the definition?",
        choices=_YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": "Say yes or no."},
    )
    sentence = _Sentence(
        label="Why, in a sentence",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"class": "f", "rows": 2, "maxlength": 300}),
        help_text="Helps when the other judge saw it differently.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="judge_%s", label_suffix="", **kwargs)

    def said(self) -> dict:
        return self.cleaned_data | {"qualifies": self.cleaned_data["qualifies"] == "yes"}


class SettleForm(JudgementForm):
    """What the review decided about a lead on which the judges were split."""

    sentence = _Sentence(
        label="Why, in a sentence",
        max_length=300,
        widget=forms.Textarea(attrs={"class": "f", "rows": 2, "maxlength": 300}),
        help_text="Becomes an example beside the definition.",
        error_messages={"required": "Write a sentence, so that it can serve as an example."},
    )

    def __init__(self, *args, prefix_id: str, **kwargs):
        forms.Form.__init__(self, *args, auto_id=f"{prefix_id}_%s", label_suffix="", **kwargs)


class JudgesForm(forms.Form):
    """One person of each side. `people`: those who may be named, by side."""

    marketing_judge = forms.ChoiceField(label="Marketing’s judge")
    sales_judge = forms.ChoiceField(label="Sales’ judge")

    def __init__(self, *args, people: Mapping[str, list[User]], **kwargs):
        super().__init__(*args, auto_id="judges_%s", label_suffix="", **kwargs)
        self._by_id = {str(one.id): one for side in people.values() for one in side}
        for side, theirs in people.items():
            field = self.fields[f"{side}_judge"]
            field.choices = [(one.id, one.name) for one in theirs]
            field.widget.attrs["class"] = "f"
            field.error_messages["required"] = "Name somebody of this side."

    def chosen(self) -> dict[str, User]:
        return {name: self._by_id[value] for name, value in self.cleaned_data.items()}
