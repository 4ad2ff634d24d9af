"""One statement for the same columns of many rows.

`bulk_update` builds a CASE expression per row and column, which costs Django several milliseconds a lead; a rebuild of
thousands of leads spent most of its time there.
"""

from collections.abc import Iterable, Sequence

from django.db import connection, models

_BATCH = 500


def write_columns(rows: Iterable[models.Model], names: Sequence[str]) -> None:
    """Store these columns (attribute names) of rows that exist."""
    rows = list(rows)
    if not rows:
        return
    meta = type(rows[0])._meta
    fields = [meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = [meta.pk, *fields]
    settings = ", ".join(
        # PostgreSQL takes a column of parameters that are all NULL for text.
        f"{quote(field.column)} = CAST(v.column{i} AS {field.db_type(connection)})"
        if connection.vendor == "postgresql"
        else f"{quote(field.column)} = v.column{i}"
        for i, field in enumerate(fields, start=2)
    )
    table, key = quote(meta.db_table), quote(meta.pk.column)
    place = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            values = [f.get_db_prep_save(getattr(row, f.attname), connection) for row in batch for f in columns]
            places = ", ".join([place] * len(batch))
            cursor.execute(
                f"UPDATE {table} SET {settings} FROM (VALUES {places}) AS v WHERE {table}.{key} = v.column1",  # noqa: S608
                values,
            )
