"""Bytes to rows. A file that can't be read is a FileError with one sentence; a bad row never stops the ones after it.

Nothing is guessed silently: the encoding is the declared one, the byte order mark's, or strict UTF-8; the delimiter is
the declared one or that under which the mapped headers are found.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.text import clean_text
from integrations.errors import FileError

# A cell beyond this is a broken quote or a pasted document, never a value.
MAX_CELL = 131_072
# A quote that is opened and not closed swallows lines; after this many it is one bad row, not the rest of the file.
MAX_LINES_IN_ROW = 1_000
MAX_HEADERS_NAMED = 30
DELIMITERS = (",", ";", "\t", "|")

# utf-16-le begins like utf-32-le, so the longer marks come first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_CSV = ((b"PK\x03\x04", "an Excel workbook or a zip"), (b"\x1f\x8b", "a gzip"), (b"\xd0\xcf\x11\xe0", "an old Excel"))


@dataclass(frozen=True, slots=True)
class Row:
    """A record of the file: the line it begins on, its cells, and what is wrong with its shape ("" if nothing)."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A readable file. `total` counts its rows (without header, blank lines and footer); iterate to get them."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    total: int

    def __iter__(self) -> Iterator[Row]:
        records = _records(self.path, self.encoding, self.delimiter)
        next(records)  # the header
        for _, row in zip(range(self.total), records, strict=False):
            yield self._checked(row)

    def _checked(self, row: Row) -> Row:
        extra = row.cells[len(self.header) :]
        if row.problem or len(row.cells) == len(self.header):
            return row
        if extra and not any(cell.strip() for cell in extra):
            return Row(row.line, row.cells[: len(self.header)])
        return Row(row.line, row.cells, f"has {len(row.cells)} cells, the header has {len(self.header)}")

    def position(self, name: str) -> int:
        """Index of a header that the mapping uses. FileError if it is missing or there twice."""
        found = [index for index, header in enumerate(self.header) if header == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise FileError(
                f"{self.path.name} has {len(found)} columns called “{name}”, so it is not clear which one is meant."
            )
        raise FileError(f"{self.path.name} has no column “{name}”. It has: {_named(self.header)}.")


def open_table(
    path: Path, *, wanted: Collection[str], encoding: str = "", delimiter: str = "", skip_footer: int = 0
) -> Table:
    """Read the file once from end to end: its encoding holds, its header is known, its rows are counted.

    `wanted` are the headers that the mapping uses; without a declared delimiter they decide which one it is.
    """
    head = first_bytes(path)
    encoding = _encoding(path, head, encoding)
    try:
        candidates = (delimiter,) if delimiter else _declared_in_file(path, encoding) or DELIMITERS
        firsts = {candidate: _first(path, encoding, candidate) for candidate in candidates}
        # Under a wrong delimiter a quoted header looks broken.
        sound = {c: row for c, row in firsts.items() if not row.problem} or firsts
        headers = {candidate: _header(path, row) for candidate, row in sound.items()}
        # The one with most of the wanted headers, else the one with most columns; comma first when equal.
        best = max(headers, key=lambda c: (len(set(wanted) & set(headers[c])), len(headers[c])))
        total = sum(1 for _ in _records(path, encoding, best)) - 1
    except UnicodeError as error:
        raise FileError(_undecodable(path, encoding)) from error
    return Table(path, encoding, best, headers[best], max(total - skip_footer, 0))


def first_bytes(path: Path) -> bytes:
    """What the file begins with; FileError if that is nothing, or another kind of file."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise FileError(f"{path.name} can't be opened: {error.strerror}.") from error
    if not head.strip():
        raise FileError(f"{path.name} is empty.")
    for magic, what in _NOT_CSV:
        if head.startswith(magic):
            raise FileError(f"{path.name} is {what} file. Save it as CSV (UTF-8) and import that.")
    return head


def _encoding(path: Path, head: bytes, declared: str) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if not declared and head[:200].count(0) * 3 > len(head[:200]):
        raise FileError(
            f'{path.name} looks like UTF-16 without a byte order mark. Set encoding = "utf-16-le" in the mapping.'
        )
    return declared or "utf-8"


def _declared_in_file(path: Path, encoding: str) -> tuple[str, ...]:
    """Spreadsheets write and read a first line like `sep=;`."""
    found = re.fullmatch(r'"?sep=(.)"?', next(_lines(path, encoding), "").rstrip("\r\n"))
    return (found[1],) if found else ()


def _first(path: Path, encoding: str, delimiter: str) -> Row:
    first = next(_records(path, encoding, delimiter), None)
    if first is None:
        raise FileError(f"{path.name} is empty.")
    return first


def _header(path: Path, first: Row) -> tuple[str, ...]:
    if first.problem:
        raise FileError(f"The header of {path.name} can't be read: it {first.problem}.")
    try:
        return tuple(clean_text(cell) for cell in first.cells)
    except ValueError as error:
        raise FileError(f"The header of {path.name} {error}. Set encoding in the mapping.") from error


def _undecodable(path: Path, encoding: str) -> str:
    where = ""
    if encoding.replace("_", "-").lower().startswith("utf-8"):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError:
                    where = f" (line {number})"
                    break
    name = "UTF-8" if encoding.startswith("utf-8") else encoding
    return (
        f'{path.name} is not {name}{where}. Set encoding in the mapping, for example encoding = "cp1252" for older exports.'
    )


def _named(header: Iterable[str]) -> str:
    names = [name for name in header if name]
    more = f" and {len(names) - MAX_HEADERS_NAMED} more" if len(names) > MAX_HEADERS_NAMED else ""
    return ", ".join(f"“{name[:60]}”" for name in names[:MAX_HEADERS_NAMED]) + more


def _lines(path: Path, encoding: str) -> Iterator[str]:
    # newline="" keeps CR, LF and CRLF as they are: inside quotes they belong to the cell.
    with path.open(encoding=encoding, newline="") as file:
        yield from file


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    """All records that are not blank, the header first. A record with a broken quote is its first line; the lines that it
    swallowed are read again as records of their own."""
    source = _Lines(_lines(path, encoding))
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    first = True
    while True:
        line = source.begin()
        problem = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _why(str(error))
            cells = [text.rstrip("\r\n")[:2_000] for text in source.keep_first()]
            reader = csv.reader(source, delimiter=delimiter, strict=True)
        if not problem and len(cells) < 2 and not "".join(cells).strip():
            continue
        if first and delimiter.join(cells).startswith("sep="):
            continue
        first = False
        yield Row(line, cells, problem)


class _Lines:
    """Lines with a way back, so that one open quote costs one row."""

    def __init__(self, lines: Iterator[str]):
        self._lines, self._again, self._taken, self._number = lines, deque(), [], 0

    def begin(self) -> int:
        """Forget the record before; the line number on which the next one begins."""
        self._taken = []
        return self._number + 1

    def keep_first(self) -> list[str]:
        """Give back all lines of the record but its first, which is returned."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._number -= max(len(self._taken) - 1, 0)
        return self._taken[:1]

    def __iter__(self):
        return self

    def __next__(self) -> str:
        if len(self._taken) >= MAX_LINES_IN_ROW:
            raise csv.Error("unexpected end of data")
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        self._number += 1
        return line


def _why(message: str) -> str:
    if "field larger" in message:
        return f"has a cell of more than {MAX_CELL} characters"
    if "unexpected end" in message:
        return "opens a quote that is not closed"
    return "has a quote in the wrong place"
