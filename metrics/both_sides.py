"""Both sides' promises beside each other, and the handoffs that wait: what cards, the review and mails read.

    both = both_promises(snapshot, frame.to_date, today=frame.today, where=frame.where)
    both.marketing.promises, both.sales.promises   one Line per promise, its tiers and versions added up
    both.marketing.lines, both.sales.lines      the same line by line, in the agreement's order
    both.marketing.attainment, .least, .status  metrics-spec 3.3; both.joint is the lower of the two sides

    waiting = open_handoffs(snapshot, today=frame.today, where=frame.where)
    waiting.rows                                one per who must act: counts by age, total, how many past 24 hours
    waiting.leads(who="sales", group=2)         exactly those leads

Everything is judged as of the snapshot's moment, so a cached card is right until the next generation, and the worker begins
one when a window closes (metrics.rollup.follow_clock). Aggregates: equal for everybody, no people.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.periods import Period
from core.templatetags.display import money
from funnel.models import PromiseKey
from funnel.promises import MARKETING, SALES, PromiseBook, PromiseLine, sentence, working_time
from leads.handoff_queries import OPEN_MARKS
from metrics import codes
from metrics import promise_figures as figures
from metrics.definitions import METRICS
from metrics.evaluation import reduce, select
from metrics.promised import Target, held, moment, shelf, targets, under
from metrics.rows import every
from metrics.segments import MISSING
from metrics.select_promises import still_open
from metrics.selection import Question, Selection, fits
from metrics.series import Snapshot

ROUTING = "routing"
METRIC_OF = {metric.promise: metric.key for metric in METRICS.values() if metric.promise}
MET, AT_RISK, BREACHED = "met", "at_risk", "breached"
ROUTING_ACTS, SALES_ACTS, MARKETING_ACTS, OWNER_ACTS = "routing", "sales", "marketing", "owner"
WHO = (ROUTING_ACTS, SALES_ACTS, MARKETING_ACTS, OWNER_ACTS)
GROUPS = ("under 4 hours", "4 to 24 hours", "1 to 3 days", "3 to 7 days", "over 7 days", "age not known")
LINE_24_HOURS = 2  # the group behind which the 24 hour line lies
Where = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Line:
    """One promise of one version and what became of it. Shares are 0 to 1, `unit` says what promised and measured are.

    `attainment` is measured ÷ promised, None while nothing was due. Counters: `due` cases without `excluded` ones are met
    or missed; `open` ones are not due yet. `status`: met, at_risk, breached (below the line's floor), or None.
    `qualified`: more than 5 % of the month was excluded, which has to be said beside the number.
    """

    key: str
    tier: str
    metric: str  # for the explain drawer
    label: str
    sentence: str
    version: int
    signed: bool
    unit: str  # share, leads, money (base minor units)
    promised: float | None
    measured: float | None
    attainment: float | None
    status: str | None
    weight: int = 1
    floor: float = 0.8
    due: int = 0
    met: int = 0
    missed: int = 0
    excluded: int = 0
    open: int = 0
    late_logged: int = 0
    qualified: bool = False


@dataclass(frozen=True)
class Side:
    """`attainment`: Σ weight × min(attainment, 1) ÷ Σ weight over promises that say something, `least` the lowest."""

    side: str
    promises: tuple[Line, ...]
    lines: tuple[Line, ...]
    attainment: float | None
    least: float | None
    status: str | None


@dataclass(frozen=True)
class BothSides:
    """`joint` is the lower of the two sides' attainments, None while one of them says nothing."""

    period: Period
    running: bool  # the period is not over: at risk is still to be decided
    marketing: Side
    sales: Side
    joint: float | None
    routing: tuple[Line, ...] = ()


def both_promises(snapshot: Snapshot, period: Period, *, today: dt.date, where: Where = ()) -> BothSides:
    """Every promise that held in the period and how it was kept: S by due day, M by entry, M4 by when a decision fell due.

    `where`: filters of the page. Volume and value are promised for all leads together: under a filter they say what was
    delivered and compare it with nothing.
    """
    asked = Question(key="", today=today, period=period, where=where)
    return snapshot.memo(("both sides", asked), lambda: _both(snapshot, asked))


def _both(snapshot: Snapshot, asked: Question) -> BothSides:
    books = [book for book, _ in held(shelf(snapshot), asked.period) if book]
    lines = [_line(snapshot, asked, book, line) for book in books for line in book.lines]
    marketing, sales = (_side(snapshot, asked, side, lines) for side in (MARKETING, SALES))
    sides = [marketing.attainment, sales.attainment]
    return BothSides(
        period=asked.period,
        running=asked.period.end > asked.today,
        marketing=marketing,
        sales=sales,
        joint=None if None in sides else min(sides),
        routing=tuple(_routing(snapshot, asked, book) for book in books if book.terms.routing_seconds is not None),
    )


def _side(snapshot: Snapshot, asked: Question, side: str, lines: list[Line]) -> Side:
    by_key: dict[str, list[Line]] = {}
    for line in lines:
        if (MARKETING if line.key.startswith("M") else SALES) == side:
            by_key.setdefault(line.key, []).append(line)
    promises = [_added_up(snapshot, asked, key, mine) for key, mine in by_key.items()]
    return side_of(side, promises, [line for mine in by_key.values() for line in mine])


def _added_up(snapshot: Snapshot, asked: Question, key: str, lines: list[Line]) -> Line:
    """The lines of one promise as one: the metric itself, each case against the share of its own line."""
    if len(lines) == 1:
        return lines[0]
    metric = METRICS[METRIC_OF[key]]
    question = replace(asked, key=metric.key)
    told = reduce(metric, select(snapshot, question), question, snapshot)
    promise = told["promise"]
    attainment = None if any(line.promised is None for line in lines) else promise["attainment"]
    floor = max(line.floor for line in lines)
    several = len({line.tier for line in lines}) > 1
    return replace(
        lines[-1],  # of the newest version, for every other lead
        sentence=_TOGETHER.get(key, lines[-1].sentence) if several else lines[-1].sentence,
        measured=promise.get("measured", told["value"]),
        promised=None if attainment is None else promise["promised"],
        attainment=attainment,
        status=status_of(attainment, floor),
        weight=max(line.weight for line in lines),
        floor=floor,
        qualified=promise.get("qualified", False),
        **{name: sum(getattr(line, name) for line in lines) for name in _ADDED},
    )


# What is added up over tiers is said of all: the line for every other lead names an amount that is not the one shown.
_TOGETHER = {
    PromiseKey.M1: "Marketing hands over MQLs, those of every tier together.",
    PromiseKey.M2: "Marketing hands over gross profit in MQLs, that of every tier together.",
}
_ADDED = ("due", "met", "missed", "excluded", "open", "late_logged")


def side_of(side: str, promises: Sequence[Line], lines: Sequence[Line] = ()) -> Side:
    """The composite of a side's promises (metrics-spec 3.3): nothing above 100 % makes up for something below."""
    told = [line for line in promises if line.attainment is not None]
    weights = sum(line.weight for line in told)
    whole = sum(line.weight * min(line.attainment, 1.0) for line in told)
    states = {line.status for line in told}
    return Side(
        side=side,
        promises=tuple(promises),
        lines=tuple(lines),
        attainment=whole / weights if weights else None,
        least=min((line.attainment for line in told), default=None),
        status=next((state for state in (BREACHED, AT_RISK, MET) if state in states), None),
    )


def status_of(attainment: float | None, floor: float) -> str | None:
    """Met at 100 % of the promise or more, breached below the floor, at risk between; None where nothing was due."""
    if attainment is None:
        return None
    if attainment >= 1:
        return MET
    return BREACHED if attainment < floor else AT_RISK


def _line(snapshot: Snapshot, asked: Question, book: PromiseBook, line: PromiseLine) -> Line:
    whole = select_of(snapshot, asked, line.key)
    part = whole.where(under(snapshot, book, line, whole.dims["agreement"], whole.dims["tier"]))
    amount = money(line.amount, snapshot.currency) if line.amount is not None else ""
    found = Line(
        key=line.key,
        tier=line.tier,
        metric=METRIC_OF[line.key],
        label=line.label,
        sentence=sentence(line, others=any(one.tier for one in book.of(line.key)), amount=amount),
        version=book.number,
        signed=book.signed,
        unit={PromiseKey.M1: "leads", PromiseKey.M2: "money"}.get(line.key, "share"),
        promised=None if line.share is None else line.share / 10_000,
        measured=None,
        attainment=None,
        status=None,
        weight=line.weight,
        floor=line.floor / 10_000,
    )
    if line.key in (PromiseKey.M1, PromiseKey.M2):
        mine = [] if asked.where else [t for t in targets(snapshot, asked, line.key) if (t.book, t.line) == (book, line)]
        return _with_target(found, part, mine)
    return _with_cases(found, snapshot, asked, part, book, line)


def select_of(snapshot: Snapshot, asked: Question, promise: str) -> Selection:
    """The rows behind the metric of a promise."""
    return select(snapshot, replace(asked, key=METRIC_OF[promise]))


def _with_target(found: Line, part: Selection, mine: list[Target]) -> Line:
    expected = sum(target.expected for target in mine)
    if found.unit == "leads":
        delivered = len(part)
    else:
        delivered = int(part.value[part.value != MISSING].sum())
    attainment = float(delivered / expected) if expected else None
    return replace(
        found,
        promised=float(expected) if mine else None,
        measured=delivered,
        attainment=attainment,
        status=status_of(attainment, found.floor),
        due=len(part),
    )


def _with_cases(found: Line, snapshot: Snapshot, asked: Question, part: Selection, book, line: PromiseLine) -> Line:
    match line.key:
        case PromiseKey.M3:
            told = figures.context(snapshot, part, line.key)
        case PromiseKey.M4:
            told = figures.quality(snapshot, part, line.key)
        case _:
            told = figures.windows(snapshot, part, line.key)
    measured = told["promise"]["measured"] if line.key == PromiseKey.M4 else told["value"]
    attainment = told["promise"]["attainment"]
    counts = {name: told["promise"][name] for name in _COUNTS if name in told["promise"]}
    if not counts:
        counts = {"due": told["denominator"], "met": told["numerator"], "missed": told["denominator"] - told["numerator"]}
    waiting = _still_open(snapshot, asked, book, line) if line.side == SALES else told.get("open", 0)
    return replace(
        found, measured=measured, attainment=attainment, status=status_of(attainment, found.floor), open=waiting, **counts
    )


_COUNTS = ("due", "met", "missed", "excluded", "late_logged", "qualified")


def _still_open(snapshot: Snapshot, asked: Question, book: PromiseBook, line: PromiseLine | None) -> int:
    rows = still_open(snapshot, asked, line.key if line is not None else ROUTING)
    if line is None:
        mine = rows["agreement"] == book.agreement_id
    else:
        mine = under(snapshot, book, line, rows["agreement"], rows["tier"])
    return int(np.count_nonzero(mine))


def _routing(snapshot: Snapshot, asked: Question, book: PromiseBook) -> Line:
    """The leg before the sales side's clock: an aim of the terms without a promised share."""
    whole = select_of(snapshot, asked, ROUTING)
    told = figures.windows(snapshot, whole.where(whole.dims["agreement"] == book.agreement_id), ROUTING)
    return Line(
        key=ROUTING,
        tier="",
        metric=METRIC_OF[ROUTING],
        label="Given to a person",
        sentence=f"A new MQL is with a person of sales within {working_time(book.terms.routing_seconds)}.",
        version=book.number,
        signed=book.signed,
        unit="share",
        promised=None,
        measured=told["value"],
        attainment=None,
        status=None,
        open=_still_open(snapshot, asked, book, None),
        **{name: told["promise"][name] for name in _COUNTS},
    )


# --- handoffs that wait -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WaitingOn:
    """Open handoffs that one party must act on: counts in the order of GROUPS."""

    who: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def past_a_day(self) -> int:
        return sum(self.counts[LINE_24_HOURS:-1])


@dataclass(frozen=True)
class Waiting:
    """`rows` in the order of WHO; ages are by the clock, since the lead became MQL, as of `at`."""

    at: dt.datetime
    rows: tuple[WaitingOn, ...]
    _lead: np.ndarray = field(repr=False)
    _who: np.ndarray = field(repr=False)
    _group: np.ndarray = field(repr=False)

    @property
    def total(self) -> int:
        return len(self._lead)

    @property
    def past_a_day(self) -> int:
        return sum(row.past_a_day for row in self.rows)

    def leads(self, *, who: str | None = None, group: int | None = None) -> np.ndarray:
        """Ids of the leads behind a number, oldest handoff first. Narrow them to what a reader may open."""
        mask = np.ones(len(self._lead), bool)
        if who is not None:
            mask &= self._who == WHO.index(who)
        if group is not None:
            mask &= self._group == group
        return self._lead[mask]


def open_handoffs(snapshot: Snapshot, *, today: dt.date, where: Where = ()) -> Waiting:
    """Handoffs that are not decided, by age and by who must act: routing, sales, marketing (returned), the funnel owner."""
    asked = Question(key="", today=today, where=where)
    at = moment(snapshot, asked)
    rows = every(snapshot["handoff"])
    standing = [codes.STANDINGS.index(name) for name in ("open", "returned", "contested")]
    rows = rows.under(np.isin(rows["state"], standing), fits(rows, asked))
    rows = rows.under(rows["at"] <= codes.micros_of(at))
    order = np.argsort(rows["at"], kind="stable")
    state, assigned = rows["state"][order], rows["assigned"][order] != MISSING
    who = np.select(
        [state == standing[1], state == standing[2], assigned],
        [WHO.index(MARKETING_ACTS), WHO.index(OWNER_ACTS), WHO.index(SALES_ACTS)],
        WHO.index(ROUTING_ACTS),
    )
    marks = [mark // dt.timedelta(microseconds=1) for mark in OPEN_MARKS]
    group = np.searchsorted(marks, codes.micros_of(at) - rows["at"][order], side="right")
    group = np.where(rows["precision"][order] == codes.PRECISIONS.index("unknown"), len(marks) + 1, group)
    counts = np.zeros((len(WHO), len(GROUPS)), int)
    np.add.at(counts, (who, group), 1)
    found = tuple(WaitingOn(name, tuple(counts[i].tolist())) for i, name in enumerate(WHO))
    return Waiting(at=at, rows=found, _lead=rows["lead"][order], _who=who, _group=group)
