"""One run of one file: every row is tried, in chunks of one transaction each.

A chunk that fails unexpectedly is rolled back and taken row by row, so that only the bad row is lost. Nothing is kept in
memory between chunks that a killed run would miss: the identity of rows and events makes the next run find what is there.
"""

import contextlib
import datetime as dt
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from accounts.models import User
from core.errors import DomainError
from core.queries import rates
from integrations.chunk import Chunk, Run
from integrations.csv_reading import Row, Table, open_table
from integrations.entities import MODULES
from integrations.errors import FileError, RowError
from integrations.mapping import Mapping
from integrations.references import References
from integrations.rejects import Rejects
from integrations.rows import Parsed, Reader
from integrations.values import Moment
from integrations.writing import write_chunk
from leads.models import ImportBatch
from leads.projection import Context
from leads.services.history import finish_batch, note_batch, start_batch

log = logging.getLogger(__name__)

CHUNK = 500
OUTCOMES = ("created", "updated", "unchanged", "rejected", "skipped")
_STRENGTH = ("created", "updated", "unchanged", "skipped")


@dataclass
class Report:
    """What a run did. `read` is the sum of the outcomes."""

    counts: Counter = field(default_factory=Counter)
    first_rejects: list[tuple[int, str, str]] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    left_empty: dict[str, Counter] = field(default_factory=dict)
    rejects_file: str | None = None
    seconds: float = 0.0

    def as_dict(self) -> dict:
        """The object that `--json` prints."""
        found = {"read": sum(self.counts.values())} | {name: self.counts[name] for name in OUTCOMES}
        return found | {"rejects_file": self.rejects_file, "seconds": round(self.seconds, 3)}


class _DryRun(Exception):
    """Rolls a dry run back."""


def run_import(
    *,
    path: Path,
    mapping: Mapping,
    actor: User | None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
    file_name: str = "",
    batch: ImportBatch | None = None,
) -> Report:
    """Import a file. FileError if it can't be read at all; everything else is an outcome of a row.

    A dry run is the same work in one transaction that is rolled back. `progress` gets rows done and rows in all. `batch`:
    the one to go on with, after a run of it died.
    """
    job = _open(path, mapping, actor, progress, file_name)
    if not dry_run:
        return job.run(batch)
    try:
        with transaction.atomic():
            job.run()
            raise _DryRun
    except _DryRun:
        return job.report


def check_import(
    *,
    path: Path,
    mapping: Mapping,
    actor: User | None,
    watch: Callable[[Parsed | None, Row, str | RowError], None],
    progress: Callable[[int, int], None] | None = None,
    file_name: str = "",
) -> Report:
    """What an import would do with every row, without a single write and without a lock.

    Rows are planned against what is stored. What only storing finds out (a few rules of the services) stays unseen; the
    dry run of the command does see it. `watch` is called with every row, what it was read as and its outcome.
    """
    return _open(path, mapping, actor, progress, file_name).check(watch)


def _open(path: Path, mapping: Mapping, actor: User | None, progress, file_name: str) -> "_Job":
    context = Context()
    if not context.book:
        raise FileError("This installation has no stages yet. Set up the company first.")
    table = open_table(
        path,
        wanted=mapping.headers(),
        encoding=mapping.encoding,
        delimiter=mapping.delimiter,
        skip_footer=mapping.skip_footer,
    )
    reader = Reader(table, mapping, context.calendar)
    return _Job(table, reader, mapping, context, actor, progress or (lambda done, total: None), file_name or path.name)


