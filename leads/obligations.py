"""What is owed about a handoff, from when and until when (metrics-spec 3.2 to 3.4). Pure functions.

Only a contact stops the clock of the first contact. Whether a promise was kept is never stored: it follows from the due
time, the time it was done and the clock.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from funnel.business_time import Pause, Schedule
from funnel.models import PromiseKey
from funnel.promises import PromiseBook, TermsOfVersion
from leads.handoffs import MEETING, RETURNED, WAIVER, HandoffState
from leads.models import Decision, Obligation, Precision, Touch
from leads.timeline import Assignment

LATE_LOG = dt.timedelta(hours=48)
# Conversations in both directions, whatever their outcome is called; and the outcomes that say so of a call or a mail.
TWO_WAY_KINDS = frozenset({Touch.Kind.MEETING, Touch.Kind.CONVERSATION})
TWO_WAY_OUTCOMES = frozenset({"reached", "replied"})
# Above this share of exclusions a month of a promise is marked (spec 3.2).
MANY_EXCLUDED = 0.05

Hours = Callable[[int | None], Schedule]


@dataclass(frozen=True, slots=True, order=True)
class ContactFact:
    """A person of sales tried to reach the lead, or talked to them."""

    occurred_at: dt.datetime
    id: int
    recorded_at: dt.datetime
    kind: str
    outcome: str

    @property
    def two_way(self) -> bool:
        return self.kind in TWO_WAY_KINDS or self.outcome in TWO_WAY_OUTCOMES

    @property
    def late(self) -> bool:
        return self.recorded_at - self.occurred_at > LATE_LOG


@dataclass(frozen=True, slots=True)
class ObligationState:
    entry_id: int
    promise: str
    agreement_id: int
    team_id: int | None
    started_at: dt.datetime
    due_at: dt.datetime | None
    due_day: dt.date | None
    met_at: dt.datetime | None
    paused_seconds: int
    excluded: str
    late_logged: bool
    owner_id: int | None = None


def fold_obligations(
    handoff: HandoffState,
    contacts: Sequence[ContactFact],
    *,
    tier: str,
    book: PromiseBook,
    hours: Hours,
    day_of: Callable[[dt.datetime], dt.date],
) -> list[ObligationState]:
    """What is owed about one handoff under the promises of `book`, the version in force when it began.

    `contacts`: all of the lead, sorted. An entry that is known to the day alone, or not at all, has no clock.
    """
    if not book or handoff.precision != Precision.INSTANT:
        return []
    own = [c for c in contacts if c.occurred_at >= handoff.entered_at and _before(c.occurred_at, handoff.until)]
    return _Clock(handoff, own, tier, book, hours, day_of).obligations()


def _before(instant: dt.datetime, end: dt.datetime | None) -> bool:
    return end is None or instant < end


class _Clock:
    """The legs of one handoff: routing from the entry, response from the moment a person of sales has it."""

    def __init__(self, handoff: HandoffState, contacts, tier: str, book: PromiseBook, hours: Hours, day_of):
        self.handoff, self.contacts, self.tier, self.book, self.day_of = handoff, contacts, tier, book, day_of
        self.company = hours(None)
        self.pauses = pauses_of(handoff, book.terms)
        # Who makes the contact or decides has it, whether or not somebody wrote the assignment down.
        decided = handoff.decided_at if self._is_final else None
        first = contacts[0].occurred_at if contacts else None
        self.taken_at = min((at for at in (handoff.assigned_at, first, decided) if at is not None), default=None)
        self.schedule = schedule_of(handoff, hours)

    @property
    def _is_final(self) -> bool:
        return bool(self.handoff.decision) and self.handoff.returned_at is None

    def obligations(self) -> list[ObligationState]:
        found = [self._routing(), self._first_contact(), self._persistence(), self._decision(), self._feedback()]
        return [one for one in found if one is not None]

    def _routing(self) -> ObligationState | None:
        seconds = self.book.terms.routing_seconds
        if seconds is None:
            return None
        start = self.handoff.entered_at
        due = self.company.due(start, dt.timedelta(seconds=seconds), self.pauses)
        return self._owed(Obligation.Promise.ROUTING, start, due, self.taken_at, clock=self.company)

    def _first_contact(self) -> ObligationState | None:
        line = self.book.line(PromiseKey.S1, self.tier)
        if line is None or self.taken_at is None:
            return None
        due = self.schedule.due(self.taken_at, line.target, self.pauses)
        first = self.contacts[0] if self.contacts else None
        return self._owed(PromiseKey.S1, self.taken_at, due, first and first.occurred_at, late=bool(first and first.late))

    def _persistence(self) -> ObligationState | None:
        line = self.book.line(PromiseKey.S2, self.tier)
        if line is None or self.taken_at is None:
            return None
        due = self.schedule.add_working_days(self.taken_at, line.days, self.pauses)
        enough = self._enough(line.attempts, line.distinct_days or 1)
        return self._owed(
            PromiseKey.S2, self.taken_at, due, enough and enough.occurred_at, late=bool(enough and enough.late)
        )

    def _enough(self, attempts: int, distinct_days: int) -> ContactFact | None:
        """The contact with which it was tried often enough on enough working days, or with which they talked."""
        days: set[dt.date] = set()
        for count, contact in enumerate(self.contacts, start=1):
            day = self.schedule.local_day(contact.occurred_at)
            if self.schedule.is_working_day(day):
                days.add(day)
            if contact.two_way or (count >= attempts and len(days) >= distinct_days):
                return contact
        return None

    def _decision(self) -> ObligationState | None:
        line = self.book.line(PromiseKey.S3, self.tier)
        if line is None or self.taken_at is None:
            return None
        due = self.schedule.add_working_days(self.taken_at, line.days, self.pauses)
        # A return keeps the handoff running, on marketing's clock; accepting explains itself.
        said = self._is_final and (self.handoff.reason or self.handoff.first_decision == Decision.ACCEPTED)
        return self._owed(PromiseKey.S3, self.taken_at, due, self.handoff.decided_at if said else None)

    def _feedback(self) -> ObligationState | None:
        line = self.book.line(PromiseKey.S4, self.tier)
        if line is None or not self._is_final:
            return None
        start = self.handoff.decided_at
        due = self.schedule.add_working_days(start, line.days, self.pauses)
        given = [at for at in (self.handoff.feedback_at, start if self.handoff.explained else None) if at is not None]
        return self._owed(PromiseKey.S4, start, due, min(given, default=None))

    def _owed(self, promise: str, start, due, met, *, clock: Schedule | None = None, late: bool = False) -> ObligationState:
        stop = min((at for at in (due, met) if at is not None), default=None)
        paused = 0
        if stop is not None and stop > start and self.pauses:
            whose = clock or self.schedule
            paused = int((whose.worked(start, stop) - whose.worked(start, stop, self.pauses)).total_seconds())
        holder = self._holder(stop)
        return ObligationState(
            entry_id=self.handoff.entry_id,
            promise=str(promise),
            agreement_id=self.book.agreement_id,
            team_id=holder.team_id if holder else None,
            owner_id=holder.owner_id if holder else None,
            started_at=start,
            due_at=due,
            due_day=self.day_of(due) if due is not None else None,
            met_at=met,
            paused_seconds=paused,
            excluded=self.handoff.excluded.get(str(promise), ""),
            late_logged=late,
        )

    def _holder(self, stop: dt.datetime | None) -> Assignment | None:
        """The person and the team that have it when the window closes, or now."""
        holders = self.handoff.holders
        had = [h for h in holders if stop is None or h.at <= stop]
        return (had[-1] if had else holders[0]) if holders else None


def pauses_of(handoff: HandoffState, terms: TermsOfVersion) -> list[Pause]:
    """The intervals in which the clock stands still under these terms."""
    counts = {RETURNED: terms.pause_returned, MEETING: terms.pause_meeting, WAIVER: terms.pause_waiver}
    return [(start, stop) for kind, start, stop in handoff.pauses if counts[kind]]


def schedule_of(handoff: HandoffState, hours: Hours) -> Schedule:
    """The hours that count: those of the team of the person who had it first, and of the next ones' from then on."""
    holders = handoff.holders
    schedule = hours(holders[0].team_id if holders else None)
    for earlier, holder in zip(holders, holders[1:], strict=False):
        if holder.team_id != earlier.team_id:
            schedule = schedule.then(holder.at, hours(holder.team_id))
    return schedule


