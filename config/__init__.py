"""The house's wiring: settings, routes, jobs. Nothing below imports it."""

import sys

try:
    import pysqlite3
except ImportError:
    # No wheel for this platform: the machine's own library serves, and system check tandem.W001 judges it.
    pass
else:
    # SQLite before 3.51.3 can lose commits in WAL mode. Every process imports this package before Django
    # opens a database, so that one and the same SQLite build touches the file.
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

from config.celery import app as celery_app  # noqa: E402 - after the swap above

__all__ = ["celery_app"]
