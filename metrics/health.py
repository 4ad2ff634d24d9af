"""Is the machinery alive, and can the data be trusted? What the health page and /healthz say."""

import datetime as dt
from dataclasses import dataclass

from core.models import StaleNote
from core.periods import add_months
from leads.models import ImportBatch
from metrics.answers import put
from metrics.definitions import METRICS, Basis, Metric
from metrics.models import RollupState
from metrics.questions import NotApplicable, Reader, read_question
from metrics.series import Snapshot

# A worker that has not been seen for so long is taken for dead (reliability F9).
SILENT = dt.timedelta(seconds=120)
MONTHS_CHECKED = 3
_STATES = ("block", "warn", "unknown", "good")


@dataclass(frozen=True)
class Check:
    """One data-quality check over the last three months (or now, for a stock)."""

    metric: Metric
    answer: dict
    state: str  # good, warn, block, or unknown where there is nothing to check
    params: dict[str, str]


@dataclass(frozen=True)
class Machinery:
    """The rollup and its workers at an instant."""

    written_at: dt.datetime | None
    generation: int
    backlog: int
    worker_seen_at: dt.datetime | None
    worker_alive: bool
    imports: list[ImportBatch]

    @property
    def state(self) -> str:
        if not self.worker_alive:
            return "worker_silent"
        return "behind" if self.backlog else "up_to_date"


def machinery(now: dt.datetime) -> Machinery:
    state = RollupState.objects.filter(id=1).first() or RollupState(id=1)
    seen = state.worker_seen_at
    return Machinery(
        written_at=state.written_at,
        generation=state.generation,
        backlog=StaleNote.objects.count(),
        worker_seen_at=seen,
        worker_alive=seen is not None and now - seen <= SILENT,
        imports=list(ImportBatch.objects.select_related("actor").order_by("-id")[:5]),
    )


def data_checks(snapshot: Snapshot, now: dt.datetime) -> list[Check]:
    """Every declared check, worst first. They are listed, never averaged into one score (metrics-spec 11)."""
    if not snapshot.book:
        return []
    today = snapshot.calendar.day_of(now)
    found = []
    for metric in METRICS.values():
        if metric.warn is None:
            continue
        params = {} if metric.basis == Basis.INSTANT else {"from": add_months(today, -MONTHS_CHECKED).isoformat()}
        try:
            question = read_question(metric.key, params, snapshot=snapshot, now=now, reader=Reader(frozenset()))
        except NotApplicable:
            continue
        answer = put(snapshot, question, reader=Reader(frozenset()))
        found.append(Check(metric, answer, state_of(metric, answer["value"]), params))
    return sorted(found, key=lambda c: (_STATES.index(c.state), -(c.answer["value"] or 0)))


def state_of(metric: Metric, value: float | None) -> str:
    """Good up to the first threshold, warn above it, block above the second."""
    if value is None:
        return "unknown"
    if value > metric.block:
        return "block"
    return "warn" if value > metric.warn else "good"