class _Job:
    def __init__(self, table: Table, reader: Reader, mapping: Mapping, context: Context, actor, progress, file_name: str):
        self.table, self.reader, self.mapping, self.context = table, reader, mapping, context
        self.actor, self.progress, self.file_name = actor, progress, file_name
        self.report = Report(unmapped=[name for name in table.header if name and name not in mapping.headers()])
        self.done = 0

    def run(self, batch: ImportBatch | None = None) -> Report:
        begun, now = time.monotonic(), dt.datetime.now(dt.UTC)
        main = self.mapping.main
        if batch is None:
            batch = start_batch(entity=main.entity, source=main.source, file_name=self.file_name, actor=self.actor)
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(self.file_name).stem)[:60]
        self.rejects = Rejects(settings.REJECT_DIR / f"{now:%Y%m%d-%H%M%S}-{batch.id}-{stem}.csv", self.table.header)
        self.setup = self._setup(batch, now)
        try:
            for parsed in _chunks(self._parsed(), CHUNK):
                self._take(parsed)
                self.progress(self.done, self.table.total)
            self.progress(self.done, self.table.total)
        except BaseException:
            # If this fails too, the batch stays "running", as after a kill.
            with contextlib.suppress(DatabaseError):
                self._finish(batch, ImportBatch.State.FAILED, begun)
            raise
        self._finish(batch, ImportBatch.State.DONE, begun)
        return self.report

    def _setup(self, batch: ImportBatch | None, now: dt.datetime) -> Run:
        return Run(
            context=self.context,
            rates=rates(),
            refs=References(self.actor),
            batch=batch,
            actor=self.actor,
            now=now,
            update_existing=self.mapping.update_existing,
        )

    def check(self, watch: Callable[[Parsed | None, Row, str | RowError], None]) -> Report:
        begun = time.monotonic()
        self.rejects = _Seen(watch)
        self.setup = self._setup(None, dt.datetime.now(dt.UTC))
        made, carried = set(), {}
        for rows in _chunks(self._parsed(), CHUNK):
            chunk = Chunk(self.setup, rows)
            # A history may make leads that later rows speak of; nothing is stored, so they are handed on.
            chunk.leads = carried | chunk.leads
            for parsed in rows:
                main = parsed.items[0]
                outcome = _plan(chunk, parsed)
                if isinstance(outcome, RowError):
                    self._reject(parsed.row, outcome)
                    continue
                if main.part.entity in ("lead", "deal") and outcome == "created":
                    if (main.part.source, main.key) in made:
                        outcome = "unchanged"
                    made.add((main.part.source, main.key))
                self._count(outcome)
                watch(parsed, parsed.row, outcome)
            if self.mapping.main.entity == "stage_change":
                carried |= {key: draft for key, draft in chunk.leads.items() if draft.is_new}
            self.progress(self.done, self.table.total)
        self.progress(self.done, self.table.total)
        self.report.left_empty = dict(self.setup.refs.left_empty)
        self.report.seconds = time.monotonic() - begun
        return self.report

    def _finish(self, batch: ImportBatch, state: str, begun: float) -> None:
        self.rejects.close()
        report = self.report
        report.rejects_file = self.rejects.name
        report.left_empty = dict(self.setup.refs.left_empty)
        report.seconds = time.monotonic() - begun
        name = Path(report.rejects_file).name if report.rejects_file else ""
        finish_batch(batch=batch, state=state, counts=report.as_dict(), rejects_file=name)

    def _parsed(self) -> Iterator[Parsed]:
        """Rows that can be read, in the order in which they happened; the others are counted on the way."""
        rows: Iterable[Row] = self.table
        if self.mapping.newest_first:
            rows = reversed(list(self.table))
        found = self._read(rows)
        if self.mapping.main.entity == "stage_change":
            # Whether a row repeats the stage before it depends on all earlier ones, wherever they stand in the file.
            yield from sorted(found, key=_moment_of)
        else:
            yield from found

    def _read(self, rows: Iterable[Row]) -> Iterator[Parsed]:
        for seq, row in enumerate(rows):
            if not row.problem and not self.reader.wanted(row):
                self._count("skipped")
                continue
            try:
                parsed = self.reader.read(row, seq)
                for item in parsed.items:
                    MODULES[item.part.entity].check(_linked(item, parsed), self.reader)
            except RowError as error:
                self._reject(row, error)
                continue
            yield parsed

    def _count(self, outcome: str) -> None:
        self.report.counts[outcome] += 1
        self.done += 1

    def _reject(self, row: Row, error: RowError) -> None:
        self._count("rejected")
        self.rejects.add(row.line, error.field, error.reason, row.cells)
        if len(self.report.first_rejects) < 10:
            self.report.first_rejects.append((row.line, error.field, error.reason))

    def _take(self, rows: list[Parsed]) -> None:
        try:
            outcomes = self._write(rows)
        except (OperationalError, InterfaceError):
            # The database is away, full or locked: no row is to blame. The next run goes on where this one stopped.
            raise
        except Exception as error:  # whatever it is, it must cost one row and not the file
            self.setup.refs.reset()
            if len(rows) > 1:
                log.warning("A chunk of %d rows failed and is taken row by row: %s", len(rows), type(error).__name__)
                for row in rows:
                    self._take([row])
                return
            if not isinstance(error, DomainError):
                log.exception("Row on line %d could not be written", rows[0].row.line)
            outcomes = [_refusal(error)]
        for parsed, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, RowError):
                self._reject(parsed.row, outcome)
            else:
                self._count(outcome)

    def _write(self, rows: list[Parsed]) -> list[str | RowError]:
        """Plan and store a chunk in one transaction; the outcome of each row."""
        with transaction.atomic():
            chunk = Chunk(self.setup, rows)
            outcomes = [_plan(chunk, parsed) for parsed in rows]
            write_chunk(chunk)
            # With this chunk's own outcomes: after a kill the note says exactly what is stored.
            counts = self.report.counts + Counter(o if isinstance(o, str) else "rejected" for o in outcomes)
            note_batch(
                batch=self.setup.batch,
                counts=Report(counts=counts).as_dict(),
                rejects_file=self.rejects.path.name if self.rejects.name else "",
            )
        return outcomes


