"""Masks of the promises M1–M4 and S1–S4, the routing leg, Q1 and Q2, V8 in working time and DQ6, DQ10 (metrics-spec 3, 4).

Windows are judged as of the snapshot's moment: what is not due yet is in no denominator. Columns beside the usual ones
(agreement, late, required) stand among the dimensions, where reductions find them and no question can ask for them.
"""

from collections.abc import Callable

import numpy as np

from core.periods import day_number
from funnel.models import PromiseKey
from metrics import codes
from metrics.facts_promises import ITEMS_A_HANDOFF
from metrics.promised import has_line, moment, numbers_of, per_row
from metrics.rows import Rows, every
from metrics.segments import MISSING, UNKNOWN_DAY
from metrics.selection import Question, Selection, entered_in, fits, stack, taken, within

_QUARTER_HOUR = 15 * 60 * 1_000_000
_UNKNOWN = codes.PRECISIONS.index("unknown")
_CONTESTED = codes.STANDINGS.index("contested")
_FINAL = (codes.ACCEPTED, codes.RECYCLED, codes.DISQUALIFIED)
_SALES = codes.SIDES.index("sales")


def _promised(snapshot, rows: Rows, picked: Selection, *, by_agreement: bool = True, **more) -> Selection:
    """With the version's number as version and what the reductions need of each row."""
    dims = picked.dims | {"agreement": lambda: rows["agreement"]} | more
    if "reason" in rows:
        dims = dims | {"reason": lambda: rows["reason"]}
    if not by_agreement:
        return picked.but(dims=dims)
    return picked.but(dims=dims, version=lambda: numbers_of(snapshot, rows["agreement"]))


# --- what is owed about a handoff: S1 to S4 and the routing leg -------------------------------------------------------


def closed_windows(snapshot, question: Question, promise: str) -> Rows:
    """Obligations of one promise whose due time lies in the period and has passed, excluded ones too."""
    now = codes.micros_of(moment(snapshot, question))
    rows = entered_in(snapshot["obligation"], question)
    rows = rows.under(rows["promise"] == codes.PROMISES.index(promise), fits(rows, question))
    return rows.under((rows["due"] != MISSING) & (rows["due"] <= now))


def kept(promise: str) -> Callable[[object, Question], Selection]:
    """Of the closed windows of a promise, those in which it was kept. Both teams' exclusions are in no denominator."""

    def select(snapshot, question: Question) -> Selection:
        rows = closed_windows(snapshot, question, promise)
        counts = rows["excluded"] == 0
        in_time = (rows["met"] != MISSING) & (rows["met"] <= rows["due"])
        picked = taken(
            rows,
            item_kind="entry",
            item=rows["item"] // ITEMS_A_HANDOFF,
            day=lambda: rows["day"],
            hit=in_time & counts,
            base=counts,
        )
        return _promised(snapshot, rows, picked, late=lambda: rows["late"])

    return select


def still_open(snapshot, question: Question, promise: str) -> Rows:
    """Obligations of one promise that run, or are due later in the period, and are not done."""
    now = codes.micros_of(moment(snapshot, question))
    rows = entered_in(snapshot["obligation"], question)
    rows = rows.under(rows["promise"] == codes.PROMISES.index(promise), fits(rows, question))
    waits = (rows["met"] == MISSING) & (rows["excluded"] == 0)
    return rows.under(waits & ((rows["due"] == MISSING) | (rows["due"] > now)))


# --- handoffs by their entry ------------------------------------------------------------------------------------------


def _entries(snapshot, question: Question, *, skip: tuple[str, ...] = ()) -> Rows:
    rows = entered_in(snapshot["handoff"], question)
    return rows.under(fits(rows, question, skip=skip))


def _dated(rows: Rows) -> Callable[[], np.ndarray]:
    return lambda: np.where(rows["precision"] == _UNKNOWN, UNKNOWN_DAY, rows["day"])


def _marketing_entries(snapshot, question: Question, key: str) -> tuple[Rows, int]:
    """Entries about which marketing promised something, and how many there are beside them."""
    entries = _entries(snapshot, question)
    rows = entries.under(has_line(snapshot, key, entries["agreement"], entries["tier"]))
    return rows, len(entries) - len(rows)


