"""The file of rejected rows: line, field and reason before the original cells, safe to open in a spreadsheet."""

import csv
import re
from pathlib import Path

_NUMBER = re.compile(r"[+-]?\d[\d.,]*")


def guard(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula, with an apostrophe before it; NUL made visible."""
    cell = cell.replace("\x00", "\\0")
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


class Rejects:
    """Writes the file with the first rejected row, so that a clean import leaves none."""

    def __init__(self, path: Path, header: tuple[str, ...]):
        self.path, self._header = path, header
        self._file = self._writer = None

    def add(self, line: int, field: str, reason: str, cells: list[str]) -> None:
        if self._writer is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The mark tells spreadsheets that it is UTF-8.
            self._file = self.path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "field", "reason", *map(guard, self._header)])
        self._writer.writerow([line, field, guard(reason), *map(guard, cells)])

    @property
    def name(self) -> str | None:
        """Path of the file, or None if nothing was rejected."""
        return str(self.path) if self._writer else None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
