"""Millions of rows of whole numbers out of the database, as one array: what the fastest road of either database is.

A Python object per value is what bulk reading costs (performance-limits, section 3). PostgreSQL copies them out in binary;
SQLite hands over rows, so that queries turn instants into whole numbers themselves.
"""

import io
from itertools import chain

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Func, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from metrics.methods.backtest import UNKNOWN

_AT_ONCE = 50_000
_HEAD, _TAIL = 19, 2  # bytes around the rows of a binary COPY


class Micros(Func):
    """Microseconds since 1970 of an instant, exactly."""

    output_field = BigIntegerField()
    arity = 1

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(
            compiler, connection, template="CAST(EXTRACT(EPOCH FROM %(expressions)s) * 1000000 AS bigint)", **context
        )

    def as_sqlite(self, compiler, connection, **context):
        sql, params = compiler.compile(self.source_expressions[0])
        parts = f"CAST(substr(substr({sql}, 21) || '000000', 1, 6) AS INTEGER)"
        return f"(CAST(strftime('%%s', {sql}) AS INTEGER) * 1000000 + {parts})", [*params, *params]


def whole(expression) -> Cast:
    """A number of a row as `integers` takes it; UNKNOWN where there is none."""
    return Cast(Coalesce(expression, Value(UNKNOWN, BigIntegerField())), BigIntegerField())


def micros(expression) -> Cast:
    """An instant of a row in microseconds since 1970; UNKNOWN where there is none."""
    return whole(Micros(expression))


def integers(rows: QuerySet) -> np.ndarray:
    """The columns of a `values_list` query of whole numbers, none of them null: array (columns, rows) of int64."""
    names = [*rows.query.values_select, *rows.query.annotation_select]
    try:
        sql, params = rows.order_by().query.sql_with_params()
    except EmptyResultSet:
        return np.zeros((len(names), 0), np.int64)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return _copied(cursor, sql, params, len(names))
        cursor.execute(sql, params)
        parts = []
        while found := cursor.fetchmany(_AT_ONCE):
            parts.append(np.fromiter(chain.from_iterable(found), np.int64, len(found) * len(names)).reshape(-1, len(names)))
    return np.concatenate(parts).T if parts else np.zeros((len(names), 0), np.int64)


def _copied(cursor, sql: str, params, columns: int) -> np.ndarray:
    """Each row is the number of its fields, then for each field its length in bytes and the field."""
    query = cursor.cursor.mogrify(sql, params).decode()
    out = io.BytesIO()
    cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", out)
    fields = [("fields", ">i2")] + [
        (f"{part}{i}", kind) for i in range(columns) for part, kind in (("l", ">i4"), ("v", ">i8"))
    ]
    dtype = np.dtype(fields)
    size = (out.tell() - _HEAD - _TAIL) // dtype.itemsize
    rows = np.frombuffer(out.getbuffer(), dtype, size, _HEAD)
    found = np.empty((columns, size), np.int64)
    for i in range(columns):
        found[i] = rows[f"v{i}"]
    return found
