"""The yardstick of reading: DuckDB, which does nothing but columns. The same facts, in its native file."""

from pathlib import Path

import duckdb
import numpy as np

from benchmarks.questions import Asked, Filter, sql_under
from metrics.series import Snapshot

THREADS = 2


class Duck:
    """A DuckDB file with the facts of a snapshot, one table per kind. Only the columns that the product holds."""

    def __init__(self, file: Path, snapshot: Snapshot, kinds: tuple[str, ...]):
        self.file = file
        file.unlink(missing_ok=True)
        self.base = duckdb.connect(str(file), config={"threads": THREADS})
        for kind in kinds:
            columns = {name.replace(":", "_"): np.ascontiguousarray(array) for name, array in snapshot[kind].columns.items()}
            self.base.register("columns", columns)
            self.base.execute(f"CREATE TABLE {kind} AS SELECT * FROM columns")  # noqa: S608
            self.base.unregister("columns")

    def ask_all(self, asked: list[Asked], chosen: Filter) -> list[int]:
        counts = [sum(row[0] for row in self.base.execute(sql_under(one, chosen)).fetchall()) for one in asked]
        behind = sql_under(asked[3], chosen).replace("count(*)", "lead")
        self.base.execute(f"{behind} ORDER BY lead LIMIT 50").fetchall()
        return counts

    def close(self) -> None:
        self.base.close()
        self.file.unlink(missing_ok=True)
