"""From a question to an answer: the reductions, the breakdowns and the list, all on one selection."""

import datetime as dt
from dataclasses import replace
from itertools import islice

import numpy as np

from core.errors import DomainError
from core.periods import Period, buckets, start_of
from metrics import codes
from metrics import promise_figures as promises
from metrics import select_response as response
from metrics.definitions import METRICS, Basis, Kind, Metric
from metrics.methods.intervals import wilson
from metrics.methods.quantiles import quantile
from metrics.methods.survival import NEVER, exit_curve, first_reach_incidence
from metrics.return_figures import of_return
from metrics.rows import distinct
from metrics.segments import MISSING, UNKNOWN_DAY
from metrics.select_money import AGE_BUCKETS
from metrics.selection import BY_DIMENSION, BY_TIME, Question, Selection
from metrics.series import Snapshot

DEFAULT_HORIZON = 90
SMALL = 20  # below this, counts and interval only: no ranking, no colour (X13)
SUPPRESS = 5  # below this, an answer about single people shows no value (X13)
LEAST_STAYS, LEAST_AT_RISK = 30, 5  # metrics-spec 2.4
# What would give a value away.
_TELLING = (
    "numerator", "denominator", "interval", "open", "unknown", "estimated", "quantiles", "curve", "horizon", "promise",
    "bounds",
)  # fmt: skip
# Kinds with a target instead of a promised share.
_TARGETS = (Kind.VOLUME, Kind.WORTH)
OTHERS = -1  # the row of all people whose single figures the reader may not see
CAUSES = {codes.ADVANCE: "advance", codes.BACK: "back", codes.LOST: "lost", codes.OUT: "out", codes.DETOUR: "detour"}

Answer = dict


def answer(snapshot: Snapshot, question: Question, *, people: frozenset[int] | None = None) -> Answer:
    """The answer object of architecture section 7. `people`: whose single figures may be told apart (None: everybody's)."""
    metric = METRICS[question.key]
    return snapshot.memo(("answer", question, people), lambda: _answer(snapshot, metric, question, people))


def select(snapshot: Snapshot, question: Question) -> Selection:
    """The rows behind the answer; its list."""
    return METRICS[question.key].select(snapshot, replace(question, by=None))


def _answer(snapshot: Snapshot, metric: Metric, question: Question, people) -> Answer:
    found: Answer = {"key": metric.key}
    selection = select(snapshot, question)
    found |= reduce(metric, selection, question, snapshot)
    if about_people(question) and found["n"] < SUPPRESS:
        _suppress(found)
    versions = sorted({int(v) for v in distinct(selection.version)} - {0}) if selection.has("version") else []
    if metric.kind in _TARGETS:
        versions = sorted({*versions, *promises.target_versions(snapshot, question, metric.promise)})
    found["definition_version"] = versions or [_version_of(snapshot, question, metric)]
    if len(versions) > 1 and metric.kind not in (Kind.COUNT, Kind.SUM):
        # A rate holds within one version: each has its row, and the whole says that it mixes them (X7).
        found["versions"] = [
            _row(metric, selection.where(selection.version == number), question, str(number), "", snapshot, version=number)
            for number in versions
        ]
        if found["status"] == "ok":
            found["status"] = "mixed"
    as_of = question.as_of or snapshot.written_at
    found["as_of"] = as_of.astimezone(snapshot.calendar.zone_at(as_of)).isoformat() if as_of else None
    if metric.unit == "money":
        found["currency"] = snapshot.currency
    if question.by:
        found["series"] = _series(snapshot, metric, selection, question, people)
    elif selection.has("bucket"):
        found["series"] = _age_buckets(snapshot, metric, selection, question)
    return found


def _version_of(snapshot: Snapshot, question: Question, metric: Metric) -> int:
    day = question.at or (question.period.start if question.period else question.today)
    if not snapshot.book:
        return 0
    version = snapshot.book.on(day)
    return version.number if metric.by_agreement else version.counting_version


def about_people(question: Question) -> bool:
    """Whether a question asks for the figures of named people. Too few of these say nothing, however they are asked for."""
    return any(name == "owner" and any(ids) for name, ids in question.where)


