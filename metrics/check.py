"""Are the stored figures what the events say? A second computation, compared row by row and column by column.

`manage.py rollup --check` prints what this finds; nightly it looks at random days. It reads events and attributes, computes
in plain Python (metrics.check_leads, metrics.check_money) and never uses the code that wrote the segments.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from django.db.models import Q
from django.db.models.functions import Coalesce

from campaigns.models import Spend
from core.periods import date_of, day_number
from core.queries import calendar, rates
from funnel.book import load_book
from leads.models import Deal, DealEvent, Lead, LeadEvent, Obligation, StageEntry, Touch
from metrics.check_leads import Opinion, World, merge_groups, stored_lead_tables
from metrics.check_money import opinion_on_deals, opinion_on_spend, opinion_on_touches, stored_deal_tables
from metrics.check_paths import opinion_on_paths
from metrics.check_promises import Agreed, opinion_with_promises
from metrics.credit_rules import current_rules
from metrics.models import Segment
from metrics.segments import Table, filler, unpack

CHUNK = 1_000
# Which column says whose row it is: a lead's, a deal's, a touch's or a cost line's.
_OWNER = {
    "stay": "lead", "journey": "lead", "detour": "lead", "deal": "item", "deal_span": "item", "credit": "deal",
    "touch": "item", "spend": "item", "handoff": "lead", "obligation": "lead",
    "path": "lead",
}  # fmt: skip
_SUBJECTS = {
    "lead": ("stay", "journey", "detour", "handoff", "obligation"),
    "deal": ("deal", "deal_span", "credit"),
    "touch": ("touch",),
    "spend": ("spend",),
    "way": ("path",),
}


@dataclass(frozen=True)
class Difference:
    """One value, or one whole row, on which the two computations disagree."""

    where: str
    column: str
    stored: object
    expected: object

    def __str__(self):
        if self.column == "":
            return f"{self.where}: {'should not be there' if self.expected is None else 'is missing'}"
        return f"{self.where}: {self.column} is {self.stored!r}, from the events {self.expected!r}"


@dataclass
class Result:
    differences: list[Difference] = field(default_factory=list)
    segments: int = 0
    leads: int = 0


class Stored:
    """The stored rows of one kind, found by whose they are."""

    def __init__(self, kind: str, days: set[dt.date] | None):
        self.kind, self.segments = kind, 0
        segments = Segment.objects.filter(kind=kind)
        if days is not None:
            segments = segments.filter(day__in=days)
        by_day = {day_number(day): unpack(data) for day, data in segments.values_list("day", "payload")}
        self.segments = len(by_day)
        table = Table.of(kind, by_day)
        order = np.argsort(table[_OWNER[kind]], kind="stable")
        self._columns = {name: array[order] for name, array in table.columns.items()}
        self._owners = self._columns[_OWNER[kind]]

    def owners(self) -> set[int]:
        return set(np.unique(self._owners).tolist())

    def rows_of(self, owner: int) -> Iterator[tuple[tuple[int, int, int], dict[str, int]]]:
        start, stop = np.searchsorted(self._owners, [owner, owner + 1])
        for i in range(start, stop):
            row = {name: int(array[i]) for name, array in self._columns.items()}
            key = row.pop("day"), row.pop("lead"), row.pop("item")
            yield key, _without_fillers(row)


def _without_fillers(row: dict[str, int]) -> dict[str, int]:
    """Per-stage columns stand in a segment as soon as one row of it uses them; a filler says nothing."""
    return {name: value for name, value in row.items() if ":" not in name or value != filler(name)}


def check(days: set[dt.date] | None = None) -> list[Difference]:
    """Differences on these days, or on all of them and in all projections."""
    return compare(days).differences


def compare(days: set[dt.date] | None = None, *, report: Callable[[str, int, int], None] | None = None) -> Result:
    """`check`, with how much was looked at. `report` hears (what, done, of how many)."""
    world, book_of_rates = World(calendar(), load_book()), rates()
    stored = {kind: Stored(kind, days) for kind in _OWNER}
    opinions = {
        "lead": partial(opinion_with_promises, world=world, agreed=Agreed()),
        "deal": partial(opinion_on_deals, world=world),
        "touch": partial(opinion_on_touches, world=world),
        "spend": partial(opinion_on_spend, rates=book_of_rates),
        "way": partial(opinion_on_paths, reach=current_rules().reach),
    }
    tables = {"lead": stored_lead_tables, "deal": stored_deal_tables}
    wanted = None if days is None else {day_number(day) for day in days}
    result = Result(segments=sum(s.segments for s in stored.values()))
    for subject, kinds in _SUBJECTS.items():
        ids = _ids(subject, days, world).union(*(stored[kind].owners() for kind in kinds))
        done = 0
        for chunk in _chunks(subject, ids):
            opinion = opinions[subject](chunk)
            for kind in kinds:
                result.differences += _compare_rows(kind, opinion, stored[kind], chunk, wanted)
            if subject in tables:
                result.differences += _compare_tables(opinion, tables[subject](chunk))
            done += len(chunk)
            if report is not None:
                report(subject, done, max(done, len(ids)))
        if subject == "lead":
            result.leads = done
    return result


def _ids(subject: str, days: set[dt.date] | None, world: World) -> set[int]:
    """Everything, or what has an event on these days: no row stands on a day without one."""
    if days is not None and not days:
        return set()
    spans = [] if days is None else [(world.calendar.start_of_day(day), world.calendar.end_of_day(day)) for day in days]
    on_days = Q()
    for start, end in spans:
        on_days |= Q(occurred_at__gte=start, occurred_at__lt=end)
    if subject == "lead":
        rows = Lead.objects.values_list("id") if days is None else LeadEvent.objects.filter(on_days).values_list("lead_id")
        if days is not None:
            # Something may fall due on a day without an event.
            due = Obligation.objects.filter(due_day__in=days).values_list("lead_id")
            return {row[0] for row in (*rows.distinct(), *due.distinct())}
    elif subject == "deal":
        rows = Deal.objects.values_list("id") if days is None else DealEvent.objects.filter(on_days).values_list("deal_id")
    elif subject == "way":
        return _under_ways(days)
    elif subject == "touch":
        rows = Touch.objects.filter(on_days).values_list("id")
    else:
        rows = Spend.objects.values_list("id")
        if days is not None:
            rows = rows.filter(service_from__lte=max(days), service_to__gte=min(days))
    return {row[0] for row in rows.distinct().iterator()}


def _under_ways(days: set[dt.date] | None) -> set[int]:
    """The surviving leads under which ways stand on these days, and 0 for deals without a lead."""
    firsts, deals = StageEntry.objects.filter(position=0), Deal.objects.filter(created_day__isnull=False)
    if days is not None:
        firsts, deals = firsts.filter(entered_day__in=days), deals.filter(created_day__in=days)
    counted = deals.values_list(Coalesce("lead__merged_into_id", "lead_id", 0), flat=True)
    return set(firsts.values_list("lead_id", flat=True)) | set(counted)


def _chunks(subject: str, ids: Iterable[int]) -> Iterator[set[int]]:
    """Sets of ids; leads that a merge ever connected stay together."""
    groups = merge_groups() if subject == "lead" else {}
    chunk: set[int] = set()
    seen: set[int] = set()
    for one in sorted(ids):
        if one in seen:
            continue
        members = groups.get(one, {one})
        if len(members) > 1:
            seen |= members
        chunk |= members
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = set()
    if chunk:
        yield chunk


def _compare_rows(kind: str, opinion: Opinion, stored: Stored, chunk: set[int], days: set[int] | None):
    expected = {key: _without_fillers(row) for key, row in opinion.rows[kind].items() if days is None or key[0] in days}
    found = dict(row for owner in sorted(chunk) for row in stored.rows_of(owner))
    for key in sorted(expected.keys() | found.keys()):
        day, lead, item = key
        where = f"segment {kind} {date_of(day)}, lead {lead}, item {item}"
        yield from _compare_row(where, found.get(key), expected.get(key))


def _compare_tables(opinion: Opinion, stored: dict[str, dict[int, dict]]):
    for table, rows in stored.items():
        expected = opinion.tables[table]
        for key in sorted(expected.keys() | rows.keys()):
            yield from _compare_row(f"{table} {key}", rows.get(key), expected.get(key))


def _compare_row(where: str, found: dict | None, expected: dict | None) -> Iterator[Difference]:
    if found is None or expected is None:
        yield Difference(where, "", found, expected)
        return
    for column in sorted(found.keys() | expected.keys()):
        is_, should = found.get(column), expected.get(column)
        if is_ != should:
            yield Difference(where, column, is_, should)
