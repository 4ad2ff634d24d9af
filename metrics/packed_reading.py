"""Millions of rows of whole numbers out of the database, as one array: what the fastest road of either database is.

A Python object per value is what bulk reading costs (performance-limits, section 3). PostgreSQL copies them out in binary;
SQLite joins each column to one text. Instants come as they are stored and become numbers here: SQLite's functions for dates
cost more than all the rest of a row.
"""

import datetime as dt
import io

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from metrics.methods.backtest import UNKNOWN

_HEAD, _TAIL = 19, 2  # bytes around the rows of a binary COPY
_NEVER = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_EPOCH = np.datetime64("1970-01-01", "us")
_YEAR_1, _YEAR_2000 = (int((np.datetime64(day, "us") - _EPOCH).astype(int)) for day in ("0001-01-01", "2000-01-01"))


def whole(expression) -> Cast:
    """A number of a row as `integers` takes it; UNKNOWN where there is none."""
    return Cast(Coalesce(expression, Value(UNKNOWN, BigIntegerField())), BigIntegerField())


def instant(expression) -> Coalesce:
    """An instant of a row as `integers` takes it; UNKNOWN where there is none."""
    return Coalesce(expression, Value(_NEVER, DateTimeField()))


def integers(rows: QuerySet) -> np.ndarray:
    """The columns of a `values_list` query of whole numbers and instants, none of them null: array (columns, rows) of int64.

    Instants are microseconds since 1970, exactly. A null is an error, not a number left out.
    """
    compiler = rows.order_by().query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return np.zeros((len([*rows.query.values_select, *rows.query.annotation_select]), 0), np.int64)
    instants = [isinstance(column.output_field, DateTimeField) for column, _, _ in compiler.select]
    read = _copied if connection.vendor == "postgresql" else _joined
    with connection.cursor() as cursor:
        found = read(cursor, sql, params, instants)
    for i in np.flatnonzero(instants):
        found[i, found[i] == _YEAR_1] = UNKNOWN
    return found


def _joined(cursor, sql: str, params, instants: list[bool]) -> np.ndarray:
    """Each column comes as one text, with commas between the rows."""
    names = [f"c{i}" for i in range(len(instants))]
    joined = ", ".join(f"group_concat({name}, ',')" for name in names)
    whole_query = f"WITH r({', '.join(names)}) AS ({sql}) SELECT count(*), {joined} FROM r"  # noqa: S608 - no data
    cursor.execute(whole_query, params)
    size, *columns = cursor.fetchone()
    found = np.empty((len(names), size), np.int64)
    for i, text in enumerate(columns):
        if size:
            found[i] = (_instants(text, size) if instants[i] else np.fromstring(text, np.int64, sep=",")).reshape(size)
    return found


def _instants(text: str, size: int) -> np.ndarray:
    """Microseconds of so many instants as they are stored: without a fraction where it is 0, else with 3 or 6 digits."""
    line = (text + ",").encode()
    width, rest = divmod(len(line), size)
    if not rest:
        alike = np.frombuffer(line, [("at", f"S{width - 1}"), ("comma", "S1")])
        # Instants that are all as long as each other are read at half the time.
        if (alike["comma"] == b",").all():
            return alike["at"].astype("datetime64[us]").astype(np.int64)
    return np.array(text.split(","), "datetime64[us]").astype(np.int64)


def _copied(cursor, sql: str, params, instants: list[bool]) -> np.ndarray:
    """Each row is the number of its fields, then for each field its length in bytes and the field; instants are microseconds
    since 2000."""
    query = cursor.cursor.mogrify(sql, params).decode()
    out = io.BytesIO()
    cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", out)
    columns = range(len(instants))
    dtype = np.dtype(
        [("fields", ">i2")] + [(f"{part}{i}", kind) for i in columns for part, kind in (("l", ">i4"), ("v", ">i8"))]
    )
    size, odd = divmod(out.tell() - _HEAD - _TAIL, dtype.itemsize)
    if odd:
        raise ValueError("a column of this query holds no value in some rows")
    rows = np.frombuffer(out.getbuffer(), dtype, size, _HEAD)
    found = np.empty((len(instants), size), np.int64)
    for i, is_instant in enumerate(instants):
        found[i] = rows[f"v{i}"]
        if is_instant:
            found[i] += _YEAR_2000
    return found
