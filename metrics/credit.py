"""Who earned what was won: each booking of a deal shared over the touches on its way, to the cent (metrics-spec 5).

A booking is a win or a credit posted against one. Every model shares every booking completely: what no touch earned stays in
a line of its own. Credit is an accounting convention, not a causal effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metrics import codes
from metrics.credit_rules import Rules
from metrics.methods.attribution import model_weights, split_many
from metrics.methods.journeys import NEVER, Journeys
from metrics.rows import Rows, every, places
from metrics.segments import MISSING, UNKNOWN_DAY

# In the order in which they are shown. Models of the company's own weights exist where it has set some.
RULE_MODELS = (
    "first_touch", "last_touch", "lead_creation", "linear", "time_decay", "decay_7d", "u_shaped", "w_shaped", "full_path",
    "position", "mm_u", "custom",
)  # fmt: skip
# These share the deals over channels, and inside a channel evenly over its touches.
CHANNEL_MODELS = ("shapley", "markov_path")
DEFAULT_MODEL = "w_shaped"
# What stands in place of a channel or campaign where no touch earned the credit.
UNATTRIBUTED, SALES_SOURCED = -2, -3
MARKETING = codes.SIDES.index("marketing")
NOT_YET = 2**62  # the close that has not come
_GRAIN = 2**30  # of weights that are no whole numbers


def models_of(rules: Rules) -> tuple[str, ...]:
    """The rule models that can be asked for."""
    return RULE_MODELS if rules.custom else tuple(name for name in RULE_MODELS if name != "custom")


@dataclass(frozen=True)
class Bookings:
    """Money to share. `deal`: row numbers in the table of deals. Amounts in base minor units, MISSING where not known."""

    deal: np.ndarray
    day: np.ndarray
    revenue: np.ndarray
    profit: np.ndarray
    estimated: np.ndarray
    win: np.ndarray  # whether it is the win itself, not a credit posted against it

    def __len__(self) -> int:
        return len(self.deal)

    def under(self, mask: np.ndarray) -> Bookings:
        return Bookings(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


def wins(snapshot, deals: Rows) -> Bookings:
    """What these won deals were booked with."""
    value, how = snapshot.profit
    numbers = _numbers(deals)
    return Bookings(
        deal=numbers,
        day=np.where(deals["cknown"] == 1, deals["close"], UNKNOWN_DAY).astype(np.int64),
        revenue=deals["base"].astype(np.int64),
        profit=value[numbers],
        estimated=how[numbers] == codes.ESTIMATED,
        win=np.ones(len(numbers), bool),
    )


def credit_notes(snapshot, rows: Rows) -> Bookings:
    """Credits and cancellations, negative, on their own days. They lower revenue and gross profit alike."""
    spot = places(snapshot["deal"]["item"], rows["deal"])
    kept = spot >= 0
    base = rows["base"][kept].astype(np.int64)
    return Bookings(spot[kept], rows["day"][kept].astype(np.int64), base, base, *np.zeros((2, len(base)), bool))


def open_amounts(snapshot, spans: Rows) -> Bookings:
    """What open deals may bring, as it stands in these spans: not booked, not yet profit."""
    spot = places(snapshot["deal"]["item"], spans["item"])
    kept = spot >= 0
    base = spans["base"][kept].astype(np.int64)
    return Bookings(spot[kept], spans["day"][kept].astype(np.int64), base, base, *np.zeros((2, len(base)), bool))


def both(first: Bookings, second: Bookings) -> Bookings:
    names = Bookings.__dataclass_fields__
    return Bookings(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def _numbers(rows: Rows) -> np.ndarray:
    return np.arange(rows.numbers.start, rows.numbers.stop) if isinstance(rows.numbers, slice) else rows.numbers


# --- ways -----------------------------------------------------------------------------------------------------------------


def ways_of(snapshot, deals: np.ndarray, *, sales: bool = False) -> tuple[np.ndarray, Journeys]:
    """Rows of the ways that lead to these deals (row numbers, also repeated), and the journeys laid end to end.

    `sales`: with what sales did; else marketing's touches alone. The player of a touch is its channel.
    """
    table = snapshot["path"]
    mask = table["deal"] != 0 if sales else (table["deal"] != 0) & (table["side"] == MARKETING)
    return gathered(snapshot, np.flatnonzero(mask), "deal", snapshot["deal"]["item"][deals])


def gathered(snapshot, rows: np.ndarray, by: str, wanted: np.ndarray) -> tuple[np.ndarray, Journeys]:
    """The touches among `rows` whose column `by` holds each wanted id, journey by journey. Ways lie whole in the table."""
    table = snapshot["path"]
    owner = table[by][rows]
    begins = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1]))) if len(owner) else np.zeros(0, np.int64)
    lengths = np.diff(np.append(begins, len(owner)))
    spot = places(owner[begins], wanted)
    mine = np.where(spot >= 0, np.append(lengths, 0)[spot], 0)
    starts = np.concatenate(([0], np.cumsum(mine))).astype(np.int64)
    offset = np.arange(starts[-1]) - np.repeat(starts[:-1], mine)
    found = rows[np.repeat(np.append(begins, 0)[spot], mine) + offset]
    head = np.append(rows[begins], -1)[spot]  # the first row of each way; where there is none, any

    def of_way(name: str, absent: int) -> np.ndarray:
        if not len(table):
            return np.full(len(wanted), absent, np.int64)
        values = table[name][head]
        return np.where((mine > 0) & (values != MISSING), values, absent)

    return found, Journeys(
        starts=starts,
        player=table["channel"][found].astype(np.int64),
        at=table["at"][found],
        lead_at=of_way("lead_at", NEVER),
        deal_at=of_way("deal_at", NEVER),
        closed_at=of_way("closed_at", NOT_YET),
    )


def weights_of(journeys: Journeys, model: str, rules: Rules) -> np.ndarray:
    """Whole-number weight of each touch under a rule model; only proportions count."""
    return model_weights(journeys, model, half_life_days=rules.half_life, custom=rules.custom)


# --- lines ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """The shares of bookings. `booking`: which one; `row`: the touch's row in the table of ways, -1 where none earned it.

    The lines of a booking add up to it, in revenue and in gross profit; MISSING where the booking's amount is not known.
    """

    booking: np.ndarray
    row: np.ndarray
    revenue: np.ndarray
    profit: np.ndarray

    def __len__(self) -> int:
        return len(self.booking)


def shared(bookings: Bookings, rows: np.ndarray, journeys: Journeys, weights: np.ndarray) -> Lines:
    """Each booking over the touches of its journey, in proportion to their weights; touches with a weight have a line."""
    return _lined(bookings, rows, journeys, weights > 0, lambda totals: split_many(totals, weights, journeys.starts))


def shared_by_channel(bookings: Bookings, rows: np.ndarray, journeys: Journeys, worth: np.ndarray | None) -> Lines:
    """Each booking over the distinct channels of its journey, then evenly over a channel's touches.

    `worth`: weight of a channel by its id, the removal effects of a Markov chain; None: all alike, which is the Shapley
    value of the sum game.
    """
    owner, width = journeys.journey, int(journeys.player.max(initial=0)) + 1
    player = owner * width + journeys.player
    # Distinct channels in the order of their first touch, so that odd cents go to the earlier one.
    _, first, group = np.unique(player, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    group = rank[group]
    heads = first[order]
    lengths = np.bincount(owner[heads], minlength=len(journeys))
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    if worth is None:
        weights = np.ones(len(heads), np.int64)
    else:
        known = np.append(worth, np.zeros(max(0, width - len(worth))))
        weights = np.rint(known[journeys.player[heads]] * _GRAIN).astype(np.int64)
    # Touches channel by channel, as they lie inside each journey.
    inside = np.argsort(group, kind="stable")
    of_group = np.concatenate(([0], np.cumsum(np.bincount(group, minlength=len(heads))))).astype(np.int64)

    def split(totals: np.ndarray) -> np.ndarray:
        by_channel = split_many(totals, weights, starts)
        found = np.zeros(len(group), np.int64)
        found[inside] = split_many(by_channel, np.ones(len(group), np.int64), of_group)
        return found

    return _lined(bookings, rows, journeys, weights[group] > 0, split)


def _lined(bookings: Bookings, rows: np.ndarray, journeys: Journeys, counts: np.ndarray, split) -> Lines:
    earned = np.bincount(journeys.journey[counts], minlength=len(journeys)) > 0
    lost = np.flatnonzero(~earned)
    touched = np.flatnonzero(counts)
    booking = np.concatenate([journeys.journey[touched], lost])

    def money(amounts: np.ndarray) -> np.ndarray:
        known = amounts != MISSING
        parts = split(np.where(known & earned, amounts, 0))
        found = np.concatenate([parts[touched], amounts[lost]])
        return np.where(known[booking], found, MISSING)

    return Lines(
        booking=booking,
        row=np.concatenate([rows[touched], np.full(len(lost), -1, np.int64)]),
        revenue=money(bookings.revenue),
        profit=money(bookings.profit),
    )


def lines_of(snapshot, bookings: Bookings, model: str, *, sales: bool = False, worth: np.ndarray | None = None) -> Lines:
    """The lines of these bookings under a model. `worth`: for markov_path, the removal effect of each channel by its id."""
    rows, journeys = ways_of(snapshot, bookings.deal, sales=sales)
    if model in CHANNEL_MODELS:
        return shared_by_channel(bookings, rows, journeys, worth)
    return shared(bookings, rows, journeys, weights_of(journeys, model, snapshot.rules))


@dataclass(frozen=True)
class ChannelLines:
    """Shares of bookings by channel alone. They have no touch; a booking's lines add up to it. See Lines."""

    booking: np.ndarray
    channel: np.ndarray
    revenue: np.ndarray
    profit: np.ndarray

    def __len__(self) -> int:
        return len(self.booking)


