"""Every segment from the projections, beside DuckDB making the same facts from Parquet; projections from the events."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.bench import Bench, Figure, peak_memory, timed
from benchmarks.duck import THREADS
from core.models import StaleNote
from metrics import rollup
from metrics.segments import DIMENSIONS, FAR
from metrics.series import Snapshot, current

ORDER = 80


def run(bench: Bench) -> Iterator[Figure]:
    snapshot = current()
    rollup.drain()
    seconds = timed(_everything)
    if StaleNote.objects.exists():
        raise SystemExit("rebuild: notes were left behind")
    files = _parquet(bench.folder, snapshot)
    against = timed(lambda: _facts(files, bench.folder / "facts.duckdb"))
    limit = 4 if bench.sqlite else 2.5
    yield Figure(
        "rebuild", f"all {sum(len(t) for t in snapshot.tables.values()):,} facts of all days", seconds, "s",
        "DuckDB from Parquet", against, against / seconds, f"<= {limit}x its time", seconds <= limit * against,
    )  # fmt: skip
    yield Figure("rebuild", "most memory so far", peak_memory(), "MB", target="<= 1,500 MB", held=peak_memory() <= 1_500)
    for file in [*files.values(), bench.folder / "facts.duckdb"]:
        file.unlink(missing_ok=True)


def _everything() -> None:
    rollup.note_everything()
    rollup.drain()


def _parquet(folder: Path, snapshot: Snapshot) -> dict[str, Path]:
    """The projections as the database holds them: stays without the lead's dimensions, and the leads with them."""
    stay = snapshot["stay"]
    of_lead = [name for name in DIMENSIONS if name not in ("owner", "team")]
    _, first = np.unique(stay["lead"], return_index=True)
    tables = {
        "stays": {name: array for name, array in stay.columns.items() if name not in of_lead},
        "leads": {name: stay[name][first] for name in ("lead", *of_lead)},
        "touches": dict(snapshot["touch"].columns),
    }
    files = {}
    for name, columns in tables.items():
        files[name] = folder / f"{name}.parquet"
        base = duckdb.connect(config={"threads": THREADS})
        base.register("columns", {key: np.ascontiguousarray(array) for key, array in columns.items()})
        base.execute(f"COPY (SELECT * FROM columns ORDER BY lead) TO '{files[name]}' (FORMAT parquet)")
        base.close()
    return files


def _facts(files: dict[str, Path], target: Path) -> None:
    """Stays with dimensions by day and lead, journeys with every first reach, touches by day, in one native file."""
    target.unlink(missing_ok=True)
    base = duckdb.connect(str(target), config={"threads": THREADS})
    base.execute(
        f"CREATE TABLE stay AS SELECT s.*, l.* EXCLUDE (lead) FROM '{files['stays']}' s "
        f"JOIN '{files['leads']}' l USING (lead) ORDER BY day, lead, item"
    )
    stages = [row[0] for row in base.execute("SELECT DISTINCT stage FROM stay ORDER BY stage").fetchall()]
    reaches = ", ".join(
        f"coalesce(min(day) FILTER (WHERE stage = {s}), {FAR}) AS r_{s}, "
        f'min_by(owner, "at") FILTER (WHERE stage = {s}) AS o_{s}, '
        f'min_by(team, "at") FILTER (WHERE stage = {s}) AS t_{s}'
        for s in stages
    )
    base.execute(
        f"CREATE TABLE journey AS SELECT min(day) AS first, lead, any_value(channel) AS channel, "
        f"any_value(campaign) AS campaign, any_value(segment) AS segment, any_value(region) AS region, "
        f"any_value(origin) AS origin, any_value(tier) AS tier, {reaches} FROM stay GROUP BY lead ORDER BY first, lead"
    )
    base.execute(f"CREATE TABLE touch AS SELECT * FROM '{files['touches']}' ORDER BY day, lead, item")
    base.execute("CHECKPOINT")
    base.close()
