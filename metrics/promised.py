"""What was promised, as the reductions need it: shares, targets and values by version of the agreement, and the moment as of
which a due time has passed. Read once per snapshot."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from core.periods import Period, day_number
from funnel.business_time import Schedule
from funnel.models import WHOLE, PromiseKey
from funnel.promises import PromiseBook, PromiseLine, PromiseShelf
from funnel.queries import promises, working_schedules
from metrics import codes
from metrics.selection import Question
from metrics.series import Snapshot

MANY_EXCLUDED = Fraction(1, 20)  # above this share of exclusions a month is *qualified* (metrics-spec 3.2)
PENDING_LIMIT = Fraction(15, 100)  # above this share of open decisions the bounds replace the value (4.1)


def shelf(snapshot: Snapshot) -> PromiseShelf:
    """The promises of every version."""
    return snapshot.memo("promises of all versions", promises)


def company_hours(snapshot: Snapshot) -> Schedule:
    """The calendar of the agreement: the company's."""
    return snapshot.memo("hours of the company", lambda: working_schedules([None])[None])


def moment(snapshot: Snapshot, question: Question) -> dt.datetime:
    """As of when due times are judged: the as-of instant, else the generation's, and never past the day of the question."""
    end = snapshot.calendar.end_of_day(question.today)
    if question.as_of is not None:
        return min(end, question.as_of)
    if snapshot.written_at is not None:
        return min(end, max(snapshot.written_at, snapshot.calendar.start_of_day(question.today)))
    return end


def numbers_of(snapshot: Snapshot, agreements: np.ndarray) -> np.ndarray:
    """The versions' own numbers; 0 where there was none yet."""
    numbers = {version.id: version.number for version in snapshot.book.versions}
    return _looked_up(agreements, lambda found: numbers.get(found, 0), np.int32)


def _looked_up(column: np.ndarray, look, dtype) -> np.ndarray:
    values, spot = np.unique(column, return_inverse=True)
    return np.array([look(int(value)) for value in values], dtype)[spot] if len(values) else np.empty(0, dtype)


def line_for(book: PromiseBook, key: str, tier: int) -> PromiseLine | None:
    """The line that holds for leads of a tier, given by its code."""
    own = {codes.text_code(line.tier): line for line in book.of(key)}
    return own.get(tier) or own.get(0)


def per_row(snapshot: Snapshot, agreements: np.ndarray, tiers: np.ndarray, look, dtype=np.int64) -> np.ndarray:
    """`look(book, tier code)` for each row, asked once per version and tier."""
    books = shelf(snapshot).by_agreement
    pairs = agreements.astype(np.int64) << 32 | tiers.astype(np.int64)

    def one(pair: int):
        return look(books.get(pair >> 32, PromiseBook()), pair & 0xFFFFFFFF)

    return _looked_up(pairs, one, dtype)


def shares(snapshot: Snapshot, key: str, agreements: np.ndarray, tiers: np.ndarray) -> np.ndarray:
    """The promised share of each row in basis points; -1 where none is promised."""

    def look(book: PromiseBook, tier: int) -> int:
        line = line_for(book, key, tier)
        return -1 if line is None or line.share is None else line.share

    return per_row(snapshot, agreements, tiers, look)


def under(snapshot: Snapshot, book: PromiseBook, line: PromiseLine, agreements: np.ndarray, tiers: np.ndarray) -> np.ndarray:
    """Mask of the rows for which a line of a version holds."""
    same = per_row(snapshot, agreements, tiers, lambda own, tier: line_for(own, line.key, tier) == line, np.bool_)
    return same & (agreements == book.agreement_id)


def has_line(snapshot: Snapshot, key: str, agreements: np.ndarray, tiers: np.ndarray) -> np.ndarray:
    """Mask of the rows about which something of this key is promised."""
    return per_row(snapshot, agreements, tiers, lambda book, tier: line_for(book, key, tier) is not None, np.bool_)


@dataclass(frozen=True)
class Target:
    """What one line promises for the part of a month that has passed under its version."""

    book: PromiseBook
    line: PromiseLine
    days: Period  # of the month, under this version, within the period asked for
    expected: Fraction  # entries (M1) or minor units (M2)

    @property
    def most(self) -> Fraction | None:
        """What counts at most, so that one tier can't hide another; None without such a limit."""
        return None if self.line.cap is None else self.expected * self.line.cap / WHOLE

    def covers(self, agreements: np.ndarray, tiers: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Mask of the entries that count towards it."""
        named = [codes.text_code(line.tier) for line in self.book.of(self.line.key) if line.tier]
        mine = np.isin(tiers, named, invert=True) if not self.line.tier else tiers == codes.text_code(self.line.tier)
        mask = mine & (agreements == self.book.agreement_id)
        return mask & (days >= day_number(self.days.start)) & (days < day_number(self.days.end))


def targets(snapshot: Snapshot, question: Question, key: str) -> list[Target]:
    """The targets of M1 or M2 for the period, month by month and version by version (metrics-spec 3.1, pro-rating).

    A month's promise is spread evenly over its working days. Of a period that is not over, the days before today count.
    """
    asked = dict(question.where).get("tier")
    found = []
    for book, days_of_version in held(shelf(snapshot), question.period):
        lines = book.of(key)
        if asked is not None:
            lines = [line for line in lines if any(line_for(book, key, tier) == line for tier in asked)]
        for month in _months(days_of_version):
            part = _elapsed_part(company_hours(snapshot), month, days_of_version, question.today)
            for line in lines:
                whole = line.volume if key == PromiseKey.M1 else line.amount
                days = Period(max(month.start, days_of_version.start), min(month.end, days_of_version.end))
                found.append(Target(book, line, days, Fraction(whole) * part))
    return found


def held(books: PromiseShelf, period: Period) -> Iterator[tuple[PromiseBook, Period]]:
    """Each version that held in a period, and the part of it in which it did."""
    for book, following in zip(books.books, [*books.books[1:], None], strict=True):
        start = max(book.from_day, period.start)
        end = period.end if following is None else min(following.from_day, period.end)
        if start < end:
            yield book, Period(start, end)


def _months(period: Period) -> Iterator[Period]:
    first = period.start.replace(day=1)
    while first < period.end:
        following = (first + dt.timedelta(days=32)).replace(day=1)
        yield Period(first, following)
        first = following


def _elapsed_part(hours: Schedule, month: Period, held: Period, today: dt.date) -> Fraction:
    """The share of a month's working days that passed within `held`; of a month without any, of its days."""
    start, stop = max(month.start, held.start), min(month.end, held.end, today)
    whole = hours.working_days(month.start, month.end)
    if stop <= start:
        return Fraction(0)
    if whole == 0:
        return Fraction((stop - start).days, (month.end - month.start).days)
    return Fraction(hours.working_days(start, stop), whole)
