"""The deals behind what a campaign, channel or piece of content earned: their shares add up to the number, to the cent."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from accounts.models import User
from core.periods import Period
from leads.models import Deal
from leads.queries import visible_deals
from metrics import credit
from metrics.campaign_returns import bookings_in
from metrics.rows import running_at
from metrics.segments import MISSING
from metrics.series import Snapshot

WON, OPEN = "won", "open"
# Counts of deals won: those with a touch of the row (A2), and those whose lead a touch of it created (A1).
TOUCHED, SOURCED = "touched", "sourced"
STANDINGS = (WON, OPEN, TOUCHED, SOURCED)


@dataclass(frozen=True)
class DealShare:
    """One deal's share. `whole`: what the deal brought in the period; `share`: this row's part of it; None is unknown."""

    deal: int
    name: str
    company: str
    day: dt.date | None
    whole: int | None
    share: int | None
    estimated: bool


@dataclass(frozen=True)
class Behind:
    """`rows` are the page asked for, largest first. `total` counts all deals, `hidden` those the reader may not open,
    `unknown` those whose amount is not known and is in no sum. `value`: the number itself, in minor units."""

    value: int
    total: int
    hidden: int
    unknown: int
    rows: list[DealShare]


def deals_behind(
    snapshot: Snapshot,
    period: Period,
    user: User,
    *,
    by: str,
    key: int,
    model: str,
    content: int | None = None,
    standing: str = WON,
    measure: str = "profit",
    sales: bool = False,
    offset: int = 0,
    limit: int | None = 50,
) -> Behind:
    """The deals that a row's credit comes from, or that it counts. `standing`: one of STANDINGS. What is open at the end of
    the period is amounts, not yet profit; a deal that is counted may have earned the row nothing under the model.
    `content`: only what the row's touches of this piece of content earned; 0 for those that name none.

    The value is everybody's; the list is the reader's.
    """
    if standing == OPEN:
        bookings = credit.open_amounts(snapshot, running_at(snapshot["deal_span"], period.stop - 1, "until"))
        measure = "revenue"
    else:
        bookings = bookings_in(snapshot, period)
    lines = credit.lines_of(snapshot, bookings, model, sales=sales)
    mine = credit.named(snapshot, bookings, lines, by) == key
    if content is not None:
        mine &= (lines.row >= 0) & (credit.named(snapshot, bookings, lines, "content") == content)
    if standing in (TOUCHED, SOURCED):
        counts = _counted(snapshot, bookings, by, key, standing=standing, sales=sales)
        mine &= np.isin(lines.booking, np.flatnonzero(np.isin(bookings.deal, counts)))
    else:
        counts = np.zeros(0, np.int64)
    booking, part = lines.booking[mine], getattr(lines, measure)[mine]
    owners, place = np.unique(np.concatenate([bookings.deal[booking], counts]), return_inverse=True)
    place = place[: len(booking)]
    known = part != MISSING
    shares = np.zeros(len(owners), np.int64)
    np.add.at(shares, place[known], part[known])
    # A deal that is counted and has no share of the row has one of nothing; where its amount is not known, so is the share.
    counted = np.bincount(place[~known], minlength=len(owners)) == 0
    wholes = _wholes(bookings, measure, owners)
    ids = snapshot["deal"]["item"][owners]
    may = np.isin(ids, np.array(sorted(visible_deals(user).values_list("id", flat=True)), np.int64))
    order = np.argsort(-shares, kind="stable")
    order = order[may[order]]
    page = order[offset:] if limit is None else order[offset : offset + limit]
    when = "created_at" if standing == OPEN else "closed_day"
    told = Deal.objects.filter(id__in=ids[page].tolist()).values("id", "name", "company__name", when)
    names = {row["id"]: row for row in told}
    estimated = set(bookings.deal[bookings.estimated].tolist()) if measure == "profit" else set()
    rows = [
        DealShare(
            deal=int(ids[i]),
            name=names[int(ids[i])]["name"] or names[int(ids[i])]["company__name"] or "A deal without a name",
            company=names[int(ids[i])]["company__name"] or "",
            day=_day(snapshot, names[int(ids[i])][when]),
            whole=wholes[i],
            share=int(shares[i]) if counted[i] else None,
            estimated=int(owners[i]) in estimated,
        )
        for i in page.tolist()
    ]
    return Behind(
        value=int(shares.sum()),
        total=len(owners),
        hidden=int(np.count_nonzero(~may)),
        unknown=int(np.count_nonzero(~counted)),
        rows=rows,
    )


def _counted(snapshot: Snapshot, bookings: credit.Bookings, by: str, key: int, *, standing: str, sales: bool) -> np.ndarray:
    """Row numbers of the deals won that a row counts, each once."""
    won = bookings.under(bookings.win)
    rows, journeys = credit.ways_of(snapshot, won.deal, sales=sales)
    mine = snapshot["path"][by][rows] == key
    if standing == SOURCED:
        creation = journeys.milestones()["creation"]
        there = np.flatnonzero(creation >= 0)
        return np.unique(won.deal[there[mine[creation[there]]]])
    return np.unique(won.deal[journeys.journey[mine]])


def _wholes(bookings: credit.Bookings, measure: str, owners: np.ndarray) -> list[int | None]:
    """What each of these deals was booked with in all."""
    amounts = getattr(bookings, measure)
    mine = np.isin(bookings.deal, owners) & (amounts != MISSING)
    sums, seen = np.zeros(len(owners), np.int64), np.zeros(len(owners), bool)
    place = np.searchsorted(owners, bookings.deal[mine])
    np.add.at(sums, place, amounts[mine])
    seen[place] = True
    return [int(value) if there else None for value, there in zip(sums, seen, strict=True)]


def _day(snapshot: Snapshot, moment: dt.datetime | dt.date | None) -> dt.date | None:
    """The day of the win, or of the opening; None where it is not known."""
    return snapshot.calendar.day_of(moment) if isinstance(moment, dt.datetime) else moment
