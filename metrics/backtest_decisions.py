"""When each lead was decided on, as it really happened: whether it entered the stage, and what became of it afterwards.

A lead that entered the stage was decided on at its first entry. One that never did was decided on when it first left the way
or went past the stage, at the latest as old as the leads in the middle were that entered; never after the test itself.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db.models import BigIntegerField, Case, F, Value, When

from core.queries import Calendar
from funnel.book import Book, StageInfo, Version
from funnel.models import Milestone, StageKind
from leads.models import Lead, Precision, StageEntry
from metrics.backtest_days import days_of, scoring_instants
from metrics.backtest_events import Events, beside, creations, in_order
from metrics.codes import micros_of
from metrics.methods.backtest import DAY, UNKNOWN
from metrics.methods.quantiles import quantile
from metrics.packed_reading import instant, integers, whole

# What was recorded later than this after its decision was brought in with its history (the house's limit for late entries).
BROUGHT_IN = 2 * DAY
_NEVER = np.iinfo(np.int64).max
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
    day: np.ndarray  # of the company, as core.periods numbers them
    scored_at: np.ndarray  # a score of that day counts up to its end
    entered: np.ndarray
    created: np.ndarray  # when it came in, by the event that says so
    sql: np.ndarray
    won: np.ndarray
    account: np.ndarray
    brought: np.ndarray
    waiting: np.ndarray  # still on the way before the stage, younger than the others were when they entered
    skewed: np.ndarray  # whether its events contradict each other in time
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.lead)


def middle_age(ask: Ask, calendar: Calendar) -> int | None:
    """How old the lead in the middle was when it entered the stage in these days, in microseconds. None: none did."""
    stays = StageEntry.objects.filter(stage_id=ask.stage).exclude(entered_precision=Precision.UNKNOWN)
    stays = stays.filter(lead__created_at__isnull=False).values_list("lead_id", "entered_at", "lead__created_at")
    lead, entered, came = integers(stays)
    _, row, begun = np.unique(lead, return_index=True, return_inverse=True)
    first, created = np.full(len(row), _NEVER), came[row]
    np.minimum.at(first, begun, entered)
    start, stop = _window(ask, calendar)
    within = (first >= start) & (first < stop)
    found = quantile((first - created)[within], 0.5)
    return None if found is None else int(found)


def _window(ask: Ask, calendar: Calendar) -> tuple[int, int]:
    """The days of the decisions as instants, half-open."""
    return micros_of(calendar.start_of_day(ask.first)), micros_of(calendar.end_of_day(ask.last))


def decided(ask: Ask, ids: range, age: int | None, events: Events, book: Book, calendar: Calendar) -> Decided:
    """The decisions on the leads with these ids, by lead; `events` are theirs."""
    lead, company, ours, skewed, came = _leads(ids)
    entered, unsure, turned, sql, won = _stays(ids, ask.stage, book, lead)
    born, recorded = creations(events, lead)
    as_of = micros_of(ask.as_of)
    turned = np.where(turned == UNKNOWN, _NEVER, turned)
    grown = np.full(len(lead), _NEVER) if age is None else came + age
    really = entered != UNKNOWN
    at = np.where(really, entered, np.minimum(np.minimum(turned, grown), as_of))
    limit = np.maximum(at, recorded)
    brought = recorded > at + BROUGHT_IN
    limit[brought] += BROUGHT_IN
    start, stop = _window(ask, calendar)
    within = (came != UNKNOWN) & (at >= start) & (at < stop) & (at <= as_of)
    reasons = {
        "unsure": unsure != UNKNOWN,
        "not_ours": ~ours & ~really,
        "brought_in": brought & (not ask.brought_in),
    }
    left_out = {}
    for name, mask in reasons.items():
        left_out[name] = int(np.count_nonzero(within & mask))
        within &= ~mask
    account = np.where(company == UNKNOWN, -lead, company)
    waiting = ~really & (turned == _NEVER) & ((grown > as_of) | (age is None))
    days = days_of(at[within], calendar)
    columns = (really, born, sql, won, account, brought, waiting, skewed)
    return Decided(
        lead[within], at[within], limit[within], days, scoring_instants(days, calendar),
        *(column[within] for column in columns), left_out,
    )  # fmt: skip


def _leads(ids: range) -> tuple[np.ndarray, ...]:
    """Of the leads that stand: id, company, whether marketing might have brought it, whether its times contradict each
    other, when it came in."""
    rows = Lead.objects.filter(id__gte=ids.start, id__lt=ids.stop, merged_into__isnull=True, voided=False).annotate(
        theirs=whole(Case(When(origin__in=_NOT_OURS, then=1), default=0)), w_company=whole(F("company_id")),
        skewed=whole(Case(When(clock_skew=True, then=1), default=0)), came=instant(F("created_at")),
    )  # fmt: skip
    lead, company, theirs, skewed, came = in_order(integers(rows.values_list("id", "w_company", "theirs", "skewed", "came")))
    return lead, company, theirs == 0, skewed == 1, came


def _stays(ids: range, stage: int, book: Book, lead: np.ndarray) -> list[np.ndarray]:
    """First entry, first one of which the time is not known, first stay past the stage or off the way, SQL and Won."""

    def turned(version: Version, info: StageInfo) -> bool:
        here = version.stages.get(stage)
        past = here is not None and None not in (here.rank, info.rank) and info.rank > here.rank
        return past or info.kind in (StageKind.DETOUR, StageKind.LOST, StageKind.OUT)

    def reached(milestone: str) -> Callable[[Version, StageInfo], bool]:
        def test(version: Version, info: StageInfo) -> bool:
            target = version.milestone(milestone)
            return target is not None and target.id in version.credited(info.id, "marketing")

        return test

    # Every stay is read as it is: comparing texts of instants in the database costs more than all of them do as numbers.
    rows = StageEntry.objects.filter(lead_id__gte=ids.start, lead_id__lt=ids.stop)
    # Below zero: when it was entered is not known. A column less for each of millions of stays.
    below = whole(F("stage_id")) * Value(-1, BigIntegerField())
    signed = Case(
        When(entered_precision=Precision.UNKNOWN, then=below), default=F("stage_id"), output_field=BigIntegerField()
    )
    columns = ("lead_id", "into", "agreement_id", "entered_at")
    whose, into, version, at = in_order(integers(rows.annotate(into=signed).values_list(*columns)))
    begins = np.flatnonzero(np.r_[True, np.diff(whose) != 0]) if len(whose) else np.zeros(0, np.int64)
    asked = (turned, reached(Milestone.SQL), reached(Milestone.WON))
    told = [(into > 0) & _where(book, abs(into), version, test) for test in asked]
    found = []
    for mask in (into == stage, into == -stage, *told):
        first = np.minimum.reduceat(np.where(mask, at, _NEVER), begins) if len(begins) else at
        found.append(beside(lead, whose[begins], np.where(first == _NEVER, UNKNOWN, first)))
    return found


def _where(book: Book, stage: np.ndarray, version: np.ndarray, test: Callable[[Version, StageInfo], bool]) -> np.ndarray:
    """Mask of the stays in stages of which this was true in the version that was in force."""
    # A table of the answers: there are few versions and stages, and millions of stays.
    ids = [pk for each in book.versions for pk in (each.id, *each.stages)]
    size = 1 + max([*ids, int(version.max(initial=0)), int(stage.max(initial=0))])
    holds = np.zeros((size, size), bool)
    for each in book.versions:
        for info in each.stages.values():
            holds[each.id, info.id] = test(each, info)
    return holds[version, stage]
