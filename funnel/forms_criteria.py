"""The entry rule of a stage as rows to fill in: it reads and checks what was typed, and writes nothing."""

from collections.abc import Iterable

from django import forms

from accounts.console import ConsoleForm
from core.errors import DomainError
from funnel.criteria import ASK_NAMES, FACTS, MOST_CONDITIONS, OP_WORDS, Condition, EntryRule, Type, read_rule
from funnel.known_names import split_names
from funnel.models import StageRule

LISTS = {"every": "All of these must hold", "some": "And at least one of these, if there is any"}
_EMPTY_ROWS = 2
_NUMBERS = (Type.NUMBER, Type.COUNT)


class ConditionForm(ConsoleForm):
    """One row. A row without a fact is left out."""

    fact = forms.ChoiceField(
        label="Asks about", required=False, choices=[("", "–"), *((f.key, f.label) for f in FACTS.values())]
    )
    op = forms.ChoiceField(label="How", required=False, choices=[("", "–"), *OP_WORDS.items()])
    value = forms.CharField(label="Number, or names separated by commas", required=False, max_length=2_000)

    def as_row(self, where: str) -> dict:
        """The row as funnel.criteria reads it, with what was typed turned into a number or names.

        DomainError, beginning with `where` it stands, for a name that does not exist.
        """
        data = self.cleaned_data
        row = {"fact": data["fact"], "op": data["op"]}
        typed = data["value"].strip()
        if FACTS[data["fact"]].type in _NUMBERS:
            return row | {"number": int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None}
        return row | {"values": split_names(data["fact"], typed, where) if data["op"] in ASK_NAMES else []}


class RuleForm(ConsoleForm):
    then = forms.ChoiceField(label="The rule", choices=StageRule.Then.choices, initial=StageRule.Then.ASK)

    def __init__(self, data=None, *, rule: EntryRule = EntryRule(), then: str = StageRule.Then.ASK):  # noqa: B008 - frozen
        super().__init__(data, initial={"then": then})
        self.rows: dict[str, list[ConditionForm]] = {}
        for name in LISTS:
            held = [_typed(one) for one in getattr(rule, name)]
            count = len(held) + _EMPTY_ROWS if data is None else _posted_rows(data, name)
            self.rows[name] = [
                ConditionForm(data, prefix=f"{name}-{i}", initial=held[i] if i < len(held) else None) for i in range(count)
            ]

    @property
    def lists(self) -> Iterable[tuple[str, str, list[ConditionForm]]]:
        return [(name, title, self.rows[name]) for name, title in LISTS.items()]

    def clean(self):
        data = super().clean()
        raw: dict[str, list[dict]] = {}
        if any(row.errors for rows in self.rows.values() for row in rows):
            raise forms.ValidationError("A row can't be read.")
        try:
            for name, rows in self.rows.items():
                asked = [row for row in rows if row.cleaned_data["fact"]]
                raw[name] = [row.as_row(f"Condition {i}") for i, row in enumerate(asked, 1)]
            data["rule"] = read_rule(raw)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        return data


def _posted_rows(data, name: str) -> int:
    """How many rows the page sent; one more than a rule may have is enough to refuse it."""
    return next((i for i in range(MOST_CONDITIONS + _EMPTY_ROWS + 1) if f"{name}-{i}-fact" not in data), MOST_CONDITIONS + 1)


def _typed(condition: Condition) -> dict:
    value = ", ".join(condition.values) if condition.number is None else str(condition.number)
    return {"fact": condition.fact, "op": str(condition.op), "value": value}
