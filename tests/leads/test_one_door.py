"""A stage is written in one place; everything else goes through it. This finds any other writer."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "campaigns", "config", "core", "demo", "funnel", "integrations", "leads", "metrics")
# What projections hold: nobody but the projection may set these on a lead.
PROJECTED = {"stage", "stage_id", "stage_since", "merged_into", "merged_into_id", "clock_skew", "source_missing"}
WRITES = {"update", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete"}
BULK_WRITES = {"insert_values", "update_values", "write_columns"}
PROJECTIONS = {"StageEntry", "DealSpan", "DealCredit"}
TABLES = {"leads_lead", "leads_stageentry", "leads_dealspan", "leads_dealcredit"}


def writers(source: str) -> set[str]:
    """What a source does to stage fields and projection tables, in words."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr in PROJECTED and _names_lead(target.value):
                    found.add(f"sets lead.{target.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            text = ast.unparse(node.func)
            model = next((name for name in PROJECTIONS if name in text), None)
            if model:
                found.add(f"writes {model}")
            if "Lead.objects" in text and any(word.arg in PROJECTED for word in node.keywords):
                found.add("writes a projected column of Lead")
            if "Lead.objects" in text and node.func.attr == "bulk_update" and PROJECTED & _strings(node):
                found.add("writes a projected column of Lead")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BULK_WRITES:
            written = set(map(ast.unparse, node.args))
            found |= {f"writes {name} in bulk" for name in PROJECTIONS & written}
            # Columns that are named and are no projection's may be written; names that are not seen here may be any.
            named = _strings(node)
            if "Lead" in written and (not named or PROJECTED & named):
                found.add("writes Lead in bulk")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Lead", "StageEntry"}:
            if any(word.arg in PROJECTED for word in node.keywords) or node.func.id == "StageEntry":
                found.add(f"makes a {node.func.id} with a stage")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.lower().split()
            if {"update", "insert", "delete"} & set(words) and TABLES & set(words):
                found.add("changes a projection by SQL")
    return found


def _names_lead(node: ast.AST) -> bool:
    return "lead" in ast.unparse(node).lower()


def _strings(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_stages_are_written_by_the_projection_alone():
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts and (does := writers(path.read_text())):
                found[str(path.relative_to(ROOT))] = does
    assert set(found) <= {"leads/projection.py", "demo/wiping.py"}, found
    assert found["leads/projection.py"] >= {"writes StageEntry", "writes StageEntry in bulk", "writes Lead in bulk"}


@pytest.mark.parametrize(
    "source",
    [
        "lead.stage = won",
        "self.lead.stage_id = 3",
        "Lead.objects.filter(id=1).update(stage=won)",
        "Lead.objects.create(stage_id=3)",
        "Lead.objects.bulk_update(rows, ['stage'])",
        "StageEntry.objects.create(lead=lead)",
        "StageEntry.objects.filter(id=1).delete()",
        "insert_values(StageEntry, names, rows)",
        "update_values(Lead, ['stage_id'], rows)",
        "update_values(Lead, COLUMNS, rows)",
        "cursor.execute('UPDATE leads_lead SET stage_id = 3')",
    ],
)
def test_the_finder_finds(source):
    assert writers(source)


def test_other_columns_of_leads_may_be_written():
    assert writers("update_values(Lead, ['score'], rows)") == set()
