"""The only reader of the rollup: every page, chart, API answer and command gets its facts from one snapshot here.

A process keeps the decoded segments of one generation. A request fetches the generation and all segments newer than its own
in one statement, builds new tables and swaps one reference; what it then reads is one generation, whatever is written
meanwhile.
"""

import datetime as dt
import threading
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from django.db import connection

from core.money import apply_basis_points
from core.periods import day_number
from core.queries import Calendar, calendar, organisation
from funnel.book import Book, load_book
from funnel.models import SegmentMargin
from metrics.codes import ESTIMATED, KNOWN, NO_PROFIT
from metrics.credit_rules import Rules, current_rules
from metrics.segments import FAR, KINDS, MISSING, Table, unpack


@dataclass(frozen=True)
class Snapshot:
    """All facts of one generation, with the agreement that gives them their names. Read-only."""

    generation: int
    epoch: int
    written_at: dt.datetime | None
    tables: dict[str, Table]
    book: Book
    calendar: Calendar
    currency: str
    week_start: int
    year_start: int
    margins: tuple[tuple[int | None, dt.date, int], ...] = ()
    rules: Rules = Rules()
    as_of: dt.datetime | None = None
    _memo: dict = field(default_factory=dict, repr=False)

    def __getitem__(self, kind: str) -> Table:
        return self.tables[kind]

    @cached_property
    def profit(self) -> tuple[np.ndarray, np.ndarray]:
        """Gross profit of each deal row in base minor units, and how it is known: KNOWN, ESTIMATED or NO_PROFIT.

        A deal without cost uses the agreed margin of its segment on the day it closed (architecture 4).
        """
        deals = self.tables["deal"]
        base, cost = deals["base"], deals["bcost"]
        how = np.where((base != MISSING) & (cost != MISSING), KNOWN, NO_PROFIT).astype(np.int8)
        value = np.where(how == KNOWN, base - np.where(cost == MISSING, 0, cost), MISSING)
        # A cost that is entered but has no dated rate is unknown, not missing: no margin stands in for it.
        absent = np.flatnonzero((base != MISSING) & (deals["cost"] == MISSING) & (deals["close"] != FAR))
        margin = self._margins_of(deals["segment"][absent], deals["close"][absent])
        absent, margin = absent[margin != MISSING], margin[margin != MISSING]
        value[absent] = apply_basis_points(base[absent], margin)
        how[absent] = ESTIMATED
        return value, how

    def _margins_of(self, segments: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Margins of deals in basis points: their segment's own on that day, else the one for all others, else MISSING."""
        found = np.full(len(days), MISSING, np.int64)
        # The one for all others first; a segment's own, where it has one by then, takes its place.
        for owner in dict.fromkeys([None, *(segment for segment, *_ in self.margins)]):
            from_days = np.array([day_number(day) for segment, day, _ in self.margins if segment == owner], np.int64)
            agreed = np.array([MISSING, *(points for segment, _, points in self.margins if segment == owner)], np.int64)
            spot = np.searchsorted(from_days, days, side="right")
            mine = spot > 0 if owner is None else (spot > 0) & (segments == owner)
            found[mine] = agreed[spot[mine]]
        return found

    def memo(self, key, compute):
        """Computed once per snapshot: figures are pure functions of it. Only small results: no rows, no tables."""
        if key not in self._memo:
            if len(self._memo) >= MEMO_LIMIT:
                self._memo.clear()
            self._memo[key] = compute()
        return self._memo[key]


MEMO_LIMIT = 2_000

_lock = threading.Lock()
_held: dict[str, Snapshot] = {}

_NEWER = """
    SELECT s.generation, s.epoch, s.written_at, g.kind, g.day, g.payload
    FROM metrics_rollupstate s
    LEFT JOIN metrics_segment g ON g.generation > CASE WHEN s.epoch = %s AND s.generation >= %s THEN %s ELSE -1 END
    WHERE s.id = 1
"""


def current() -> Snapshot:
    """The newest generation: one query, which fetches no fact when nothing has moved since this process last looked."""
    name = str(connection.settings_dict["NAME"])
    held = _held.get(name)
    with connection.cursor() as cursor:
        mine = held.generation if held else -1
        cursor.execute(_NEWER, [held.epoch if held else 0, mine, mine])
        rows = cursor.fetchall()
    if not rows:
        return _fresh(0, 0, None, {kind: Table.of(kind, {}) for kind in KINDS})
    generation, epoch, written_at = rows[0][:3]
    if held and (held.generation, held.epoch) == (generation, epoch):
        return held
    with _lock:
        # A lower generation of the same epoch is a restored backup: everything was fetched anew.
        goes_on = held is not None and held.epoch == epoch and generation >= held.generation
        old = held.tables if goes_on else {kind: Table.of(kind, {}) for kind in KINDS}
        changed: dict[str, dict[int, dict]] = {}
        for *_, kind, day, payload in rows:
            if kind is not None:
                number = _day(day).toordinal() - dt.date(1970, 1, 1).toordinal()
                changed.setdefault(kind, {})[number] = unpack(payload)
        tables = {kind: old[kind].replaced(changed[kind]) if kind in changed else old[kind] for kind in KINDS}
        snapshot = _fresh(generation, epoch, _instant(written_at), tables)
        _held[name] = snapshot
        return snapshot


def _fresh(generation, epoch, written_at, tables, book: Book | None = None) -> Snapshot:
    company = organisation()
    book = load_book() if book is None else book
    return Snapshot(
        generation=generation,
        epoch=epoch,
        written_at=written_at,
        tables=tables,
        book=book,
        calendar=calendar(),
        currency=company.base_currency,
        week_start=company.week_start,
        year_start=company.fiscal_year_start,
        margins=margins_of(book),
        rules=current_rules(),
    )


def of_tables(tables: dict[str, Table], book: Book) -> Snapshot:
    """Some facts outside of any generation, for whoever works on a few; kinds that are not given are empty."""
    return _fresh(0, 0, None, {kind: Table.of(kind, {}) for kind in KINDS} | tables, book)


def margins_of(book: Book) -> tuple[tuple[int | None, dt.date, int], ...]:
    """The agreed margins (segment, from day, basis points), earlier days first.

    Margins are dated: a version that begins later repeats those of earlier days, so the last one holds for every day.
    """
    if not book:
        return ()
    rows = SegmentMargin.objects.filter(agreement_id=book.last.id).order_by("from_day")
    return tuple(rows.values_list("segment_id", "from_day", "basis_points"))


def _day(value) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _instant(value) -> dt.datetime | None:
    """SQLite's raw rows carry text."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    return value if value is None or value.tzinfo else value.replace(tzinfo=dt.UTC)
