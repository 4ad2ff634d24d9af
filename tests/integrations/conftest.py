"""A file and a mapping, imported as the command does it."""

import textwrap
from pathlib import Path

import pytest
from django.apps import apps

from core.models import StaleNote
from integrations.importing import Report, run_import
from integrations.mapping import load_mapping
from leads.models import ImportBatch

MAPPINGS = Path(__file__).parent / "mappings"


@pytest.fixture
def bring(company, tmp_path, settings):
    """`bring(file, mapping)`: import text, bytes or a path by a mapping given as TOML text or a path."""
    settings.REJECT_DIR = tmp_path / "rejects"

    def run(file: str | bytes | Path, mapping: str | Path, **options) -> Report:
        if not isinstance(file, Path):
            path = tmp_path / "file.csv"
            path.write_bytes(file if isinstance(file, bytes) else textwrap.dedent(file).lstrip("\n").encode())
            file = path
        if not isinstance(mapping, Path):
            path = tmp_path / "mapping.toml"
            path.write_text(textwrap.dedent(mapping), encoding="utf-8")
            mapping = path
        report = run_import(path=file, mapping=load_mapping(mapping), actor=None, **options)
        found = report.as_dict()
        assert found["read"] == sum(found[name] for name in ("created", "updated", "unchanged", "rejected", "skipped"))
        return report

    return run


@pytest.fixture
def rows_stored():
    """How many rows each table of ours holds, but for the notes of runs and of stale days."""

    def count() -> dict[str, int]:
        ours = ("core", "accounts", "funnel", "campaigns", "leads")
        models = [m for m in apps.get_models() if m._meta.app_label in ours and m not in (ImportBatch, StaleNote)]
        return {model._meta.label: model.objects.count() for model in models}

    return count


@pytest.fixture
def counts():
    """The outcomes that are not zero."""
    return lambda report: {name: number for name, number in report.counts.items() if number}
