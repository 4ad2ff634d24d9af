"""Many rows of one table in one statement, for bulk work: the rows are those of `bulk_create` and `bulk_update`.

Those two ask every field of every row how its value is stored, build a CASE per row and column and, on SQLite, send at most
999 values at a time, a limit that its library gave up with 3.32. An import spent most of its time there. Here the conversion
of a column is looked up once.
"""

from collections.abc import Callable, Sequence

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

_BATCH = 500
# SQLite's own limit since 3.32; psycopg2 writes values into the text and has none.
_MOST_VALUES = 32_766
# Fields whose Python value is what the driver takes.
_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.ForeignKey)


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Store new rows of one model and give them their keys, in one statement for some hundreds.

    A column that the database fills (recorded_at) is left to it by all rows or by none; it is read when somebody asks.
    """
    if not rows:
        return
    model = type(rows[0])
    for row in rows:
        _take_keys(row)
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    left = [field.attname for field in fields if isinstance(getattr(rows[0], field.attname), DatabaseDefault)]
    names = [field.attname for field in fields if field.attname not in left]
    keys = insert_values(model, names, [[getattr(row, name) for name in names] for row in rows])
    for row, key in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias
        for name in left:
            del row.__dict__[name]


def _take_keys(row: models.Model) -> None:
    """The keys of related rows that were stored after this row was made."""
    for name, related in list(row._state.fields_cache.items()):
        if related is not None and getattr(row, row._meta.get_field(name).attname) is None:
            setattr(row, name, related)


def insert_values(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence]) -> list[int]:
    """Store rows given as values of these columns (attribute names). Returns their keys in the same order."""
    fields = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    place = f"({', '.join(['%s'] * len(fields))})"
    keys: list[int] = []
    with connection.cursor() as cursor:
        for part in _batches(rows, len(fields)):
            cursor.execute(
                f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join([place] * len(part))} "  # noqa: S608
                f"RETURNING {quote(model._meta.pk.column)}",
                stored_values(fields, part),
            )
            keys += [key for (key,) in cursor.fetchall()]
    return keys


def update_values(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence]) -> None:
    """Store these columns (attribute names) of rows that exist. Each row is its key, then the values."""
    meta, quote = model._meta, connection.ops.quote_name
    fields = [meta.get_field(name) for name in names]
    settings = ", ".join(
        # PostgreSQL takes a column of parameters that are all NULL for text.
        f"{quote(field.column)} = CAST(v.column{i} AS {field.db_type(connection)})"
        if connection.vendor == "postgresql"
        else f"{quote(field.column)} = v.column{i}"
        for i, field in enumerate(fields, start=2)
    )
    table, key = quote(meta.db_table), quote(meta.pk.column)
    place = f"({', '.join(['%s'] * (len(fields) + 1))})"
    with connection.cursor() as cursor:
        for part in _batches(rows, len(fields) + 1):
            places = ", ".join([place] * len(part))
            cursor.execute(
                f"UPDATE {table} SET {settings} FROM (VALUES {places}) AS v WHERE {table}.{key} = v.column1",  # noqa: S608
                stored_values([meta.pk, *fields], part),
            )


def _batches(rows: Sequence[Sequence], width: int):
    size = min(_BATCH, _MOST_VALUES // width)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def stored_values(fields: Sequence[models.Field], rows: Sequence[Sequence]) -> list:
    """The values of all rows, one row after the other, as the database's driver takes them."""
    convert = [_conversion(field) for field in fields]
    if not any(convert):
        return [value for row in rows for value in row]
    return [value if to is None else to(value) for row in rows for value, to in zip(row, convert, strict=True)]


def _conversion(field: models.Field) -> Callable | None:
    ops = connection.ops
    match field:
        case models.DateTimeField():
            return ops.adapt_datetimefield_value
        case models.DateField():
            return ops.adapt_datefield_value
        case _ if isinstance(field, _PLAIN):
            return None
    return lambda value: field.get_db_prep_save(value, connection)