def _not_promised(picked: Selection, number: int) -> Selection:
    if number:
        picked.excluded["in a tier or at a time for which nothing is promised"] = number
    return picked


def volume(snapshot, question: Question) -> Selection:
    """M1: entries into MQL in the period that the promise speaks of."""
    rows, others = _marketing_entries(snapshot, question, PromiseKey.M1)
    picked = taken(rows, item_kind="entry", day=_dated(rows))
    return _not_promised(_promised(snapshot, rows, picked, placed=lambda: rows["day"]), others)


def worth(snapshot, question: Question) -> Selection:
    """M2: the same entries with the value of their tier as it was signed, in base minor units."""
    rows, others = _marketing_entries(snapshot, question, PromiseKey.M2)

    def look(book, tier: int) -> int:
        values = {codes.text_code(name): one.gross_profit for name, one in book.values.items()}
        return values.get(tier, values.get(0, MISSING))

    value = per_row(snapshot, rows["agreement"], rows["tier"], look)
    picked = taken(rows, item_kind="entry", day=_dated(rows), value=value)
    return _not_promised(_promised(snapshot, rows, picked, placed=lambda: rows["day"]), others)


def context(snapshot, question: Question) -> Selection:
    """M3: entries of versions with required fields; `value` counts those that were there, `follow` those that should be."""
    entries = _entries(snapshot, question)

    def wanted(book, tier: int) -> int:
        return sum(1 << i for i, name in enumerate(codes.HANDOFF_FIELDS) if name in book.required_fields)

    bits = per_row(snapshot, entries["agreement"], entries["tier"], wanted)
    noted, asked = entries["known"] >= 0, bits != 0
    rows, bits = entries.under(noted & asked), bits[noted & asked]
    required, present = np.bitwise_count(bits), np.bitwise_count(bits & rows["known"].astype(np.int64))
    picked = taken(
        rows,
        item_kind="entry",
        day=_dated(rows),
        hit=present == required,
        value=present.astype(np.int64),
        follow=required.astype(np.int64),
    )
    for why, number in (
        ("handed over before anybody noted what was known", int(np.count_nonzero(~noted & asked))),
        ("handed over when the agreement required no field", int(np.count_nonzero(~asked))),
    ):
        if number:
            picked.excluded[why] = number
    return _promised(snapshot, rows, picked)


# --- decisions --------------------------------------------------------------------------------------------------------


def _settled(rows: Rows) -> np.ndarray:
    """Mask of the handoffs on which sales has decided and nobody disputes it. A return is marketing's turn, no decision."""
    return np.isin(rows["decision"], _FINAL) & (rows["state"] != _CONTESTED)


def quality(snapshot, question: Question) -> Selection:
    """M4: handoffs whose decision fell due in the period, accepted ones; undecided ones as the version says."""
    days = (question.period.start, question.period.end)
    start, stop = (codes.micros_of(snapshot.calendar.start_of_day(day)) for day in days)
    now = codes.micros_of(moment(snapshot, question))
    rows = every(snapshot["handoff"])
    rows = rows.under(fits(rows, question))
    # Where no time to decide is promised, a handoff falls due with its decision.
    due = np.where((rows["due"] == MISSING) & np.isin(rows["decision"], _FINAL), rows["decided"], rows["due"])
    mask = (due != MISSING) & (due >= start) & (due < stop) & (due <= now)
    mask &= has_line(snapshot, PromiseKey.M4, rows["agreement"], rows["tier"])
    rows, due = rows.under(mask), due[mask]
    counts = rows["excluded"] == 0
    left_out = int(np.count_nonzero(~counts))
    rows, due = rows.under(counts), due[counts]
    settled = _settled(rows)
    silent = rows["decision"] == codes.UNDECIDED
    agreed = per_row(
        snapshot, rows["agreement"], rows["tier"], lambda book, tier: book.terms.undecided == "accepted", np.bool_
    )
    picked = taken(
        rows,
        item_kind="entry",
        day=lambda: _days_of(snapshot, due),
        hit=(settled & (rows["decision"] == codes.ACCEPTED)) | (silent & agreed),
        base=settled | (silent & agreed),
    )
    if left_out:
        picked.excluded["left out by both teams"] = left_out
    return _promised(snapshot, rows, picked)


