"""What the worker does after 1, 100 and 10,000 leads moved; beside a rebuild of every day."""

import datetime as dt
from collections.abc import Iterator

from benchmarks.bench import Bench, Figure, timed
from leads.models import Lead, LeadEvent
from leads.services import append_lead_events
from metrics import rollup
from metrics.series import current

ORDER = 60
_LIMITS = {1: 0.020, 100: 0.300, 10_000: 3.0}


def move(count: int, skip: int, now: dt.datetime) -> float:
    """Move so many leads to another stage, in chunks as an import does; returns the seconds of it."""
    stages = {s.key: s.id for s in current().book.newest.stages.values()}
    there = (stages["sal"], stages["mql"])
    leads = list(Lead.objects.filter(stage__isnull=False).order_by("id").values_list("id", "stage_id")[skip : skip + count])
    events = [
        LeadEvent(
            lead_id=lead, kind="moved", from_stage_id=stage, to_stage_id=there[stage == there[0]], occurred_at=now,
            source="bench",
        )
        for lead, stage in leads
    ]  # fmt: skip
    return timed(lambda: [append_lead_events(events[i : i + 500]) for i in range(0, len(events), 500)])


def run(bench: Bench) -> Iterator[Figure]:
    current()
    skip = 0
    for count, limit in _LIMITS.items():
        if count > bench.leads // 10:
            continue
        rounds = []
        for _ in range(5 if count < 1_000 else 1):
            writing = move(count, skip, dt.datetime.now(dt.UTC))
            skip += count
            working = timed(rollup.drain)
            rounds.append((working, timed(current), writing))
        working, reading, writing = sorted(rounds)[len(rounds) // 2]
        what = f"{count:,} leads moved: segments written"
        yield Figure("refresh", what, working * 1e3, "ms", target=f"<= {limit * 1e3:.0f} ms", held=working <= limit)
        yield Figure("refresh", f"{count:,} leads moved: read by a process that was up to date", reading * 1e3, "ms")
        yield Figure("refresh", f"{count:,} leads moved: the moves themselves", count / writing, "moves/s")
