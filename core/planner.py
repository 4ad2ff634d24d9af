"""What the database's planner knows of the tables it plans for."""

from django.db import connection

# Rows of each index that are looked at: enough to tell few from many, and a matter of milliseconds at any size.
_LOOKED_AT = 400


def tell_planner() -> None:
    """Let SQLite see how many rows stand behind each index; PostgreSQL finds out by itself.

    Untold, SQLite takes “voids nothing” on a unique index for a handful of rows, and reads every touch to find those of one
    lead. Connections that open later plan by it.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit={_LOOKED_AT}")
        cursor.execute("ANALYZE")
