"""What was told of leads, read once for everything that a test on history asks of the event log."""

from dataclasses import dataclass

import numpy as np
from django.db.models import Case, F, Q, When

from leads.models import LeadEvent
from leads.timeline import AMENDABLE
from metrics.methods.backtest import DAY, UNKNOWN
from metrics.packed_reading import integers, whole

Kind = LeadEvent.Kind
# What an event is, as bits: the lead came in by it, it says who owns the lead, its lead can't be judged as it stands.
CREATES, GIVES, ODD = 1, 2, 4


@dataclass(frozen=True)
class Events:
    """Events of leads, a row each, in the order of the leads. Instants in microseconds, UNKNOWN where there is none."""

    lead: np.ndarray
    event: np.ndarray
    what: np.ndarray
    owner: np.ndarray
    stage: np.ndarray
    at: np.ndarray
    told: np.ndarray

    def under(self, mask: np.ndarray) -> "Events":
        return Events(*(column[mask] for column in vars(self).values()))


def events_of(ids: range, *, moves: bool) -> Events:
    """Events of the leads with these ids: creations, owners, and what makes a lead odd: corrections, take-backs and stages
    of which not the instant is known. With `moves` every change of the stage, which are most of all events."""
    odd = Q(kind=Kind.VOIDED) | Q(kind=Kind.AMENDED)
    inexact = Q(kind__in=(Kind.CREATED, Kind.MOVED)) & ~Q(time_precision="instant")
    rows = LeadEvent.objects.filter(lead_id__gte=ids.start, lead_id__lt=ids.stop)
    if not moves:
        rows = rows.exclude(kind=Kind.MOVED, time_precision="instant")  # first, because it decides for most
    asked = Q(kind__in=(Kind.CREATED, Kind.ASSIGNED, Kind.MOVED, Kind.VOIDED))
    rows = rows.filter(asked | Q(kind=Kind.AMENDED, field__in=AMENDABLE))
    by_creation = Q(kind=Kind.CREATED) & (Q(owner__isnull=False) | Q(team__isnull=False))
    rows = rows.annotate(
        is_odd=Case(When(odd | inexact, then=ODD), default=0),
        is_what=Case(
            When(by_creation, then=CREATES | GIVES), When(kind=Kind.CREATED, then=CREATES),
            When(kind=Kind.ASSIGNED, then=GIVES), default=0,
        ),
        what=whole(F("is_odd") + F("is_what")), who=whole(F("owner_id")), to=whole(F("to_stage_id")),
    )  # fmt: skip
    columns = ("lead_id", "id", "what", "who", "to", "occurred_at", "recorded_at")
    return Events(*in_order(integers(rows.values_list(*columns))))


def in_order(columns: np.ndarray) -> np.ndarray:
    """Rows in the order of their first column."""
    return columns[:, np.argsort(columns[0], kind="stable")]


def places(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each wanted key stands among `keys`, which are in order, and a mask of those that do."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    spot = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return spot, keys[spot] == wanted


def beside(lead: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of each lead; both are in order of the lead. UNKNOWN for a lead without one."""
    spot, here = places(keys, lead)
    found = np.full(len(lead), UNKNOWN)
    found[here] = values[spot[here]]
    return found


def creations(events: Events, lead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each lead came in by its own event, and when that was recorded."""
    made = events.under((events.what & CREATES) > 0)
    return beside(lead, made.lead, made.at), beside(lead, made.lead, made.told)


def owner_and_stay(events: Events, lead: np.ndarray, at: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The owner by the last assignment known at each lead's decision (at `at`, known up to `limit`), and whole days in the
    stage that it was in just before. For leads of which no event is odd."""
    row, here = places(lead, events.lead)
    mine, row = events.under(here), row[here]
    known = (mine.told <= limit[row]) & (mine.at <= at[row])
    owner, in_stage = np.full(len(lead), UNKNOWN), np.full(len(lead), UNKNOWN)
    given = _as_they_happened(known & ((mine.what & GIVES) > 0), row, mine)
    owner[row[given]] = mine.owner[given]  # the last one stays
    stays = _as_they_happened(known & (mine.stage != UNKNOWN) & (mine.at < at[row]), row, mine)
    if len(stays):
        begins = np.r_[True, (np.diff(row[stays]) != 0) | (np.diff(mine.stage[stays]) != 0)]
        began = stays[begins]
        in_stage[row[began]] = (at[row[began]] - mine.at[began]) // DAY
    return owner, in_stage


def _as_they_happened(mask: np.ndarray, row: np.ndarray, events: Events) -> np.ndarray:
    """Numbers of the masked events, lead by lead as they happened."""
    numbers = np.flatnonzero(mask)
    return numbers[np.lexsort((events.event[numbers], events.at[numbers], row[numbers]))]
