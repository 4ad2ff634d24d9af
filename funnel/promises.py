"""The promises of every version in memory: what each side owes on any day, and the sentence that says so.

A version without a line promises nothing of that kind: there are no silent defaults.
"""

import bisect
import datetime as dt
from dataclasses import dataclass, field

from funnel.models import WHOLE, Agreement, PromiseKey

MARKETING, SALES = "marketing", "sales"
USUAL_FLOOR = 8_000  # basis points of a target below which a promise is broken outright
# What each promise consists of; the other columns of its line stay empty.
FIELDS_OF: dict[str, tuple[str, ...]] = {
    "M1": ("volume", "cap"),
    "M2": ("amount",),
    "M3": ("share",),
    "M4": ("share",),
    "S1": ("seconds", "share"),
    "S2": ("attempts", "distinct_days", "days", "share"),
    "S3": ("days", "share"),
    "S4": ("days", "share"),
}


@dataclass(frozen=True)
class PromiseLine:
    """One promise. Shares are basis points, `seconds` working time, `days` working days, `amount` base minor units.

    Which fields are set follows from the key, see `funnel.models.Promise`.
    """

    key: str
    tier: str = ""
    share: int | None = None
    seconds: int | None = None
    days: int | None = None
    attempts: int | None = None
    distinct_days: int | None = None
    volume: int | None = None
    amount: int | None = None
    cap: int | None = None
    floor: int = USUAL_FLOOR
    weight: int = 1

    @property
    def side(self) -> str:
        return MARKETING if self.key.startswith("M") else SALES

    @property
    def label(self) -> str:
        return PromiseKey(self.key).label

    @property
    def target(self) -> dt.timedelta | None:
        """The working time within which it is kept, for promises in working time."""
        return None if self.seconds is None else dt.timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class TermsOfVersion:
    """What stops the clock, and what silence means. It matters only where something is promised."""

    undecided: str = "left_out"
    contest_days: int = 5
    routing_seconds: int | None = 900
    pause_returned: bool = True
    pause_meeting: bool = True
    meeting_days: int = 10
    pause_waiver: bool = True


@dataclass(frozen=True)
class Worth:
    """What one MQL is worth in base minor units, as both sides signed it."""

    gross_profit: int
    revenue: int | None
    basis: str = ""


@dataclass(frozen=True)
class PromiseBook:
    """What one version promises. False when it promises nothing."""

    agreement_id: int | None = None
    number: int | None = None
    from_day: dt.date | None = None
    signed: bool = False
    lines: tuple[PromiseLine, ...] = ()
    values: dict[str, Worth] = field(default_factory=dict)
    required_fields: tuple[str, ...] = ()
    terms: TermsOfVersion = TermsOfVersion()

    def __bool__(self):
        return bool(self.lines)

    def line(self, key: str, tier: str = "") -> PromiseLine | None:
        """The promise that holds for a lead of this tier: the tier's own line, else the one for every other lead."""
        own = {p.tier: p for p in self.lines if p.key == key}
        return own.get(tier) or own.get("")

    def of(self, key: str) -> list[PromiseLine]:
        """All lines of a key, tiers by name, the line for every other lead last."""
        return [p for p in self.lines if p.key == key]

    def of_side(self, side: str) -> list[PromiseLine]:
        return [p for p in self.lines if p.side == side]

    def value_of(self, tier: str) -> Worth | None:
        """The agreed value of an MQL of this tier; None when none was agreed, which is not zero."""
        return self.values.get(tier) or self.values.get("")


class PromiseShelf:
    """The books of all versions that are or were in force."""

    def __init__(self, books: list[PromiseBook]):
        self.books = sorted(books, key=lambda book: book.from_day)
        self._days = [book.from_day for book in self.books]
        self.by_agreement = {book.agreement_id: book for book in self.books}

    def on(self, day: dt.date) -> PromiseBook:
        """The book of a day. Before the first version nothing was promised."""
        index = bisect.bisect_right(self._days, day)
        return self.books[index - 1] if index else PromiseBook()


