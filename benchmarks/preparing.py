"""Makes the company, or finds that of an earlier run: migrate, events, projections, segments."""

from collections.abc import Iterator

from django.core.management import call_command

from benchmarks.bench import Bench, Figure, peak_memory, timed
from benchmarks.company import make_company
from core.planner import tell_planner
from leads.models import Lead, LeadEvent
from leads.services.rebuilding import rebuild_everything
from metrics import rollup


def prepare(bench: Bench) -> Iterator[Figure]:
    call_command("migrate", verbosity=0)
    found = Lead.objects.count()
    if found:
        if found < bench.leads:
            raise SystemExit(f"There are {found:,} leads already; use an empty folder or database.")
        return
    seconds = timed(lambda: make_company(bench.leads, now=bench.now))
    events = LeadEvent.objects.count()
    yield Figure("company", f"{bench.leads:,} leads, {events:,} events written", seconds, "s")
    seconds = timed(rebuild_everything)
    yield Figure("company", "projections folded from the events", bench.leads / seconds, "leads/s")
    seconds = timed(lambda: (rollup.note_everything(), rollup.drain()))
    yield Figure("company", "all segments written the first time", seconds, "s")
    tell_planner()
    yield Figure("company", "most memory so far", peak_memory(), "MB")
