"""manage.py rollup: work off what is stale; rebuild everything; or prove that the stored figures are right."""

import sys
import time

from django.core.management.base import BaseCommand

from core.models import StaleNote
from leads.services.rebuilding import rebuild_everything
from metrics import rollup
from metrics.check import compare

SHOWN = 50


class Command(BaseCommand):
    help = "Bring the figures up to date. With --all rebuild everything, with --check compare them with the events."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="rebuild all projections and segments from the events")
        parser.add_argument("--check", action="store_true", help="recompute from events; print differences and exit 1")

    def handle(self, *, all, check, **options):
        if all:
            rebuild_everything(report=self._progress)
            self.stdout.write(f"{rollup.note_everything()} days noted")
        if all or not check:
            self._drain()
        if check:
            self._check()

    def _progress(self, what: str, done: int, total: int) -> None:
        self.stdout.write(f"{what}: {done:,} of {total:,}")

    def _drain(self) -> None:
        begun = time.monotonic()
        done = rollup.drain(report=lambda left: self.stdout.write(f"{left:,} notes left"))
        left = StaleNote.objects.count()
        # Another worker may hold the lease, or have left it behind: its notes are not lost, only not ours.
        while left:
            self.stdout.write(f"another worker is at it, {left:,} notes left")
            time.sleep(2)
            done += rollup.drain()
            left = StaleNote.objects.count()
        self.stdout.write(f"{done:,} notes worked off in {time.monotonic() - begun:.1f} s")

    def _check(self) -> None:
        result = compare()
        for difference in result.differences[:SHOWN]:
            self.stdout.write(str(difference))
        if len(result.differences) > SHOWN:
            self.stdout.write(f"... and {len(result.differences) - SHOWN:,} more")
        waiting = StaleNote.objects.count()
        if waiting:
            self.stdout.write(f"{waiting:,} notes are not worked off yet; run: manage.py rollup")
        size = f"{result.segments:,} segments, {result.leads:,} leads"
        self.stdout.write(f"{len(result.differences):,} differences in {size}")
        if result.differences:
            sys.exit(1)
