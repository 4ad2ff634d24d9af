"""Masks of the metrics of credit and return (metrics-spec 5 and 6): shares of what was won, spend, and the two together.

In a selection of both, `hit` marks what was brought and `base` what was spent.
"""

from __future__ import annotations

import numpy as np

from metrics import codes, credit
from metrics.channel_models import markov_fit
from metrics.rows import Rows, among, between, every
from metrics.segments import FAR
from metrics.selection import Columns, Question, Selection, fits, stack, taken, within

# What a line of credit has of its touch; everything else it has of its deal.
OF_TOUCH = ("channel", "campaign")
FITTED = ("markov_path", "markov_share")
OF_DEAL = ("segment", "region", "origin", "tier", "owner", "team", "kind")


def attributed(model: str, measure: str):
    """Selector of the shares of deals won in the period, less credits posted in it. `measure`: "revenue" or "profit".

    A model that lacks its weights or the facts to be fitted on gives no row, and says what is missing.
    """

    def select(snapshot, question: Question) -> Selection:
        bookings, why = booked_in(snapshot, question), missing_for(snapshot, model)
        if why:
            nothing = bookings.under(np.zeros(len(bookings), bool))
            return _shares(snapshot, question, nothing, "linear", measure).but(why=why)
        return _shares(snapshot, question, bookings, model, measure)

    return select


def missing_for(snapshot, model: str) -> str:
    """What is missing for a model to say anything, as a sentence; nothing for most."""
    if model == "custom":
        return "" if snapshot.rules.custom else "This company has set no weights of its own."
    return markov_fit(snapshot).why if model in FITTED else ""


def booked_in(snapshot, question: Question) -> credit.Bookings:
    """What was won in the period and the credits posted in it, under the filters that speak of deals."""
    deals = credit.won_deals(snapshot)
    deals = deals.under(within(deals["close"], question), fits(deals, question, skip=(*OF_TOUCH, "stage")))
    notes = between(snapshot["credit"], question.first, question.stop)
    notes = notes.under(fits(notes, question, skip=(*OF_TOUCH, "stage")))
    return credit.both(credit.wins(snapshot, deals), credit.credit_notes(snapshot, notes))


def _shares(snapshot, question: Question, bookings: credit.Bookings, model: str, measure: str) -> Selection:
    worth = markov_fit(snapshot).worth() if model in FITTED else None
    if model == "markov_share":
        lines = credit.shared_over_all(snapshot, bookings, worth)
        own = {"channel": lines.channel}
    else:
        lines = credit.lines_of(snapshot, bookings, model, worth=worth)
        own = {name: credit.named(snapshot, bookings, lines, name) for name in OF_TOUCH}
    mask = np.ones(len(lines), bool)
    for name, values in question.where:
        if name in own:
            mask &= among(own[name], values)
    kept = np.flatnonzero(mask)
    booking = lines.booking[kept]
    deal = bookings.deal[booking]
    table = snapshot["deal"]
    dims = {name: column[kept] for name, column in own.items()} | {
        name: (lambda name=name: table[name][deal]) for name in OF_DEAL
    }
    estimated = bookings.estimated[booking] if measure == "profit" else np.zeros(len(kept), bool)
    return Selection(
        lead=table["lead"][deal],
        item=table["item"][deal],
        item_kind="deal",
        dims=Columns(dims),
        day=bookings.day[booking],
        value=getattr(lines, measure)[kept],
        estimated=estimated,
        hit=np.ones(len(kept), bool),
        base=np.zeros(len(kept), bool),
    )


def spent(*statuses: str, kinds: tuple[str, ...] = ("programme",)):
    """Selector of the spend of service days in the period, by what it was: planned, committed or invoiced."""
    wanted = [codes.spend_code(status, kind) for kind in kinds for status in statuses]

    def select(snapshot, question: Question) -> Selection:
        rows = between(snapshot["spend"], question.first, question.stop)
        rows = rows.under(among(rows["status"], wanted), fits(rows, question, skip=("stage",)))
        return taken(
            rows,
            item_kind="spend",
            day=lambda: rows["day"].astype(np.int64),
            value=lambda: rows["base"],
            estimated=lambda: np.zeros(len(rows), bool),
            hit=lambda: np.zeros(len(rows), bool),
            base=lambda: np.ones(len(rows), bool),
        )

    return select


invoiced = spent("invoiced")


def returned(model: str):
    """Selector of R4: shares of gross profit beside the spend of the period."""
    profit = attributed(model, "profit")

    def select(snapshot, question: Question) -> Selection:
        return _beside_spend(profit(snapshot, question), snapshot, question)

    return select


def _beside_spend(brought: Selection, snapshot, question: Question) -> Selection:
    spend = invoiced(snapshot, question)
    return stack(brought, spend).but(item_kind=brought.item_kind)


def leads_and_spend(milestone: str):
    """Selector of R2: spend beside the leads of its campaigns created in the period ("") or reaching a milestone in it."""

    def select(snapshot, question: Question) -> Selection:
        rows = every(snapshot["journey"])
        if milestone:
            stage = snapshot.book.on(question.period.end).milestone(milestone) if snapshot.book else None
            days = np.full(len(rows), FAR) if stage is None else rows[f"r:{stage.id}"]
        else:
            days = rows["created"]
        return _beside_spend(_counted(rows, days.astype(np.int64), question, "lead"), snapshot, question)

    return select


def created(snapshot, question: Question) -> Selection:
    """The leads created in the period, each under its own campaign and channel."""
    rows = every(snapshot["journey"])
    return _counted(rows, rows["created"].astype(np.int64), question, "lead")


def wins_and_spend(snapshot, question: Question) -> Selection:
    """R2: spend beside the deals won whose lead was created by a touch of its campaigns (A1)."""
    return _beside_spend(sourced(snapshot, question), snapshot, question)


def _counted(rows: Rows, days: np.ndarray, question: Question, item_kind: str) -> Selection:
    mask = within(days, question)
    of_filters = fits(rows, question)
    kept = rows.under(mask, of_filters)
    chosen = mask if of_filters is None else mask & of_filters
    nothing = lambda: np.zeros(len(kept), np.int64)  # noqa: E731 - read only if somebody asks
    return taken(
        kept,
        item_kind=item_kind,
        day=lambda: days[chosen],
        value=nothing,
        estimated=lambda: np.zeros(len(kept), bool),
        hit=lambda: np.ones(len(kept), bool),
        base=lambda: np.zeros(len(kept), bool),
    )


def sourced(snapshot, question: Question) -> Selection:
    """A1: deals won in the period, each once, under the channel and campaign of the touch that created its lead."""
    return _shares(snapshot, question, _wins_in(snapshot, question), "lead_creation", "revenue")


def _wins_in(snapshot, question: Question) -> credit.Bookings:
    bookings = booked_in(snapshot, question)
    return bookings.under(bookings.win)


def influenced(snapshot, question: Question) -> Selection:
    """A2: the touches on the way to deals won in the period; whoever counts them counts each deal once."""
    found = _shares(snapshot, question, _wins_in(snapshot, question), "linear", "revenue")
    return found.where(found.dims["campaign"] >= 0)
