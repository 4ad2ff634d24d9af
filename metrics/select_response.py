"""V8 in working time: how long a lead waited for its first contact, by the hours of the team that has it."""

import datetime as dt

import numpy as np

from funnel.queries import working_schedules
from metrics import codes
from metrics.promised import moment
from metrics.segments import MISSING
from metrics.selection import Question, Selection, entered_in, fits, taken

_MINUTE = 60_000_000
_INSTANT = codes.PRECISIONS.index("instant")


def working_time_to_contact(snapshot, question: Question) -> Selection:
    """Handoffs of the period with minutes of working time to the first sales contact; never contacted ones are censored."""
    entries = entered_in(snapshot["handoff"], question)
    entries = entries.under(fits(entries, question))
    now = codes.micros_of(moment(snapshot, question))
    rows = entries.under((entries["precision"] == _INSTANT) & (entries["at"] <= now))
    contacted = rows["contact"] != MISSING
    start, team = rows["at"], rows["team"]
    followed = _worked(snapshot, team, start, np.full(len(rows), now))
    answered = _worked(snapshot, team, start, np.where(contacted, rows["contact"], start))
    picked = taken(
        rows,
        item_kind="entry",
        day=lambda: rows["day"],
        age=np.where(contacted, answered, followed),
        follow=followed,
        cause=contacted.astype(np.int8),
        hit=contacted,
    )
    if left_out := len(entries) - len(rows):
        picked.excluded["handed over at an unknown time of day"] = left_out
    return picked


def _worked(snapshot, team: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Whole minutes of working time between instants, each by the hours of its team; 0 is the company's."""
    found = np.zeros(len(start), np.int64)
    if not len(start):
        return found
    first, last = int(start.min()), int(max(stop.max(), start.max())) + 1
    for one in np.unique(team):
        mine = team == one
        at, total = _running_total(snapshot, int(one), first, last)
        # Between two edges working time either runs evenly or stands still.
        worked = np.interp(stop[mine], at, total) - np.interp(start[mine], at, total)
        found[mine] = np.floor_divide(np.rint(worked), _MINUTE).astype(np.int64)
    return found


def _running_total(snapshot, team: int, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges of a team's working time in [first, last) and how much of it has passed at each, in microseconds."""
    schedule = snapshot.memo(("hours of a team", team), lambda: working_schedules([team or None])[team or None])
    at, total = [first], [0]
    for piece in schedule.pieces(codes.instant_of(first), codes.instant_of(last)):
        begin, end = codes.micros_of(piece.start), codes.micros_of(piece.stop)
        at += [begin, end]
        total += [total[-1], total[-1] + end - begin]
    return np.array([*at, last]), np.array([*total, total[-1]])


def working_day(snapshot) -> int:
    """Minutes of a usual working day of the company."""
    hours = snapshot.memo(("hours of a team", 0), lambda: working_schedules([None])[None])
    return hours.at(snapshot.written_at or dt.datetime.now(dt.UTC)).day_seconds // 60
