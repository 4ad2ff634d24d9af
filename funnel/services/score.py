"""The points table of a draft: how the version scores leads."""

from django.db import transaction

from accounts.models import User
from funnel.models import Agreement, PointsTable
from funnel.score import ScoreTable, read_table, write_table
from funnel.services.opening import log, must_be_draft
from funnel.services.stages import settle_counting_version


def set_points_table(*, draft: Agreement, table: ScoreTable, actor: User | None) -> None:
    """Write the table of a draft, or take it away if it has no row. Raises DomainError where a row can't be read."""
    raw = write_table(table)
    read_table(raw)
    with transaction.atomic():
        row = must_be_draft(draft)
        held = row.points_tables.first()
        if (held.table if held else write_table(ScoreTable())) == raw:
            return
        if table:
            PointsTable.objects.update_or_create(agreement=row, defaults={"table": raw})
        else:
            row.points_tables.all().delete()
        settle_counting_version(row)
        log(row, actor, "Changed how leads are scored." if table else "Took out the points: other systems give the score.")
