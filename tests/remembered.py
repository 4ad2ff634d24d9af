"""Rows that nearly every test begins with: made by the services once, and written again as they were for the next test."""

import datetime as dt
from collections.abc import Callable

import time_machine
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

_kept: dict[tuple, list[tuple[str, list[str], list[tuple]]]] = {}


def remembered(name: str, make: Callable[[], None]) -> None:
    """Do what `make` does to the database; from the second time on by the rows that it wrote the first time.

    Under a stopped clock each time has rows of its own, because they say when they were made. Where other rows stand in
    their way, `make` is called again.
    """
    key = (name, connection.vendor, timezone.now() if time_machine.escape_hatch.is_travelling() else None)
    if key in _kept:
        try:
            with transaction.atomic():
                _write(_kept[key])
            return
        except IntegrityError:
            make()
            return
    before = _read()
    make()
    after = _read()
    changed = [table for table, rows in before.items() if not set(rows) <= set(after[table])]
    assert changed == [], f"only new rows can be written again: {changed}"
    new = {table: [row for row in after[table] if row not in rows] for table, rows in before.items()}
    _kept[key] = [(table, _columns(table), rows) for table, rows in new.items() if rows]


def _tables() -> list[str]:
    ours = {config.label for config in apps.get_app_configs() if "." not in config.name}
    return [model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.app_label in ours]


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


def _read() -> dict[str, list[tuple]]:
    with connection.cursor() as cursor:
        found = {}
        for table in _tables():
            cursor.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608 - our own table names
            found[table] = cursor.fetchall()
        return found


def _write(parts: list[tuple[str, list[str], list[tuple]]]) -> None:
    with connection.cursor() as cursor:
        for table, columns, rows in parts:
            row = f"({', '.join(['%s'] * len(columns))})"
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(
                f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * len(rows))}",  # noqa: S608 - no data
                # SQLite's module reads a time of day, but does not write one.
                [str(value) if isinstance(value, dt.time) else value for one in rows for value in one],
            )
