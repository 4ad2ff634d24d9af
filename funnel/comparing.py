"""Two versions side by side: what differs, in words. Reads only."""

from dataclasses import dataclass, field

from core.templatetags.display import money
from funnel.criteria import asks_for_score, read_rule
from funnel.models import Agreement, HandoffField, Reason, Terms
from funnel.promises import book_of, percent, sentence, working_days, working_time
from funnel.queries import points_table
from funnel.score import points_words

NOTHING = "–"
_FIELDS = {
    "name": "name",
    "kind": "kind",
    "side": "answers for it",
    "milestone": "milestone",
    "rank": "place on the way",
    "target_days": "target days",
    "definition": "definition",
    "retired": "retired",
}
_WORD_FIELDS = {
    "word": "word",
    "agreed_meaning": "agreed meaning",
    "marketing_meaning": "marketing means",
    "sales_meaning": "sales means",
    "not_words": "not",
    "examples": "examples",
}
_NAMES = {"", "name", "word", "label"}
_SENTENCES = ("value", "definition", "agreed meaning")
_PLAIN = {"name", "kind", "definition", "word", "agreed meaning", "label", "value"}


@dataclass
class Section:
    title: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)  # what, before, after


def compare(before: Agreement, after: Agreement, *, currency: str = "EUR") -> list[Section]:
    """Every difference, grouped. Equal versions give sections without rows."""
    return [
        Section("Stages", _differences(_stages(before), _stages(after))),
        Section("When a lead may enter", _differences(_entry_rules(before), _entry_rules(after))),
        Section("Score", _differences(_points(before), _points(after))),
        Section("Reasons", _differences(_reasons(before), _reasons(after))),
        Section("Forbidden moves", _differences(_moves(before), _moves(after))),
        Section("Words", _differences(_words(before), _words(after))),
        Section("Promises", _differences(_promises(before, currency), _promises(after, currency))),
        Section("What an MQL is worth", _differences(_values(before, currency), _values(after, currency))),
        Section("How promises are measured", _differences(_terms(before), _terms(after))),
        Section("Targets", _differences(_targets(before, currency), _targets(after, currency))),
        Section("Margins", _differences(_margins(before), _margins(after))),
    ]


@dataclass
class Part:
    """One kind of thing that a version says: what it is, its sentences, and the particulars beside them."""

    title: str
    rows: list[tuple[str, list[str], str]] = field(default_factory=list)


def whole(version: Agreement, *, currency: str = "EUR") -> list[Part]:
    """Everything a version says, under the same titles as its differences: a first version has nothing to differ from."""
    return [
        Part("Stages", _said(_stages(version))),
        Part("When a lead may enter", _said(_entry_rules(version))),
        Part("Score", _said(_points(version))),
        Part("Reasons", _reasons_by_use(version)),
        Part("Forbidden moves", _said(_moves(version))),
        Part("Words", _said(_words(version))),
        Part("Promises", _said(_promises(version, currency))),
        Part("What an MQL is worth", _said(_values(version, currency))),
        Part("How promises are measured", _said(_terms(version))),
        Part("Targets", _targets_by_month(version, currency)),
        Part("Margins", _said(_margins(version))),
    ]


def _said(held: dict[str, dict[str, str]]) -> list[tuple[str, list[str], str]]:
    """Rows in full: what a row is called is not said again, and what is empty is left out."""
    rows = []
    for fields in held.values():
        told = {name: text for name, text in fields.items() if name not in _NAMES and text not in (NOTHING, "no")}
        more = [text if name == "kind" else f"{name}: {text}" for name, text in told.items() if name not in _SENTENCES]
        rows.append((fields[""], [told[name] for name in _SENTENCES if name in told], " · ".join(more)))
    return rows


def _reasons_by_use(agreement: Agreement) -> list[tuple[str, list[str], str]]:
    found: dict[str, list[str]] = {}
    for use, label in agreement.reasons.order_by("use", "id").values_list("use", "label"):
        found.setdefault(Reason.Use(use).label, []).append(label)
    return [(use, labels, "") for use, labels in found.items()]


