"""Business time: what of an interval lies inside working hours. Pure; no database.

Windows are local times of the calendar's own zone and become UTC instants day by day, so a change of the clocks needs no
rule of its own. The zone of the server or of a reader never enters.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

HORIZON = dt.timedelta(days=731)  # how far `due` looks for working time
NOTHING = dt.timedelta()
MIDNIGHT = dt.time()

Pause = tuple[dt.datetime, dt.datetime | None]  # [from, until); None: it still lasts
BEGINNING = dt.datetime(1, 1, 2, tzinfo=dt.UTC)  # where the first part of every schedule begins
_FAR = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, order=True)
class Window:
    """Working time of a weekday (0 is Monday), local times. `closes` at 00:00 is the end of that day."""

    weekday: int
    opens: dt.time
    closes: dt.time

    def __post_init__(self):
        if self.closes != MIDNIGHT and self.closes <= self.opens:
            raise ValueError(f"a window that closes at {self.closes} before it opens at {self.opens}")

    @property
    def seconds(self) -> int:
        """Its length on a day without a change of the clocks."""
        return (_of_day(self.closes) or 86_400) - _of_day(self.opens)


def _of_day(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second


@dataclass(frozen=True)
class Piece:
    """Uninterrupted working time [start, stop) in UTC, on a local day of its calendar."""

    day: dt.date
    start: dt.datetime
    stop: dt.datetime


class BusinessClock:
    """What can be asked of anything that knows its working pieces."""

    def pieces(self, start: dt.datetime, stop: dt.datetime) -> Iterator[Piece]:
        """Working time within [start, stop), in order, without overlap."""
        raise NotImplementedError

    def is_working_day(self, day: dt.date) -> bool:
        raise NotImplementedError

    def worked(self, start: dt.datetime, stop: dt.datetime, pauses: Iterable[Pause] = ()) -> dt.timedelta:
        """Working time in [start, stop) outside the pauses. Adds up over adjacent intervals, never exceeds stop − start."""
        return sum((p.stop - p.start for p in self._free(start, stop, pauses)), NOTHING)

    def due(self, start: dt.datetime, target: dt.timedelta, pauses: Iterable[Pause] = ()) -> dt.datetime | None:
        """When `target` of working time has passed since `start`: inside a window or at its end.

        None when the calendar has not that much working time within two years, or a pause that still lasts holds it.
        """
        rest = max(target, NOTHING)
        for piece in self._free(start, _utc(start) + HORIZON, pauses):
            length = piece.stop - piece.start
            if length >= rest:
                return piece.start + rest
            rest -= length
        return None

    def add_working_days(self, instant: dt.datetime, days: int, pauses: Iterable[Pause] = ()) -> dt.datetime | None:
        """Close of business on the `days`-th working day after the day of `instant`, which itself does not count.

        A day that is paused as a whole is no working day. None as for `due`.
        """
        if days < 1:
            raise ValueError("at least one working day")
        first = self.local_day(instant)
        counted, last = 0, None
        for piece in self._free(instant, _utc(instant) + HORIZON, pauses):
            if piece.day <= first:
                continue
            if last is None or piece.day != last.day:
                if counted == days:
                    return last.stop
                counted += 1
            last = piece
        return last.stop if counted == days else None

    def working_days(self, start: dt.date, stop: dt.date) -> int:
        """Working days among the days of [start, stop)."""
        return sum(self.is_working_day(start + dt.timedelta(days=i)) for i in range((stop - start).days))

    def local_day(self, instant: dt.datetime) -> dt.date:
        """The calendar's own day of an instant."""
        raise NotImplementedError

    def _free(self, start: dt.datetime, stop: dt.datetime, pauses: Iterable[Pause]) -> Iterator[Piece]:
        held = sorted((_utc(a), _FAR if b is None else _utc(b)) for a, b in pauses)
        for piece in self.pieces(_utc(start), _utc(stop)):
            begin = piece.start
            for paused, resumed in held:
                if resumed <= begin or paused >= piece.stop:
                    continue
                if paused > begin:
                    yield Piece(piece.day, begin, paused)
                begin = max(begin, resumed)
            if begin < piece.stop:
                yield Piece(piece.day, begin, piece.stop)
            elif begin == _FAR:
                return