def _suppress(found: Answer) -> None:
    """Leave the number of cases and nothing that it could be told from."""
    for name in _TELLING:
        found.pop(name, None)
    found |= {"value": None, "status": "suppressed"}


def horizon_of(question: Question) -> int:
    return question.horizon if question.horizon is not None else DEFAULT_HORIZON


def reduce(
    metric: Metric, selection: Selection, question: Question, snapshot: Snapshot, *, version: int | None = None
) -> Answer:
    """Reduce rows to the figures of a metric's kind. An empty denominator is undefined, never 0 or 100 % (X12).

    `version`: the one whose targets are meant, where the rows are of one version alone.
    """
    n = len(selection)
    found: Answer = {"status": "ok", "value": None, "n": n, "unit": metric.unit, "basis": str(metric.basis)}
    if selection.excluded:
        found["excluded"] = dict(selection.excluded)
    match metric.kind:
        case Kind.COUNT:
            found["value"] = n
        case Kind.SUM | Kind.MEAN:
            _sum(found, selection, mean=metric.kind == Kind.MEAN)
        case Kind.RATIO | Kind.SHARES:
            _ratio(found, selection)
        case Kind.SHARE_OF_SUM:
            known = selection.value != MISSING
            whole = int(selection.value[known].sum())
            part = int(selection.value[known & selection.hit].sum())
            found |= {"numerator": part, "denominator": whole, "unknown": selection.unknown}
            found["value"] = part / whole if whole else None
            if selection.unknown:
                found["status"] = "partial"
        case Kind.DURATION:
            _duration(found, selection)
        case Kind.STAY:
            _stay(found, selection, curve=metric.key == "stage_exit_curve")
        case Kind.CONVERSION:
            _conversion(found, selection, horizon_of(question))
        case Kind.CYCLE:
            _cycle(found, selection)
        case Kind.RESPONSE:
            in_working_time = metric.fact == "handoff"
            _response(found, selection, response.working_day(snapshot) if in_working_time else A_DAY)
        case Kind.WINDOWS:
            found |= promises.windows(snapshot, selection, metric.promise)
        case Kind.QUALITY:
            found |= promises.quality(snapshot, selection, metric.promise)
        case Kind.CONTEXT:
            found |= promises.context(snapshot, selection, metric.promise)
        case Kind.VOLUME:
            found |= promises.volume(snapshot, selection, question, metric.promise, version)
        case Kind.WORTH:
            found |= promises.worth(snapshot, selection, question, metric.promise, version)
        case Kind.ACCEPTANCE:
            found |= promises.acceptance(selection)
        case Kind.BOUNDS:
            found |= promises.bounds(selection)
        case Kind.RETURN | Kind.COST_PER:
            found |= of_return(metric.kind, selection)
        case Kind.DISTINCT:
            found["value"] = found["n"] = len(distinct(selection.item))
    if selection.why:
        found = {name: value for name, value in found.items() if name not in _TELLING} | {
            "value": None,
            "why": selection.why,
        }
    if found.get("unknown") and found["status"] == "ok":
        found["status"] = "partial"
    if found["value"] is None and found["status"] in ("ok", "partial"):
        found["status"] = "undefined"
    return found


def _sum(found: Answer, selection: Selection, *, mean: bool) -> None:
    known = selection.value != MISSING
    total = int(selection.value[known].sum())
    found["unknown"] = selection.unknown
    if mean:
        count = int(np.count_nonzero(known))
        found |= {"numerator": total, "denominator": count, "value": total / count if count else None}
    else:
        # Nothing but unknown amounts is no sum of zero (X15).
        found["value"] = total if np.any(known) or not len(selection) else None
    estimated = int(selection.value[known & selection.estimated].sum()) if selection.estimated is not None else 0
    if selection.estimated is not None and np.any(selection.estimated):
        found["estimated"] = estimated
    if selection.unknown or (selection.estimated is not None and np.any(selection.estimated)):
        found["status"] = "partial"


