"""Content of a campaign or channel: whom each piece met, who of them got to SQL, and what it earned there."""

import datetime as dt

import numpy as np

from accounts.models import User
from core.periods import Period, date_of, day_number
from metrics import credit
from metrics.campaign_returns import bookings_in
from metrics.evaluation import SMALL
from metrics.listing import Listing, days_told, lead_rows, open_to
from metrics.returns_frame import ReturnFrame, names_of
from metrics.rows import between, every, places
from metrics.segments import FAR, MISSING
from metrics.series import Snapshot

# What a piece counts: leads that met it in the period, and those of them that reached SQL, on whatever day up to now.
MET, ONWARD = "met", "sql"
COUNTS = {MET: "leads met", ONWARD: "to SQL"}


def content_of(snapshot: Snapshot, frame: ReturnFrame, by: str, key: int) -> dict:
    """Each piece of content that a campaign or channel used: whom it met, who of them got to SQL, and what it earned there.

    What converted comes first. Shares of content add up to the row's, with what had no content in a line of its own, which
    met nobody: None. `best` names the piece that earned most, None where none has earned anything.
    """
    content, lead, _ = _met(snapshot, frame.period, by, key)
    went_on = _went_on(snapshot, frame.period, lead)
    earned = _earned(snapshot, frame, by, key)
    ids = sorted({*content.tolist(), *earned})
    names = names_of("content", ids)
    rows = []
    for piece in ids:
        mine = content == piece
        met, onward = int(mine.sum()), int(went_on[mine].sum())
        counted = {MET: met, ONWARD: onward} if piece else {MET: None, ONWARD: None}
        urls = {what: frame.content_url(by, key, piece, what) for what, number in counted.items() if number}
        rows.append(
            counted
            | {
                "id": piece,
                "name": names.get(piece, ""),
                "rate": onward / met if met else None,
                "few": met < SMALL,
                "profit": earned.get(piece, 0),
                "urls": urls | {"profit": frame.deals_url(by, key, content=piece)},
            }
        )
    rows.sort(key=lambda row: (-row["profit"], -(row[ONWARD] or 0), row["name"]))
    earning = (row["name"] for row in rows if row["id"] and row["profit"] > 0)
    return {
        "best": next(earning, None),
        "did": [row for row in rows if row["profit"] > 0 or row[ONWARD]],
        "did_not": [row for row in rows if row["profit"] <= 0 and not row[ONWARD]],
    }


def leads_met(
    snapshot: Snapshot,
    period: Period,
    user: User,
    *,
    by: str,
    key: int,
    content: int,
    count: str = MET,
    offset: int = 0,
    limit: int | None = 50,
) -> Listing:
    """The leads that a piece of content of a campaign or channel counts, met last first; a query, and one for rights.

    `count`: one of COUNTS. `met` is the day of the first meeting in the period, `reached` that of SQL: None where it was
    not reached, "unknown" where its day is not known. The count is everybody's, the list is the reader's.
    """
    pieces, leads, days = _met(snapshot, period, by, key)
    mine = pieces == content
    if count == ONWARD:
        mine &= _went_on(snapshot, period, leads)
    leads, days = leads[mine], days[mine]
    may = open_to(user, leads)
    order = np.flatnonzero(may)
    order = order[np.lexsort((leads[order], -days[order]))]
    order = order[offset:] if limit is None else order[offset : offset + limit]
    reached = _reached(snapshot, period, leads[order])
    told = lead_rows(snapshot, leads[order])
    rows = [
        told[lead] | {"met": date_of(day), "reached": at}
        for lead, day, at in zip(leads[order].tolist(), days[order].tolist(), reached, strict=True)
    ]
    return Listing(total=len(leads), hidden=int(np.count_nonzero(~may)), rows=rows)


def _met(snapshot: Snapshot, period: Period, by: str, key: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content, lead and first day of each meeting of a lead with a piece in a period, one for each pair."""
    rows = between(snapshot["touch"], period.first, period.stop)
    rows = rows.under((rows[f"t{by}"] == key) & (rows["content"] > 0) & (rows["lead"] > 0))
    content, lead, days = rows["content"].astype(np.int64), rows["lead"], rows["day"].astype(np.int64)
    order = np.lexsort((days, lead, content))
    content, lead, days = content[order], lead[order], days[order]
    first = np.ones(len(lead), bool)
    first[1:] = (content[1:] != content[:-1]) | (lead[1:] != lead[:-1])
    return content[first], lead[first], days[first]


def _days_of_sql(snapshot: Snapshot, period: Period, leads: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The day on which each lead reached SQL first, and whether that day is only where it was placed; None without SQL."""
    stage = snapshot.book.on(period.end).milestone("sql") if snapshot.book else None
    if stage is None:
        return None
    rows = every(snapshot["journey"])
    at = places(rows["lead"], leads)
    return np.where(at >= 0, rows[f"r:{stage.id}"][at], FAR), rows[f"u:{stage.id}"][at]


def _went_on(snapshot: Snapshot, period: Period, leads: np.ndarray) -> np.ndarray:
    found = _days_of_sql(snapshot, period, leads)
    if found is None:
        return np.zeros(len(leads), bool)
    return found[0] <= day_number(snapshot.calendar.day_of(dt.datetime.now(dt.UTC)))


def _reached(snapshot: Snapshot, period: Period, leads: np.ndarray) -> list[dt.date | str | None]:
    found = _days_of_sql(snapshot, period, leads)
    return [None] * len(leads) if found is None else days_told(*found)


def _earned(snapshot: Snapshot, frame: ReturnFrame, by: str, key: int) -> dict[int, int]:
    """Gross profit of a row under the page's model, by the content of its touches."""
    bookings = bookings_in(snapshot, frame.period)
    lines = credit.lines_of(snapshot, bookings, frame.model, sales=frame.sales)
    mine = (credit.named(snapshot, bookings, lines, by) == key) & (lines.row >= 0) & (lines.profit != MISSING)
    pieces, place = np.unique(snapshot["path"]["content"][lines.row[mine]], return_inverse=True)
    sums = np.zeros(len(pieces), np.int64)
    np.add.at(sums, place, lines.profit[mine])
    return dict(zip(pieces.tolist(), sums.tolist(), strict=True))
