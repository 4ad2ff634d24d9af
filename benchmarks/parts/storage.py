"""What is stored and what a process holds."""

from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Length

from benchmarks.bench import Bench, Figure
from metrics.models import Segment
from metrics.series import current

ORDER = 20


def run(bench: Bench) -> Iterator[Figure]:
    if bench.sqlite:
        size = Path(connection.settings_dict["NAME"]).stat().st_size
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
    yield Figure("storage", "database", size / 1e6, "MB")
    yield Figure("storage", "database, per lead", size / bench.leads / 1e3, "kB")
    segments = Segment.objects.aggregate(size=Sum(Length("payload")))["size"]
    yield Figure("storage", f"of it {Segment.objects.count():,} segments", segments / 1e6, "MB")
    held = sum(array.nbytes for table in current().tables.values() for array in table.columns.values())
    yield Figure("storage", "facts that a process holds", held / 1e6, "MB", target="170 MB at 1,000,000")