def _ratio(found: Answer, selection: Selection) -> None:
    base = np.ones(len(selection), bool) if selection.base is None else selection.base
    hits, whole = int(np.count_nonzero(selection.hit)), int(np.count_nonzero(base))
    found |= {"numerator": hits, "denominator": whole, "n": whole, "value": hits / whole if whole else None}
    if whole and selection.base is None:
        found["interval"] = list(wilson(hits, whole))


def _duration(found: Answer, selection: Selection) -> None:
    days = selection.age / 86_400
    quantiles = _quarters(days)
    parts = {name: days[selection.cause == code] for code, name in CAUSES.items()}
    by_cause = {name: {"n": len(part), "p50": quantile(part, 0.5)} for name, part in parts.items() if len(part)}
    found |= {"value": quantiles["p50"], "quantiles": quantiles | {"by_cause": by_cause}}


def _stay(found: Answer, selection: Selection, *, curve: bool) -> None:
    n = len(selection)
    found["open"] = int(np.count_nonzero(selection.cause == 0))
    if n == 0:
        return
    result = exit_curve(
        selection.age, selection.cause, least_at_risk=min(LEAST_AT_RISK, n) if n < LEAST_STAYS else LEAST_AT_RISK
    )
    found["quantiles"] = {"p50": result.age_at(0.5), "p75": result.age_at(0.75)}
    if curve:
        found["curve"] = [
            {"age": age, "at_risk": result.at_risk[i], "staying": result.staying[i]}
            | {name: result.causes[code][i] for code, name in CAUSES.items() if code in result.causes}
            for i, age in enumerate(result.ages)
        ]
        found["value"] = result.causes.get(codes.ADVANCE, [0.0])[-1] if result.ages else None
    else:
        found["value"] = result.age_at(0.5)
    if n < LEAST_STAYS:
        found |= {"status": "suppressed", "value": None}
        found.pop("curve", None)
    elif found["value"] is None:
        found |= {"status": "immature", "last_age": result.ages[-1] if result.ages else 0}


def _conversion(found: Answer, selection: Selection, horizon: int) -> None:
    result = first_reach_incidence(selection.age, selection.follow, horizon)
    found |= {
        "value": result.value,
        "numerator": result.converted,
        "denominator": len(selection),
        "open": result.open,
        "horizon": horizon,
    }
    if result.interval is not None:
        found["interval"] = list(result.interval)
    if not result.mature:
        found["status"] = "immature"


def _cycle(found: Answer, selection: Selection) -> None:
    done = selection.age[selection.age != NEVER]
    found |= {
        "value": quantile(done, 0.5),
        "numerator": len(done),
        "denominator": len(selection),
        "open": len(selection) - len(done),
        "quantiles": _quarters(done),
    }


def _quarters(values: np.ndarray) -> dict[str, float | None]:
    ordered = np.sort(values)
    return {f"p{q}": quantile(ordered, q / 100, ordered=True) for q in (25, 50, 75, 90)}


A_DAY = 1440  # minutes


def _response(found: Answer, selection: Selection, day: int) -> None:
    """`day`: minutes of a day, by the clock or of work."""
    contacted = int(np.count_nonzero(selection.hit))
    found |= {"numerator": contacted, "denominator": len(selection), "open": len(selection) - contacted}
    if not len(selection):
        return
    result = exit_curve(selection.age, selection.cause)
    found["quantiles"] = {"p50": result.age_at(0.5), "p75": result.age_at(0.75), "p90": result.age_at(0.9)}
    found["value"] = found["quantiles"]["p50"]
    # Share answered in time of all that were followed that long or answered earlier.
    found["curve"] = []
    answered = np.where(selection.hit, selection.age, NEVER)
    for minutes in (5, 60, day):
        share = first_reach_incidence(answered, selection.follow, minutes)
        found["curve"].append(
            {"age": minutes, "share": share.value, "numerator": share.converted, "interval": share.interval}
        )
    if found["value"] is None:
        found["status"] = "immature"


# --- breakdowns -----------------------------------------------------------------------------------------------------