def shared_over_all(snapshot, bookings: Bookings, worth: np.ndarray) -> ChannelLines:
    """markov_share: what was booked with a touch on the way, over all channels in proportion to their worth by id.

    What is left of cents goes on from booking to booking, so a channel's sum is its share of the total to the cent; a single
    booking says nothing about its own touches.
    """
    _, journeys = ways_of(snapshot, bookings.deal)
    channels = np.flatnonzero(worth > 0)
    earned = np.flatnonzero(journeys.lengths > 0) if len(channels) else np.zeros(0, np.int64)
    lost = np.setdiff1d(np.arange(len(bookings)), earned)
    weights = np.tile(np.rint(worth[channels] * _GRAIN).astype(np.int64), len(earned))
    starts = np.arange(len(earned) + 1, dtype=np.int64) * len(channels)
    booking = np.concatenate([np.repeat(earned, len(channels)), lost])

    def money(amounts: np.ndarray) -> np.ndarray:
        known = amounts != MISSING
        running = split_many(np.cumsum(np.where(known, amounts, 0)[earned]), weights, starts).reshape(len(earned), -1)
        parts = np.diff(running, axis=0, prepend=np.zeros((1, running.shape[1]), np.int64)).ravel()
        return np.where(known[booking], np.concatenate([parts, amounts[lost]]), MISSING)

    return ChannelLines(
        booking=booking,
        channel=np.concatenate([np.tile(channels, len(earned)), _nobody(snapshot, bookings)[lost]]),
        revenue=money(bookings.revenue),
        profit=money(bookings.profit),
    )


def _nobody(snapshot, bookings: Bookings) -> np.ndarray:
    """Who has each booking's credit where no touch earned it: sales, or nobody."""
    origin = snapshot["deal"]["origin"][bookings.deal]
    return np.where(origin == codes.ORIGINS.index("sales"), SALES_SOURCED, UNATTRIBUTED)


def named(snapshot, bookings: Bookings, lines: Lines, column: str) -> np.ndarray:
    """The channel, campaign or content of each line; where no touch earned it, who does instead: sales, or nobody."""
    table = snapshot["path"]
    nobody = _nobody(snapshot, bookings)[lines.booking]
    if not len(table):
        return nobody
    return np.where(lines.row >= 0, table[column][lines.row], nobody)


def accounts_of(snapshot, deals: np.ndarray) -> np.ndarray:
    """The account of each of these deals (row numbers): deals of one account stand or fall together."""
    table, ids = snapshot["path"], snapshot["deal"]["item"][deals]
    spot = places(table["deal"], ids)
    return np.where(spot >= 0, table["account"][spot], -ids) if len(table) else -ids


def won_deals(snapshot) -> Rows:
    """All deals that are won today."""
    rows = every(snapshot["deal"])
    return rows.under(rows["status"] == codes.WON)
