"""When each lead was decided on, as it really happened: whether it entered the stage, and what became of it afterwards.

A lead that entered the stage was decided on at its first entry. One that never did was decided on when it first left the way
or went past the stage, at the latest as old as the leads in the middle were that entered; never after the test itself.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db.models import F, Min, Q

from core.queries import Calendar
from funnel.book import Book, StageInfo, Version
from funnel.models import Milestone, StageKind
from leads.models import Lead, LeadEvent, Precision, StageEntry
from metrics.codes import micros_of
from metrics.methods.backtest import DAY, UNKNOWN
from metrics.methods.quantiles import quantile
from metrics.packed_reading import integers, micros, whole

# What was recorded later than this after its decision was brought in with its history (the house's limit for late entries).
BROUGHT_IN = 2 * DAY
# Leads that sales or a customer started are no candidates of marketing: only if they went through the stage all the same.
_NOT_OURS = ("sales", "customer")


@dataclass(frozen=True)
class Ask:
    """What is tested: a stage, the days of the decisions (both included), for how long leads are followed, up to when."""

    stage: int
    first: dt.date
    last: dt.date
    horizon: int  # days
    brought_in: bool  # whether leads count that were brought in with their history
    as_of: dt.datetime


@dataclass(frozen=True)
class Decided:
    """Leads that were decided on, a row each. Instants in microseconds since 1970, UNKNOWN where there is none.

    `limit`: what was recorded up to then was known at the decision. `left_out`: how many leads were not judged, by why.
    """

    lead: np.ndarray
    at: np.ndarray
    limit: np.ndarray
    entered: np.ndarray
    created: np.ndarray  # when it came in, by the event that says so
    sql: np.ndarray
    won: np.ndarray
    account: np.ndarray
    channel: np.ndarray
    segment: np.ndarray
    brought: np.ndarray
    waiting: np.ndarray  # still on the way before the stage, younger than the others were when they entered
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.lead)


def middle_age(ask: Ask, calendar: Calendar) -> int | None:
    """How old the lead in the middle was when it entered the stage in these days, in microseconds. None: none did."""
    stays = StageEntry.objects.filter(stage_id=ask.stage).exclude(entered_precision=Precision.UNKNOWN)
    stays = stays.filter(lead__created_at__isnull=False).values("lead_id")
    first, created = integers(
        stays.annotate(first=micros(Min("entered_at")), came=micros(Min("lead__created_at"))).values_list("first", "came")
    )
    start, stop = _window(ask, calendar)
    within = (first >= start) & (first < stop)
    found = quantile((first - created)[within], 0.5)
    return None if found is None else int(found)


def _window(ask: Ask, calendar: Calendar) -> tuple[int, int]:
    """The days of the decisions as instants, half-open."""
    return micros_of(calendar.start_of_day(ask.first)), micros_of(calendar.end_of_day(ask.last))


def decided(ask: Ask, ids: range, age: int | None, book: Book, calendar: Calendar) -> Decided:
    """The decisions on the leads with these ids, by lead."""
    lead, channel, segment, company, ours, came = _leads(ids)
    entered, unsure, past, left, sql, won = _stays(ids, ask.stage, book, lead)
    born, recorded = _creations(ids, lead)
    as_of = micros_of(ask.as_of)
    far = np.iinfo(np.int64).max
    turned = np.minimum(np.where(past == UNKNOWN, far, past), np.where(left == UNKNOWN, far, left))
    grown = np.full(len(lead), far) if age is None else came + age
    really = entered != UNKNOWN
    at = np.where(really, entered, np.minimum(np.minimum(turned, grown), as_of))
    limit = np.maximum(at, recorded)
    brought = recorded > at + BROUGHT_IN
    limit[brought] += BROUGHT_IN
    start, stop = _window(ask, calendar)
    within = (came != UNKNOWN) & (at >= start) & (at < stop) & (at <= as_of)
    reasons = {
        "unsure": unsure,
        "not_ours": ~ours & ~really,
        "brought_in": brought & (not ask.brought_in),
    }
    left_out = {}
    for name, mask in reasons.items():
        left_out[name] = int(np.count_nonzero(within & mask))
        within &= ~mask
    account = np.where(company == UNKNOWN, -lead, company)
    waiting = ~really & (turned == far) & ((grown > as_of) | (age is None))
    columns = (lead, at, limit, really, born, sql, won, account, channel, segment, brought, waiting)
    return Decided(*(column[within] for column in columns), left_out)


def _leads(ids: range) -> tuple[np.ndarray, ...]:
    rows = Lead.objects.filter(id__gte=ids.start, id__lt=ids.stop, merged_into__isnull=True, voided=False).annotate(
        w_channel=whole(F("channel_id")), w_segment=whole(F("segment_id")), w_company=whole(F("company_id")),
        came=micros(F("created_at")),
    )  # fmt: skip
    lead, channel, segment, company, came = by_lead(
        integers(rows.values_list("id", "w_channel", "w_segment", "w_company", "came"))
    )
    not_ours = rows.filter(origin__in=_NOT_OURS).values_list("id", flat=True)
    return lead, channel, segment, company, ~np.isin(lead, np.array(list(not_ours), np.int64)), came


def by_lead(columns: np.ndarray) -> np.ndarray:
    """Rows in the order of their first column."""
    return columns[:, np.argsort(columns[0], kind="stable")]


def _stays(ids: range, stage: int, book: Book, lead: np.ndarray) -> list[np.ndarray]:
    """First entry, whether an entry's time is not known, first stay past the stage, first one off the way, SQL and Won."""

    def passed(version: Version, info: StageInfo) -> bool:
        here = version.stages.get(stage)
        return here is not None and None not in (here.rank, info.rank) and info.rank > here.rank

    def reached(milestone: str) -> Callable[[Version, StageInfo], bool]:
        def test(version: Version, info: StageInfo) -> bool:
            target = version.milestone(milestone)
            return target is not None and target.id in version.credited(info.id, "marketing")

        return test

    known = ~Q(entered_precision=Precision.UNKNOWN)
    away = (StageKind.DETOUR, StageKind.LOST, StageKind.OUT)
    rows = StageEntry.objects.filter(lead_id__gte=ids.start, lead_id__lt=ids.stop).values("lead_id")
    rows = rows.annotate(
        entered=micros(Min("entered_at", filter=known & Q(stage_id=stage))),
        unsure=micros(Min("entered_at", filter=~known & Q(stage_id=stage))),
        past=micros(Min("entered_at", filter=known & _where(book, passed))),
        off=micros(Min("entered_at", filter=known & _where(book, lambda version, info: info.kind in away))),
        sql=micros(Min("entered_at", filter=known & _where(book, reached(Milestone.SQL)))),
        won=micros(Min("entered_at", filter=known & _where(book, reached(Milestone.WON)))),
    )
    found = by_lead(integers(rows.values_list("lead_id", "entered", "unsure", "past", "off", "sql", "won")))
    entered, unsure, past, off, sql, won = (_beside(lead, found[0], column) for column in found[1:])
    return [entered, unsure != UNKNOWN, past, off, sql, won]


