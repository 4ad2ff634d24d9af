"""Forms of content requests: they read and check what was typed, and write nothing."""

from django import forms

from accounts.models import User
from campaigns.models import Content
from leads.day_queries import marketers
from leads.forms import AskForm, DayField


class AskForContentForm(AskForm):
    need = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What is needed",
        help_text="What the person on the other side asked, and what would answer it.",
    )
    wanted_by = DayField(plan=True, required=False, label="Needed by")


class AnswerRequestForm(AskForm):
    """Exactly one of three answers; the fields of the others are not looked at."""

    answer = forms.ChoiceField(
        label="Answer",
        choices=[
            ("answered", "Here it is"),
            ("promised", "It will be made"),
            ("declined", "It will not be made"),
        ],
        widget=forms.RadioSelect,
        initial="answered",
    )
    content = forms.ModelChoiceField(
        Content.objects.order_by("name"), required=False, empty_label="–", label="The piece of content",
        help_text="For “Here it is”.",
    )  # fmt: skip
    how_to_use = forms.CharField(
        max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 3}), label="How to use it",
        help_text="For “Here it is”. Left empty: as it is described with the piece.",
    )  # fmt: skip
    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, empty_label="–", label="Who makes it", help_text="For “It will be made”."
    )
    due_on = DayField(plan=True, required=False, label="By which day", help_text="For “It will be made”.")
    why_not = forms.CharField(max_length=500, required=False, label="Why not", help_text="For “It will not be made”.")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    NEEDED = {"answered": ("content",), "promised": ("owner", "due_on"), "declined": ("why_not",)}

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, **kwargs)
        makers = User.objects.filter(pk__in=marketers(today), is_active=True)
        self.fields["owner"].queryset = makers.order_by("name")

    def clean(self):
        data = super().clean()
        for name in self.NEEDED.get(data.get("answer"), ()):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, "This answer needs it.")
        content = data.get("content")
        told = data.get("how_to_use", "").strip() or (content and content.how_to_use)
        if data.get("answer") == "answered" and content and not told:
            self.add_error("how_to_use", "Say in a sentence how to use it: nothing is described with the piece.")
        return data