def _targets_by_month(agreement: Agreement, currency: str) -> list[tuple[str, list[str], str]]:
    found: dict[str, list[str]] = {}
    for row in _targets(agreement, currency).values():
        what, month = row[""].rsplit(", ", 1)
        found.setdefault(month, []).append(f"{what} {row['value']}")
    return [(month, [" · ".join(parts)], "") for month, parts in found.items()]


def _differences(was: dict[str, dict[str, str]], now: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    rows = []
    for key in [*now, *(key for key in was if key not in now)]:
        old, new = was.get(key, {}), now.get(key, {})
        label = new.get("") or old.get("")
        if not old:
            rows.append((label, "not there", _summary(new)))
        elif not new:
            rows.append((label, _summary(old), "taken out"))
        else:
            rows += [
                (f"{label}: {name}" if name != "value" else label, old.get(name, NOTHING), new.get(name, NOTHING))
                for name in {**old, **new}
                if name and old.get(name, NOTHING) != new.get(name, NOTHING)
            ]
    return rows


def _summary(fields: dict[str, str]) -> str:
    """A whole row in one line; what would not be understood alone says what it is."""
    shown = [
        value if name in _PLAIN else f"{name} {value}"
        for name, value in fields.items()
        if name and value not in (NOTHING, "no")
    ]
    return " · ".join(shown) or "there"


def _text(row, name: str) -> str:
    value = getattr(row, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    display = getattr(row, f"get_{name}_display", None)
    if value not in (None, "") and display:
        return str(display())
    return NOTHING if value in (None, "") else f"{value:f}".rstrip("0").rstrip(".") if name == "target_days" else str(value)


def _stages(agreement: Agreement) -> dict:
    rows = agreement.stages.select_related("stage").order_by("position")
    return {row.stage.key: {"": row.name} | {label: _text(row, name) for name, label in _FIELDS.items()} for row in rows}


def _entry_rules(agreement: Agreement) -> dict:
    names = dict(agreement.stages.values_list("stage_id", "name"))
    rows = agreement.entry_rules.select_related("stage").order_by("stage_id")
    return {
        row.stage.key: {
            "": names.get(row.stage_id, row.stage.key),
            "value": " · ".join(read_rule(row.rule).words),
            "this": row.get_then_display(),
        }
        for row in rows
    }


def _points(agreement: Agreement) -> dict:
    table = points_table(agreement.id)
    found: dict[str, dict[str, str]] = {}
    for part, rows in (("Fit", table.fit), ("Engagement", table.engagement)):
        for row in rows:
            # A draft may hold the same row twice until it is put to both teams.
            twice = sum(key.startswith(f"{part}/{row.words}/") for key in found)
            found[f"{part}/{row.words}/{twice}"] = {"": f"{part}: {row.words}", "value": points_words(row.points)}
    return found


def _reasons(agreement: Agreement) -> dict:
    rows = agreement.reasons.order_by("use", "id")
    return {f"{r.use}/{r.key}": {"": f"{Reason.Use(r.use).label}: {r.label}", "label": r.label} for r in rows}


def _moves(agreement: Agreement) -> dict:
    names = dict(agreement.stages.values_list("stage_id", "name"))
    pairs = agreement.forbidden_moves.order_by("id").values_list("from_stage_id", "to_stage_id")
    return {f"{a}/{b}": {"": f"{names.get(a, a)} to {names.get(b, b)}", "value": "forbidden"} for a, b in pairs}


def _words(agreement: Agreement) -> dict:
    rows = agreement.words.order_by("word")
    return {row.key: {"": row.word} | {label: _text(row, name) for name, label in _WORD_FIELDS.items()} for row in rows}


def _targets(agreement: Agreement, currency: str) -> dict:
    names = dict(agreement.stages.values_list("stage_id", "name"))
    found = {}
    for t in agreement.targets.select_related("segment").order_by("month", "metric", "stage_id"):
        what = target_words(t.metric, names.get(t.stage_id, ""))
        if t.segment_id:
            what += f", {t.segment}"
        value = money(t.value, currency) if t.stage_id is None else f"{t.value:,}"
        found[f"{t.month}/{t.metric}/{t.stage_id}/{t.segment_id}"] = {"": f"{what}, {t.month:%b %Y}", "value": value}
    return found


def target_words(metric: str, stage_name: str) -> str:
    return f"Entries into {stage_name}" if stage_name else metric.replace("_", " ").capitalize()


def _margins(agreement: Agreement) -> dict:
    rows = agreement.margins.select_related("segment").order_by("from_day", "segment_id")
    return {
        f"{m.segment_id}/{m.from_day}": {
            "": f"{m.segment or 'All other segments'} from {m.from_day}",
            "value": f"{m.basis_points / 100:g} %",
        }
        for m in rows
    }


def _promises(agreement: Agreement, currency: str) -> dict:
    book = book_of(agreement)
    found = {}
    for line in book.lines:
        others = len(book.of(line.key)) > 1
        what = f"{line.key} {line.label}" + (f", tier {line.tier}" if line.tier else "")
        row = {"": what, "value": sentence(line, others=others, amount=money(line.amount, currency))}
        row |= {"broken below": percent(line.floor), "weight": str(line.weight)}
        if line.cap is not None:
            row["counts at most"] = f"{percent(line.cap)} of the target"
        found[f"{line.key}/{line.tier}"] = row
    return found


def _values(agreement: Agreement, currency: str) -> dict:
    rows = agreement.lead_values.order_by("tier")
    return {
        row.tier: {"": f"Tier {row.tier}" if row.tier else "Every other MQL", "value": money(row.gross_profit, currency)}
        for row in rows
    }


def _terms(agreement: Agreement) -> dict:
    book = book_of(agreement)
    terms = book.terms
    labels = dict(HandoffField.choices)
    fields = ", ".join(labels[name] for name in labels if name in book.required_fields)
    rows = {
        "Fields a handoff must bring": fields or NOTHING,
        "A handoff nobody decides in time": Terms.Undecided(terms.undecided).label,
        "A decision may be contested for": working_days(terms.contest_days),
        "Time until a person has it": NOTHING if terms.routing_seconds is None else working_time(terms.routing_seconds),
        "Returned to marketing": _clock(terms.pause_returned),
        "A booked meeting": _clock(terms.pause_meeting, f", at most {working_days(terms.meeting_days)}"),
        "Both teams agree to wait": _clock(terms.pause_waiver),
    }
    return {what: {"": what, "value": value} for what, value in rows.items()}


def _clock(stops: bool, most: str = "") -> str:
    return f"stops the clock{most}" if stops else "does not stop the clock"


def counts_differently(before: Agreement, after: Agreement) -> bool:
    """Whether stage set, rank, kind, milestone, retirement or who an entry rule lets in differ: only these raise the
    counting version.

    Who a rule lets in decides what a stage's numbers mean; what Tandem does with those who meet it does not. How leads are
    scored decides who is let in only where a rule asks for the score.
    """
    return ranked_differently(before, after) or bool(entered_differently(before, after))


def ranked_differently(before: Agreement, after: Agreement) -> bool:
    """Whether the stages themselves differ: which there are, their place on the way, kind, milestone, retirement."""
    was, now = (set(a.stages.values_list("stage_id", "rank", "kind", "milestone", "retired")) for a in (before, after))
    return was != now


def entered_differently(before: Agreement, after: Agreement) -> list[str]:
    """The stages, in the order of the way, that let in others than before: by their rule, or by how its score is made up."""
    old, new = (dict(a.entry_rules.values_list("stage_id", "rule")) for a in (before, after))
    changed = {stage for stage in {**old, **new} if old.get(stage) != new.get(stage)}
    asking = {stage for stage, rule in new.items() if asks_for_score(read_rule(rule))}
    if asking and points_table(before.id) != points_table(after.id):
        changed |= asking
    names = {}
    for version in (after, before):
        for stage, name in version.stages.order_by("position").values_list("stage_id", "name"):
            names.setdefault(stage, name)
    return [name for stage, name in names.items() if stage in changed]
