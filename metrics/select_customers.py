"""Masks of what a new customer costs (metrics-spec 6, R3): new customers beside the cost of marketing and sales."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from django.db.models.functions import Coalesce

from core.periods import day_number
from leads.models import Deal
from metrics import codes
from metrics.rows import Rows, between, every
from metrics.segments import UNKNOWN_DAY
from metrics.select_returns import spent
from metrics.selection import Question, Selection, fits, stack, taken, within

NEW = codes.DEAL_KINDS.index("new")
WITHOUT_PEOPLE = "days without a cost of people, so the cost is at least this"


def customers_won(snapshot, question: Question) -> Rows:
    """The deals won in the period by which somebody became a customer."""
    rows = every(snapshot["deal"])
    of_filters = fits(rows, question, skip=("stage",))
    return rows.under(
        snapshot.memo("first wins", lambda: _first_wins(snapshot)), within(rows["close"], question), of_filters
    )


def _first_wins(snapshot) -> np.ndarray:
    """Mask of the deals: the first one of new business that each company has won; one without a company stands alone.

    Who belongs to which company is what is known today.
    """
    rows = every(snapshot["deal"])
    won = np.flatnonzero((rows["status"] == codes.WON) & (rows["kind"] == NEW))
    ids = rows["item"][won]
    of_company = Coalesce("company_id", "lead__merged_into__company_id", "lead__company_id")
    known = Deal.objects.filter(status=Deal.Status.WON, kind=Deal.Kind.NEW)
    companies = dict(known.values_list("id", of_company))
    customer = np.array([companies.get(deal) or -deal for deal in ids.tolist()], np.int64)
    order = np.lexsort((ids, rows["close"][won]))
    _, first = np.unique(customer[order], return_index=True)
    found = np.zeros(len(rows), bool)
    found[won[order[first]]] = True
    return found


def uncovered(snapshot, first: int, stop: int) -> int:
    """How many of these days no invoiced line of people's cost covers."""
    rows = between(snapshot["spend"], first, stop)
    paid = rows["status"] == codes.spend_code("invoiced", "people")
    return max(stop - first, 0) - len(np.unique(rows["day"][paid]))


def customers_and_cost(*kinds: str) -> Callable[..., Selection]:
    """Selector of new customers beside these kinds of cost, invoiced for days of the period."""
    cost = spent("invoiced", kinds=kinds)

    def select(snapshot, question: Question) -> Selection:
        rows = customers_won(snapshot, question)
        won = taken(
            rows,
            item_kind="deal",
            day=lambda: np.where(rows["cknown"] == 1, rows["close"], UNKNOWN_DAY).astype(np.int64),
            value=lambda: np.zeros(len(rows), np.int64),
            estimated=lambda: np.zeros(len(rows), bool),
            hit=lambda: np.ones(len(rows), bool),
            base=lambda: np.zeros(len(rows), bool),
        )
        found = stack(won, cost(snapshot, question))
        if "people" not in kinds:
            return found
        days = uncovered(snapshot, question.first, min(question.stop, day_number(question.today) + 1))
        return found.but(excluded={WITHOUT_PEOPLE: days} if days else {})

    return select