@dataclass(frozen=True)
class WorkingHours(BusinessClock):
    """Windows per weekday in one zone, without its holidays (local dates)."""

    tz: str
    windows: tuple[Window, ...]
    holidays: frozenset[dt.date] = frozenset()
    # Thousands of obligations ask for the same few days.
    _days: dict[dt.date, list[Piece]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tz)

    def is_working_day(self, day: dt.date) -> bool:
        return day not in self.holidays and any(w.weekday == day.weekday() for w in self.windows)

    def local_day(self, instant: dt.datetime) -> dt.date:
        return instant.astimezone(self.zone).date()

    @property
    def day_seconds(self) -> int:
        """Working time of a usual working day: what “a working day” means when it stands beside hours."""
        days = {w.weekday for w in self.windows}
        return round(sum(w.seconds for w in self.windows) / len(days)) if days else 0

    def pieces(self, start: dt.datetime, stop: dt.datetime) -> Iterator[Piece]:
        if stop <= start or not self.windows:
            return
        day, last = self.local_day(start), self.local_day(stop)
        while day <= last:
            for piece in self._of_day(day):
                begin, end = max(piece.start, start), min(piece.stop, stop)
                if begin < end:
                    yield Piece(day, begin, end)
            day += dt.timedelta(days=1)

    def _of_day(self, day: dt.date) -> list[Piece]:
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = []
            reached = BEGINNING
            for window in sorted(w for w in self.windows if w.weekday == day.weekday() and day not in self.holidays):
                # What is covered already is not counted twice: in the hour that is jumped over, two windows may meet.
                begin, end = max(self._instant(day, window.opens), reached), self._closing(day, window)
                if begin < end:
                    found.append(Piece(day, begin, end))
                    reached = end
        return found

    def _closing(self, day: dt.date, window: Window) -> dt.datetime:
        later = day + dt.timedelta(days=1) if window.closes == MIDNIGHT else day
        return self._instant(later, window.closes)

    def _instant(self, day: dt.date, time: dt.time) -> dt.datetime:
        """UTC of a local time. The first of two when clocks go back; the moment of the change when it is jumped over."""
        naive = dt.datetime.combine(day, time)
        late = naive.replace(tzinfo=self.zone, fold=0).astimezone(dt.UTC)
        early = naive.replace(tzinfo=self.zone, fold=1).astimezone(dt.UTC)
        if early >= late:
            return late
        after = late.astimezone(self.zone).utcoffset()
        low, high = 0, int((late - early).total_seconds())
        while high - low > 1:
            middle = (low + high) // 2
            at = (early + dt.timedelta(seconds=middle)).astimezone(self.zone)
            low, high = (low, middle) if at.utcoffset() == after else (middle, high)
        return early + dt.timedelta(seconds=high)


@dataclass(frozen=True)
class Schedule(BusinessClock):
    """Working hours that change: each part holds from its instant until the next begins, the first since `BEGINNING`."""

    parts: tuple[tuple[dt.datetime, WorkingHours], ...]

    def __post_init__(self):
        starts = [at for at, _ in self.parts]
        if not starts or starts[0] != BEGINNING or starts != sorted(starts):
            raise ValueError("a schedule needs its parts in order, from the beginning on")

    @classmethod
    def always(cls, hours: WorkingHours) -> "Schedule":
        return cls(((BEGINNING, hours),))

    def at(self, instant: dt.datetime) -> WorkingHours:
        """The hours that hold at an instant."""
        return next(hours for begin, hours in reversed(self.parts) if begin <= instant)

    def then(self, instant: dt.datetime, other: "Schedule") -> "Schedule":
        """This schedule until `instant`, the other from then on: a lead that goes to a team with another calendar."""
        instant = _utc(instant)
        kept = [part for part in self.parts if part[0] < instant]
        later = [part for part in other.parts if part[0] > instant]
        return Schedule((*kept, (instant, other.at(instant)), *later))

    def local_day(self, instant: dt.datetime) -> dt.date:
        return self.at(instant).local_day(instant)

    def is_working_day(self, day: dt.date) -> bool:
        return self.on(day).is_working_day(day)

    def on(self, day: dt.date) -> WorkingHours:
        """The hours that hold at noon of a day, each part asked in its own zone."""
        noon = dt.datetime.combine(day, dt.time(12))
        later = (hours for begin, hours in reversed(self.parts[1:]) if begin <= noon.replace(tzinfo=hours.zone))
        return next(later, self.parts[0][1])

    def pieces(self, start: dt.datetime, stop: dt.datetime) -> Iterator[Piece]:
        for i, (begin, hours) in enumerate(self.parts):
            end = stop if i == len(self.parts) - 1 else min(stop, self.parts[i + 1][0])
            yield from hours.pieces(max(start, begin), end)


def _utc(instant: dt.datetime) -> dt.datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return instant.astimezone(dt.UTC)
