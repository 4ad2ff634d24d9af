"""One statement for the same columns of many rows."""

from collections.abc import Iterable, Sequence

from django.db import models

from core.bulk_rows import update_values


def write_columns(rows: Iterable[models.Model], names: Sequence[str]) -> None:
    """Store these columns (attribute names) of rows that exist."""
    rows = list(rows)
    if rows:
        update_values(type(rows[0]), names, [[row.pk, *(getattr(row, name) for name in names)] for row in rows])
