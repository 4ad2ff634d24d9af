"""What the address of the lead list asks for: filters, order, usual views, and their words. Reads only."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Case, F, IntegerField, Q, When
from django.http import QueryDict

from accounts.models import Team, User
from campaigns.models import Campaign, Channel
from core.models import Organisation
from core.periods import bucket_of
from core.queries import Calendar, calendar, organisation
from funnel.book import Book
from funnel.models import Region, Segment, StageKind
from leads.finding import leads_like, words_of
from leads.models import LeadTag, NextStep, Origin, Tag
from leads.pages.stages import StageWords, stages_of, stages_today

# Filters in the order of their chips: parameter -> (word, column, table of its names).
REFERENCES = {
    "owner": ("Owner", "owner_id", User),
    "team": ("Team", "team_id", Team),
    "channel": ("Channel", "channel_id", Channel),
    "campaign": ("Campaign", "campaign_id", Campaign),
    "segment": ("Segment", "segment_id", Segment),
    "region": ("Region", "region_id", Region),
    "tag": ("Tag", "", Tag),
}
NAMES = ("is", "stage", *REFERENCES, "origin")
STATES = {
    "open": "Open",
    "late": "Past target days",
    "sales": "Waiting on sales",
    "marketing": "Waiting on marketing",
    "due": "Next step due",
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
    ("Next step due", "is=due"),
    ("Won this quarter", "is=won"),
)


@dataclass(frozen=True)
class Asked:
    """What the address asks for. Unknown names and values are dropped, so that an old link still opens."""

    chosen: dict[str, tuple[str, ...]]
    words: str
    sort: str
    down: bool
    board: bool = False

    @property
    def filters(self) -> int:
        return sum(len(values) for values in self.chosen.values()) + bool(self.words)

    def pairs(self, *, order: bool = True, view: bool = True) -> list[tuple[str, str]]:
        found = [(name, value) for name in NAMES for value in self.chosen.get(name, ())]
        found += [("q", self.words)] if self.words else []
        if order and (self.sort, self.down) != ("created", False):
            found.append(("sort", f"-{self.sort}" if self.down else self.sort))
        if view and self.board:
            found.append(("view", "board"))
        return found

    def query(self, *, order: bool = True, view: bool = True) -> str:
        """The one spelling of these filters: views are compared and linked by it."""
        return urlencode(self.pairs(order=order, view=view))

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
    return Asked(chosen, words_of(params.get("q")), sort, down, params.get("view") == "board")


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
    if name == "tag":
        tagged = LeadTag.objects.all() if value == "none" else LeadTag.objects.filter(tag_id=int(value))
        return Q(pk__in=tagged.values("lead_id")) if value != "none" else ~Q(pk__in=tagged.values("lead_id"))
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
        case "due":
            due = NextStep.objects.filter(done_at__isnull=True, due_on__lte=around.today, lead__isnull=False)
            return Q(pk__in=due.values("lead_id"))
        case "won":
            quarter = bucket_of(around.today, "quarter", year_start=around.company.fiscal_year_start)
            won = [s.id for s in around.stages.values() if s.kind == StageKind.WON]
            return Q(stage_id__in=won, stage_since__gte=around.calendar.start_of_day(quarter.start))
    return Q(stage_id__in=[s.id for s in open_ones if s.side == value])


def order_of(asked: Asked, around: Surroundings) -> list:
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
class Chip:
    name: str
    word: str
    remove: str


def chips_of(asked: Asked, around: Surroundings) -> list[Chip]:
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
