"""Ten questions of the dashboard over 90 days: computed, remembered, filtered; beside DuckDB's native file."""

from collections.abc import Iterator

from benchmarks.bench import Bench, Figure, faster, timed
from benchmarks.duck import Duck
from benchmarks.questions import ask_all, filters, fresh, ten_questions
from metrics.series import current

ORDER = 10
# performance-limits: milliseconds unfiltered by size; filtered and remembered at any size.
_UNFILTERED = {100_000: 8, 1_000_000: 60, 5_000_000: 300}


def run(bench: Bench) -> Iterator[Figure]:
    snapshot = current()
    asked = ten_questions(snapshot, snapshot.calendar.day_of(bench.now))
    duck = Duck(bench.folder / "yardstick.duckdb", snapshot, ("stay", "journey", "deal", "deal_span"))
    times = 5 if bench.leads > 300_000 else 15
    for name, chosen in filters(snapshot).items():
        ours, theirs = ask_all(fresh(snapshot), asked, chosen), duck.ask_all(asked, chosen)
        if ours != theirs:
            raise SystemExit(f"metrics: {name}: Tandem counts {ours}, DuckDB {theirs}")
        seconds = timed(lambda: ask_all(fresh(snapshot), asked, chosen), times=times)  # noqa: B023 - called here
        against = timed(lambda: duck.ask_all(asked, chosen), times=times)  # noqa: B023
        limit = 25 if chosen else next((ms for size, ms in sorted(_UNFILTERED.items()) if bench.leads <= size), None)
        target = f"<= {limit} ms and >= 4x" if limit else ">= 4x"
        ratio = faster(seconds, against)
        held = ratio >= 4 and (limit is None or seconds * 1e3 <= limit)
        yield Figure(
            "metrics", f"10 questions, {name}, computed", seconds * 1e3, "ms", "DuckDB", against * 1e3, ratio, target, held
        )
    known = fresh(snapshot)
    ask_all(known, asked, {})
    seconds = timed(lambda: ask_all(current() and known, asked, {}), times=times)
    yield Figure(
        "metrics", "10 questions, no filter, nothing has moved", seconds * 1e3, "ms", "DuckDB", against * 1e3,
        target="<= 5 ms", held=seconds * 1e3 <= 5,
    )  # fmt: skip
    duck.close()
