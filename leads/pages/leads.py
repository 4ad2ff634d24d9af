"""What the list of leads shows: filters, views with counts, order, rows. Reads only, all from visible_leads."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.http import QueryDict

from accounts.models import Team, User
from campaigns.models import Campaign, Channel
from core.models import Organisation
from core.periods import bucket_of
from core.queries import Calendar, calendar, organisation
from funnel.book import Book
from funnel.models import Region, Segment, StageKind
from leads.finding import leads_like, words_of
from leads.models import Deal, Lead, NextStep, Origin, SavedView
from leads.pages.stages import StageWords, stages_of, stages_today
from leads.queries import visible_leads

PAGE = 50
# Filters in the order of their chips: parameter -> (word, column, table of its names).
REFERENCES = {
    "owner": ("Owner", "owner_id", User),
    "team": ("Team", "team_id", Team),
    "channel": ("Channel", "channel_id", Channel),
    "campaign": ("Campaign", "campaign_id", Campaign),
    "segment": ("Segment", "segment_id", Segment),
    "region": ("Region", "region_id", Region),
}
NAMES = ("is", "stage", *REFERENCES, "origin")
STATES = {
    "open": "Open",
    "late": "Past target days",
    "sales": "Waiting on sales",
    "marketing": "Waiting on marketing",
    "won": "Won this quarter",
}
# Columns that can be sorted by: parameter -> field; "stage" follows the order of the agreement, "created" is the usual one.
SORTS = {
    "name": "contact__name",
    "stage": "",
    "age": "stage_since",
    "owner": "owner__name",
    "source": "channel__name",
    "created": "created_at",
}
USUAL_VIEWS = (
    ("All", ""),
    ("Mine", "owner=me"),
    ("Open", "is=open"),
    ("Past target days", "is=late"),
    ("Waiting on sales", "is=sales"),
    ("Waiting on marketing", "is=marketing"),
    ("Won this quarter", "is=won"),
)


@dataclass(frozen=True)
class Asked:
    """What the address asks for. Unknown names and values are dropped, so that an old link still opens."""

    chosen: dict[str, tuple[str, ...]]
    words: str
    sort: str
    down: bool

    @property
    def filters(self) -> int:
        return sum(len(values) for values in self.chosen.values()) + bool(self.words)

    def pairs(self, *, order: bool = True) -> list[tuple[str, str]]:
        found = [(name, value) for name in NAMES for value in self.chosen.get(name, ())]
        found += [("q", self.words)] if self.words else []
        if order and (self.sort, self.down) != ("created", False):
            found.append(("sort", f"-{self.sort}" if self.down else self.sort))
        return found

    def query(self, *, order: bool = True) -> str:
        """The one spelling of these filters: views are compared and linked by it."""
        return urlencode(self.pairs(order=order))

    def without(self, name: str, value: str) -> str:
        pairs = [pair for pair in self.pairs() if pair != (name, value)]
        return urlencode(pairs)

    def sorted_by(self, name: str) -> str:
        pairs = self.pairs(order=False)
        down = name == self.sort and not self.down
        return urlencode([*pairs, ("sort", f"-{name}" if down else name)])


def read_asked(params: QueryDict) -> Asked:
    chosen: dict[str, tuple[str, ...]] = {}
    for name in NAMES:
        values = tuple(dict.fromkeys(v for v in params.getlist(name) if _may_be(name, v)))
        if values:
            chosen[name] = values
    sort = params.get("sort", "created")
    down = sort.startswith("-")
    sort = sort.removeprefix("-")
    if sort not in SORTS:
        sort, down = "created", False
    return Asked(chosen, words_of(params.get("q")), sort, down)


def _may_be(name: str, value: str) -> bool:
    if name == "is":
        return value in STATES
    if name == "origin":
        return value in Origin.values
    if value in ("none", "me"):
        return name == "owner" or (value == "none" and name != "stage")
    return value.isascii() and value.isdecimal() and len(value) < 19


@dataclass(frozen=True)
class Surroundings:
    """What a list needs to know besides the leads: read once per request."""

    user: User
    now: dt.datetime
    company: Organisation
    calendar: Calendar
    stages: dict[int, StageWords]

    @property
    def today(self) -> dt.date:
        return self.calendar.day_of(self.now)

    @property
    def zone(self):
        return self.calendar.zone_on(self.today)


def surroundings(user: User, book: Book | None = None) -> Surroundings:
    now, days = dt.datetime.now(dt.UTC), calendar()
    today = days.day_of(now)
    stages = stages_today(today) if book is None else stages_of(book, today)
    return Surroundings(user, now, organisation(), days, stages)


def condition(asked: Asked, around: Surroundings) -> Q:
    """The filters as one condition on leads: values of one filter are alternatives, filters add up."""
    found = Q()
    for name, values in asked.chosen.items():
        either = Q()
        for value in values:
            either |= _one(name, value, around)
        found &= either
    return found & leads_like(asked.words) if asked.words else found


def _one(name: str, value: str, around: Surroundings) -> Q:
    if name == "is":
        return _state(value, around)
    if name == "origin":
        return Q(origin=value)
    if name == "stage":
        return Q(stage_id=int(value))
    column = REFERENCES[name][1]
    if value == "none":
        return Q(**{f"{column}__isnull": True})
    return Q(**{column: around.user.id if value == "me" else int(value)})


def _state(value: str, around: Surroundings) -> Q:
    open_ones = [s for s in around.stages.values() if s.open]
    match value:
        case "open":
            return Q(stage_id__in=[s.id for s in open_ones])
        case "late":
            late = Q(pk__in=[])
            for stage in open_ones:
                if stage.target is not None:
                    late |= Q(stage_id=stage.id, stage_since__lt=around.now - stage.target)
            return late
        case "won":
            quarter = bucket_of(around.today, "quarter", year_start=around.company.fiscal_year_start)
            won = [s.id for s in around.stages.values() if s.kind == StageKind.WON]
            return Q(stage_id__in=won, stage_since__gte=around.calendar.start_of_day(quarter.start))
    return Q(stage_id__in=[s.id for s in open_ones if s.side == value])


def _order(asked: Asked, around: Surroundings) -> list:
    """The chosen column, then the newest first: the same order on every page of the list."""
    if asked.sort == "created":
        return ["created_at", "id"] if asked.down else ["-created_at", "-id"]
    key = F(SORTS[asked.sort] or "stage_id")
    if asked.sort == "stage" and around.stages:
        places = [When(stage_id=s.id, then=i) for i, s in enumerate(around.stages.values())]
        key = Case(*places, default=len(places), output_field=IntegerField())
    # The longest stay is the one that began first.
    down = asked.down != (asked.sort == "age")
    return [key.desc(nulls_last=True) if down else key.asc(nulls_last=True), "-id"]


@dataclass(frozen=True)
class Tab:
    name: str
    query: str
    count: int
    current: bool
    saved: SavedView | None = None


@dataclass(frozen=True)
class Chip:
    name: str
    word: str
    remove: str


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
    """One page of the list. Three queries and one per filter by name, whatever is in it."""
    leads = visible_leads(around.user)
    views = [(name, query, None) for name, query in USUAL_VIEWS]
    views += [(v.name, v.query, v) for v in SavedView.objects.filter(user=around.user).order_by("name")]
    readings = [read_asked(QueryDict(query)) for _, query, _ in views]
    # One pass over the leads counts every tab and what was found.
    counts = {f"v{i}": _count(condition(reading, around)) for i, reading in enumerate(readings)}
    counted = leads.aggregate(found=_count(condition(asked, around)), total=Count("id"), **counts)
    here = asked.query(order=False)
    tabs = [
        Tab(name, query, counted[f"v{i}"], readings[i].query(order=False) == here, saved)
        for i, (name, query, saved) in enumerate(views)
    ]
    pages = max((counted["found"] + PAGE - 1) // PAGE, 1)
    page = min(page, pages)
    rows = _rows(leads.filter(condition(asked, around)), asked, around, page)
    return Listing(tabs, _chips(asked, around), rows, counted["found"], counted["total"], page, pages)


def _count(where: Q) -> Count:
    return Count("id", filter=where) if where else Count("id")


def _rows(leads: QuerySet[Lead], asked: Asked, around: Surroundings, page: int) -> list[Lead]:
    """The page's ids are found first; names, value and next step are looked up for these fifty alone."""
    order = _order(asked, around)
    ids = leads.order_by(*order).values("id")[(page - 1) * PAGE : page * PAGE]
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
        .order_by(*order)
    )
    return [decorate(lead, around) for lead in rows]