def _where(book: Book, test: Callable[[Version, StageInfo], bool]) -> Q:
    """Stays in stages of which this was true in the version that was in force."""
    by_stages: dict[tuple[int, ...], list[int]] = {}
    for version in book.versions:
        stages = tuple(sorted(info.id for info in version.stages.values() if test(version, info)))
        by_stages.setdefault(stages, []).append(version.id)
    if len(by_stages) == 1:
        return Q(stage_id__in=[*by_stages.popitem()[0], 0])
    found = Q(stage_id=0)
    for stages, versions in by_stages.items():
        found |= Q(agreement_id__in=versions, stage_id__in=[*stages, 0])
    return found


def _creations(ids: range, lead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each lead came in by its own event, and when that was recorded."""
    rows = LeadEvent.objects.filter(lead_id__gte=ids.start, lead_id__lt=ids.stop, kind=LeadEvent.Kind.CREATED)
    rows = rows.annotate(at=micros(F("occurred_at")), told=micros(F("recorded_at")))
    found = by_lead(integers(rows.values_list("lead_id", "at", "told")))
    return _beside(lead, found[0], found[1]), _beside(lead, found[0], found[2])


def _beside(lead: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of each lead; both are in order of the lead."""
    found = np.full(len(lead), UNKNOWN)
    if len(keys):
        spot = np.minimum(np.searchsorted(keys, lead), len(keys) - 1)
        here = keys[spot] == lead
        found[here] = values[spot[here]]
    return found