# --- what the times say at a moment ---

KEPT, MISSED, AT_RISK, RUNNING, PAUSED, EXCLUDED = "kept", "missed", "at_risk", "open", "paused", "excluded"
_SOON = {"routing": dt.timedelta(minutes=5), "S1": dt.timedelta(hours=1)}


def soon(promise: str) -> dt.timedelta:
    """How long before the due time it is at risk and somebody is reminded."""
    return _SOON.get(promise, dt.timedelta(days=1))


def standing(one: ObligationState | Obligation, now: dt.datetime) -> str:
    """Kept or missed once the window is closed, at risk only while it is open."""
    if one.excluded:
        return EXCLUDED
    if one.met_at is not None:
        return KEPT if one.due_at is None or one.met_at <= one.due_at else MISSED
    if one.due_at is None:
        return PAUSED
    if one.due_at <= now:
        return MISSED
    return AT_RISK if one.due_at - now <= soon(one.promise) else RUNNING


@dataclass(slots=True)
class Counters:
    """Closed windows of one promise, month, team and tier. `due` leaves the excluded ones out."""

    due: int = 0
    met: int = 0
    missed: int = 0
    excluded: int = 0

    @property
    def attainment(self) -> float | None:
        """Share of the due ones that were met in time; None when nothing was due."""
        return self.met / self.due if self.due else None

    @property
    def many_excluded(self) -> bool:
        """More than a twentieth of all was excluded: the month says so beside its share."""
        total = self.due + self.excluded
        return bool(total) and self.excluded / total > MANY_EXCLUDED


def count_due(rows: Iterable[tuple[ObligationState | Obligation, str]], now: dt.datetime) -> dict[tuple, Counters]:
    """Obligations (with their lead's tier) whose due time has come, by (promise, first day of month, team, tier)."""
    found: dict[tuple, Counters] = defaultdict(Counters)
    for one, tier in rows:
        if one.due_at is None or one.due_at > now:
            continue
        counters = found[(one.promise, one.due_day.replace(day=1), one.team_id, tier)]
        if one.excluded:
            counters.excluded += 1
            continue
        counters.due += 1
        if standing(one, now) == KEPT:
            counters.met += 1
        else:
            counters.missed += 1
    return dict(found)
