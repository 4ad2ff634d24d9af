"""Moves by eight people at once, each a process of its own; beside the same writes in plain ORM statements."""

import datetime as dt
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator

from benchmarks.bench import Bench, Figure, percentile

ORDER = 70
_CLIENTS = 8
_SECONDS = 5.0


def run(bench: Bench) -> Iterator[Figure]:
    ours, waits = _play("product", first=0)
    plain, plain_waits = _play("plain", first=1)
    limit = 0.050 if bench.sqlite else 0.025
    slow = percentile(waits, 0.99)
    yield Figure(
        "moves", f"{_CLIENTS} clients, all rules and projections", ours, "moves/s", "7 plain ORM statements", plain,
        ours / plain, ">= 2x", ours >= 2 * plain,
    )  # fmt: skip
    yield Figure(
        "moves", f"{_CLIENTS} clients, a move, p99", slow * 1e3, "ms", "plain", percentile(plain_waits, 0.99) * 1e3,
        percentile(plain_waits, 0.99) / slow, f"<= {limit * 1e3:.0f} ms", slow <= limit,
    )  # fmt: skip
    yield Figure("moves", f"{_CLIENTS} clients, a move, p50", percentile(waits, 0.5) * 1e3, "ms", "plain",
                 percentile(plain_waits, 0.5) * 1e3)  # fmt: skip


def _play(kind: str, first: int) -> tuple[float, list[float]]:
    """(moves per second of all clients, seconds of each move)."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(_CLIENTS), context.Queue()
    clients = [context.Process(target=_client, args=(kind, 2 * i + first, start, results)) for i in range(_CLIENTS)]
    for client in clients:
        client.start()
    found = [results.get(timeout=180) for _ in clients]
    for client in clients:
        client.join()
    waits = [wait for one in found for wait in one]
    return len(waits) / _SECONDS, waits


def _client(kind: str, slot: int, start, results) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django  # noqa: PLC0415 - a process of its own

    django.setup()
    from leads.models import Lead  # noqa: PLC0415

    move = _MOVES[kind]()
    leads = list(Lead.objects.filter(stage__isnull=False).order_by("id")[slot : 16_000 : 2 * _CLIENTS])
    waits, i = [], 0
    start.wait(120)
    end = time.perf_counter() + _SECONDS
    while (begun := time.perf_counter()) < end:
        move(leads[i % len(leads)])
        waits.append(time.perf_counter() - begun)
        i += 1
    results.put(waits)


def _product() -> Callable:
    from funnel.models import Stage  # noqa: PLC0415
    from leads.projection import Context  # noqa: PLC0415
    from leads.services import move_lead  # noqa: PLC0415

    mql, sal = Stage.objects.get(key="mql"), Stage.objects.get(key="sal")
    context = Context()
    reason = next(iter(context.book.newest.reasons["return"]))
    return lambda lead: move_lead(lead, sal if lead.stage_id == mql.id else mql, actor=None, reason=reason, context=context)


def _plain() -> Callable:
    """Lock the lead, close its stay, write the event, open the next stay, note two days, update the lead."""
    from django.db import transaction  # noqa: PLC0415

    from core.models import StaleNote  # noqa: PLC0415
    from funnel.models import Agreement, Stage  # noqa: PLC0415
    from leads.models import Lead, LeadEvent, StageEntry  # noqa: PLC0415

    mql, sal = Stage.objects.get(key="mql").id, Stage.objects.get(key="sal").id
    agreement = Agreement.objects.get().id

    def move(lead: Lead) -> None:
        now = dt.datetime.now(dt.UTC)
        with transaction.atomic():
            row = Lead.objects.select_for_update().get(id=lead.id)
            to = sal if row.stage_id == mql else mql
            event = LeadEvent.objects.create(
                lead=row, kind="moved", from_stage_id=row.stage_id, to_stage_id=to, occurred_at=now, agreement_id=agreement,
                source="bench",
            )  # fmt: skip
            stay = StageEntry.objects.filter(lead=row, left_at=None).first()
            stay.left_at, stay.left_day, stay.left_precision, stay.next_stage_id = now, now.date(), "instant", to
            stay.save()
            StageEntry.objects.create(
                opening_event=event, lead=row, stage_id=to, position=stay.position + 1, entry_no=1, entered_at=now,
                entered_day=now.date(), entered_precision="instant", agreement_id=agreement, owner_id=row.owner_id,
            )  # fmt: skip
            StaleNote.objects.bulk_create([StaleNote(lead_id=row.id, day=day) for day in (stay.entered_day, now.date())])
            row.stage_id, row.stage_since, row.version = to, now, row.version + 1
            row.save()

    return move


_MOVES = {"product": _product, "plain": _plain}
