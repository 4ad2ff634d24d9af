"""The leads of one line between two views of a pair of stages: who, when they reached both stages, where they are."""

import datetime as dt

import numpy as np

from accounts.models import User
from core.periods import date_of
from funnel.book import Version
from leads.models import Lead
from metrics.listing import Listing, open_to
from metrics.pair_bridge import Line
from metrics.rows import Rows, every, places
from metrics.segments import FAR, UNKNOWN_DAY
from metrics.selection import Question
from metrics.series import Snapshot


def leads_of(snapshot: Snapshot, question: Question, line: Line, user: User, *, offset: int = 0, limit: int = 50) -> Listing:
    """A page of the leads of a line, who reached the first stage earliest first; two queries, whatever their number.

    `question`: F9 of the pair. A day is None where the stage was not reached, "unknown" where its day is not known.
    """
    rows = every(snapshot["journey"])
    mine = line.leads[open_to(user, line.leads)]
    at = places(rows["lead"], mine)
    order = np.lexsort((mine, rows[f"r:{question.stage}"][at]))[offset : offset + limit]
    start, end = (_days(rows, stage, at[order]) for stage in (question.stage, question.to_stage))
    columns = ("id", "contact__name", "company__name", "external_id", "stage_id", "owner__name")
    leads = {row["id"]: row for row in Lead.objects.filter(id__in=mine[order].tolist()).values(*columns)}
    newest = snapshot.book.newest
    found = [
        _row(leads[lead], newest) | {"start": begun, "end": ended}
        for lead, begun, ended in zip(mine[order].tolist(), start, end, strict=True)
    ]
    return Listing(total=len(line.leads), hidden=len(line.leads) - len(mine), rows=found)


def _row(lead: dict, version: Version) -> dict:
    return {
        "lead": lead["id"],
        "name": lead["contact__name"] or lead["external_id"] or str(lead["id"]),
        "company": lead["company__name"] or "",
        "stage": version.stages.get(lead["stage_id"]),
        "owner": lead["owner__name"] or "",
    }


def _days(rows: Rows, stage: int, at: np.ndarray) -> list[dt.date | str | None]:
    """When each of some leads reached a stage first. An unknown time has a day where it was placed, which nobody knows."""
    reached, unknown = rows[f"r:{stage}"][at].tolist(), rows[f"u:{stage}"][at].tolist()
    return [
        None if day == FAR else "unknown" if placed or day == UNKNOWN_DAY else date_of(day)
        for day, placed in zip(reached, unknown, strict=True)
    ]
