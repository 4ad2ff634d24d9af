"""Cells to values: times, days, amounts, numbers. What can't be read for certain is a RowError, never a guess."""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.queries import Calendar
from integrations.errors import RowError
from leads.models import Precision

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|[+-]\d{2}:?\d{2}))?)?")
_EXCEL_ZERO = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a serial number has no zone
_FIRST_YEAR = 1970
# Milliseconds below this lie before March 1973: the column holds seconds.
_SMALLEST_MS = 10**11
_FUTURE = dt.timedelta(minutes=5)
_TIME_CODES = re.compile(r"%-?[HIMSfpcXsT]")

# What a sign in an amount may stand for. The first is taken when the file names no currency and the base is none of them.
SIGNS = {
    "€": ("EUR",),
    "£": ("GBP",),
    "R$": ("BRL",),
    "US$": ("USD",),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
    "zł": ("PLN",),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "₺": ("TRY",),
    "₽": ("RUB",),
    "₩": ("KRW",),
}
_SCALES = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_LONGEST_AMOUNT = 60
_AMOUNT = re.compile(
    r"(?P<minus>[-−]?)\s*(?P<before>[^\d.,+\-−]*?)\s*(?P<minus2>[-−]?)(?P<number>\d[\d.,'’\s]*|[.,]\d+)(?P<after>\D*)"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An aware instant and how exactly it is known."""

    at: dt.datetime
    precision: str


@dataclass(frozen=True, slots=True)
class Amount:
    """Major units, and the currencies that a sign beside the number may mean (empty without a sign)."""

    value: Decimal
    currencies: tuple[str, ...] = ()


def parse_time(field: str, text: str, formats: Sequence[str], *, zone: ZoneInfo | None, calendar: Calendar) -> Moment:
    """A time by the first format that fits. Times without an offset are in `zone` (None: the company's on that day); a date
    alone is that calendar day of the company. A local time that the clock change skips or repeats is its first reading."""
    for form in formats:
        found = _read(text, form)
        if found is None:
            continue
        value, exact = found
        if value.year < _FIRST_YEAR:
            raise RowError(field, f"“{text[:40]}” lies before {_FIRST_YEAR}")
        try:
            if not exact:
                return Moment(calendar.start_of_day(value.date()), Precision.DAY)
            if value.tzinfo is None:
                value = value.replace(tzinfo=zone or calendar.zone_on(value.date()))
            return Moment(value.astimezone(dt.UTC), Precision.INSTANT)
        except OverflowError as error:
            raise RowError(field, f"“{text[:40]}” is out of range") from error
    raise RowError(field, f"“{text[:40]}” is not a date of the form {' or '.join(formats)}")


def refuse_future(field: str, moment: Moment, now: dt.datetime) -> Moment:
    """The moment, unless it is more than five minutes ahead."""
    if moment.at > now + _FUTURE:
        raise RowError(field, f"{moment.at:%Y-%m-%d %H:%M} UTC lies in the future")
    return moment


def _read(text: str, form: str) -> tuple[dt.datetime, bool] | None:
    """The time and whether it holds a time of day; None if the form does not fit."""
    try:
        if form == "iso":
            if not _ISO.fullmatch(text):
                return None
            return dt.datetime.fromisoformat(text.replace(" Z", "Z").replace(" +", "+")), len(text) > 10
        if form == "epoch_ms":
            if not re.fullmatch(r"\d{1,15}", text) or int(text) < _SMALLEST_MS:
                return None
            return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=int(text)), True
        if form == "excel":
            if not re.fullmatch(r"\d{1,7}(\.\d+)?", text):
                return None
            seconds = round(Decimal(text) * 86_400)
            return _EXCEL_ZERO + dt.timedelta(seconds=seconds), seconds % 86_400 != 0
        return dt.datetime.strptime(text, form), bool(_TIME_CODES.search(form))  # noqa: DTZ007 - the caller adds the zone
    except (ValueError, OverflowError):
        return None


def parse_amount(field: str, text: str, *, decimal: str | None, thousands: str | None) -> Amount:
    """An amount with sign, thousands, currency sign or code, K/M/B. `decimal` None means “.” that nobody declared, so what
    could be thousands just as well is refused."""
    bare = unicodedata.normalize("NFKC", text).strip().lstrip("+")
    negative = bare.startswith("(") and bare.endswith(")")
    found = _AMOUNT.fullmatch((bare[1:-1] if negative else bare).strip()[: _LONGEST_AMOUNT + 1])
    if not found or len(bare) > _LONGEST_AMOUNT or (found["minus"] and found["minus2"]):
        raise RowError(field, f"“{text[:40]}” is not an amount")
    point = decimal or "."
    comma = thousands if thousands is not None else ("," if point == "." else ".")
    number = found["number"].strip()
    if decimal is None and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", number):
        raise RowError(field, f"“{text[:40]}” may mean thousands or decimals; set decimal in the mapping")
    digits = _plain_number(number, point, comma)
    if digits is None:
        raise RowError(field, f"“{text[:40]}” is not an amount with “{point}” as decimal sign; set decimal and thousands")
    scale, currencies = _marks(field, text, found["before"].strip(), found["after"].strip())
    negative = negative or bool(found["minus"] or found["minus2"])
    value = Decimal(digits) * scale
    return Amount(-value if negative else value, currencies)


def _plain_number(number: str, point: str, comma: str) -> str | None:
    """Digits with a decimal point, or None if the groups make no sense."""
    whole, _, fraction = number.partition(point)
    if fraction and not fraction.isdigit():
        return None
    gap = {",": ",", ".": r"\.", " ": r"\s", "'": "['’]"}.get(comma, re.escape(comma)) if comma else r"(?!)"
    if not re.fullmatch(rf"\d*|\d{{1,3}}(({gap}|[\s'’])\d{{3}})+|\d{{1,2}}({gap}\d\d)+{gap}\d{{3}}", whole):
        return None
    whole = "".join(char for char in whole if char.isdigit())
    return f"{whole or 0}.{fraction or 0}" if (whole or fraction) else None


def _marks(field: str, text: str, before: str, after: str) -> tuple[int, tuple[str, ...]]:
    """The scale and the currency that stand beside a number."""
    scale, currencies = 1, ()
    for mark in (before, *after.split()):
        if not mark:
            continue
        if mark[:1].lower() in _SCALES and mark[1:] in ("", *SIGNS) and mark is not before:
            scale, mark = _SCALES[mark[:1].lower()], mark[1:]
            if not mark:
                continue
        if mark.lower() in ("mn", "mio", "bn"):
            scale = _SCALES["b" if mark.lower() == "bn" else "m"]
        elif mark in SIGNS:
            currencies = SIGNS[mark]
        elif re.fullmatch(r"[A-Z]{3}", mark):
            currencies = (mark,)
        else:
            raise RowError(field, f"“{text[:40]}” is not an amount")
    return scale, currencies


def parse_whole(field: str, text: str) -> int:
    """A whole number of at most nine digits."""
    if not re.fullmatch(r"[+-]?\d{1,9}(\.0+)?", text):
        raise RowError(field, f"“{text[:40]}” is not a whole number")
    return int(text.split(".")[0])


def is_filled(text: str) -> bool:
    """Whether a column says yes: not empty, and not a flag that says no."""
    return text.strip().lower() not in ("", "false", "no", "0")
