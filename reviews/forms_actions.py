"""Forms of actions, decisions and the close: they read and check what was typed, and write nothing."""

import datetime as dt

from django import forms

from accounts.models import User
from core.errors import DomainError
from reviews.action_queries import Answerable, answerable, possible_owners
from reviews.forms import _Sentence
from reviews.models import Review

# The acts on an action and what each asks for.
ASKED = {
    "done": (),
    "drop": ("reason",),
    "move": ("due_on", "reason"),
    "hand": ("owner",),
    "reopen": (),
}


def _day_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"class": "f", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Name a day.", "invalid": "Write the day as 2026-08-31."},
    )


def _owner_field() -> forms.ChoiceField:
    field = forms.ChoiceField(label="Owner", error_messages={"required": "Name one person who does it."})
    field.widget.attrs["class"] = "f"
    return field


class ActionForm(forms.Form):
    """A new action. One person, one day, and what it answers; `review` offers that review's issues first."""

    what = _Sentence(
        label="What will be done",
        min_length=5,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "f", "maxlength": 300, "autocomplete": "off"}),
        error_messages={"required": "Say in a sentence what will be done."},
    )
    answers = forms.ChoiceField(
        label="Which issue or number it answers",
        widget=forms.Select(attrs={"class": "f"}),
        error_messages={"required": "Say which number or issue it answers."},
    )
    owner = _owner_field()
    due_on = _day_field("Due on")

    def __init__(self, data=None, *, today: dt.date, review: Review | None = None, **kwargs):
        super().__init__(data, auto_id="action_%s", label_suffix="", **kwargs)
        groups = answerable(today, review)
        self._answers: dict[str, Answerable] = {one.key: one for group in groups.values() for one in group}
        self.fields["answers"].choices = [("", "Choose …")] + [
            (title, [(one.key, one.words) for one in group]) for title, group in groups.items() if group
        ]
        self._owners: dict[str, User] = _offer_owners(self.fields["owner"], today)
        self.fields["due_on"].widget.attrs["min"] = today.isoformat()
        self.fields["due_on"].initial = today + dt.timedelta(days=7)

    def chosen(self) -> dict:
        """The keywords of agree_action."""
        data = self.cleaned_data
        answer = self._answers[data["answers"]]
        return {
            "what": data["what"],
            "about": answer.words,
            "owner": self._owners[data["owner"]],
            "due_on": data["due_on"],
            **answer.fields,
        }

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


class ChangeForm(forms.Form):
    """One act on an action; it asks only for what the act needs, and carries the step that was seen."""

    seen = forms.IntegerField(min_value=1, max_value=1_000_000, widget=forms.HiddenInput)
    due_on = _day_field("New day")
    owner = _owner_field()
    reason = _Sentence(
        label="Why, in a sentence",
        max_length=300,
        widget=forms.TextInput(attrs={"class": "f", "maxlength": 300, "autocomplete": "off"}),
        error_messages={"required": "Say why in a sentence, so that everybody can follow."},
    )

    def __init__(self, data=None, *, act: str, today: dt.date, key: int, **kwargs):
        super().__init__(data, auto_id=f"action_{key}_{act}_%s", label_suffix="", **kwargs)
        for name in ("due_on", "owner", "reason"):
            if name not in ASKED[act]:
                del self.fields[name]
        if "owner" in self.fields:
            self._owners = _offer_owners(self.fields["owner"], today)
        if "due_on" in self.fields:
            self.fields["due_on"].widget.attrs["min"] = today.isoformat()

    def chosen(self) -> dict:
        data = dict(self.cleaned_data)
        if "owner" in data:
            data["owner"] = self._owners[data["owner"]]
        return data

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


def _offer_owners(field: forms.ChoiceField, today: dt.date) -> dict[str, User]:
    people = {str(one.pk): one for one in possible_owners(today)}
    field.choices = [("", "Choose …")] + [(key, one.name or one.email) for key, one in people.items()]
    return people


class DecisionForm(forms.Form):
    sentence = _Sentence(
        label="What both teams decide",
        min_length=5,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "f", "maxlength": 300, "autocomplete": "off"}),
        error_messages={"required": "Write the decision as one sentence."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="decision_%s", label_suffix="", **kwargs)
