"""The leads of one line between two views of a pair of stages: who, when they reached both stages, where they are."""

import numpy as np

from accounts.models import User
from metrics.listing import Listing, days_told, lead_rows, open_to
from metrics.pair_bridge import Line
from metrics.rows import every, places
from metrics.selection import Question
from metrics.series import Snapshot


def leads_of(
    snapshot: Snapshot, question: Question, line: Line, user: User, *, offset: int = 0, limit: int | None = 50
) -> Listing:
    """A page of the leads of a line, who reached the first stage earliest first; two queries, whatever their number.

    `question`: F9 of the pair. A day is None where the stage was not reached, "unknown" where its day is not known.
    """
    rows = every(snapshot["journey"])
    mine = line.leads[open_to(user, line.leads)]
    at = places(rows["lead"], mine)
    order = np.lexsort((mine, rows[f"r:{question.stage}"][at]))
    order = order[offset:] if limit is None else order[offset : offset + limit]
    start, end = (
        days_told(rows[f"r:{stage}"][at[order]], rows[f"u:{stage}"][at[order]])
        for stage in (question.stage, question.to_stage)
    )
    told = lead_rows(snapshot, mine[order])
    found = [
        told[lead] | {"start": begun, "end": ended}
        for lead, begun, ended in zip(mine[order].tolist(), start, end, strict=True)
    ]
    return Listing(total=len(line.leads), hidden=len(line.leads) - len(mine), rows=found)