def _days_of(snapshot, instants: np.ndarray) -> np.ndarray:
    """Company day numbers of instants in microseconds. All zones' days begin at a full quarter of an hour."""
    quarters, spot = np.unique(instants // _QUARTER_HOUR, return_inverse=True)
    found = [day_number(snapshot.calendar.day_of(codes.instant_of(int(one) * _QUARTER_HOUR))) for one in quarters]
    return np.array(found, np.int32)[spot] if found else np.empty(0, np.int32)


def undispositioned(snapshot, question: Question) -> Selection:
    """DQ10: handoffs whose decision fell due in the period and has not been made."""
    rows = closed_windows(snapshot, question, PromiseKey.S3)
    rows = rows.under(rows["excluded"] == 0)
    handoff = every(snapshot["handoff"])
    decided = handoff["item"][handoff["decision"] != codes.UNDECIDED]
    entries = rows["item"] // ITEMS_A_HANDOFF
    return taken(rows, item_kind="entry", item=entries, day=lambda: rows["day"], hit=~np.isin(entries, decided))


def acceptance(snapshot, question: Question) -> Selection:
    """Q1: entries into MQL in the period; accepted among those decided on."""
    rows = _entries(snapshot, question)
    settled = _settled(rows)
    picked = taken(
        rows, item_kind="entry", day=_dated(rows), hit=settled & (rows["decision"] == codes.ACCEPTED), base=settled
    )
    return _promised(snapshot, rows, picked, by_agreement=False)


def bounds(snapshot, question: Question) -> Selection:
    """Q1b: the same entries; what is pending may still go either way (`cause` 1)."""
    rows = _entries(snapshot, question)
    settled = _settled(rows)
    picked = taken(
        rows,
        item_kind="entry",
        day=_dated(rows),
        hit=settled & (rows["decision"] == codes.ACCEPTED),
        cause=(~settled).astype(np.int8),
    )
    return _promised(snapshot, rows, picked, by_agreement=False)


def rejection_reasons(snapshot, question: Question) -> Selection:
    """Q2: rejected entries of the period, those with the reason asked for; with any reason if none is."""
    entries = _entries(snapshot, question, skip=("reason",))
    rows = entries.under(_settled(entries) & (entries["decision"] != codes.ACCEPTED))
    asked = dict(question.where).get("reason")
    hit = rows["reason"] != 0 if asked is None else np.isin(rows["reason"], asked)
    return _promised(snapshot, rows, taken(rows, item_kind="entry", day=_dated(rows), hit=hit))


def exits(cause: int) -> Callable[[object, Question], Selection]:
    """Q3, Q4: of the stays in the stage that ended in the period, those that ended so."""

    def select(snapshot, question: Question) -> Selection:
        rows = every(snapshot["stay"])
        rows = rows.under(within(rows["lday"], question), rows["stage"] == question.stage, fits(rows, question))
        return taken(
            rows,
            item_kind="entry",
            day=lambda: np.where(rows["lknown"] == 1, rows["lday"], UNKNOWN_DAY),
            hit=lambda: rows["exit"] == cause,
        )

    return select


# --- times ------------------------------------------------------------------------------------------------------------


def late_logging(snapshot, question: Question) -> Selection:
    """DQ6: entries into stages and sales' contacts of the period, those typed in two days later or more."""
    stays, touches = entered_in(snapshot["stay"], question), entered_in(snapshot["touch"], question)
    stays = stays.under(stays["known"] == 1, fits(stays, question))
    touches = touches.under(touches["side"] == _SALES, fits(touches, question))
    parts = [
        taken(rows, item_kind="event", day=lambda rows=rows: rows["day"], hit=rows["late"] == 1) for rows in (stays, touches)
    ]
    return stack(*(part.but(version=None) for part in parts))
