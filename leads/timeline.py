"""From events to the effective timeline of a lead. Pure functions: no database, no clock.

The projection (leads.projection) stores what these return; an as-of question folds fewer events through the same code.
`metrics.check` computes the same facts a second, independent way.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from accounts.queries import TeamHistory
from core.queries import Calendar
from funnel.book import Book
from leads.models import LeadEvent, Precision

# Attributes that are corrected by `amended` events and re-label all facts of the lead.
AMENDABLE = ("channel_id", "campaign_id", "segment_id", "region_id", "origin", "tier")
# A tag is an attribute of its own: `amended` events of the field "tag:<id>" from "" to "on" and back.
TAG = "tag:"


@dataclass(frozen=True, slots=True)
class Event:
    """The columns of a LeadEvent that a timeline needs."""

    id: int
    lead_id: int
    kind: str
    to_stage_id: int | None
    owner_id: int | None
    team_id: int | None
    field: str
    old: str
    new: str
    target_id: int | None
    other_lead_id: int | None
    occurred_at: dt.datetime
    time_precision: str
    agreement_id: int | None
    about_id: int | None = None
    until: dt.datetime | None = None
    reason: str = ""
    note_id: int | None = None
    actor_id: int | None = None


EVENT_COLUMNS = tuple(Event.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in a stage, half-open in time."""

    opening_event_id: int
    stage_id: int
    position: int
    entry_no: int
    entered_at: dt.datetime
    entered_day: dt.date
    entered_precision: str
    left_at: dt.datetime | None
    left_day: dt.date | None
    left_precision: str
    exit_kind: str
    next_stage_id: int | None
    owner_id: int | None
    team_id: int | None
    agreement_id: int
    first_contact_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who had the lead from an instant on, and their team of that day."""

    at: dt.datetime
    owner_id: int | None
    team_id: int | None


@dataclass(frozen=True, slots=True)
class LeadState:
    stays: tuple[Stay, ...]
    stage_id: int | None
    stage_since: dt.datetime | None
    owner_id: int | None
    team_id: int | None
    created_at: dt.datetime | None
    created_day: dt.date | None
    voided: bool
    clock_skew: bool
    source_missing: bool
    attributes: dict[str, str]  # field -> value, only for fields that were ever amended
    assignments: tuple[Assignment, ...]
    tags: frozenset[int]  # ids


def live_events(events: Sequence[Event]) -> list[Event]:
    """Events that were not taken back, by id. Taking back a taking-back restores the event."""
    dead: set[int] = set()
    for event in sorted(events, key=lambda e: -e.id):
        if event.kind == LeadEvent.Kind.VOIDED and event.id not in dead and event.target_id is not None:
            dead.add(event.target_id)
    return sorted((e for e in events if e.id not in dead), key=lambda e: e.id)


def merged_into(events: Iterable[Event]) -> int | None:
    """The lead that these live events of one lead were merged into."""
    merges = [e for e in events if e.kind == LeadEvent.Kind.MERGED]
    return merges[-1].other_lead_id if merges else None


def attributes(events: Sequence[Event], live: Sequence[Event]) -> dict[str, str]:
    """Corrected attributes: the last correction that stands, or the value before the first one."""
    found: dict[str, str] = {}
    for event in events:
        if event.kind == LeadEvent.Kind.AMENDED and event.field not in found:
            found[event.field] = event.old
    for event in live:
        if event.kind == LeadEvent.Kind.AMENDED:
            found[event.field] = event.new
    return found


def tags_of(attributes: dict[str, str], *, on: bool = True) -> set[int]:
    """Ids of the tags that are on (or were taken off) among corrected attributes."""
    return {int(name.removeprefix(TAG)) for name, value in attributes.items() if name.startswith(TAG) and bool(value) == on}


def _own_moves(events: Sequence[Event], calendar: Calendar) -> tuple[list[tuple[dt.datetime, int, Event]], bool]:
    """Stage events of one lead with their effective times, and whether its creation had to be placed earlier (DQ5).

    A move known to the day alone, on the day of creation, happened after it.
    """
    created = next((e for e in events if e.kind == LeadEvent.Kind.CREATED), None)
    moves = [e for e in events if e.kind == LeadEvent.Kind.MOVED]
    placed: list[tuple[dt.datetime, int, Event]] = []
    for event in moves:
        at = event.occurred_at
        if (
            created is not None
            and at < created.occurred_at
            and Precision.DAY in (event.time_precision, created.time_precision)
            and calendar.day_of(at) == calendar.day_of(created.occurred_at)
        ):
            at = created.occurred_at
        placed.append((at, 1, event))
    if created is None:
        return placed, False
    first = min(placed, default=None, key=lambda item: (item[0], item[2].id))
    if first is None or first[0] >= created.occurred_at:
        return [
            (created.occurred_at, 0 if created.time_precision != Precision.INSTANT else 1, created),
            *placed,
        ], False
    early = replace(created, time_precision=first[2].time_precision)
    return [(first[0], 0, early), *placed], True


def fold_lead(
    members: dict[int, Sequence[Event]],
    survivor: int,
    *,
    sources: tuple[int | None, int | None],
    contacts: Sequence[dt.datetime],
    book: Book,
    calendar: Calendar,
    teams: TeamHistory,
) -> LeadState:
    """The state of a lead from its events and those of the leads merged into it (X8).

    `members`: all events by lead id, the survivor's included. `sources`: the survivor's channel and campaign today;
    corrections are undone here, so that it makes no difference whether they are in it yet. `contacts`: sorted instants of
    sales contacts.
    """
    placed: list[tuple[dt.datetime, int, Event]] = []
    assignments: list[tuple[dt.datetime, Event]] = []
    skew = voided = False
    amended: dict[str, str] = {}
    tags, taken_off = set(), set()
    first_values: dict[str, str] = {}
    for lead_id, events in members.items():
        live = live_events(events)
        is_void = any(e.kind == LeadEvent.Kind.LEAD_VOIDED for e in live)
        told = attributes(events, live)
        if lead_id == survivor:
            voided = is_void
            amended = {name: value for name, value in told.items() if name in AMENDABLE}
            taken_off = tags_of(told, on=False)
            for event in events:
                if event.kind == LeadEvent.Kind.AMENDED:
                    first_values.setdefault(event.field, event.old)
        if is_void:
            continue
        tags |= tags_of(told)
        own, own_skew = _own_moves(live, calendar)
        placed += own
        skew = skew or (own_skew and lead_id == survivor)
        assignments += [(e.occurred_at, e) for e in live if e.kind == LeadEvent.Kind.ASSIGNED]
        # A creation that was placed earlier takes its owner along.
        assignments += [(at, e) for at, _, e in own if e.kind == LeadEvent.Kind.CREATED and (e.owner_id or e.team_id)]
    if voided:
        # What was merged into a lead that is taken out is taken out with it.
        placed, assignments = [], []
    placed.sort(key=lambda item: (item[0], item[1], item[2].id))
    assignments.sort(key=lambda item: (item[0], item[1].id))
    stays = _stays(placed, assignments, contacts, book, calendar, teams)
    created = next(
        (item for item in placed if item[2].kind == LeadEvent.Kind.CREATED and item[2].lead_id == survivor),
        None,
    )
    created_at = created[0] if created else (placed[0][0] if placed else None)
    last_at, last = assignments[-1] if assignments else (None, None)
    had = [
        first_values[name] if name in first_values else now
        for name, now in zip(("channel_id", "campaign_id"), sources, strict=True)
    ]
    return LeadState(
        stays=tuple(stays),
        stage_id=stays[-1].stage_id if stays else None,
        stage_since=stays[-1].entered_at if stays else None,
        owner_id=last.owner_id if last else None,
        team_id=_team(last, calendar.day_of(last_at), teams) if last else None,
        created_at=created_at,
        created_day=calendar.day_of(created_at) if created_at else None,
        voided=voided,
        clock_skew=skew,
        source_missing=not any(had),
        attributes=amended,
        assignments=tuple(Assignment(at, e.owner_id, _team(e, calendar.day_of(at), teams)) for at, e in assignments),
        tags=frozenset(tags - taken_off),
    )


def _team(assignment: Event | None, day: dt.date, teams: TeamHistory) -> int | None:
    if assignment is None:
        return None
    return assignment.team_id or teams.team_of(assignment.owner_id, day)


def _stays(placed, assignments, contacts, book: Book, calendar: Calendar, teams: TeamHistory) -> list[Stay]:
    opens: list[tuple[dt.datetime, Event]] = []
    current: int | None = None
    for at, _, event in placed:
        if event.to_stage_id is None or event.to_stage_id == current:
            continue
        if event.kind == LeadEvent.Kind.CREATED and current is not None:
            # A further creation, from a merged lead, is a further inquiry: it moves the lead only if that is a step on.
            stages = book.on(calendar.day_of(at)).stages
            now, new = stages.get(current), stages.get(event.to_stage_id)
            if now and new and now.rank is not None and (new.rank is None or new.rank <= now.rank):
                continue
        opens.append((at, event))
        current = event.to_stage_id
    times = [at for at, _ in assignments]
    days = [calendar.day_of(at) for at, _ in opens]
    count: dict[int, int] = {}
    stays: list[Stay] = []
    for index, (at, event) in enumerate(opens):
        count[event.to_stage_id] = count.get(event.to_stage_id, 0) + 1
        following = opens[index + 1] if index + 1 < len(opens) else None
        owner = _last_until(assignments, times, at)
        agreement_id = event.agreement_id if event.agreement_id in book.by_id else book.on(days[index]).id
        again = next((t for t, e in opens[index + 1 :] if e.to_stage_id == event.to_stage_id), None)
        exit_kind = ""
        if following is not None:
            then = book.by_id.get(following[1].agreement_id) or book.on(days[index + 1])
            exit_kind = then.exit_kind(event.to_stage_id, following[1].to_stage_id)
        stays.append(
            Stay(
                opening_event_id=event.id,
                stage_id=event.to_stage_id,
                position=index,
                entry_no=count[event.to_stage_id],
                entered_at=at,
                entered_day=days[index],
                entered_precision=event.time_precision,
                left_at=following[0] if following else None,
                left_day=days[index + 1] if following else None,
                left_precision=following[1].time_precision if following else "",
                exit_kind=exit_kind,
                next_stage_id=following[1].to_stage_id if following else None,
                owner_id=owner.owner_id if owner else None,
                team_id=_team(owner, days[index], teams),
                agreement_id=agreement_id,
                first_contact_at=_first_contact(contacts, at, again, event.time_precision),
            )
        )
    return stays


def _last_until(assignments, times, at) -> Event | None:
    index = bisect_left(times, at + dt.timedelta(microseconds=1))
    return assignments[index - 1][1] if index else None


def _first_contact(contacts, start, end, precision) -> dt.datetime | None:
    """First sales contact of a pass: from entry until the next entry into the same stage."""
    if precision == Precision.UNKNOWN:
        return None
    index = bisect_left(contacts, start)
    if index == len(contacts) or (end is not None and contacts[index] >= end):
        return None
    return contacts[index]