def _value(whose: Q) -> Subquery:
    """Open and won deals of a lead, in the base currency."""
    deals = Deal.objects.filter(whose, voided=False).exclude(status=Deal.Status.LOST)
    return Subquery(deals.order_by().values("voided").annotate(sum=Sum("base_amount")).values("sum"))


def decorate(lead: Lead, around: Surroundings) -> Lead:
    """Add what a row shows besides its columns."""
    lead.now = around.stages.get(lead.stage_id)
    lead.age = around.now - lead.stage_since if lead.stage_since else None
    lead.late = bool(lead.now and lead.now.open and lead.now.target and lead.age and lead.age > lead.now.target)
    parts = [getattr(lead, "value_own", None), getattr(lead, "value_merged", None)]
    known = [part for part in parts if part is not None]
    lead.value = sum(known) if known else None
    due = getattr(lead, "step_due", None)
    lead.step_overdue = bool(due and due < around.today)
    return lead


def _chips(asked: Asked, around: Surroundings) -> list[Chip]:
    chips = []
    for name, values in asked.chosen.items():
        names = {}
        if name in REFERENCES:
            numbers = [int(value) for value in values if value.isdecimal()]
            names = {row.pk: str(row) for row in REFERENCES[name][2].objects.filter(pk__in=numbers)} if numbers else {}
        for value in values:
            chips.append(Chip(_title(name), _word(name, value, names, around), asked.without(name, value)))
    if asked.words:
        chips.append(Chip("Search", f"“{asked.words}”", asked.without("q", asked.words)))
    return chips


