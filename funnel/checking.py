"""What is still wrong with a draft, in plain words. Reads only."""

from funnel.criteria import Op, read_rule
from funnel.models import Agreement, Milestone, PromiseKey, StageInVersion, StageKind
from funnel.queries import points_table
from funnel.score import most_points

_ORDER = [Milestone.START, Milestone.MQL, Milestone.SAL, Milestone.SQL, Milestone.OPPORTUNITY, Milestone.WON]


def problems_of(draft: Agreement, base: Agreement | None = None) -> list[str]:
    """Sentences that say what keeps a draft from being put to both teams."""
    rows = list(draft.stages.select_related("stage").order_by("position"))
    active = [row for row in rows if not row.retired]
    return [
        *_kinds(active),
        *_names(active),
        *_milestones(rows),
        *_moves(draft, active),
        *_promises(draft),
        *_score(draft, active),
        *_nothing(draft, base),
    ]


def _kinds(active: list[StageInVersion]) -> list[str]:
    found = []
    counts = {kind: sum(row.kind == kind for row in active) for kind in StageKind}
    if counts[StageKind.WON] != 1:
        found.append(f"There must be exactly one stage of the kind Won; now there are {counts[StageKind.WON]}.")
    if counts[StageKind.PATH] == 0:
        found.append("There must be at least one stage on the way to Won.")
    if counts[StageKind.LOST] == 0:
        found.append("There must be a stage of the kind Lost, because lost deals move their leads there.")
    return found


def _names(active: list[StageInVersion]) -> list[str]:
    found, seen = [], set()
    for row in active:
        name = row.name.casefold()
        if name in seen:
            found.append(f"Two stages are called {row.name}.")
        seen.add(name)
        if not row.definition.strip():
            found.append(f"{row.name} has no written definition, so nobody can agree to it.")
    return found


def _milestones(rows: list[StageInVersion]) -> list[str]:
    found = []
    carried = {row.milestone: row for row in rows if row.milestone}
    for row in carried.values():
        label = row.get_milestone_display()
        if row.rank is None:
            found.append(f"{row.name} carries the milestone {label} but does not stand on the way to Won.")
        if row.retired:
            found.append(
                f"{row.name} is retired but still carries the milestone {label}. Give it to another stage or to none."
            )
        if (row.milestone == Milestone.WON) != (row.kind == StageKind.WON) and row.rank is not None:
            found.append(f"The milestone Won belongs to the stage of the kind Won, not to {row.name}.")
    ordered = [carried[name] for name in _ORDER if name in carried and carried[name].rank is not None]
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before.rank >= after.rank:
            found.append(
                f"{before.name} ({before.get_milestone_display()}) must come before {after.name} "
                f"({after.get_milestone_display()})."
            )
    return found


def _moves(draft: Agreement, active: list[StageInVersion]) -> list[str]:
    """A stage that every move out of is forbidden would hold its leads for ever."""
    forbidden = set(draft.forbidden_moves.values_list("from_stage_id", "to_stage_id"))
    found = []
    for row in active:
        others = [other for other in active if other.stage_id != row.stage_id]
        if row.kind == StageKind.PATH and all((row.stage_id, other.stage_id) in forbidden for other in others):
            found.append(f"Every move out of {row.name} is forbidden, so its leads could never leave it.")
    return found


def _promises(draft: Agreement) -> list[str]:
    """What would make a promise impossible to measure."""
    promised = set(draft.promises.values_list("key", flat=True))
    found = []
    if PromiseKey.M2 in promised and not draft.lead_values.exists():
        found.append("Marketing promises a value, but no MQL has a value yet. Say what an MQL is worth.")
    if PromiseKey.M3 in promised and not draft.required_fields.exists():
        found.append("Marketing promises complete handoffs, but no field is required. Choose at least one.")
    return found


def _score(draft: Agreement, active: list[StageInVersion]) -> list[str]:
    """Rows that say the same twice, a table that gives nobody a point, and rules that no score can meet."""
    table = points_table(draft.id)
    if not table:
        return []
    found = []
    for part, rows in (("Fit", table.fit), ("Engagement", table.engagement)):
        words = [row.words for row in rows]
        found += [
            f"Score: {part} says “{one}” twice. Keep one row of it." for one in dict.fromkeys(words) if words.count(one) > 1
        ]
    most = most_points(table)
    if most == 0:
        found.append("Score: every row takes points away, so nobody could get any.")
    names = {row.stage_id: row.name for row in active}
    for stage, raw in draft.entry_rules.order_by("stage_id").values_list("stage_id", "rule"):
        rule = read_rule(raw)
        least = max((one.number for one in rule.every if one.fact == "score" and one.op == Op.AT_LEAST), default=0)
        if most is not None and least > most and stage in names:
            found.append(f"{names[stage]} asks for a score of {least:,} or more, but the points add up to {most:,} at most.")
    return found


def _nothing(draft: Agreement, base: Agreement | None) -> list[str]:
    from funnel.comparing import compare  # noqa: PLC0415 - comparing reads the same tables and is only needed here

    if base is not None and not any(section.rows for section in compare(base, draft)):
        return [f"Nothing differs from version {base.number} yet."]
    return []
