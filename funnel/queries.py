"""Reads of the agreement's versions, their promises, and of when teams work."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.db.models import Min, Subquery
from django.db.models.functions import Coalesce

from core.models import CompanyZone
from core.queries import FALLBACK_ZONE
from funnel.business_time import BEGINNING, Schedule, Window, WorkingHours
from funnel.criteria import EntryRule, read_rule
from funnel.models import Agreement, CalendarWindow, GlossaryTerm, Holiday, PointsTable, StageRule, WorkingCalendar
from funnel.promises import PromiseBook, PromiseShelf, book_of
from funnel.score import ScoreTable, read_table

State = Agreement.State
OPEN = (State.DRAFT, State.PROPOSED)
HELD = (State.IN_FORCE, State.SUPERSEDED)
PROMISED = ("promises", "lead_values", "required_fields", "terms")
USUAL_WEEK = tuple(Window(day, dt.time(9), dt.time(17)) for day in range(5))


def open_version() -> Agreement | None:
    """The draft, or the version that waits for signatures: there is one at most."""
    return Agreement.objects.filter(state__in=OPEN).first()


def version_in_force(today: dt.date) -> Agreement | None:
    """The version of a day; before the first one, the first."""
    held = Agreement.objects.filter(state__in=HELD)
    return held.filter(from_day__lte=today).order_by("-from_day").first() or held.order_by("from_day").first()


def shown_version(today: dt.date, asked: str = "") -> Agreement | None:
    """What is read beside a place of the console: the version that its address asks for (`asked`, a number), else the
    draft while there is one to work on, else the version of the day."""
    named = Agreement.objects.filter(number=asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else ()
    return next(iter(named), None) or Agreement.objects.filter(state=State.DRAFT).first() or version_in_force(today)


def words_in_force(today: dt.date) -> dict[str, GlossaryTerm]:
    """The glossary of a day by its words in lower case, in one query: the dashboard reads it too."""
    terms = GlossaryTerm.objects.filter(agreement_id=_version_of_day(today))
    return {term.word.casefold(): term for term in terms}


def _version_of_day(today: dt.date) -> Coalesce:
    """The id of the version of a day, as a part of another query."""
    held = Agreement.objects.filter(state__in=HELD).values("id")
    present = held.filter(from_day__lte=today).order_by("-from_day")[:1]
    return Coalesce(Subquery(present), Subquery(held.order_by("from_day")[:1]))


def promises() -> PromiseShelf:
    """The promises of every version that is or was in force: six queries, whatever their number."""
    held = Agreement.objects.filter(state__in=HELD)
    return PromiseShelf([book_of(row) for row in held.prefetch_related("signatures", *PROMISED)])


def promises_on(day: dt.date) -> PromiseBook:
    """What the version in force on a day promises; nothing before the first version. Bulk work asks `promises()` once."""
    return promises().on(day)


def entry_rules(agreement_id: int) -> dict[int, tuple[EntryRule, str]]:
    """The entry rules of a version by stage (id), each with what Tandem does with leads that newly meet it."""
    rows = StageRule.objects.filter(agreement_id=agreement_id).values_list("stage_id", "rule", "then")
    return {stage: (read_rule(rule), then) for stage, rule, then in rows}


def version_before(agreement: Agreement) -> Agreement | None:
    """The version that this one follows."""
    return Agreement.objects.filter(number__lt=agreement.number).order_by("-number").first()


def points_table(agreement_id: int) -> ScoreTable:
    """How a version scores leads; without rows if the score is what other systems say."""
    raw = PointsTable.objects.filter(agreement_id=agreement_id).values_list("table", flat=True).first()
    return ScoreTable() if raw is None else read_table(raw)


def has_points(today: dt.date) -> bool:
    """Whether the version of a day scores leads itself, in one query."""
    return PointsTable.objects.filter(agreement_id=_version_of_day(today)).exists()


def working_hours(*, team_id: int | None) -> Schedule:
    """When a team works: its own calendar from its first day on, before that and without one the company's.

    A company without a calendar works Monday to Friday, 9:00 to 17:00, in its own zone.
    """
    return working_schedules([team_id])[team_id]


def working_schedules(team_ids: Iterable[int | None]) -> dict[int | None, Schedule]:
    """The schedules of several teams (None: the company's) in four queries."""
    wanted = set(team_ids)
    calendars: dict[int | None, list[WorkingCalendar]] = {}
    for row in WorkingCalendar.objects.order_by("from_day").prefetch_related("windows"):
        calendars.setdefault(row.team_id, []).append(row)
    days: dict[int | None, set[dt.date]] = {}
    for team, day in Holiday.objects.values_list("team_id", "day"):
        days.setdefault(team, set()).add(day)
    company = schedule_of(calendars.get(None, []), frozenset(days.get(None, ())), usual_hours(days.get(None, set())))
    return {
        team: schedule_of(calendars.get(team, []), frozenset(days.get(team, ())), company) if team else company
        for team in wanted
    }


def usual_hours(holidays: Iterable[dt.date]) -> Schedule:
    """Monday to Friday, 9:00 to 17:00, in the company's zone of each day."""
    zones = list(CompanyZone.objects.order_by("from_day").values_list("from_day", "tz")) or [(dt.date.min, FALLBACK_ZONE)]
    days = frozenset(holidays)
    parts = []
    for from_day, tz in zones:
        begin = dt.datetime.combine(from_day, dt.time(), ZoneInfo(tz)).astimezone(dt.UTC) if parts else BEGINNING
        parts.append((begin, WorkingHours(tz, USUAL_WEEK, days)))
    return Schedule(tuple(parts))


def schedule_of(rows: Iterable[WorkingCalendar], holidays: frozenset[dt.date], before: Schedule) -> Schedule:
    """`before`, then each calendar from the start of its first day in its own zone."""
    schedule = before
    for row in rows:
        windows = tuple(sorted(w.as_window() for w in row.windows.all()))
        begin = dt.datetime.combine(row.from_day, dt.time(), ZoneInfo(row.tz)).astimezone(dt.UTC)
        schedule = schedule.then(begin, Schedule.always(WorkingHours(row.tz, windows, holidays)))
    return schedule


def bound_since() -> dt.date | None:
    """The first day on which a promise held that somebody had signed: from then on, hours that passed are fixed."""
    held = Agreement.objects.filter(state__in=HELD, promises__isnull=False, signatures__isnull=False)
    return held.aggregate(day=Min("from_day"))["day"]


def calendars_digest() -> str:
    """Changes whenever a due time may change: after every change of hours, holidays or the company's zone."""
    rows = (
        WorkingCalendar.objects.order_by("id").values_list("id", "team_id", "from_day", "tz"),
        CalendarWindow.objects.order_by("id").values_list("id", "calendar_id", "weekday", "opens", "closes"),
        Holiday.objects.order_by("id").values_list("id", "team_id", "day"),
        CompanyZone.objects.order_by("from_day").values_list("from_day", "tz"),
    )
    return hashlib.sha256(repr([list(part) for part in rows]).encode()).hexdigest()
