"""What the address of the lead list asks for: filters, order, usual views, and their words. Reads only."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Case, DateTimeField, F, IntegerField, OuterRef, Q, Subquery, When
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
from leads.waiting import PROMISE_STATES, WAITING, pressing, returned, waits_on, with_promise

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
NAMES = ("is", "waiting", "promise", "stage", *REFERENCES, "origin")
STATES = {
    "open": "Open",
    "returned": "Returned to marketing",
    "late": "Past target days",
    "due": "Next step due",
    "won": "Won this quarter",
}
_OF_THOSE_THAT_WAIT = {"open", "late", "returned"}
# Filters with a fixed list of values: parameter -> (word, values).
LISTED = {
    "is": ("View", STATES),
    "waiting": ("Waiting on", WAITING),
    "promise": ("Promise", PROMISE_STATES),
    "origin": ("Started by", dict(Origin.choices)),
}
# Old links asked for whom a lead waits on as a state.
_MOVED = {"sales": "waiting", "marketing": "waiting"}
# Columns that can be sorted by: parameter -> field; "stage" follows the order of the agreement, "created" is the usual one.
SORTS = {
    "name": "contact__name",
    "stage": "",
    "age": "stage_since",
    "left": "",
    "owner": "owner__name",
    "source": "channel__name",
    "created": "created_at",
}
USUAL_VIEWS = (
    ("All", ""),
    ("Mine", "owner=me"),
    ("Past promise", "promise=past"),
    ("Waiting on sales", "waiting=sales"),
    ("Waiting on marketing", "waiting=marketing"),
    ("Returned", "is=returned"),
    ("Open", "is=open"),
    ("Past target days", "is=late"),
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

    @property
    def of_those_that_wait(self) -> bool:
        """Whether a filter leaves out every lead on which nobody has to act: few are left, and they are found at once."""
        states = self.chosen.get("is", ())
        return bool({"waiting", "promise"} & set(self.chosen)) or (bool(states) and set(states) <= _OF_THOSE_THAT_WAIT)

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
        given = params.getlist(name)
        if name == "waiting":
            given = given + [value for value in params.getlist("is") if _MOVED.get(value) == name]
        values = tuple(dict.fromkeys(v for v in given if _may_be(name, v)))
        if values:
            chosen[name] = values
    sort = params.get("sort", "created")
    down = sort.startswith("-")
    sort = sort.removeprefix("-")
    if sort not in SORTS:
        sort, down = "created", False
    return Asked(chosen, words_of(params.get("q")), sort, down, params.get("view") == "board")


def _may_be(name: str, value: str) -> bool:
    if name in LISTED:
        return value in LISTED[name][1]
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
    if name == "waiting":
        return waits_on(value, around.stages.values())
    if name == "promise":
        return with_promise(value, around.stages.values(), around.now)
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
        case "returned":
            return returned()
        case "due":
            due = NextStep.objects.filter(done_at__isnull=True, due_on__lte=around.today, lead__isnull=False)
            return Q(pk__in=due.values("lead_id"))
        case "won":
            quarter = bucket_of(around.today, "quarter", year_start=around.company.fiscal_year_start)
            won = [s.id for s in around.stages.values() if s.kind == StageKind.WON]
            return Q(stage_id__in=won, stage_since__gte=around.calendar.start_of_day(quarter.start))
    raise ValueError(f"no leads are {value}")


def order_of(asked: Asked, around: Surroundings) -> list:
    """The chosen column, then the newest first: the same order on every page of the list."""
    if asked.sort == "created":
        return ["created_at", "id"] if asked.down else ["-created_at", "-id"]
    if asked.sort == "left":
        return _by_time_left(asked.down, around)
    key = F(SORTS[asked.sort] or "stage_id")
    if asked.sort == "stage" and around.stages:
        places = [When(stage_id=s.id, then=i) for i, s in enumerate(around.stages.values())]
        key = Case(*places, default=len(places), output_field=IntegerField())
    # The longest stay is the one that began first.
    down = asked.down != (asked.sort == "age")
    return [key.desc(nulls_last=True) if down else key.asc(nulls_last=True), "-id"]


def _by_time_left(down: bool, around: Surroundings) -> list:
    """The promise that is due first, then the longest stay; what nobody has to do anything about comes last."""
    on_its_way = Q(stage_id__in=[s.id for s in around.stages.values() if s.open])
    first = pressing(around.now).filter(lead_id=OuterRef("pk"), due_at__isnull=False).order_by("due_at").values("due_at")[:1]
    due = Case(When(on_its_way, then=Subquery(first)), output_field=DateTimeField())
    waits = Case(When(on_its_way, then=0), default=1, output_field=IntegerField())
    if down:
        return [due.desc(nulls_last=True), waits, "-stage_since", "-id"]
    return [due.asc(nulls_last=True), waits, "stage_since", "-id"]


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
    if name in REFERENCES:
        return REFERENCES[name][0]
    return LISTED[name][0] if name in LISTED else "Stage"


def _word(name: str, value: str, names: dict[int, str], around: Surroundings) -> str:
    if name in LISTED:
        return LISTED[name][1][value]
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
        *((name, LISTED[name][0], list(LISTED[name][1].items())) for name in ("is", "waiting", "promise")),
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
    found.append(("origin", LISTED["origin"][0], list(Origin.choices)))
    return found
