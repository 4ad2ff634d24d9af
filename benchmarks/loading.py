"""Columns straight into tables, past Django: COPY on PostgreSQL, executemany on SQLite. For made-up companies only."""

import io
import json
from collections.abc import Sequence

import numpy as np
from django.db import connection, models

Column = Sequence | np.ndarray | str | int | bool | None


def load(model: type[models.Model], **columns: Column) -> None:
    """Store rows given by columns (attribute names); a single value stands for all rows, a default for what is left out.

    Arrays of seconds since 1970 are marked by the field: instants are written in UTC, days as dates.
    """
    size = next(len(values) for values in columns.values() if isinstance(values, np.ndarray | list))
    if not size:
        return
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.attname not in columns and (field.primary_key or field.has_db_default()):
            continue
        names.append(field.column)
        values.append(_column(field, columns.get(field.attname, _default(field)), size))
    _store(model._meta.db_table, names, list(zip(*values, strict=True)))


def _default(field: models.Field):
    default = field.get_default()
    return json.dumps(default) if isinstance(default, dict | list) else default


def _column(field: models.Field, values: Column, size: int) -> list:
    if not isinstance(values, np.ndarray | list):
        return [values] * size
    if isinstance(values, np.ndarray) and isinstance(field, models.DateField):
        return _texts(values, day=not isinstance(field, models.DateTimeField))
    return values.tolist() if isinstance(values, np.ndarray) else values


def _texts(seconds: np.ndarray, *, day: bool) -> list[str | None]:
    """Instants or days as text; negative numbers are unknown."""
    texts = np.datetime_as_string(seconds.astype("M8[s]"), unit="D" if day else "s")
    if not day:
        texts = np.ascontiguousarray(texts).astype("U19")
        texts.view("U1").reshape(len(texts), 19)[:, 10] = " "
        if connection.vendor == "postgresql":
            texts = np.char.add(texts, "+00")
    found = texts.tolist()
    for i in np.nonzero(seconds < 0)[0]:
        found[i] = None
    return found


def _store(table: str, names: list[str], rows: list[tuple]) -> None:
    columns = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join("?" * len(names))
            raw = cursor.connection
            raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608
            return
        text = io.StringIO("".join("\t".join("\\N" if v is None else str(v) for v in row) + "\n" for row in rows))
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", text)


def follow_sequences(*made: type[models.Model]) -> None:
    """After rows with keys of our own: PostgreSQL counts on from them."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in made:
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
