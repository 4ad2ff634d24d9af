"""The leads behind a number of a backtest, for one reader: exactly its rows, without those the reader may not open."""

from collections import Counter

import numpy as np

from accounts.models import User
from core.periods import date_of
from funnel.book import Version
from leads.models import Lead
from metrics.backtest import ROW, unpack
from metrics.listing import Listing, open_to
from metrics.methods.backtest import CELLS
from metrics.models import Backtest


def rows_of(test: Backtest) -> tuple[np.ndarray, dict[str, int]]:
    """All judged leads of a test by id (metrics.backtest.ROW), and how many were left out, by why."""
    parts, left_out = [np.zeros(0, ROW)], Counter()
    for payload, left in test.parts.order_by("first_lead").values_list("rows", "left_out"):
        parts.append(unpack(payload))
        left_out.update(left)
    return np.concatenate(parts), dict(left_out)


def leads_in(test: Backtest, cell: str, user: User, version: Version, *, offset: int = 0, limit: int = 50) -> Listing:
    """A page of the leads of a cell, the newest decision first."""
    rows, _ = rows_of(test)
    rows = rows[rows["cell"] == CELLS.index(cell)]
    mine = rows[open_to(user, rows["lead"])]
    page = mine[np.lexsort((mine["lead"], -mine["day"]))][offset : offset + limit]
    columns = ("id", "contact__name", "company__name", "channel__name", "stage_id", "owner__name")
    leads = {row["id"]: row for row in Lead.objects.filter(id__in=page["lead"].tolist()).values(*columns)}
    return Listing(len(rows), len(rows) - len(mine), [_line(row, leads, version) for row in page])


def _line(row: np.void, leads: dict[int, dict], version: Version) -> dict:
    lead = leads.get(int(row["lead"]), {})
    stage = version.stages.get(lead.get("stage_id"))
    return {
        "lead": int(row["lead"]),
        "name": lead.get("contact__name") or "",
        "company": lead.get("company__name") or "",
        "channel": lead.get("channel__name") or "",
        "stage": stage.name if stage else "",
        "owner": lead.get("owner__name") or "",
        "day": date_of(int(row["day"])),
        "points": int(row["points"]),
        "sql": _told(int(row["sql"])),
        "won": _told(int(row["won"])),
    }


def _told(code: int) -> str:
    return {1: "Yes", 0: "No"}.get(code, "Not yet known")
