"""A promise as people read it: how much of its working time is used, how much is left, or by how much it is late."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from core.templatetags.display import days
from funnel.business_time import BusinessClock
from leads.handoff_projection import Promised
from leads.models import HandoffStanding, Lead, Obligation
from leads.obligations import EXCLUDED, KEPT, MISSED, PAUSED, standing
from leads.waiting import WAITING, WAITS_ON, newest_handoffs, pressing

_HOUR = 3600
# Promises counted in whole working days; the others run by the hour.
_BY_DAY = (Obligation.Promise.S2, Obligation.Promise.S3, Obligation.Promise.S4)
_MARKS = {"owner": "joint"}
# What somebody does to keep it, for the head of the lead.
ACTS = {
    Obligation.Promise.ROUTING: "give it to a person",
    Obligation.Promise.S1: "first contact",
    Obligation.Promise.S2: "keep trying",
    Obligation.Promise.S3: "decide",
    Obligation.Promise.S4: "give feedback",
}


@dataclass(frozen=True)
class Clock:
    """One promise at one moment. Lengths are seconds of working time; words are ready to be shown."""

    promise: str
    label: str
    state: str  # leads.obligations.standing
    due_at: dt.datetime | None
    met_at: dt.datetime | None
    length: int
    used: int
    age_words: str  # 2.9 d
    length_words: str  # 1 d
    left_words: str  # 14 h left, 3 h late, stands still
    excluded: str = ""
    late_logged: bool = False

    @property
    def late(self) -> bool:
        return self.state == MISSED

    @property
    def open(self) -> bool:
        return self.met_at is None and self.state not in (EXCLUDED, KEPT)

    @property
    def act(self) -> str:
        return ACTS[self.promise]


def read_clock(one: Obligation, schedule: BusinessClock, day_seconds: int, now: dt.datetime) -> Clock:
    """`schedule`: the hours of the team that has it; `day_seconds`: a usual working day of theirs."""
    state = standing(one, now)
    stop = one.met_at or now
    late = state == MISSED
    day = day_seconds or 8 * _HOUR
    if one.due_at is None:
        used = int(schedule.worked(one.started_at, max(stop, one.started_at)).total_seconds()) - one.paused_seconds
        return _clock(one, state, 0, max(used, 0), day, "", "stands still")
    away = int(schedule.worked(*sorted((stop, one.due_at))).total_seconds())
    if one.promise in _BY_DAY:
        first, last = schedule.local_day(one.started_at), schedule.local_day(one.due_at)
        whole = schedule.working_days(first + dt.timedelta(days=1), last + dt.timedelta(days=1))
        length = whole * day
    else:
        length = max(int(schedule.worked(one.started_at, one.due_at).total_seconds()) - one.paused_seconds, 0)
    used = length + away if late else max(length - away, 0)
    words = f"{worked_words(away, day)} {'late' if late else 'left'}"
    if state == KEPT:
        words = f"kept after {worked_words(used, day)}" if used >= 60 else "kept at once"
    elif state == MISSED and one.met_at is not None:
        words = f"done, {worked_words(away, day)} late"
    return _clock(one, state, length, used, day, worked_words(length, day), words)


def _clock(one: Obligation, state: str, length: int, used: int, day: int, length_words: str, words: str) -> Clock:
    return Clock(
        promise=one.promise,
        label=one.get_promise_display(),
        state=state,
        due_at=one.due_at,
        met_at=one.met_at,
        length=length,
        used=used,
        age_words=worked_words(used, day),
        length_words=length_words,
        left_words=words,
        excluded=one.excluded,
        late_logged=one.late_logged,
    )


def worked_words(seconds: int, day_seconds: int) -> str:
    """Working time in words: 45 min, 2.9 h, 14 h; from two working days on in working days."""
    if seconds < 60:
        return "under 1 min" if seconds else "0 min"
    if seconds < _HOUR:
        return f"{round(seconds / 60)} min"
    if seconds >= 2 * day_seconds:
        return days(seconds / day_seconds).replace(".0 d", " d")
    hours = seconds / _HOUR
    return f"{hours:.1f}".removesuffix(".0") + " h" if hours < 10 else f"{round(hours)} h"


class Clocks:
    """Reads clocks for many leads; hours and teams are read once."""

    def __init__(self, now: dt.datetime, promised: Promised | None = None):
        self.now, self.promised = now, promised or Promised()

    def of(self, one: Obligation) -> Clock:
        schedule = self.promised.hours(one.team_id)
        return read_clock(one, schedule, schedule.at(self.now).day_seconds, self.now)


def add_waiting(leads: Iterable[Lead], now: dt.datetime) -> None:
    """Put on each lead (decorated: `now` is its stage) whom it waits on and the clock that presses."""
    leads = list(leads)
    ids = [lead.pk for lead in leads]
    handoffs = newest_handoffs(ids)
    owed: dict[int, Obligation] = {}
    if handoffs:
        # The one that stands still comes last: without a due time nothing is late.
        for one in pressing(now, ids):
            known = owed.get(one.lead_id)
            if known is None or _due(one) < _due(known):
                owed[one.lead_id] = one
    clocks = Clocks(now)
    for lead in leads:
        handoff = handoffs.get(lead.pk)
        whom = WAITS_ON.get(handoff.state) if handoff else None
        on_its_way = bool(lead.now and lead.now.open)
        if whom is None and on_its_way:
            whom = lead.now.side
        lead.waits = whom or ""
        lead.waits_mark = _MARKS.get(lead.waits, lead.waits)
        lead.waits_word = {**WAITING, "joint": "Both teams"}.get(lead.waits, "")
        lead.returned = bool(handoff) and handoff.state == HandoffStanding.RETURNED
        lead.clock = clocks.of(owed[lead.pk]) if on_its_way and lead.pk in owed else None
        if lead.clock is not None:
            lead.late = lead.clock.late


def _due(one: Obligation) -> tuple[bool, dt.datetime]:
    return one.due_at is None, one.due_at or one.started_at


def state_word(clock: Clock) -> str:
    """For the file: the standing of a promise in words."""
    return {MISSED: "past promise", PAUSED: "stands still", KEPT: "kept"}.get(clock.state, "running")
