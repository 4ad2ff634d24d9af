"""What the list of leads shows: views with counts, rows, the file. Reads only, all from visible_leads."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import SimpleNamespace

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import QueryDict

from leads.models import Deal, Lead, LeadTag, NextStep, SavedView
from leads.pages.clocks import add_waiting, state_word
from leads.pages.filters import USUAL_VIEWS, Asked, Chip, Surroundings, chips_of, condition, order_of, read_asked
from leads.queries import visible_leads
from leads.waiting import that_wait

PAGE = 50
SLICE = 2_000  # of the file


@dataclass(frozen=True)
class Tab:
    name: str
    query: str
    count: int
    current: bool
    saved: SavedView | None = None


@dataclass(frozen=True)
class Views:
    """The usual and the kept views with their counts, and how many leads there are without any filter."""

    tabs: list[Tab]
    total: int
    found: int | None  # None where the search words are answered row by row


def read_views(asked: Asked, around: Surroundings, leads: QuerySet[Lead], *, count_found: bool) -> Views:
    """One pass over the leads counts what any of them may be, a second one over the few that wait the rest."""
    views = [(name, query, None) for name, query in USUAL_VIEWS]
    views += [(v.name, v.query, v) for v in SavedView.objects.filter(user=around.user).order_by("name")]
    readings = [read_asked(QueryDict(query)) for _, query, _ in views]
    wanted = {f"v{i}": reading for i, reading in enumerate(readings)} | ({"found": asked} if count_found else {})
    waiting = {name for name, reading in wanted.items() if reading.of_those_that_wait}
    counts = {name: _count(condition(reading, around)) for name, reading in wanted.items()}
    counted = leads.aggregate(total=Count("id"), **{name: counts[name] for name in counts if name not in waiting})
    counted |= leads.filter(that_wait(around.stages.values())).aggregate(**{name: counts[name] for name in waiting})
    here = asked.query(order=False, view=False)
    tabs = []
    for i, (name, query, saved) in enumerate(views):
        current = readings[i].query(order=False, view=False) == here
        if asked.board and not saved:
            query = replace(readings[i], board=True).query()
        tabs.append(Tab(name, query, counted[f"v{i}"], current, saved))
    return Views(tabs, counted["total"], counted.get("found"))


def _count(where: Q) -> Count:
    return Count("id", filter=where) if where else Count("id")


@dataclass(frozen=True)
class Listing:
    tabs: list[Tab]
    chips: list[Chip]
    rows: list[Lead]
    found: int
    total: int
    page: int
    pages: int

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.page - 1) * PAGE + len(self.rows)


def list_leads(asked: Asked, around: Surroundings, *, page: int) -> Listing:
    """One page of the list. As many queries as filters by name and a few more, whatever is in it."""
    leads = visible_leads(around.user)
    # Words are looked for once: the ids that they find are also the count. Other filters are counted with the tabs.
    views = read_views(asked, around, leads, count_found=not asked.words)
    ids = leads.filter(condition(asked, around)).order_by(*order_of(asked, around)).values_list("id", flat=True)
    if views.found is None:
        ids = list(ids)
    found = len(ids) if views.found is None else views.found
    pages = max((found + PAGE - 1) // PAGE, 1)
    page = min(page, pages)
    rows = read_rows(list(ids[(page - 1) * PAGE : page * PAGE]), around)
    return Listing(views.tabs, chips_of(asked, around), rows, found, views.total, page, pages)


def read_rows(ids: Sequence[int], around: Surroundings) -> list[Lead]:
    """The rows of these leads in this order: names, value, tags and next step are looked up for these alone."""
    step = NextStep.objects.filter(lead=OuterRef("pk"), done_at__isnull=True).order_by("due_on", "id")
    rows = (
        Lead.objects.filter(id__in=ids)
        .select_related("contact", "company", "owner", "channel", "campaign")
        .annotate(
            step=Subquery(step.values("what")[:1]),
            step_due=Subquery(step.values("due_on")[:1]),
            value_own=_value(Q(lead=OuterRef("pk"))),
            value_merged=_value(Q(lead__merged_into=OuterRef("pk"))),
        )
        .in_bulk()
    )
    tags: dict[int, list[str]] = defaultdict(list)
    named = LeadTag.objects.filter(lead_id__in=ids).order_by("tag__name")
    for lead_id, name in named.values_list("lead_id", "tag__name"):
        tags[lead_id].append(name)
    found = [decorate(rows[pk], around) for pk in ids if pk in rows]
    for lead in found:
        lead.tags = tags[lead.pk]
    add_waiting(found, around.now)
    return found


def _value(whose: Q) -> Subquery:
    """Open and won deals of a lead, in the base currency."""
    deals = Deal.objects.filter(whose, voided=False).exclude(status=Deal.Status.LOST)
    return Subquery(deals.order_by().values("voided").annotate(sum=Sum("base_amount")).values("sum"))


def decorate(lead: Lead, around: Surroundings) -> Lead:
    """Add what a row shows besides its columns; `add_waiting` then says whom it waits on."""
    lead.now = around.stages.get(lead.stage_id)
    lead.age = around.now - lead.stage_since if lead.stage_since else None
    lead.past_target = lead.late = bool(
        lead.now and lead.now.open and lead.now.target and lead.age and lead.age > lead.now.target
    )
    parts = [getattr(lead, "value_own", None), getattr(lead, "value_merged", None)]
    known = [part for part in parts if part is not None]
    lead.value = sum(known) if known else None
    due = getattr(lead, "step_due", None)
    lead.step_overdue = bool(due and due < around.today)
    return lead


def export_rows(asked: Asked, around: Surroundings) -> Iterator[list]:
    """Every lead that was found, in the list's order, read in slices so that a long list needs no memory."""
    leads = visible_leads(around.user).filter(condition(asked, around)).order_by(*order_of(asked, around))
    columns = (
        "contact__name", "company__name", "contact__email", "stage_id", "stage_since", "owner__name", "team__name",
        "channel__name", "campaign__name", "segment__name", "region__name", "origin", "created_day", "source", "external_id",
    )  # fmt: skip
    yield [
        "lead", "name", "company", "e-mail", "stage", "in stage since", "waiting on", "promise", "due", "promise state",
        "owner", "team", "channel", "campaign", "segment", "region", "started by", "created", "source", "external id",
    ]  # fmt: skip
    rows = leads.values_list("id", *columns).iterator(chunk_size=SLICE)
    while slice_ := list(islice(rows, SLICE)):
        waiting = [SimpleNamespace(pk=row[0], stage_id=row[4], stage_since=row[5]) for row in slice_]
        add_waiting((decorate(lead, around) for lead in waiting), around.now)
        for lead, row in zip(waiting, slice_, strict=True):
            since = around.calendar.day_of(row[5]).isoformat() if row[5] else ""
            yield [*row[:4], lead.now.name if lead.now else "", since, *_promise_cells(lead, around), *row[6:]]


def _promise_cells(lead: Lead, around: Surroundings) -> list[str]:
    if lead.clock is None:
        return [lead.waits_word, "", "", ""]
    due = lead.clock.due_at.astimezone(around.zone).strftime("%Y-%m-%d %H:%M") if lead.clock.due_at else ""
    return [lead.waits_word, lead.clock.label, due, state_word(lead.clock)]
