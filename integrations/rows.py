"""From the cells of a row to the typed values of one part of the mapping."""

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from core.queries import Calendar
from core.text import clean_text
from integrations.csv_reading import Row, Table
from integrations.errors import RowError
from integrations.fields import CUSTOM_SIZE, Holds, field_of
from integrations.mapping import Mapping, Part
from integrations.values import is_filled, parse_amount, parse_time, parse_whole

_ISO = ("iso",)


@dataclass
class Item:
    """One entity of one row, read but not yet resolved. `key` is the external id, or the hash that stands for it."""

    part: Part
    values: dict[str, object]
    key: str = ""


@dataclass
class Parsed:
    """A row with its items, the main one first; `seq` is its place in the run."""

    row: Row
    seq: int
    items: list[Item] = field(default_factory=list)


class Reader:
    """Reads rows of one table by one mapping."""

    def __init__(self, table: Table, mapping: Mapping, calendar: Calendar):
        self.mapping, self.calendar = mapping, calendar
        self._plans = [_Plan(part, table) for part in mapping.parts]
        self._left_out = mapping.left_out
        self._seen: dict[bytes, int] = {}

    def wanted(self, row: Row) -> bool:
        """False for rows that the filter or a person leaves out, and for rows of empty cells."""
        if row.line in self._left_out:
            return False
        return self._plans[0].passes(row.cells) and any(cell.strip() for cell in row.cells)

    def applies(self, number: int, cells: list[str]) -> bool:
        """Whether a row of the file makes the entity of this part (0: the main one)."""
        return self._plans[number].applies(cells)

    def read(self, row: Row, seq: int) -> Parsed:
        """All items of a row. RowError if the row or any cell that is used can't be read."""
        if row.problem:
            raise RowError("", row.problem)
        parsed = Parsed(row, seq)
        for plan in self._plans:
            if plan.part.emitted and not plan.applies(row.cells):
                continue
            values = self._values(plan, row.cells)
            parsed.items.append(Item(plan.part, values, values.get("external_id", "")))
        return parsed

    def occurrence(self, *identity: str) -> str:
        """A key for a row without an id: a hash of what it says and of how often this file has said it before."""
        digest = hashlib.sha256("\x1f".join(identity).encode()).digest()
        count = self._seen[digest[:12]] = self._seen.get(digest[:12], 0) + 1
        return hashlib.sha256(digest + str(count).encode()).hexdigest()[:32]

    def _values(self, plan: "_Plan", cells: list[str]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, index, constant in plan.sources:
            spec = field_of(plan.part.entity, name)
            text = constant
            if index is not None:
                try:
                    text = clean_text(cells[index])
                except ValueError as error:
                    raise RowError(name, str(error)) from error
            text = plan.part.values.get(name, {}).get(text, text)
            if not text:
                continue
            value = self._value(plan.part, name, spec, text)
            if name.startswith("custom."):
                found.setdefault("custom", {})[name[7:]] = value
            else:
                found[name] = value
        return found

    def _value(self, part: Part, name: str, spec, text: str) -> object:
        match spec.holds:
            case Holds.TIME | Holds.DAY:
                forms = part.dates.get(name, _ISO)
                moment = parse_time(name, text, forms, zone=part.zone, calendar=self.calendar)
                return moment if spec.holds == Holds.TIME else self.calendar.day_of(moment.at)
            case Holds.AMOUNT:
                return parse_amount(name, text, decimal=self.mapping.decimal, thousands=self.mapping.thousands)
            case Holds.WHOLE:
                return parse_whole(name, text)
            case Holds.CHOICE:
                word = text.lower().replace(" ", "_")
                if word not in spec.choices:
                    raise RowError(
                        name, f"“{text[:40]}” is none of {', '.join(spec.choices)}; set [values.{name}] in the mapping"
                    )
                return word
        limit = CUSTOM_SIZE if name.startswith("custom.") else spec.size
        if len(text) > limit:
            raise RowError(name, f"is longer than {limit} characters")
        return text


class _Plan:
    """A part with the positions of its columns in this table."""

    def __init__(self, part: Part, table: Table):
        self.part = part
        self.sources = [(name, table.position(header), "") for name, header in part.columns.items()]
        self.sources += [(name, None, text) for name, text in part.constants.items()]
        self._filter = [(table.position(header), words) for header, words in part.filter.items()]
        self._when = table.position(part.when) if part.when else None

    def passes(self, cells: list[str]) -> bool:
        for index, words in self._filter:
            text = cells[index].strip() if index < len(cells) else ""
            if text not in words and not (text and "*" in words):
                return False
        return True

    def applies(self, cells: list[str]) -> bool:
        return self.passes(cells) and (self._when is None or is_filled(cells[self._when]))


def snapshot_instant(part: Part, calendar: Calendar) -> dt.datetime | None:
    """First instant of the snapshot's day."""
    return calendar.start_of_day(part.snapshot) if part.snapshot else None
