"""Is the machinery alive, and can the data be trusted? What the health page and /healthz say."""

import datetime as dt
from dataclasses import dataclass, replace

from core.models import Heartbeat, OutgoingMessage, StaleNote, TaskFailure
from core.periods import add_months
from leads.models import ImportBatch
from metrics.answers import put
from metrics.definitions import METRICS, Basis, Metric
from metrics.models import RollupState
from metrics.questions import NotApplicable, Reader, read_question
from metrics.series import Snapshot

# What has not been seen for so long is taken for dead (reliability F9), and numbers that wait so long are late (R4).
SILENT = dt.timedelta(seconds=120)
SHOWN = 20
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
class Part:
    """Something that has to run. `state`: good, failing, or unknown where what would show it is itself away."""

    key: str
    seen_at: dt.datetime | None
    state: str


@dataclass(frozen=True)
class Machinery:
    """Clock, worker and rollup at an instant."""

    written_at: dt.datetime | None
    generation: int
    backlog: int
    behind_since: dt.datetime | None  # when the oldest change was noted that is not counted yet
    beat: Part
    worker: Part
    numbers: Part

    @property
    def parts(self) -> list[Part]:
        return [self.beat, self.worker, self.numbers]

    @property
    def failing(self) -> list[str]:
        return [part.key for part in self.parts if part.state == "failing"]

    @property
    def state(self) -> str:
        """The first thing to look at; changes that are just being counted are none."""
        return self.failing[0] if self.failing else "behind" if self.backlog else "up_to_date"


def machinery(now: dt.datetime) -> Machinery:
    state = RollupState.objects.filter(id=1).first() or RollupState(id=1)
    seen = dict(Heartbeat.objects.values_list("part", "seen_at"))
    beat = _part("beat", seen.get(Heartbeat.Part.BEAT), now)
    worker = _part("worker", seen.get(Heartbeat.Part.WORKER), now)
    if worker.state == "failing" and beat.state == "failing":
        # Its sign of life is a job that the clock gives out: without the clock nobody knows about the worker.
        worker = replace(worker, state="unknown")
    since = StaleNote.objects.order_by("id").values_list("noted_at", flat=True).first()
    late = since is not None and now - since > SILENT
    return Machinery(
        written_at=state.written_at,
        generation=state.generation,
        backlog=StaleNote.objects.count(),
        behind_since=since,
        beat=beat,
        worker=worker,
        numbers=Part("numbers", state.written_at, "failing" if late else "good"),
    )


def _part(key: str, seen_at: dt.datetime | None, now: dt.datetime) -> Part:
    alive = seen_at is not None and now - seen_at <= SILENT
    return Part(key, seen_at, "good" if alive else "failing")


@dataclass(frozen=True)
class Trouble:
    """What went wrong lately, by class of error and never by its text."""

    failures: list[TaskFailure]
    messages: list[OutgoingMessage]  # given up, or nobody knows
    waiting: int
    imports: list[ImportBatch]

    @property
    def count(self) -> int:
        return len(self.failures) + len(self.messages)


def trouble() -> Trouble:
    ended = (OutgoingMessage.State.FAILED, OutgoingMessage.State.UNCLEAR)
    under_way = (OutgoingMessage.State.WAITING, OutgoingMessage.State.SENDING)
    return Trouble(
        failures=list(TaskFailure.objects.order_by("-last_at")[:SHOWN]),
        messages=list(OutgoingMessage.objects.filter(state__in=ended).order_by("-ended_at")[:SHOWN]),
        waiting=OutgoingMessage.objects.filter(state__in=under_way).count(),
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
