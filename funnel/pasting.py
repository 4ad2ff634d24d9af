"""What people paste: a table of targets (rows are months, columns are what is planned) or a list of holidays. Pure."""

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

_SPACES = re.compile("[\\s\u00a0\u202f\u2009'’_]")
_SIGNS = re.compile(r"^(?:[€$£]|R\$|[A-Z]{3})|(?:[€$£]|[A-Z]{3})$")
_LARGEST = Decimal(10) ** 13


def parse_number(text: str) -> Decimal | None:
    """A number in either notation: 12,500.50, 12.500,50, 12 500, €12,500. Empty or a dash is None; else ValueError.

    One separator alone before exactly three digits parts thousands (12.500 is twelve thousand five hundred), because
    targets are rarely planned to the thousandth; before any other number of digits it is the decimal point.
    """
    text = _SIGNS.sub("", _SPACES.sub("", text))
    if text in ("", "-", "–", "—"):
        return None
    negative, digits = text[0] in "-−", text.lstrip("-−+")
    if not re.fullmatch(r"\d[\d.,]*", digits):
        raise ValueError("is not a number")
    last = max(digits.rfind("."), digits.rfind(","))
    both = "." in digits and "," in digits
    if last >= 0:
        sign = digits[last]
        alone = digits.count(sign) == 1
        thousands = not both and (not alone or len(digits) - last - 1 == 3)
        whole, part = (digits, "") if thousands else (digits[:last], digits[last + 1 :])
        groups = re.split(r"[.,]", whole)
        if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
            raise ValueError("has its thousands separators in odd places")
        digits = "".join(groups) + (f".{part}" if part else "")
    try:
        value = Decimal(digits)
    except InvalidOperation as error:
        raise ValueError("is not a number") from error
    if value >= _LARGEST:
        raise ValueError("is too large")
    return -value if negative else value


@dataclass
class Pasted:
    """The numbers by (row, column), and what is wrong, cell by cell, as a person counts them."""

    cells: dict[tuple[int, int], Decimal | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def parse_table(text: str, *, months: list[str], columns: list[str]) -> Pasted:
    """Read pasted text: cells parted by tabs or semicolons. A row of headings and a column of months are passed over."""
    found = Pasted()
    lines = [re.split(r"[\t;]", line.rstrip("\r")) for line in text.strip("\r\n").split("\n") if line.strip("\r\t; ")]
    if not lines:
        found.errors.append("Nothing was pasted.")
        return found
    if not any(_is_number(cell) for cell in lines[0][1:] or lines[0]):
        lines = lines[1:]
    named = bool(lines) and all(row[0].strip() and not _is_plain(row[0]) for row in lines)
    rows = [row[1:] if named else row for row in lines]
    if len(rows) != len(months):
        found.errors.append(f"There are {len(rows)} rows of numbers, but the table has {len(months)} months.")
        return found
    for r, row in enumerate(rows):
        while len(row) > len(columns) and not row[-1].strip():
            row = row[:-1]
        if len(row) > len(columns):
            found.errors.append(f"{months[r]} has {len(row)} cells, but the table has {len(columns)} columns.")
            continue
        for c, cell in enumerate(row):
            read_cell(found, r, c, cell, months=months, columns=columns)
    return found


def read_cell(found: Pasted, r: int, c: int, text: str, *, months: list[str], columns: list[str]) -> None:
    """One cell into `found`, as a number or as a sentence that names it."""
    try:
        value = parse_number(text)
        if value is not None and value < 0:
            raise ValueError("is below zero")
        found.cells[r, c] = value
    except ValueError as error:
        found.errors.append(f"{months[r]}, {columns[c]}: “{text.strip()[:30]}” {error}.")


def _is_number(text: str) -> bool:
    try:
        return parse_number(text) is not None
    except ValueError:
        return False


def _is_plain(text: str) -> bool:
    """Whether a first cell is a value: a month's name or “2026-01” is not."""
    return _is_number(text) and not re.fullmatch(r"\s*(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{4})\s*", text)


_DAY = re.compile(r"\s*(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}))(?:[\s,;:]+(.*))?")


def parse_holidays(text: str) -> tuple[list[tuple[dt.date, str]], list[str]]:
    """Days with their names, one a line, and what is wrong line by line. 3/4/2026 is refused: it may be either day."""
    days, errors = [], []
    for line in filter(str.strip, text.splitlines()):
        match = _DAY.fullmatch(line)
        try:
            if match is None:
                raise ValueError
            year, month, day = (int(part) for part in (match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)))
            days.append((dt.date(year, month, day), (match[7] or "").strip(" ,;\t")[:80]))
        except ValueError:
            errors.append(f"“{line.strip()[:40]}” does not begin with a day such as 2026-12-25 or 25.12.2026.")
    return days, errors
