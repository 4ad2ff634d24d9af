"""The review set: which numbers a review freezes, over which days, and when one of them is off plan."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from accounts.models import Side
from core.periods import Period, bucket_of
from core.templatetags.display import count, money, percent, points, signed
from funnel.book import Book, StageInfo
from funnel.models import Agreement
from metrics.answers import put
from metrics.as_of import snapshot_as_of
from metrics.both_sides import Line, both_promises
from metrics.definitions import METRICS
from metrics.evaluation import select
from metrics.explain import scope_words, value_words
from metrics.plan import monthly_targets, planned
from metrics.questions import NotApplicable, Reader, read_question
from metrics.selection import Question
from metrics.series import Snapshot, margins_of
from reviews.frozen_rows import FrozenSelection, frozen_rows, hash_of

EVERYBODY = Reader(frozenset())
# Whole units that a value is kept in: millionths of a share, thousandths of a day or minute; money is in minor units.
UNITS = {"share": 1_000_000, "days": 1_000, "minutes": 1_000}
# Up to 5 % short of plan is on plan, as on the funnel owner's page.
TOLERANCE = (19, 20)
ON, OFF, NO_PLAN = "on", "off", ""


@dataclass(frozen=True)
class Asked:
    """One number of the set: its question, and the plan (in the units of its value) or the promise it is held against."""

    key: str
    group: str
    side: str
    label: str
    metric: str
    params: dict[str, str]
    plan: int | None = None
    line: Line | None = None


@dataclass(frozen=True)
class Told:
    """The answer to one of them at an instant, with the rows behind it."""

    asked: Asked
    answer: dict
    value: int | None
    words: str
    scope: str
    rows: FrozenSelection
    inputs_hash: str
    currency: str

    @property
    def state(self) -> str:
        if self.asked.line is not None:
            return {"met": ON, "at_risk": OFF, "breached": OFF}.get(self.asked.line.status or "", NO_PLAN)
        return state_against(self.value, self.asked.plan)

    @property
    def plan_words(self) -> str:
        if self.asked.line is not None:
            return line_words(self.asked.line.unit, self.asked.line.promised, self.currency)
        return "" if self.asked.plan is None else words_of(self.asked.plan, self.answer["unit"], self.currency)

    @property
    def line(self) -> dict | None:
        """The promise as it stood, with its measure in words."""
        line = self.asked.line
        if line is None:
            return None
        return asdict(line) | {"measured_words": line_words(line.unit, line.measured, self.currency)}


def state_against(value: int | None, plan: int | None) -> str:
    """On plan down to 95 % of it. What is not known is neither on nor off."""
    if value is None or plan is None:
        return NO_PLAN
    part, whole = TOLERANCE
    return ON if value * whole >= plan * part else OFF


def known_at(at: dt.datetime, now: Snapshot, *, up_to: Agreement | None = None) -> Snapshot:
    """The facts as they were known at an instant, under the versions of the agreement up to `up_to` (None: those of now).

    Slow: all events are folded anew (metrics.as_of).
    """
    day = now.calendar.day_of(at)
    versions = [one for one in now.book.versions if up_to is None or one.number <= up_to.number]
    book = Book(versions, lambda: day)
    return snapshot_as_of(at.isoformat(), replace(now, book=book, margins=margins_of(book), _memo={}))


def judged_at(snapshot: Snapshot, at: dt.datetime) -> Snapshot:
    """The same facts with due times judged as of an instant."""
    return replace(snapshot, written_at=at, _memo={})


def last_complete_day(snapshot: Snapshot, at: dt.datetime) -> dt.date:
    """The day before the freeze: the last one of which everything can have been recorded."""
    return snapshot.calendar.day_of(at) - dt.timedelta(days=1)


def days_of(snapshot: Snapshot, at: dt.datetime) -> Period:
    """The fiscal quarter up to the last complete day before an instant."""
    last = last_complete_day(snapshot, at)
    return Period(bucket_of(last, "quarter", year_start=snapshot.year_start).start, last + dt.timedelta(days=1))


def review_set(snapshot: Snapshot, at: dt.datetime) -> list[Asked]:
    """What a review shows at this freeze instant: the one number, what has a plan, the promises of both sides."""
    if not snapshot.book:
        return []
    return [*_planned(snapshot, days_of(snapshot, at)), *_promised(snapshot, days_of(snapshot, at), at)]


def _planned(snapshot: Snapshot, days: Period) -> Iterator[Asked]:
    span = {"from": days.start.isoformat(), "to": days.end.isoformat()}
    for metric in ("gross_profit", "won_revenue", "won_deals"):
        plan = planned(monthly_targets(snapshot, metric), days)
        if plan is not None or metric == "gross_profit":  # the one number stands there with or without a plan
            yield Asked(metric, "number", Side.JOINT, METRICS[metric].label, metric, span, plan)
    for stage in snapshot.book.newest.path():
        plan = planned(monthly_targets(snapshot, "stage_inflow", stage.id), days)
        if plan is not None:
            yield Asked(f"stage_inflow:{stage.key}", "number", _side(stage), f"Into {stage.name}", "stage_inflow",
                        span | {"stage": stage.key}, plan)  # fmt: skip


def _side(stage: StageInfo) -> str:
    return stage.side or Side.JOINT


def _promised(snapshot: Snapshot, days: Period, at: dt.datetime) -> Iterator[Asked]:
    both = both_promises(snapshot, days, today=snapshot.calendar.day_of(at))
    span = {"from": days.start.isoformat(), "to": days.end.isoformat()}
    for side in (both.marketing, both.sales):
        for line in side.promises:
            yield Asked(line.key, "promise", side.side, line.label, line.metric, span, line=line)


def question_at(snapshot: Snapshot, metric: str, params: dict[str, str], at: dt.datetime) -> Question:
    """The question as of a freeze instant: due times are judged as of it, whatever the facts are as of."""
    found = read_question(metric, params, snapshot=snapshot, now=at, reader=EVERYBODY)
    return replace(found, as_of=at)


def tell(snapshot: Snapshot, asked: Asked, at: dt.datetime) -> Told | None:
    """The answer to a number of the set; None where no stage carries the milestone that it speaks of."""
    try:
        question = question_at(snapshot, asked.metric, asked.params, at)
    except NotApplicable:
        return None
    answer = put(snapshot, question, reader=EVERYBODY)
    rows = frozen_rows(select(snapshot, question))
    return Told(
        asked=asked,
        answer=answer,
        value=in_units(answer["value"], answer["unit"]),
        words=value_words(answer, snapshot.currency),
        scope=scope_words(snapshot, question, {}),
        rows=rows,
        inputs_hash=hash_of(rows, asked.metric, METRICS[asked.metric].version, asked.params),
        currency=snapshot.currency,
    )


def in_units(value: float | None, unit: str) -> int | None:
    """A value as a whole number of its unit (UNITS); None stays unknown."""
    return None if value is None else round(value * UNITS.get(unit, 1))


def words_of(value: int | None, unit: str, currency: str) -> str:
    """A whole number of units in words; a dash where it is not defined."""
    if value is None:
        return "–"
    return value_words({"value": value / UNITS[unit] if unit in UNITS else value, "unit": unit}, currency)


def line_words(unit: str, value: float | None, currency: str) -> str:
    """What a promise says or measures, in its own unit: a share, leads or money."""
    if value is None:
        return "–"
    if unit == "share":
        return percent(value, 0)
    return money(round(value), currency) if unit == "money" else count(round(value))


def difference_words(difference: int | None, unit: str, currency: str) -> str:
    """A signed difference: money, percentage points, or a plain number."""
    if difference is None:
        return "not comparable"
    if unit == "money":
        return f"{'+' * (difference > 0)}{money(difference, currency)}"
    if unit == "share":
        return points(difference / UNITS["share"], 1)
    return signed(difference / UNITS[unit], 1) if unit in UNITS else signed(difference)


def explain_query(params: dict[str, str]) -> str:
    return urlencode(sorted(params.items()))
