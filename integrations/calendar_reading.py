"""From a calendar file to meetings: who meets when. Titles, places and texts are not read. Pure; no database."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from icalendar.timezone import tzp
from icalendar.timezone.zoneinfo import ZONEINFO

MOST_ENTRIES = 2_000
# Answers of invited people (REPLY, COUNTER, ...) change nothing about the meeting itself.
_METHODS = {"", "REQUEST", "PUBLISH", "ADD", "CANCEL"}
_NO_CALENDAR = "This is no calendar file (.ics)."
_TOO_MANY = f"This file has more than {MOST_ENTRIES:,} entries. Export fewer days."
_LONGEST = dt.timedelta(days=31)
# Further away it is a slip or a trick, and other zones could not name the moment.
_FARTHEST = dt.timedelta(days=3_660)


class _KnownZones(ZONEINFO):
    """Zones by their names alone. A file's own definition is a rule without end if its writer wants that, and icalendar
    would keep it for everybody else's files."""

    def knows_timezone_id(self, tzid: str) -> bool:
        return True  # so that no definition is read

    def timezone(self, name: str) -> dt.tzinfo | None:
        return super().timezone(name) if name in self._available_timezones else None


tzp.use(_KnownZones())


@dataclass(frozen=True)
class Invitation:
    """One version of a meeting, instants in UTC. `people`: addresses of who meets, in lower case; who declined does not."""

    uid: str
    occurrence: str
    sequence: int
    stamped_at: dt.datetime
    cancelled: bool
    starts_at: dt.datetime
    ends_at: dt.datetime
    people: tuple[str, ...]


def read_calendar(content: bytes, *, zone: ZoneInfo, received_at: dt.datetime) -> list[Invitation]:
    """The meetings of an iCalendar file, of a series its first one. `zone`: of whole days and of times without a zone.

    Raises ValueError for what is no calendar, and for too many entries.
    """
    content = content.replace(b"\0", b"")
    if content.upper().count(b"BEGIN:VEVENT") > MOST_ENTRIES:
        raise ValueError(_TOO_MANY)
    try:
        found = Calendar.from_ical(content, multiple=True)
    except (ValueError, IndexError, KeyError, RecursionError) as error:
        raise ValueError(_NO_CALENDAR) from error
    if not found:
        raise ValueError(_NO_CALENDAR)
    return [
        invitation
        for calendar in found
        if (method := str(calendar.get("METHOD", "")).strip().upper()) in _METHODS
        for event in calendar.walk("VEVENT")
        for invitation in _read(event, method, zone, received_at)
    ]


def _read(event: Event, method: str, zone: ZoneInfo, received_at: dt.datetime) -> Iterator[Invitation]:
    """The meeting of an entry; nothing if it has no name of its own, no people or no time that makes sense."""
    try:
        uid, start = str(event.get("UID", "")).strip(), event.decoded("DTSTART", None)
        people = _people(event)
        if not uid or start is None or not people:
            return
        starts_at, ends_at = _instant(start, zone), _instant(_end(event, start), zone)
        stamp = event.decoded("DTSTAMP", None) or event.decoded("LAST-MODIFIED", None)
        recurrence = event.decoded("RECURRENCE-ID", None)
        if not dt.timedelta() <= ends_at - starts_at <= _LONGEST or abs(starts_at - received_at) > _FARTHEST:
            return
        yield Invitation(
            uid=uid[:200],
            occurrence=_instant(recurrence, zone).isoformat()[:40] if recurrence is not None else "",
            sequence=min(max(int(event.get("SEQUENCE", 0)), 0), 2_000_000_000),
            stamped_at=_instant(stamp, zone) if stamp is not None else received_at,
            cancelled=method == "CANCEL" or str(event.get("STATUS", "")).upper() == "CANCELLED",
            starts_at=starts_at,
            ends_at=ends_at,
            people=people,
        )
    except (ValueError, TypeError, AttributeError, OverflowError):
        return


def _people(event: Event) -> tuple[str, ...]:
    found = []
    for name in ("ORGANIZER", "ATTENDEE"):
        values = event.get(name, [])
        for person in values if isinstance(values, list) else [values]:
            address = str(person).strip().lower().removeprefix("mailto:")
            declined = str(person.params.get("PARTSTAT", "")).upper() == "DECLINED"
            if "@" in address and len(address) <= 254 and not declined:
                found.append(address)
    return tuple(dict.fromkeys(found))


def _end(event: Event, start: dt.date) -> dt.date:
    """End of a meeting: as it says, by its length, the next midnight of a whole day, else at once (RFC 5545, 3.6.1)."""
    end = event.decoded("DTEND", None)
    if end is not None:
        return end
    length = event.decoded("DURATION", None)
    if length is not None:
        return start + length
    return start if isinstance(start, dt.datetime) else start + dt.timedelta(days=1)


def _instant(value: dt.date, zone: ZoneInfo) -> dt.datetime:
    """UTC of a time; a day alone is its midnight, a time without a zone is the company's."""
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(dt.UTC)
