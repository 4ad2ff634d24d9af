"""Forms of the charter: they read and check what was typed, and write nothing."""

import datetime as dt

from django import forms

from accounts.models import Side, User
from core.errors import DomainError
from reviews.charter_queries import OF_PEOPLE, SIDE_OF, people_of
from reviews.forms import _Sentence
from reviews.forms_actions import _day_field


class _Refusable(forms.Form):
    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


def _people_field(label: str, people: list[User]) -> forms.ChoiceField:
    field = forms.ChoiceField(label=label, error_messages={"required": "Name one person."})
    field.widget.attrs["class"] = "f"
    field.choices = [("", "Choose …")] + [(str(one.pk), one.name or one.email) for one in people]
    return field


class LineForm(_Refusable):
    """One line of the charter: a person, or a sentence, from a day on."""

    words = _Sentence(
        label="In a sentence",
        max_length=500,
        widget=forms.Textarea(attrs={"class": "f", "rows": 3, "maxlength": 500}),
        error_messages={"required": "Write a sentence."},
    )
    from_day = _day_field("Holds from")

    def __init__(self, data=None, *, subject: str, today: dt.date, **kwargs):
        super().__init__(data, auto_id=f"{subject}_%s", label_suffix="", **kwargs)
        self._people: dict[str, User] = {}
        if subject in OF_PEOPLE:
            del self.fields["words"]
            people = people_of(SIDE_OF[subject], today)
            self._people = {str(one.pk): one for one in people}
            self.fields["person"] = _people_field("Who", people)
            self.order_fields(["person", "from_day"])
        self.fields["from_day"].initial = today

    def chosen(self) -> dict:
        data = self.cleaned_data
        person = self._people.get(data.get("person", ""))
        return {"person": person, "words": data.get("words", ""), "from_day": data["from_day"]}


class RideForm(_Refusable):
    what = _Sentence(
        label="Which call or visit",
        min_length=3,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "f", "maxlength": 200, "autocomplete": "off"}),
        error_messages={"required": "Say which call or visit it is."},
    )
    planned_for = _day_field("On")

    def __init__(self, data=None, *, today: dt.date, **kwargs):
        super().__init__(data, auto_id="ride_%s", label_suffix="", **kwargs)
        self._people: dict[str, User] = {}
        for name, label, side in (("marketer", "Who goes along", Side.MARKETING), ("seller", "With whom", Side.SALES)):
            people = people_of(side, today)
            self._people |= {str(one.pk): one for one in people}
            self.fields[name] = _people_field(label, people)
        self.order_fields(["marketer", "seller", "what", "planned_for"])
        self.fields["planned_for"].widget.attrs["min"] = today.isoformat()

    def chosen(self) -> dict:
        data = dict(self.cleaned_data)
        return data | {name: self._people[data[name]] for name in ("marketer", "seller")}


class LearnedForm(_Refusable):
    learned = _Sentence(
        label="What marketing takes from it",
        max_length=500,
        widget=forms.TextInput(attrs={"class": "f", "maxlength": 500, "autocomplete": "off"}),
        error_messages={"required": "Say in a sentence what you take from it."},
    )

    def __init__(self, *args, key: int, **kwargs):
        super().__init__(*args, auto_id=f"learned_{key}_%s", label_suffix="", **kwargs)
