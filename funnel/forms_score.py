"""The points of a draft as rows to fill in: it reads and checks what was typed, and writes nothing."""

from django import forms

from accounts.console import ConsoleForm
from core.errors import DomainError
from funnel.criteria import ASK_NAMES, OP_WORDS, OPS, Type
from funnel.known_names import split_names
from funnel.score import FIT_FACTS, MOST_POINTS, MOST_ROWS, TOUCH_KINDS, Engagement, Fit, ScoreTable, read_table

ANY = "any"
_EMPTY_ROWS = 2
_FIT_OPS = {op: OP_WORDS[op] for op in (*OPS[Type.CHOICE], *OPS[Type.PRESENCE])}


class FitForm(ConsoleForm):
    """A row of fit. One without a fact and without points is left out."""

    fact = forms.ChoiceField(
        label="Asks about", required=False, choices=[("", "–"), *((f.key, f.label) for f in FIT_FACTS.values())]
    )
    op = forms.ChoiceField(label="How", required=False, choices=[("", "–"), *_FIT_OPS.items()])
    value = forms.CharField(label="Names", required=False, max_length=2_000)
    points = forms.IntegerField(label="Points", required=False)

    def as_row(self, where: str) -> dict | None:
        """The row as funnel.score reads it. DomainError, beginning with `where` it stands, for a name that nothing has."""
        data = self.cleaned_data
        if not data["fact"] and data["points"] is None:
            return None
        values = split_names(data["fact"], data["value"], where) if data["op"] in ASK_NAMES else []
        condition = {"fact": data["fact"], "op": data["op"], "values": values}
        return {"condition": condition, "points": data["points"]}


class EngagementForm(ConsoleForm):
    """A row of engagement. One without a kind and without points is left out."""

    kind = forms.ChoiceField(
        label="Each",
        required=False,
        choices=[("", "–"), *((kind or ANY, label) for kind, label in TOUCH_KINDS.items())],
    )
    points = forms.IntegerField(label="Points", required=False)
    most = forms.IntegerField(label="At most", required=False)
    half_life = forms.IntegerField(label="Half after days", required=False)

    def as_row(self, where: str) -> dict | None:
        data = self.cleaned_data
        if not data["kind"] and data["points"] is None:
            return None
        # No kind chosen is a question, not “any”.
        kind = {"": None, ANY: ""}.get(data["kind"], data["kind"])
        return {"kind": kind} | {name: data[name] for name in ("points", "most", "half_life")}


class ScoreForm(ConsoleForm):
    def __init__(self, data=None, *, table: ScoreTable = ScoreTable()):  # noqa: B008 - frozen
        super().__init__(data)
        self.fit = _rows(FitForm, "fit", "fact", data, [_typed_fit(row) for row in table.fit])
        held = [_typed_engagement(row) for row in table.engagement]
        self.engagement = _rows(EngagementForm, "engagement", "kind", data, held)

    def clean(self):
        data = super().clean()
        if any(row.errors for row in (*self.fit, *self.engagement)):
            raise forms.ValidationError(f"A row can't be read. Points are whole numbers up to {MOST_POINTS}.")
        if not self.fit and not self.engagement:
            raise forms.ValidationError("The form came without rows. Empty all of them to take the points out.")
        try:
            raw = {name: _as_rows(getattr(self, name), name) for name in ("fit", "engagement")}
            data["table"] = read_table(raw)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        return data


def _as_rows(forms: list, name: str) -> list[dict]:
    """The rows that say something, counted as the reader of the table counts them."""
    found: list[dict] = []
    for form in forms:
        row = form.as_row(f"{name.capitalize()}, row {len(found) + 1}")
        if row:
            found.append(row)
    return found


def _rows(form: type[ConsoleForm], name: str, first: str, data, held: list[dict]) -> list:
    """The rows that were sent, or those that stand with empty ones to fill in. One more than a list may have is enough to
    refuse it."""
    most = MOST_ROWS + 1
    if data is None:
        count = min(len(held) + _EMPTY_ROWS, max(most - 1, len(held)))
    else:
        count = next((i for i in range(most) if f"{name}-{i}-{first}" not in data), most)
    return [form(data, prefix=f"{name}-{i}", initial=held[i] if i < len(held) else None) for i in range(count)]


def _typed_fit(row: Fit) -> dict:
    one = row.condition
    return {"fact": one.fact, "op": str(one.op), "value": ", ".join(one.values), "points": row.points}


def _typed_engagement(row: Engagement) -> dict:
    return {"kind": row.kind or ANY, "points": row.points, "most": row.most, "half_life": row.half_life}
