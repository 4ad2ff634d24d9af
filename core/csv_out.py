"""The one way out into files that a spreadsheet will open."""

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "\n")


def safe_cell(value):
    """Text that a spreadsheet could run as a formula gets an apostrophe in front; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_STARTS):
        return f"'{value}"
    return value


def csv_answer(name: str, rows: Iterable[Iterable]) -> StreamingHttpResponse:
    """Rows as a file to keep, written while they come. `name` is the file's, without its ending."""
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(rows: Iterable[Iterable]) -> Iterator[str]:
    """Spreadsheets take the byte order mark for UTF-8."""
    yield "\ufeff"
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


class _Echo:
    """A file that hands back what is written, so that csv can stream."""

    def write(self, value):
        return value
