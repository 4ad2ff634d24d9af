"""Forms of issues: they read and check what was typed, and write nothing."""

from django import forms

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