def _title(name: str) -> str:
    return REFERENCES[name][0] if name in REFERENCES else {"is": "View", "stage": "Stage", "origin": "Started by"}[name]


def _word(name: str, value: str, names: dict[int, str], around: Surroundings) -> str:
    if name == "is":
        return STATES[value]
    if name == "origin":
        return Origin(value).label
    if value == "none":
        return "nobody" if name == "owner" else "none"
    if value == "me":
        return "me"
    if name == "stage":
        stage = around.stages.get(int(value))
        return stage.name if stage else "–"
    return names.get(int(value), "–")


def export_rows(asked: Asked, around: Surroundings) -> Iterator[list]:
    """Every lead that was found, in the list's order, read in slices so that a long list needs no memory."""
    leads = visible_leads(around.user).filter(condition(asked, around)).order_by(*_order(asked, around))
    columns = (
        "id", "contact__name", "company__name", "contact__email", "stage_id", "stage_since", "owner__name", "team__name",
        "channel__name", "campaign__name", "segment__name", "region__name", "origin", "created_day", "source", "external_id",
    )  # fmt: skip
    yield [
        "lead", "name", "company", "e-mail", "stage", "in stage since", "owner", "team",
        "channel", "campaign", "segment", "region", "started by", "created", "source", "external id",
    ]  # fmt: skip
    for row in leads.values_list(*columns).iterator(chunk_size=2_000):
        stage, since = around.stages.get(row[4]), row[5]
        since = around.calendar.day_of(since).isoformat() if since else ""
        yield [*row[:4], stage.name if stage else "", since, *row[6:]]


def filter_choices(around: Surroundings) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters one can add: parameter, word, choices."""
    found = [
        ("is", "View", list(STATES.items())),
        ("stage", "Stage", [(str(s.id), s.name) for s in around.stages.values()]),
    ]
    for name, (word, _, model) in REFERENCES.items():
        rows = model.objects.order_by("name")
        if model is User:
            rows = rows.filter(memberships__isnull=False).distinct()
        choices = [(str(row.pk), str(row)) for row in rows]
        if not choices:
            continue
        first = [("me", "me"), ("none", "nobody")] if name == "owner" else [("none", "none")]
        found.append((name, word, [*first, *choices]))
    found.append(("origin", "Started by", list(Origin.choices)))
    return found
