"""From a lead's timeline to its handoffs: one for each entry into the MQL stage, until sales has decided. Pure functions.

A handoff is known by the event that opened its stay. Steps (returned, contested, ...) name that event; after a merge or a
correction, a step whose event opens no stay any more belongs to the handoff that was running when it happened.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from funnel.book import Book
from funnel.models import Milestone
from leads.models import Decision, LeadEvent
from leads.models.handoff import HandoffStanding
from leads.timeline import Assignment, Event, Stay

Kind = LeadEvent.Kind
# Steps of a handoff. Everything else that happens to a lead is told by its stays and assignments.
STEPS = (
    Kind.ACCEPTED, Kind.RETURNED, Kind.RESUBMITTED, Kind.CONTESTED, Kind.ARBITRATED, Kind.FEEDBACK, Kind.FEEDBACK_READ,
    Kind.PAUSED, Kind.WAIVED, Kind.CONSENTED,
)  # fmt: skip
# How leaving the MQL stage reads as a decision. A lost lead was taken on and worked; one that went back was returned.
_BY_EXIT = {
    "advance": Decision.ACCEPTED,
    "lost": Decision.ACCEPTED,
    "detour": Decision.RECYCLED,
    "out": Decision.DISQUALIFIED,
    "back": Decision.RETURNED,
}
# What an arbitration says when a return does not stand: the handoff is sales' again.
REOPENED = "open"
YES = "yes"

Interval = tuple[dt.datetime, dt.datetime | None]
RETURNED, MEETING, WAIVER = "returned", "meeting", "waiver"  # why a clock stands still


@dataclass(frozen=True, slots=True)
class HandoffState:
    """One handoff. `pauses`: why and in which intervals the response clock stood still; without an end it still does."""

    entry_id: int
    agreement_id: int
    entered_at: dt.datetime
    entered_day: dt.date
    precision: str
    until: dt.datetime | None  # the lead's next handoff: contacts after it belong to that one
    assigned_at: dt.datetime | None
    owner_id: int | None
    team_id: int | None
    decision: str
    decided_at: dt.datetime | None
    decided_by_id: int | None
    decided_with: int | None  # event
    reason: str
    recycled_until: dt.datetime | None
    explained: bool  # the decision says more than its key: a note that marketing can act on
    state: str
    returned_at: dt.datetime | None
    contested_at: dt.datetime | None
    ruled_at: dt.datetime | None
    first_decision: str
    pauses: tuple[tuple[str, dt.datetime, dt.datetime | None], ...]
    holders: tuple[Assignment, ...]  # who had it from when, since the first person of sales
    feedback_at: dt.datetime | None
    feedback_read_at: dt.datetime | None
    excluded: Mapping[str, str] = field(default_factory=dict)  # promise → reason, with the other team's consent


@dataclass(frozen=True, slots=True)
class _Pass:
    """A run of stays that is one handoff."""

    first: Stay
    last: Stay
    exit_event: Event | None


def fold_handoffs(
    stays: Sequence[Stay],
    live: Iterable[Event],
    assignments: Sequence[Assignment],
    *,
    book: Book,
    side_of: Callable[[int | None], str | None],
) -> list[HandoffState]:
    """The handoffs of a lead, oldest first.

    `live`: standing events of the lead and of those merged into it. `assignments`: sorted by time. `side_of`: the side of
    a team; leads given to a person of marketing have not reached sales yet.
    """
    events = {event.id: event for event in live}
    passes = _passes(stays, events, book)
    steps = _steps(passes, events.values())
    found = []
    for index, one in enumerate(passes):
        following = passes[index + 1].first.entered_at if index + 1 < len(passes) else None
        found.append(_handoff(one, following, steps[one.first.opening_event_id], assignments, side_of))
    return found


def _passes(stays: Sequence[Stay], events: Mapping[int, Event], book: Book) -> list[_Pass]:
    found: list[_Pass] = []
    for index, stay in enumerate(stays):
        info = book.by_id[stay.agreement_id].stages.get(stay.stage_id)
        if info is None or info.milestone != Milestone.MQL:
            continue
        left_with = events[stays[index + 1].opening_event_id] if index + 1 < len(stays) else None
        if found and found[-1].last.exit_kind == "back" and _other_lead(found[-1].first, stay, events):
            # A merge keeps the earlier start and one handoff: what the other lead brought while nobody had decided.
            found[-1] = _Pass(found[-1].first, stay, left_with)
        else:
            found.append(_Pass(stay, stay, left_with))
    return found


def _other_lead(one: Stay, other: Stay, events: Mapping[int, Event]) -> bool:
    return events[one.opening_event_id].lead_id != events[other.opening_event_id].lead_id


def _steps(passes: Sequence[_Pass], events: Iterable[Event]) -> dict[int, list[Event]]:
    """Steps by handoff, in the order in which they were said."""
    found: dict[int, list[Event]] = {one.first.opening_event_id: [] for one in passes}
    by_id = {event.id: event for event in events}
    for event in sorted(by_id.values(), key=lambda e: e.id):
        if event.kind not in STEPS:
            continue
        entry, asked = event.about_id, event
        if event.kind == Kind.CONSENTED:
            asked = by_id.get(event.about_id)
            entry = asked.about_id if asked is not None else None
        if entry not in found and asked is not None:
            running = [p for p in passes if p.first.entered_at <= asked.occurred_at]
            entry = running[-1].first.opening_event_id if running else None
        if entry in found:
            found[entry].append(event)
    return found


def _handoff(one: _Pass, following, steps: list[Event], assignments, side_of) -> HandoffState:
    entered, left = one.first.entered_at, one.last.left_at
    accepted = next((s for s in steps if s.kind == Kind.ACCEPTED), None)
    decision, decided_at, said = "", None, None
    if left is not None:
        decision, decided_at, said = _BY_EXIT[one.last.exit_kind], left, one.exit_event
    if accepted is not None and (decided_at is None or accepted.occurred_at <= decided_at):
        decision, decided_at, said = Decision.ACCEPTED, max(accepted.occurred_at, entered), accepted
    returns, returned_at = _returns(steps, entered, decided_at)
    if returned_at is not None:
        decision, said = Decision.RETURNED, _last(steps, Kind.RETURNED)
    # A contest speaks of the decision before it, an arbitration of the contest before it.
    contested = _last(steps, Kind.CONTESTED, after=said.id) if said is not None else None
    ruled = _last(steps, Kind.ARBITRATED, after=contested.id) if contested is not None else None
    first_decision = decision
    if ruled is not None and ruled.new in Decision.values:
        decision = Decision(ruled.new)
    holders = _holders(assignments, entered, side_of)
    holder = _holder(assignments, decided_at)
    final = decided_at if said is not None and said.kind != Kind.RETURNED else None
    return HandoffState(
        entry_id=one.first.opening_event_id,
        agreement_id=one.first.agreement_id,
        entered_at=entered,
        entered_day=one.first.entered_day,
        precision=one.first.entered_precision,
        until=following,
        assigned_at=holders[0].at if holders else None,
        owner_id=holder.owner_id if holder else None,
        team_id=holder.team_id if holder else None,
        decision=str(decision),
        decided_at=final if final is not None else returned_at,
        decided_by_id=said.actor_id if said is not None else None,
        decided_with=said.id if said is not None else None,
        reason=said.reason if said is not None else "",
        recycled_until=said.until if said is not None and decision == Decision.RECYCLED else None,
        explained=said is not None and said.note_id is not None,
        state=_standing(decision, returned_at, contested, ruled),
        returned_at=returned_at,
        contested_at=contested.occurred_at if contested is not None else None,
        ruled_at=ruled.occurred_at if ruled is not None else None,
        first_decision=str(first_decision),
        pauses=(*((RETURNED, *one) for one in returns), *_logged_pauses(steps)),
        holders=holders,
        feedback_at=min((s.occurred_at for s in steps if s.kind == Kind.FEEDBACK), default=None),
        feedback_read_at=min((s.occurred_at for s in steps if s.kind == Kind.FEEDBACK_READ), default=None),
        excluded=_excluded(steps),
    )


def _standing(decision: str, returned_at, contested: Event | None, ruled: Event | None) -> str:
    if contested is not None and ruled is None:
        return str(HandoffStanding.CONTESTED)
    if returned_at is not None:
        return str(HandoffStanding.RETURNED)
    if ruled is not None:
        return str(HandoffStanding.ARBITRATED)
    return str(HandoffStanding.DECIDED if decision else HandoffStanding.OPEN)


def _last(steps: Sequence[Event], kind: str, *, after: int = 0) -> Event | None:
    """The last step of a kind that was said after an event."""
    return next((s for s in reversed(steps) if s.kind == kind and s.id > after), None)


def _returns(steps: Sequence[Event], entered, decided_at) -> tuple[list[Interval], dt.datetime | None]:
    """Intervals in which marketing had it, and since when it has it now. A decision ends the last one."""
    found: list[Interval] = []
    since: dt.datetime | None = None
    for step in sorted(steps, key=lambda s: (s.occurred_at, s.id)):
        at = max(step.occurred_at, entered)
        if decided_at is not None and at >= decided_at:
            break
        if step.kind == Kind.RETURNED and since is None:
            since = at
        back = step.kind == Kind.RESUBMITTED or (step.kind == Kind.ARBITRATED and step.new == REOPENED)
        if back and since is not None:
            found.append((since, at))
            since = None
    if since is not None and decided_at is not None:
        found.append((since, decided_at))
        since = None
    if since is not None:
        found.append((since, None))
    return found, since


def _consents(steps: Sequence[Event]) -> dict[int, str]:
    """The last answer to each request."""
    return {step.about_id: step.new for step in steps if step.kind == Kind.CONSENTED}


def _logged_pauses(steps: Sequence[Event]) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
    """A booked meeting stops the clock by itself; a pause by agreement needs the other team's yes."""
    answers = _consents(steps)
    return [
        (step.field, step.occurred_at, step.until)
        for step in steps
        if step.kind == Kind.PAUSED and (step.field == MEETING or answers.get(step.id) == YES)
    ]


def _excluded(steps: Sequence[Event]) -> dict[str, str]:
    answers = _consents(steps)
    return {s.field: s.reason for s in steps if s.kind == Kind.WAIVED and answers.get(s.id) == YES}


def _holders(assignments: Sequence[Assignment], entered: dt.datetime, side_of) -> tuple[Assignment, ...]:
    """Since a person of sales has it: that assignment, placed at the entry if it is older, and all that follow."""
    before = [a for a in assignments if a.at <= entered]
    placed = [Assignment(entered, before[-1].owner_id, before[-1].team_id)] if before else []
    placed += [a for a in assignments if a.at > entered]
    for index, one in enumerate(placed):
        if one.owner_id is not None and side_of(one.team_id) != "marketing":
            return tuple(placed[index:])
    return ()


def _holder(assignments: Sequence[Assignment], decided_at: dt.datetime | None) -> Assignment | None:
    """Who had it when it was decided; who has it now while it is not."""
    found = [a for a in assignments if decided_at is None or a.at <= decided_at]
    return found[-1] if found else None
