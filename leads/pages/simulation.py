"""What rules would have done with the MQL entries of the last 30 days, beside what happened. Writes nothing.

People stand by name for those who may see their figures, by team for everybody else; the sums are the same for all.
"""

import datetime as dt
import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Membership, Team, User
from accounts.presence import SalesPeople
from accounts.queries import on_day, standing
from core.queries import Calendar
from funnel.book import Book
from leads.models import Handoff, Precision
from leads.routing import Choice, Past, Rule, replay
from leads.routing_queries import Entry, cases_of

DAYS = 30
# Rows that are no rule.
KNOWN, QUEUE = "known", "queue"


@dataclass(frozen=True)
class Line:
    """A row of a table: label, small print, then one count per column."""

    label: str
    counts: tuple[int, ...]
    side: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Simulation:
    """The last day is yesterday. `columns`: what was tried, beside what happened."""

    first_day: dt.date
    last_day: dt.date
    total: int
    columns: tuple[str, ...]
    rules: list[Line]
    people: list[Line]
    elsewhere: int  # entries that the last column gives to another person than the one who had it


@dataclass(frozen=True)
class Tried:
    """A set of rules to try, under a heading."""

    heading: str
    rules: Sequence[Rule]


def simulate(
    tried: Sequence[Tried], *, reader: User, people: SalesPeople, book: Book, cal: Calendar, today: dt.date
) -> Simulation:
    """A fixed number of queries, however many entries and sets of rules."""
    first_day, last_day = today - dt.timedelta(days=DAYS), today - dt.timedelta(days=1)
    past = _past(first_day, last_day, book, today) if book else []
    before = _open_before(cal.start_of_day(first_day))
    present_on = functools.cache(people.present)
    found = [replay(past, one.rules, present_on=present_on, open_before=before) for one in tried]
    return Simulation(
        first_day=first_day,
        last_day=last_day,
        total=len(past),
        columns=tuple(one.heading for one in tried),
        rules=_by_rule(tried, found),
        people=_by_person(past, found, reader, people, today),
        elsewhere=sum(
            choice.person_id is not None and choice.person_id != one.owner_id
            for one, choice in zip(past, found[-1], strict=True)
        ),
    )


def _past(first_day: dt.date, last_day: dt.date, book: Book, today: dt.date) -> list[Past]:
    """The MQL entries of the days, oldest first. An entry at an unknown time has no place in the order."""
    rows = list(
        Handoff.objects.filter(entered_day__range=(first_day, last_day))
        .exclude(precision=Precision.UNKNOWN)
        .order_by("entered_at", "entry_id")
        .values_list("entry_id", "lead_id", "entered_at", "entered_day", "decided_at", "owner_id", "team_id")
    )
    cases = cases_of([Entry(entry, lead, at) for entry, lead, at, *_ in rows], book.on(today))
    return [Past(case, *rest) for case, (_, _, *rest) in zip(cases, rows, strict=True)]


def _open_before(start: dt.datetime) -> list[tuple[int, dt.datetime | None]]:
    undecided = Q(decided_at__isnull=True) | Q(decided_at__gt=start)
    rows = Handoff.objects.filter(undecided, entered_at__lt=start, owner__isnull=False)
    return list(rows.values_list("owner_id", "decided_at"))


def _by_rule(tried: Sequence[Tried], found: Sequence[Sequence[Choice]]) -> list[Line]:
    counts = [Counter(_caught(choice) for choice in choices) for choices in found]
    names: dict[int, str] = {}
    for one in tried:
        names |= {rule.id: rule.name for rule in one.rules}
    order = [rule.id for rule in tried[-1].rules]
    order += [pk for pk in names if pk not in order]

    def line(key, label: str, quiet: bool = False) -> Line:
        return Line(label, tuple(count[key] for count in counts), quiet=quiet)

    return [
        line(KNOWN, "Somebody who has to do with it already", True),
        *(line(pk, names[pk]) for pk in order),
        line(QUEUE, "Waits in the queue", True),
    ]


def _caught(choice: Choice) -> int | str:
    """Under which row a choice is counted."""
    if choice.person_id is None:
        return QUEUE
    return choice.rule.id if choice.rule is not None else KNOWN


def _by_person(past: Sequence[Past], found, reader: User, people: SalesPeople, today: dt.date) -> list[Line]:
    """What happened first, then each set of rules."""
    really = Counter((one.owner_id, one.team_id) for one in past)
    would = [Counter((c.person_id, people.team_of.get(c.person_id)) for c in choices) for choices in found]
    shown = _shown_by_name(reader, today)
    counts: dict[tuple[str, int | None], list[int]] = {}
    for column, counter in enumerate([really, *would]):
        for (person, team), number in counter.items():
            key = ("nobody", None) if person is None else ("person", person) if shown(person) else ("team", team)
            counts.setdefault(key, [0] * (1 + len(would)))[column] += number
    names = dict(User.objects.filter(id__in=[pk for kind, pk in counts if kind == "person"]).values_list("id", "name"))
    teams = {team.pk: team for team in Team.objects.all()}
    lines = []
    for (kind, pk), numbers in counts.items():
        side = teams[pk].side if kind == "team" and pk in teams else ""
        lines.append(Line(_label(kind, pk, names, teams, bool(names)), tuple(numbers), side, quiet=kind != "person"))
    # By name, never by number: nobody is ranked.
    return sorted(lines, key=lambda line: (line.quiet, line.label.lower()))


def _label(kind: str, pk: int | None, names: dict[int, str], teams: dict[int, Team], some_by_name: bool) -> str:
    if kind == "nobody":
        return "Nobody, it waits in a queue"
    if kind == "person":
        return names[pk]
    team = str(teams[pk]) if pk in teams else "no team"
    return f"Others in {team}" if some_by_name else team


def _shown_by_name(reader: User, today: dt.date):
    """Whose figures this reader may see one by one (accounts.permissions)."""
    now = standing(reader)
    if now.figures_scope == "all":
        return lambda person: True
    visible = {reader.pk} if now.figures_scope in ("self", "team") else set()
    if now.figures_scope == "team":
        inside = Membership.objects.filter(on_day(today), team_id__in=now.led_team_ids)
        visible |= set(inside.values_list("user_id", flat=True))
    return visible.__contains__
