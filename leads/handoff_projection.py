"""The only writer of handoffs and obligations: kept with the stays, in the same transaction, from the same fold."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from accounts.models import Team
from core.bulk_rows import insert_values
from core.queries import Calendar
from funnel.book import Book
from funnel.business_time import Schedule
from funnel.promises import PromiseShelf
from funnel.queries import promises, working_schedules
from leads.handoffs import HandoffState, fold_handoffs
from leads.models import CONTACT_KINDS, Handoff, Obligation, Touch
from leads.obligations import ContactFact, ObligationState, fold_obligations
from leads.timeline import Event, LeadState

_HANDOFF_COLUMNS = tuple(
    field.attname for field in Handoff._meta.concrete_fields if field.attname in HandoffState.__dataclass_fields__
)
_OBLIGATION_COLUMNS = tuple(ObligationState.__dataclass_fields__)
_DAY_OF_HANDOFF, _DAY_OF_OBLIGATION = ("entered_day",), ("due_day", "started_at")


class Promised:
    """Promises, hours and sides, read when a lead with a handoff asks for them, then kept for the whole chunk."""

    def __init__(self):
        self._shelf: PromiseShelf | None = None
        self._schedules: dict[int | None, Schedule] | None = None
        self._sides: dict[int, str] | None = None

    @property
    def shelf(self) -> PromiseShelf:
        if self._shelf is None:
            self._shelf = promises()
        return self._shelf

    def hours(self, team_id: int | None) -> Schedule:
        if self._schedules is None:
            self._schedules = working_schedules([None, *self._teams()])
        return self._schedules[team_id]

    def side_of(self, team_id: int | None) -> str | None:
        return self._teams().get(team_id)

    def _teams(self) -> dict[int, str]:
        if self._sides is None:
            self._sides = dict(Team.objects.values_list("id", "side"))
        return self._sides


def store_handoffs(
    states: Mapping[int, LeadState],
    members: Mapping[int, Sequence[int]],
    live: Mapping[int, Sequence[Event]],
    tiers: Mapping[int, str],
    *,
    book: Book,
    calendar: Calendar,
    promised: Promised,
) -> set[tuple[int, dt.date]]:
    """Rebuild handoffs and obligations of these leads; rows that are as they were stay untouched.

    `states`: what each lead is now; a lead that is part of another one is in it and has no handoffs. `members`: the leads
    whose events make up each lead. `live`: standing events by lead; leads that were taken out bring none. Returns what
    became stale: of every lead whose rows changed, each day that held or holds one.
    """
    folded = fold_handed_over(
        states, members, live, tiers, book=book, calendar=calendar, promised=promised, contacts_of=_contacts
    )
    handoffs, obligations = folded
    leads = list(states)
    given, days = _replace(Handoff, "entry_id", _HANDOFF_COLUMNS, handoffs, leads, _DAY_OF_HANDOFF)
    owed, due_days = _replace(Obligation, "id", _OBLIGATION_COLUMNS, obligations, leads, _DAY_OF_OBLIGATION)
    changed = given | owed
    stale = {(lead, day) for lead in changed for (day,) in days[lead]}
    return stale | {(lead, owed_day(*times, calendar)) for lead in changed for times in due_days[lead]}


def fold_handed_over(
    states: Mapping[int, LeadState],
    members: Mapping[int, Sequence[int]],
    live: Mapping[int, Sequence[Event]],
    tiers: Mapping[int, str],
    *,
    book: Book,
    calendar: Calendar,
    promised: Promised,
    contacts_of: Callable[[set[int]], Mapping[int, Iterable[ContactFact]]],
) -> tuple[dict[int, list[HandoffState]], dict[int, list[ObligationState]]]:
    """Handoffs and obligations by lead. `contacts_of`: the contacts of leads by id, asked for once and only if needed."""
    handoffs = {
        lead_id: fold_handoffs(
            state.stays,
            [event for i in members[lead_id] for event in live[i]],
            state.assignments,
            book=book,
            side_of=promised.side_of,
        )
        for lead_id, state in states.items()
        if lead_id in members and state.stays
    }
    of_promises = {lead_id for lead_id, found in handoffs.items() if any(promised.shelf.on(h.entered_day) for h in found)}
    # A lead that was taken out takes what was logged on it along.
    standing = {lead_id: [i for i in members[lead_id] if live[i]] for lead_id in of_promises}
    contacts = contacts_of({i for ids in standing.values() for i in ids})
    obligations: dict[int, list[ObligationState]] = {}
    for lead_id in of_promises:
        own = sorted(contact for i in standing[lead_id] for contact in contacts[i])
        obligations[lead_id] = [
            one
            for handoff in handoffs[lead_id]
            for one in fold_obligations(
                handoff,
                own,
                tier=tiers[lead_id],
                book=promised.shelf.on(handoff.entered_day),
                hours=promised.hours,
                day_of=calendar.day_of,
            )
        ]
    return handoffs, obligations


def owed_day(due_day: dt.date | None, started_at: dt.datetime, calendar: Calendar) -> dt.date:
    """The day under which an obligation is counted: its due day; while the clock stands still, the day it began."""
    return due_day or calendar.day_of(started_at)


def days_of_handoffs(lead_ids: Iterable[int], calendar: Calendar) -> set[dt.date]:
    """Every day that holds a handoff or an obligation of these leads."""
    ids = list(lead_ids)
    owed = Obligation.objects.filter(lead_id__in=ids).values_list(*_DAY_OF_OBLIGATION)
    days = set(Handoff.objects.filter(lead_id__in=ids).values_list("entered_day", flat=True))
    return days | {owed_day(due_day, started_at, calendar) for due_day, started_at in owed}


def _contacts(lead_ids: set[int]) -> dict[int, list[ContactFact]]:
    found: dict[int, list[ContactFact]] = defaultdict(list)
    rows = Touch.objects.filter(
        lead_id__in=lead_ids, side="sales", kind__in=CONTACT_KINDS, voids__isnull=True, voided_by__isnull=True
    ).values_list("lead_id", *ContactFact.__dataclass_fields__)
    for lead_id, *row in rows:
        found[lead_id].append(ContactFact(*row))
    return found


def _replace(
    model, key: str, columns: tuple[str, ...], found: Mapping[int, Iterable], leads: list[int], day_columns: tuple[str, ...]
) -> tuple[set[int], dict[int, set[tuple]]]:
    """Delete the rows that are no longer so, insert those that are new; both sides of the comparison are plain values.

    Returns the leads whose rows changed, and the values from which the days of every lead's rows follow, before and after.
    """
    spots = [columns.index(name) for name in day_columns]
    days: dict[int, set[tuple]] = defaultdict(set)
    before: dict[tuple, int] = {}
    for pk, *row in model.objects.filter(lead_id__in=leads).values_list(key, *columns, "lead_id"):
        before[tuple(row)] = pk
    after = {
        (*(getattr(one, name) for name in columns), lead_id): None for lead_id, several in found.items() for one in several
    }
    for row in (*before, *after):
        days[row[-1]].add(tuple(row[i] for i in spots))
    gone = [row for row in before if row not in after]
    if gone:
        model.objects.filter(pk__in=[before[row] for row in gone]).delete()
    new = sorted((row for row in after if row not in before), key=lambda row: row[0])
    insert_values(model, (*columns, "lead_id"), new)
    return {row[-1] for row in (*gone, *new)}, days
