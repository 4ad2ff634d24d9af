"""Small integers for the words that stand in segments. The order is part of the layout: append, never reorder."""

import datetime as dt
import zlib

ORIGINS = ("marketing", "sales", "partner", "customer")
EXITS = ("", "advance", "back", "lost", "out", "detour")
SIDES = ("marketing", "sales")
STATUSES = ("open", "won", "lost")
DEAL_KINDS = ("new", "expansion", "renewal")
CREDIT_KINDS = ("credited", "cancelled")
SPEND_STATUSES = ("planned", "committed", "invoiced")
COST_KINDS = ("programme", "people", "tools", "commissions", "other")
TOUCH_KINDS = (
    "visit", "form", "email", "ad", "event", "webinar", "content", "call", "personal_email", "meeting", "conversation",
    "other",
)  # fmt: skip
PRECISIONS = ("instant", "day", "unknown")
STANDINGS = ("open", "returned", "contested", "decided", "arbitrated")
DECISIONS = ("", "accepted", "returned", "recycled", "disqualified")
PROMISES = ("routing", "S1", "S2", "S3", "S4")
HANDOFF_FIELDS = (
    "name", "email", "phone", "company", "segment", "region", "channel", "campaign", "tier", "score", "need",
)  # fmt: skip

UNDECIDED, ACCEPTED, RETURNED, RECYCLED, DISQUALIFIED = range(5)
ADVANCE, BACK, LOST, OUT, DETOUR = 1, 2, 3, 4, 5
OPEN, WON = 0, 1
# How a gross profit is known: not at all, from a cost, from the agreed margin.
NO_PROFIT, KNOWN, ESTIMATED = 0, 1, 2

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def text_code(value: str) -> int:
    """A stable code for a free word (tier, currency); 0 for none."""
    return zlib.crc32(value.encode()) & 0x7FFFFFFF if value else 0


def spend_code(status: str, kind: str) -> int:
    """What a cost line is: the statuses of programme cost come first, then those of people, and so on."""
    return COST_KINDS.index(kind) * len(SPEND_STATUSES) + SPEND_STATUSES.index(status)


def micros_of(instant: dt.datetime) -> int:
    """Microseconds since 1970: as exact as the instants in the database."""
    return (instant - _EPOCH) // dt.timedelta(microseconds=1)


def instant_of(micros: int) -> dt.datetime:
    """The instant of so many microseconds since 1970."""
    return _EPOCH + dt.timedelta(microseconds=micros)


def seconds_of(instant: dt.datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (instant - _EPOCH) // dt.timedelta(seconds=1)