def _row(
    metric: Metric,
    part: Selection,
    question: Question,
    key: str,
    label: str,
    snapshot: Snapshot,
    *,
    version: int | None = None,
) -> Answer:
    figures = reduce(metric, part, question, snapshot, version=version)
    row = {"key": key, "label": label, "value": figures["value"], "n": figures["n"]}
    for name in ("numerator", "denominator", "interval", "open", "unknown", "estimated", "promise", "bounds"):
        if name in figures:
            row[name] = figures[name]
    if figures["status"] not in ("ok",):
        row["status"] = figures["status"]
    if about_people(question) and row["n"] < SUPPRESS:
        _suppress(row)
    return row


def _series(snapshot: Snapshot, metric: Metric, selection: Selection, question: Question, people) -> list[Answer]:
    if question.by in BY_TIME:
        return _by_time(snapshot, metric, selection, question)
    if question.by not in BY_DIMENSION or question.by not in selection.dims:
        raise DomainError("by_unknown", f"{metric.label} can't be broken down by {question.by}.", field="by")
    column = selection.dims[question.by]
    if question.by == "owner" and people is not None:
        column = np.where((column == 0) | np.isin(column, list(people)), column, OTHERS)
    rows = [
        _row(metric, *_group(metric, selection, question, column, int(value)), group_key(int(value)), "", snapshot)
        | {"_id": int(value)}
        for value in distinct(column)
    ]
    if question.by == "owner":
        for row in rows:
            if row["n"] < SUPPRESS and row["_id"] not in (OTHERS, 0):
                _suppress(row)
    return rows


def _group(metric: Metric, selection: Selection, question: Question, column: np.ndarray, value: int):
    """The rows of a group, and the question that they answer."""
    if metric.kind == Kind.SHARES and question.by == "reason":
        return selection.but(hit=column == value), question  # all groups are shares of the same whole
    if metric.kind in _TARGETS and question.by == "tier":
        question = replace(question, where=(*question.where, ("tier", (value,))))  # a tier has a target of its own
    return selection.where(column == value), question


def group_key(value: int) -> str:
    """The key of a group: its id as text, "" for unknown, "others" for the people a reader may not see one by one."""
    return {0: "", OTHERS: "others"}.get(value, str(value))


def _by_time(snapshot: Snapshot, metric: Metric, selection: Selection, question: Question) -> list[Answer]:
    if metric.basis == Basis.INSTANT:
        return [
            _row(
                metric,
                metric.select(snapshot, replace(question, at=day, by=None)),
                question,
                _key(snapshot, question, bucket),
                "",
                snapshot,
            )
            for bucket in _buckets(snapshot, question)
            if (day := min(bucket.end - dt.timedelta(days=1), question.today)) >= bucket.start
        ]
    rows = []
    for bucket in _buckets(snapshot, question):
        part = selection.during(bucket.first, bucket.stop)
        asked = replace(question, period=bucket)
        rows.append(_row(metric, part, asked, _key(snapshot, question, bucket), "", snapshot))
    at_unknown_time = selection.day == UNKNOWN_DAY
    if np.any(at_unknown_time):
        rows.insert(0, _row(metric, selection.where(at_unknown_time), question, "", "time unknown", snapshot))
    return rows


def _buckets(snapshot: Snapshot, question: Question) -> list[Period]:
    if question.period is None:
        raise DomainError("period_missing", "A breakdown by time needs a period.", field="from")
    cut = buckets(question.period, question.by, week_start=snapshot.week_start, year_start=snapshot.year_start)
    found = list(islice(cut, 1_001))
    if len(found) > 1_000:
        raise DomainError("too_many_buckets", "Choose a coarser grain or a shorter period.", field="by")
    return found


def _key(snapshot: Snapshot, question: Question, bucket: Period) -> str:
    """The first day of the whole week, month or quarter, so that a key means the same whatever period was asked for."""
    start = start_of(bucket.start, question.by, week_start=snapshot.week_start, year_start=snapshot.year_start)
    return start.isoformat()


def _age_buckets(snapshot: Snapshot, metric: Metric, selection: Selection, question: Question) -> list[Answer]:
    return [
        _row(metric, selection.where(selection.bucket == i), question, label, f"{label} days", snapshot)
        for i, (_, label) in enumerate(AGE_BUCKETS)
    ]
