"""What the console's first page tells: how much is agreed, and what changes on which day. Reads only."""

import datetime as dt
from dataclasses import dataclass

from accounts.models import ConsoleEvent
from core.models import CompanyZone
from funnel.comparing import compare
from funnel.criteria import read_rule
from funnel.models import Agreement, Holiday, WorkingCalendar
from funnel.queries import HELD

SOON = dt.timedelta(days=60)


@dataclass(frozen=True)
class Held:
    """A part of a version with how much it holds, and the place of the console where it is read."""

    place: str
    label: str
    count: int


@dataclass(frozen=True)
class Change:
    """Something that will be different from a day on. `versions`: two numbers to compare, if it is a version."""

    day: dt.date
    what: str
    versions: tuple[int, int] | None = None


def held_by(version: Agreement) -> list[Held]:
    """What a version consists of, in the order of the console's places."""
    return [
        Held("console_stages", "stages", version.stages.filter(retired=False).count()),
        Held("console_criteria", "entry rules", version.entry_rules.count()),
        Held("console_rules", "reasons", version.reasons.count()),
        Held("console_promises", "promises", version.promises.count()),
        Held("console_words", "words", version.words.count()),
        Held("console_targets", "monthly targets", version.targets.count()),
    ]


def coming_changes(today: dt.date) -> list[Change]:
    """What is decided and begins later, by day: versions, working hours, holidays of the next 60 days, the zone."""
    found = []
    held = Agreement.objects.filter(state__in=HELD)
    before = held.filter(from_day__lte=today).order_by("-from_day").first()
    for version in held.filter(from_day__gt=today).order_by("from_day"):
        sections = compare(before, version) if before else []
        parts = [f"{section.title.lower()} {len(section.rows)}" for section in sections if section.rows]
        words = f"Version {version.number} takes over" + f": {', '.join(parts)}" * bool(parts)
        found.append(Change(version.from_day, words, (before.number, version.number) if before else None))
        before = version
    for trial in held.filter(state=Agreement.State.IN_FORCE, trial_until__gte=today):
        over = trial.trial_until + dt.timedelta(days=1)
        found.append(Change(over, f"The 90 days of version {trial.number} without one side’s yes are over"))
    for hours in WorkingCalendar.objects.filter(from_day__gt=today).select_related("team"):
        found.append(Change(hours.from_day, f"New working hours of {hours.team or 'the company'}"))
    free: dict[tuple[dt.date, str], list[str]] = {}
    for holiday in Holiday.objects.filter(day__gt=today, day__lte=today + SOON).select_related("team").order_by("id"):
        free.setdefault((holiday.day, holiday.name), []).append(str(holiday.team or "the company"))
    for (day, name), who in free.items():
        found.append(Change(day, f"No working day of {' and '.join(who)}" + f": {name}" * bool(name)))
    for zone in CompanyZone.objects.filter(from_day__gt=today):
        found.append(Change(zone.from_day, f"Days are counted in {zone.tz}"))
    return sorted(found, key=lambda change: change.day)


def rules_in_words(version: Agreement) -> list[tuple[str, list[str], str]]:
    """The entry rules of a version: stage, a line for each thing that must hold, what Tandem does with those who meet it."""
    names = dict(version.stages.values_list("stage_id", "name"))
    rows = version.entry_rules.order_by("stage_id")
    return [(names.get(row.stage_id, ""), read_rule(row.rule).words, row.get_then_display()) for row in rows]


def trail_of(version: Agreement) -> list[ConsoleEvent]:
    """What happened to a version since its draft, oldest first; a dropped draft of the same number is another one."""
    rows = ConsoleEvent.objects.filter(version=version.number, recorded_at__gte=version.created_at)
    return list(rows.select_related("actor").order_by("recorded_at", "id"))
