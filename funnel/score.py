"""The lead score as a table of points that both teams sign. Pure: no database.

A table has two lists. Fit asks who a lead is; engagement counts what it did with marketing, and fades where the table says
so. Every row gives a whole number of points or is no reason at all, so the reasons add up to the score to the point.
leads.score asks the database the same for any number of leads; a test holds the two together.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.errors import DomainError
from funnel.criteria import FACTS, Condition, Facts, Type, days_between, holds, read_condition, write_condition

MOST_ROWS = 30  # of each list
MOST_POINTS = 100  # of a row, either way
MOST_TOUCHES = 100
MOST_HALF_LIFE = 3_650
WHOLE = 1_000_000  # a touch of today, in millionths
# What marketing's touches can be, as leads.models.Touch names them (a test holds the two together). "" is any of them.
TOUCH_KINDS = {
    "": "Any touch by marketing",
    "visit": "Visit",
    "form": "Form",
    "email": "Automated mail",
    "ad": "Ad",
    "event": "Event",
    "webinar": "Webinar",
    "content": "Content",
    "call": "Call",
    "personal_email": "Personal mail",
    "meeting": "Meeting",
    "conversation": "Conversation",
    "other": "Other",
}
# Who owns a lead says nothing about the lead; numbers and days would let the score ask about itself or about time.
FIT_FACTS = {key: fact for key, fact in FACTS.items() if fact.type in (Type.PRESENCE, Type.CHOICE) and key != "owner"}


@dataclass(frozen=True)
class Fit:
    """`points` for a lead of which the condition holds. Below zero it costs points."""

    condition: Condition
    points: int

    @property
    def words(self) -> str:
        return self.condition.words

    @property
    def worth(self) -> str:
        return points_words(self.points)


@dataclass(frozen=True)
class Engagement:
    """`points` for each touch by marketing of a kind ("" for any), at most for the newest `most` of them.

    A touch loses half its worth every `half_life` days, counted in whole days of 24 hours. None: no limit, never fades.
    """

    kind: str
    points: int
    most: int | None = None
    half_life: int | None = None

    @property
    def words(self) -> str:
        most = "" if self.most is None else f", the newest {self.most:,} at most"
        return f"{TOUCH_KINDS[self.kind]}, each{most}{self._fading}"

    def counted(self, number: int) -> str:
        """The row in words for a lead of which so many touches count."""
        touches = "touch" if number == 1 else "touches"
        return f"{TOUCH_KINDS[self.kind]}: {number:,} {touches}{self._fading}"

    @property
    def worth(self) -> str:
        return points_words(self.points)

    @property
    def _fading(self) -> str:
        if self.half_life is None:
            return ""
        return ", half as much every day" if self.half_life == 1 else f", half as much every {self.half_life:,} days"


@dataclass(frozen=True)
class ScoreTable:
    """Without rows there is no table, and the score is what other systems say."""

    fit: tuple[Fit, ...] = ()
    engagement: tuple[Engagement, ...] = ()

    def __bool__(self):
        return bool(self.fit or self.engagement)


@dataclass(frozen=True)
class Reason:
    words: str
    points: int

    @property
    def worth(self) -> str:
        return points_words(self.points)


@dataclass(frozen=True)
class Scored:
    """`points` is the sum of the reasons. May be below zero."""

    points: int
    reasons: tuple[Reason, ...]


def scored(table: ScoreTable, facts: Facts, touches: Sequence[tuple[str, dt.datetime]], now: dt.datetime) -> Scored:
    """The score of a lead at an instant. `touches`: kind and instant of every standing touch by marketing, in any order;
    those after `now` have not happened yet."""
    reasons = [Reason(row.words, row.points) for row in table.fit if holds(row.condition, facts)]
    for row, days in _counted(table, touches, now):
        reasons.append(Reason(row.counted(len(days)), row_points(row, days)))
    reasons = [reason for reason in reasons if reason.points]
    return Scored(sum(reason.points for reason in reasons), tuple(reasons))


def scored_points(table: ScoreTable, facts: Facts, touches: Sequence[tuple[str, dt.datetime]], now: dt.datetime) -> int:
    """The points of `scored` without the words, for many leads."""
    fit = sum(row.points for row in table.fit if holds(row.condition, facts))
    return fit + sum(row_points(row, days) for row, days in _counted(table, touches, now))


def _counted(
    table: ScoreTable, touches: Sequence[tuple[str, dt.datetime]], now: dt.datetime
) -> Iterator[tuple[Engagement, list[int]]]:
    """Every row of engagement with the ages in days of the touches that count for it, the newest first."""
    known = sorted((days_between(at, now), kind) for kind, at in touches if at <= now)
    for row in table.engagement:
        yield row, [passed for passed, kind in known if row.kind in ("", kind)][: row.most]


def points_words(points: int) -> str:
    """“+10 points”, “−1 point”."""
    return f"{'−' if points < 0 else '+'}{abs(points):,} {'point' if abs(points) == 1 else 'points'}"


def most_points(table: ScoreTable) -> int | None:
    """No lead gets more; None where touches count without limit."""
    earning = [row for row in table.engagement if row.points > 0]
    if any(row.most is None for row in earning):
        return None
    return sum(row.points for row in table.fit if row.points > 0) + sum(row.points * row.most for row in earning)


def row_points(row: Engagement, days: Sequence[int]) -> int:
    """What a row gives for touches so many days old: rounded once, half to even."""
    if row.half_life is None:
        return row.points * len(days)
    worth = fading(row.half_life)
    return rounded(row.points * sum(worth[passed] for passed in days if passed < len(worth)))


def rounded(millionths: int) -> int:
    """Whole points, half to even. In whole numbers, so that every machine and every order of adding says the same."""
    points, rest = divmod(millionths, WHOLE)
    return points + (2 * rest > WHOLE or (2 * rest == WHOLE and points % 2 == 1))


@lru_cache(maxsize=256)
def fading(half_life: int) -> tuple[int, ...]:
    """What is left of a touch by its age in whole days, in millionths. Older than the last entry: nothing."""
    return tuple(round(WHOLE * 0.5 ** (day / half_life)) for day in range(22 * half_life))


def write_table(table: ScoreTable) -> dict:
    """As it is stored: JSON that `read_table` reads back to the same table."""
    return {
        "fit": [{"points": row.points, "condition": write_condition(row.condition)} for row in table.fit],
        "engagement": [
            {"kind": row.kind, "points": row.points, "most": row.most, "half_life": row.half_life}
            for row in table.engagement
        ],
    }


def read_table(raw: Mapping) -> ScoreTable:
    """A table out of JSON. DomainError names the row and what is wrong with it."""
    fit, engagement = raw.get("fit", []), raw.get("engagement", [])
    if max(len(fit), len(engagement)) > MOST_ROWS:
        raise DomainError("too_many_rows", f"Each list has at most {MOST_ROWS} rows.")
    return ScoreTable(
        tuple(_read_fit(row, place) for place, row in enumerate(fit, 1)),
        tuple(_read_engagement(row, place) for place, row in enumerate(engagement, 1)),
    )


def _read_fit(row: Mapping, place: int) -> Fit:
    where = f"Fit, row {place}"
    condition = read_condition(row.get("condition") or {}, where)
    if condition.fact not in FIT_FACTS:
        raise DomainError(
            "fact_not_fit", f"{where}: “{FACTS[condition.fact].label}” does not say who a lead is.", field="fact"
        )
    return Fit(condition, _points(row, where))


def _read_engagement(row: Mapping, place: int) -> Engagement:
    where = f"Engagement, row {place}"
    if row.get("kind") not in TOUCH_KINDS:
        raise DomainError("kind_unknown", f"{where}: choose a kind of touch.", field="kind")
    return Engagement(
        row["kind"],
        _points(row, where),
        _whole(row.get("most"), MOST_TOUCHES, f"{where}: how many count", "most"),
        _whole(row.get("half_life"), MOST_HALF_LIFE, f"{where}: days until half is left", "half_life"),
    )


def _points(row: Mapping, where: str) -> int:
    points = row.get("points")
    if not _is_whole(points) or not points or abs(points) > MOST_POINTS:
        raise DomainError(
            "points_unreadable", f"{where}: give points from −{MOST_POINTS} to {MOST_POINTS}, other than 0.", field="points"
        )
    return points


def _whole(number: int | None, most: int, where: str, field: str) -> int | None:
    if number is None:
        return None
    if not _is_whole(number) or not 1 <= number <= most:
        raise DomainError("number_unreadable", f"{where} is a whole number from 1 to {most:,}, or empty.", field=field)
    return number


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
