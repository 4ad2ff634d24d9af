"""Which date format a column holds. Proposed only when no other reading of the same values is possible."""

import datetime as dt
from collections.abc import Sequence

from core.queries import Calendar
from integrations.errors import RowError
from integrations.values import parse_time

_CLOCKS = ("", " %H:%M:%S", " %H:%M", ", %H:%M:%S", ", %H:%M", " %I:%M:%S %p", " %I:%M %p", ", %I:%M:%S %p", ", %I:%M %p")
_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d",
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    "%d %b %Y", "%d %B %Y", "%d %b, %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y",
)  # fmt: skip
FORMATS = ("iso", "epoch_ms", *(day + clock for day in _DAYS for clock in _CLOCKS), "%Y-%m-%dT%H:%M:%S", "excel")
_SAMPLE = 400
_WORDS = {"iso": "2026-08-31 (ISO)", "epoch_ms": "milliseconds since 1970", "excel": "Excel's day number"}
_EXAMPLE = dt.datetime(2026, 8, 31, 14, 5, 9)  # noqa: DTZ001 - only shows a form


def words(form: str) -> str:
    """The form as people write it: 31.08.2026 14:05."""
    if form in _WORDS:
        return _WORDS[form]
    order = "day first" if form.startswith("%d") else "month first" if form.startswith(("%m", "%b", "%B")) else "year first"
    return f"{_EXAMPLE.strftime(form)} ({order})"


def readable(text: str, form: str, zone, calendar: Calendar) -> dt.datetime | None:
    try:
        return parse_time("", text, (form,), zone=zone, calendar=calendar).at
    except RowError:
        return None


def propose(values: Sequence[str], *, zone, calendar: Calendar) -> tuple[list[str], list[str]]:
    """(formats to take, formats among which a person must choose). At most one of both is filled.

    The formats that read most of the values compete; if two read any value as different times, nobody can know.
    """
    values = list(dict.fromkeys(value for value in values if value))[:_SAMPLE]
    best = _best(values, zone, calendar)
    if not best:
        return [], []
    read = {form: [readable(value, form, zone, calendar) for value in values] for form in best}
    rival = next((form for form in best[1:] if read[form] != read[best[0]]), None)
    if rival:
        return [], _distinct(best, read)
    taken = [best[0]]
    rest = [value for value, at in zip(values, read[best[0]], strict=True) if at is None]
    second = [form for form in _best(rest, zone, calendar) if _order(form) in (_order(taken[0]), "")] if rest else []
    if second and not any(
        readable(value, second[0], zone, calendar) != readable(value, form, zone, calendar)
        for form in second[1:]
        for value in rest
    ):
        taken.append(second[0])
    return taken, []


def _order(form: str) -> str:
    return form[:2] if form.startswith("%") else ""


def _best(values: list[str], zone, calendar: Calendar) -> list[str]:
    fits = {form: sum(readable(value, form, zone, calendar) is not None for value in values) for form in FORMATS}
    most = max(fits.values(), default=0)
    found = [form for form, count in fits.items() if count == most] if most else []
    # Day numbers are plain numbers: only when nothing else fits.
    return [form for form in found if form != "excel"] or found


def _distinct(forms: list[str], read: dict[str, list]) -> list[str]:
    seen, found = [], []
    for form in forms:
        if read[form] not in seen:
            seen.append(read[form])
            found.append(form)
    return found
