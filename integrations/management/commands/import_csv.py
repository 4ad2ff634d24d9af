"""manage.py import_csv FILE --mapping MAPPING.toml [--dry-run] [--json]"""

import json
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError

from integrations.errors import FileError
from integrations.importing import Report, run_import
from integrations.mapping import load_mapping

# On a terminal one line is rewritten; into a log goes a line every few seconds.
_TERMINAL_EVERY, _LOG_EVERY = 0.5, 5.0


class Command(BaseCommand):
    help = (
        "Import a CSV file by a mapping (docs/import.md). Exit status: 0 all rows taken, 1 rows were rejected, "
        "2 the file or the mapping could not be read."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="TOML file that says what the columns are")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then take it back")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object")

    def handle(self, *args, **options):
        try:
            report = run_import(
                path=options["file"],
                mapping=load_mapping(options["mapping"]),
                actor=None,
                dry_run=options["dry_run"],
                progress=Progress(self.stderr),
            )
        except FileError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        except (OperationalError, InterfaceError) as error:
            self.stderr.write(
                f"The database failed ({str(error).strip()}). Run the same command again: nothing is counted twice."
            )
            sys.exit(2)
        # With --json the standard output holds the object alone; the words for people go to the other one.
        self.describe(report, self.stderr if options["json"] else self.stdout, dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict()))
        if report.counts["rejected"]:
            sys.exit(1)

    def describe(self, report: Report, out, *, dry_run: bool) -> None:
        found = report.as_dict()
        if dry_run:
            out.write("Dry run: nothing was stored.")
        counts = ", ".join(f"{found[name]} {name}" for name in ("created", "updated", "unchanged", "rejected", "skipped"))
        out.write(f"{found['read']} rows read: {counts} ({found['seconds']:.1f} s).")
        if report.unmapped:
            out.write(f"Columns that the mapping does not use: {', '.join(report.unmapped)}.")
        for name, words in report.left_empty.items():
            some = ", ".join(f"“{word}”" for word, _ in words.most_common(5))
            out.write(f"{name} left empty for {len(words)} values that Tandem does not know: {some}.")
        for line, name, reason in report.first_rejects:
            out.write(f"  line {line}: {name + ' ' if name else ''}{reason}")
        if report.rejects_file:
            out.write(f"Rejected rows with reasons: {report.rejects_file}")


class Progress:
    """Rows done of rows in all, on standard error."""

    def __init__(self, out):
        self.out, self.terminal, self.last = out, out.isatty(), time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now, every = time.monotonic(), _TERMINAL_EVERY if self.terminal else _LOG_EVERY
        if now - self.last < every and not (self.terminal and done == total):
            return
        self.last = now
        if self.terminal:
            self.out.write(f"\r{done:,} of {total:,} rows", ending="\n" if done == total else "")
        else:
            self.out.write(f"{done:,} of {total:,} rows")
