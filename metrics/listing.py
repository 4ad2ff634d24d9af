"""The list behind a number, for one reader: exactly its rows, and how many of them that reader may not open."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from accounts.models import User
from campaigns.models import Spend
from core.periods import date_of
from leads.models import Deal, Lead
from leads.queries import visible_deals, visible_leads
from metrics.definitions import METRICS
from metrics.evaluation import select
from metrics.return_figures import behind
from metrics.segments import FAR, MISSING, UNKNOWN_DAY
from metrics.selection import Question, Selection
from metrics.series import Snapshot

_AT_ONCE = 10_000


@dataclass(frozen=True)
class Listing:
    """`rows` are the page asked for. `total` counts all rows behind the number, `hidden` those the reader may not open."""

    total: int
    hidden: int
    rows: list[dict]


def list_behind(
    snapshot: Snapshot,
    question: Question,
    user: User,
    *,
    offset: int = 0,
    limit: int | None = 50,
    largest_first: bool = False,
) -> Listing:
    """A page of the rows behind a number, without those the reader may not open. Three queries, whatever the length."""
    selection = behind(METRICS[question.key].kind, select(snapshot, question))
    mine = _visible(selection, user)
    order = np.nonzero(mine)[0]
    if largest_first and selection.value is not None:
        order = order[np.argsort(-selection.value[order], kind="stable")]
    page = order[offset:] if limit is None else order[offset : offset + limit]
    names = _names(selection, page)
    return Listing(
        total=len(selection),
        hidden=int(len(selection) - np.count_nonzero(mine)),
        rows=[_row(selection, int(i), names) for i in page],
    )


def _visible(selection: Selection, user: User) -> np.ndarray:
    if selection.item_kind == "spend":
        return np.ones(len(selection), bool)  # what was spent is nobody's personal matter
    if selection.item_kind == "deal":
        may = np.array(sorted(visible_deals(user).values_list("id", flat=True)), np.int64)
        return np.isin(selection.item, may)
    return open_to(user, selection.lead)


def open_to(user: User, leads: np.ndarray) -> np.ndarray:
    """Mask of the leads that a person may open."""
    return np.isin(leads, np.array(sorted(visible_leads(user).values_list("id", flat=True)), np.int64))


def lead_rows(snapshot: Snapshot, leads: np.ndarray) -> dict[int, dict]:
    """Who some leads are and where they are today, by id; one query for some thousands."""
    columns = ("id", "contact__name", "company__name", "external_id", "stage_id", "owner__name")
    newest = snapshot.book.newest
    pieces = (leads[start : start + _AT_ONCE].tolist() for start in range(0, len(leads), _AT_ONCE))
    return {
        row["id"]: {
            "lead": row["id"],
            "name": row["contact__name"] or row["external_id"] or str(row["id"]),
            "company": row["company__name"] or "",
            "stage": newest.stages.get(row["stage_id"]),
            "owner": row["owner__name"] or "",
        }
        for piece in pieces
        for row in Lead.objects.filter(id__in=piece).values(*columns)
    }


def days_told(days: np.ndarray, placed: np.ndarray) -> list[dt.date | str | None]:
    """Days on which leads reached a stage first, for reading: None where they did not, "unknown" where it is not known.

    `placed`: marks those whose time is unknown; their day is where the event was placed, which nobody knows.
    """
    return [
        None if day == FAR else "unknown" if guessed or day == UNKNOWN_DAY else date_of(day)
        for day, guessed in zip(days.tolist(), placed.tolist(), strict=True)
    ]


def _names(selection: Selection, page: np.ndarray) -> tuple[dict[int, dict], dict[int, dict], dict[int, str]]:
    lead_ids = {int(i) for i in selection.lead[page]} - {0}
    columns = ("id", "contact__name", "company__name", "stage_id", "owner__name", "external_id", "source")
    leads = {row["id"]: row for row in Lead.objects.filter(id__in=lead_ids).values(*columns)}
    deals: dict[int, dict] = {}
    if selection.item_kind == "deal":
        columns = ("id", "name", "company__name", "status", "external_id", "source")
        deals = {row["id"]: row for row in Deal.objects.filter(id__in=selection.item[page].tolist()).values(*columns)}
    spends: dict[int, str] = {}
    if selection.item_kind == "spend":
        lines = Spend.objects.filter(id__in=selection.item[page].tolist(), campaign__isnull=False)
        spends = dict(lines.values_list("id", "campaign__name"))
    return leads, deals, spends


def _row(selection: Selection, i: int, names) -> dict:
    leads, deals, spends = names
    lead = leads.get(int(selection.lead[i]), {})
    row = {
        "lead": int(selection.lead[i]) or None,
        "name": lead.get("contact__name") or "",
        "company": lead.get("company__name") or "",
        "external_id": lead.get("external_id"),
        "source": lead.get("source"),
        "day": _day(selection, i),
    }
    if selection.item_kind == "deal":
        deal = deals.get(int(selection.item[i]), {})
        row |= {
            "deal": int(selection.item[i]),
            "deal_name": deal.get("name", ""),
            "deal_external_id": deal.get("external_id"),
            "company": row["company"] or deal.get("company__name") or "",
        }
    elif selection.item_kind == "entry":
        row["entry"] = int(selection.item[i])
    elif selection.item_kind == "spend":
        row |= {"spend": int(selection.item[i]), "name": spends.get(int(selection.item[i]), "No campaign")}
    if selection.hit is not None:
        row["in_numerator"] = bool(selection.hit[i])
    if selection.base is not None:
        row["in_denominator"] = bool(selection.base[i])
    if selection.value is not None:
        value = int(selection.value[i])
        row["value"] = None if value == MISSING else value
    if selection.estimated is not None:
        row["estimated"] = bool(selection.estimated[i])
    for name in ("age", "follow", "cause"):
        column = getattr(selection, name)
        if column is not None:
            row[name] = int(column[i])
    return row


def _day(selection: Selection, i: int) -> str | None:
    if selection.day is None or int(selection.day[i]) == UNKNOWN_DAY:
        return None
    return date_of(int(selection.day[i])).isoformat()
