"""A file of leads through the importer, new and again; beside the same rows by bulk_create and by the bare driver."""

import csv
import datetime as dt
import io
import resource
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, models, transaction

from benchmarks.bench import Bench, Figure, timed
from integrations.importing import run_import
from integrations.mapping import load_mapping
from leads.models import Contact, ImportBatch, Lead, LeadEvent, StageEntry

ORDER = 90
_TABLES = (Contact, Lead, LeadEvent, StageEntry)
_MAPPING = """
entity = "lead"
source = "{source}"

[columns]
external_id = "id"
name = "name"
email = "email"
channel = "channel"
segment = "segment"
region = "region"
created_at = "created"
stage = "stage"
score = "score"
"custom.page" = "page"

[unknown]
segment = "create"
region = "create"
"""


def write_file(folder: Path, rows: int, name: str) -> tuple[Path, Path]:
    """A CSV file of ten columns and its mapping."""
    file, mapping = folder / f"{name}.csv", folder / f"{name}.toml"
    mapping.write_text(_MAPPING.format(source=name), encoding="utf-8")
    first = dt.datetime.now(dt.UTC) - dt.timedelta(days=300)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "name", "email", "channel", "segment", "region", "created", "stage", "score", "page"])
        for i in range(rows):
            at = first + dt.timedelta(seconds=i * 25_000_000 // rows)
            writer.writerow(
                [f"{name}-{i}", f"Person {i}", f"{name}-{i}@example.com", ("search", "social", "events")[i % 3],
                 ("industry", "trade")[i % 2], ("north", "south", "west")[i % 3], at.isoformat(timespec="seconds"),
                 ("inquiry", "mql")[i % 2], i % 100, f"page-{i % 50}"]
            )  # fmt: skip
    return file, mapping


def run(bench: Bench) -> Iterator[Figure]:
    rows = min(max(bench.leads // 5, 100), 20_000)
    file, mapping = write_file(bench.folder, rows, f"import{ImportBatch.objects.count()}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    new = rows / timed(lambda: _import(file, mapping, "created", rows))
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    again = rows / timed(lambda: _import(file, mapping, "unchanged", rows))
    stored = _rows_of(file.stem)
    plain = rows / _by_bulk_create(stored)
    bare = rows / _by_the_driver(stored)
    yield Figure(
        "import", f"{rows:,} new leads", new, "rows/s", "bulk_create", plain, new / plain, ">= 5x", new >= 5 * plain
    )
    name, share = ("executemany", 0.3) if bench.sqlite else ("COPY", 0.1)
    yield Figure(
        "import", f"{rows:,} new leads", new, "rows/s", f"bare {name}", bare, new / bare, f">= {share}x", new >= share * bare
    )
    yield Figure("import", f"{rows:,} leads that nothing has changed about", again, "rows/s")
    yield Figure("import", "memory that the import added", more, "MB")
    file.unlink()
    mapping.unlink()


def _import(file: Path, mapping: Path, outcome: str, rows: int) -> None:
    report = run_import(path=file, mapping=load_mapping(mapping), actor=None)
    if report.counts != {outcome: rows}:
        raise SystemExit(f"import: {dict(report.counts)} instead of {rows} {outcome}")


def _rows_of(source: str) -> dict[type[models.Model], list[models.Model]]:
    """What the import stored, to be stored once more by others."""
    mine = {"source": source}
    return {
        Contact: list(Contact.objects.filter(leads__source=source)),
        Lead: list(Lead.objects.filter(**mine)),
        LeadEvent: list(LeadEvent.objects.filter(**mine)),
        StageEntry: list(StageEntry.objects.filter(lead__source=source)),
    }


class _Undo(Exception):
    """What the yardsticks wrote is taken back."""


def _in_copies(rows, write) -> float:
    """Seconds that `write` takes with tables of the same columns and indexes, which are gone afterwards."""
    tables = {model: f"bench_{model._meta.db_table}" for model in rows}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for model, name in tables.items():
                _copy_table(cursor, model._meta.db_table, name)
            seconds = timed(lambda: write(cursor, tables))
            raise _Undo
    except _Undo:
        return seconds


def _copy_table(cursor, table: str, name: str) -> None:
    if connection.vendor == "postgresql":
        cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING INDEXES)")
        return
    cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND type IN ('table', 'index') AND sql > ''", [table])
    for (sql,) in cursor.fetchall():
        cursor.execute(sql.replace(table, name, 1) if sql.startswith("CREATE TABLE") else _index_of(sql, table, name))


def _index_of(sql: str, table: str, name: str) -> str:
    head, _, tail = sql.partition(f' ON "{table}"')
    kept, _, index = head.rpartition('"')[0].rpartition('"')
    return f'{kept}"bench_{index}" ON "{name}"{tail}'


def _by_bulk_create(rows) -> float:
    def write(cursor, tables):
        for model, name in tables.items():
            real, model._meta.db_table = model._meta.db_table, name
            try:
                model._base_manager.bulk_create(rows[model], batch_size=500)
            finally:
                model._meta.db_table = real

    return _in_copies(rows, write)


def _by_the_driver(rows) -> float:
    """Values as the driver takes them are ready before the clock starts."""
    ready = {}
    for model, found in rows.items():
        fields = model._meta.concrete_fields
        values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in found]
        ready[model] = [field.column for field in fields], values

    def write(cursor, tables):
        for model, name in tables.items():
            _send(cursor, name, *ready[model])

    return _in_copies(rows, write)


def _send(cursor, table: str, columns: list[str], values: list[list]) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.vendor == "sqlite":
        places = ", ".join("?" * len(columns))
        cursor.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608
        return
    text = io.StringIO()
    csv.writer(text).writerows(
        [["\\N" if v is None else getattr(v, "dumps", lambda v=v: v)() for v in row] for row in values]
    )
    text.seek(0)
    cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", text)
