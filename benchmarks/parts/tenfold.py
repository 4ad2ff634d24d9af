"""The ten questions of `metrics` over ten times the facts: each lead ten times, with the same days and another id."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.bench import Bench, Figure, faster, timed
from benchmarks.duck import Duck
from benchmarks.questions import ask_all, filters, fresh, ten_questions
from metrics.segments import Table
from metrics.series import Snapshot, current

ORDER = 11
TIMES = 10
_KINDS = ("stay", "journey", "deal", "deal_span")
_UNFILTERED = {1_000_000: 60, 5_000_000: 300}


def run(bench: Bench) -> Iterator[Figure]:
    snapshot = _tenfold(current())
    asked = ten_questions(snapshot, snapshot.calendar.day_of(bench.now))
    duck = Duck(bench.folder / "tenfold.duckdb", snapshot, _KINDS)
    for name, chosen in filters(snapshot).items():
        ours, theirs = ask_all(fresh(snapshot), asked, chosen), duck.ask_all(asked, chosen)
        if ours != theirs:
            raise SystemExit(f"tenfold: {name}: Tandem counts {ours}, DuckDB {theirs}")
        seconds = timed(lambda: ask_all(fresh(snapshot), asked, chosen), times=5)  # noqa: B023 - called here
        against = timed(lambda: duck.ask_all(asked, chosen), times=5)  # noqa: B023
        size = bench.leads * TIMES
        limit = 25 if chosen else next((ms for leads, ms in _UNFILTERED.items() if size <= leads), None)
        ratio = faster(seconds, against)
        yield Figure(
            "tenfold", f"10 questions, {name}, {size:,} leads", seconds * 1e3, "ms", "DuckDB", against * 1e3, ratio,
            f"<= {limit} ms and >= 4x" if limit else ">= 4x", ratio >= 4 and (limit is None or seconds * 1e3 <= limit),
        )  # fmt: skip
    duck.close()


def _tenfold(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, tables=snapshot.tables | {kind: _table(snapshot[kind]) for kind in _KINDS}, _memo={})


def _table(table: Table) -> Table:
    columns = {name: np.repeat(array, TIMES) for name, array in table.columns.items()}
    copy = np.tile(np.arange(TIMES), len(table))
    for name in ("lead", "item"):
        columns[name] = columns[name] * TIMES + copy
    return Table(table.kind, table.days, table.starts * TIMES, columns)
