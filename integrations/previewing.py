"""The dry run of the page: counts, and twenty rows as they will look."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from accounts.models import User
from integrations.csv_reading import Row
from integrations.doubles import Candidates
from integrations.errors import RowError
from integrations.importing import check_import
from integrations.mapping import Mapping
from integrations.rows import Parsed
from integrations.values import Amount, Moment
from integrations.words import LABELS, label
from leads.models import Deal, Lead
from leads.projection import Context

SHOWN = 20
_STAGES = ("stage", "from_stage")
_EACH = {"created": 20, "updated": 8, "unchanged": 4, "rejected": 6, "skipped": 0}


def preview(path: Path, mapping: Mapping, actor: User, progress: Callable[[int, int], None], file_name: str) -> dict:
    kept: dict[str, list[tuple[Parsed | None, Row, str]]] = defaultdict(list)

    candidates = Candidates()

    def watch(parsed: Parsed | None, row: Row, outcome: str | RowError) -> None:
        candidates.add(parsed, outcome)
        name, reason = (outcome, "") if isinstance(outcome, str) else ("rejected", _reason(outcome))
        if len(kept[name]) < _EACH[name]:
            kept[name].append((parsed, row, reason))

    report = check_import(path=path, mapping=mapping, actor=actor, watch=watch, progress=progress, file_name=file_name)
    rest = SHOWN - sum(len(kept[name]) for name in ("updated", "unchanged", "rejected"))
    chosen = [(name, *item) for name, items in kept.items() for item in (items[:rest] if name == "created" else items)]
    chosen.sort(key=lambda item: item[2].line)
    left_empty = {
        kind: {"values": len(words), "some": [word[:60] for word, _ in words.most_common(5)]}
        for kind, words in report.left_empty.items()
    }
    fields = list(mapping.main.columns)
    return {
        "counts": report.as_dict(),
        "fields": fields,
        "rows": _rows(chosen, fields, mapping),
        "left_empty": left_empty,
        "unmapped": report.unmapped[:200],
        "doubles": candidates.found(),
    }


def _reason(error: RowError) -> str:
    return f"{label(error.field)}: {error.reason}" if error.field in LABELS else error.reason


def _rows(chosen: list, fields: list[str], mapping: Mapping) -> list[dict]:
    context = Context()
    keys = {parsed.items[0].key for name, parsed, _, _ in chosen if name == "updated"}
    before = _stored(mapping.main.entity, mapping.main.source, keys, context)
    stages = {s.key: s.name for s in context.book.newest.stages.values()}
    found = []
    for name, parsed, row, reason in chosen:
        if parsed is None:
            cells = [{"new": cell[:60]} for cell in row.cells[: len(fields)]]
            found.append({"line": row.line, "outcome": name, "reason": reason, "cells": cells})
            continue
        item = parsed.items[0]
        old = before.get(item.key)
        cells = []
        for field in fields:
            value = item.values.get(field, item.values.get("custom", {}).get(field[7:], ""))
            text = stages.get(str(value).casefold(), str(value)) if field in _STAGES else _words(value, context)
            cell = {"new": text[:80]}
            if old is not None and field in old and cell["new"] and old[field] != cell["new"]:
                cell["old"] = old[field][:80]
            cells.append(cell)
        also = sum(1 for part in parsed.items[1:])
        found.append({"line": row.line, "outcome": name, "reason": "", "cells": cells, "also": also})
    return found


def _words(value: object, context: Context) -> str:
    if isinstance(value, Moment):
        local = value.at.astimezone(context.calendar.zone_at(value.at))
        return f"{local.day} {local:%b %Y}" if value.precision == "day" else f"{local.day} {local:%b %Y, %H:%M}"
    if isinstance(value, Amount):
        return f"{value.value:,} {value.currencies[0] if len(value.currencies) == 1 else ''}".strip()
    if hasattr(value, "isoformat"):
        return f"{value.day} {value:%b %Y}"
    return str(value)


def _stored(entity: str, source: str, keys: set[str], context: Context) -> dict[str, dict[str, str]]:
    """What stands in Tandem now, in the words of the file's fields, for the few rows that are shown."""
    if not keys:
        return {}
    if entity == "lead":
        rows = Lead.objects.filter(source=source, external_id__in=keys)
        rows = rows.select_related("contact", "company", "channel", "campaign", "segment", "region", "owner", "team")
        return {lead.external_id: _of_lead(lead, context) for lead in rows}
    if entity == "deal":
        rows = Deal.objects.filter(source=source, external_id__in=keys)
        rows = rows.select_related("company", "channel", "campaign", "segment", "region", "owner")
        return {deal.external_id: _of_deal(deal) for deal in rows}
    return {}


def _named(row, *fields: str) -> dict[str, str]:
    return {name: str(getattr(row, name) or "") for name in fields}


def _of_lead(lead: Lead, context: Context) -> dict[str, str]:
    found = _named(lead, "company", "channel", "campaign", "segment", "region", "owner", "team", "origin", "tier")
    found |= {name: getattr(lead.contact, name, "") for name in ("name", "email", "phone")}
    stage = context.book.newest.stages.get(lead.stage_id)
    found["score"] = "" if lead.given_score is None else str(lead.given_score)
    if stage:
        found["stage"] = stage.name
    return found | {f"custom.{name}": str(value) for name, value in lead.custom.items()}


def _of_deal(deal: Deal) -> dict[str, str]:
    found = _named(deal, "company", "channel", "campaign", "segment", "region", "owner", "origin", "kind", "status", "name")
    return found | {f"custom.{name}": str(value) for name, value in deal.custom.items()}