class _Seen:
    """In place of the rejects file where nothing is to be written: tells the watcher."""

    def __init__(self, watch: Callable):
        self._watch = watch

    def add(self, line: int, field: str, reason: str, cells: list[str]) -> None:
        self._watch(None, Row(line, cells), RowError(field, reason))


def _refusal(error: Exception) -> RowError:
    if isinstance(error, DomainError):
        return RowError(error.field, error.message)
    return RowError("", f"could not be stored ({type(error).__name__}); the log has the details")


def _plan(chunk: Chunk, parsed: Parsed) -> str | RowError:
    """Plan all parts of a row, or none: an emitted part that is refused takes the row with it."""
    main, *emitted = parsed.items
    outcomes = []
    try:
        for item in [main, *sorted(emitted, key=_moment_of_item)]:
            outcomes.append(MODULES[item.part.entity].plan(item, chunk))
    except RowError as error:
        chunk.journal.rollback()
        return error
    chunk.journal.commit()
    return next(word for word in _STRENGTH if word in outcomes)


def _linked(item, parsed: Parsed):
    """An emitted item speaks of the row's own lead or deal when it does not say which."""
    main = parsed.items[0]
    if item is not main and main.part.entity in ("lead", "deal") and main.key:
        name = f"{main.part.entity}_external_id"
        if item.part.entity in ("stage_change", "deal", "touch") and item.part.source == main.part.source:
            if not item.values.keys() & {"lead_external_id", "deal_external_id", "email"} and name != "deal_external_id":
                item.values[name] = main.key
            elif item.part.entity == "stage_change" and name == "deal_external_id":
                item.values.setdefault(name, main.key)
    return item


_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


def _moment_of_item(item) -> tuple:
    """Dated parts in their order, then the others as they stand in the mapping."""
    moment = item.values.get("occurred_at")
    return (moment.at if isinstance(moment, Moment) else _LAST, item.values.get("order", 0))


def _moment_of(parsed: Parsed) -> tuple:
    return (*_moment_of_item(parsed.items[0]), parsed.seq)


def _chunks(rows: Iterator[Parsed], size: int) -> Iterator[list[Parsed]]:
    while chunk := list(islice(rows, size)):
        yield chunk