def book_of(agreement: Agreement) -> PromiseBook:
    """Read from an agreement with `signatures`, `promises`, `lead_values`, `required_fields` and `terms` at hand."""
    names = list(PromiseLine.__dataclass_fields__)
    lines = [PromiseLine(**{name: getattr(row, name) for name in names}) for row in agreement.promises.all()]
    terms = next(iter(agreement.terms.all()), None)
    return PromiseBook(
        agreement_id=agreement.id,
        number=agreement.number,
        from_day=agreement.from_day,
        signed={s.side for s in agreement.signatures.all()} >= {MARKETING, SALES},
        lines=tuple(sorted(lines, key=lambda p: (p.key, p.tier == "", p.tier))),
        values={v.tier: Worth(v.gross_profit, v.revenue, v.basis) for v in agreement.lead_values.all()},
        required_fields=tuple(sorted(f.field for f in agreement.required_fields.all())),
        terms=TermsOfVersion(**{name: getattr(terms, name) for name in TermsOfVersion.__dataclass_fields__})
        if terms
        else TermsOfVersion(),
    )


# --- sentences ---


def sentence(line: PromiseLine, *, others: bool, amount: str = "") -> str:
    """What is promised, in one sentence. `others`: tiers with a line of their own exist; `amount`: money in words."""
    who = _leads(line.tier, others)
    share = f"in at least {percent(line.share)} of cases" if line.share is not None else ""
    match line.key:
        case PromiseKey.M1:
            return f"Marketing hands over {line.volume:,} {_mqls(line.tier, others)} a month."
        case PromiseKey.M2:
            return f"Marketing hands over MQLs worth {amount} of gross profit a month."
        case PromiseKey.M3:
            return f"Marketing hands over {who} with at least {percent(line.share)} of the required fields filled in."
        case PromiseKey.M4:
            mqls = _mqls(line.tier, others)
            return f"Marketing hands over {mqls} of which sales accepts at least {percent(line.share)}."
        case PromiseKey.S1:
            return f"Sales contacts {who} within {working_time(line.seconds)} of assignment {share}."
        case PromiseKey.S2:
            tries = "one attempt" if line.attempts == 1 else f"{line.attempts} attempts"
            on = "" if line.distinct_days in (None, 1) else f" on {line.distinct_days} different days"
            return (
                f"Sales makes at least {tries}{on} within {working_days(line.days)} to reach {who}, "
                f"or talks with the person before, {share}."
            )
        case PromiseKey.S3:
            return f"Sales decides on {who}, with a reason, within {working_days(line.days)} {share}."
        case PromiseKey.S4:
            return (
                f"Sales tells marketing what was good or missing about {who} "
                f"within {working_days(line.days)} of the decision {share}."
            )
    raise ValueError(f"no sentence for {line.key}")


def beside(line: PromiseLine, day_seconds: int) -> str:
    """The same length in the other unit, by the length of a usual working day; empty where there is none."""
    if not day_seconds:
        return ""
    if line.seconds is not None:
        days = line.seconds / day_seconds
        return f"{_number(days)} {'working day' if days == 1 else 'working days'} of {_number(day_seconds / 3600)} hours"
    if line.days is not None:
        return f"{_number(line.days * day_seconds / 3600)} working hours"
    return ""


def working_time(seconds: int) -> str:
    """4 working hours, 15 working minutes, 1.5 working hours."""
    if seconds < 3600:
        minutes = seconds / 60
        return f"{_number(minutes)} working {'minute' if minutes == 1 else 'minutes'}"
    hours = seconds / 3600
    return f"{_number(hours)} working {'hour' if hours == 1 else 'hours'}"


def working_days(days: int) -> str:
    return f"{days} working {'day' if days == 1 else 'days'}"


def percent(basis_points: int) -> str:
    return f"{_number(basis_points * 100 / WHOLE)} %"


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _tier(tier: str) -> tuple[str, str]:
    """Words before and after the noun: “hand-raise lead”, but “lead of tier A”."""
    return ("", f" of tier {tier}") if len(tier) < 3 else (f"{tier} ", "")


def _leads(tier: str, others: bool) -> str:
    if not tier:
        return "every other lead" if others else "every lead"
    before, after = _tier(tier)
    return f"every {before}lead{after}"


def _mqls(tier: str, others: bool) -> str:
    if not tier:
        return "other MQLs" if others else "MQLs"
    before, after = _tier(tier)
    return f"{before}MQLs{after}"
