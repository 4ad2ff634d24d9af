"""The second opinion on leads: stays, journeys and detours straight from events, in plain Python.

Written from the rules (architecture 4 and 5, metrics-spec 0.3), not from the code that it judges: it shares no fold and no
encoding with leads.timeline, leads.projection and metrics.facts, and an import contract keeps it so. Slow and simple.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from accounts.models import Membership
from core.periods import day_number
from core.queries import Calendar
from funnel.book import Book
from leads.models import Lead, LeadEvent, StageEntry, Touch
from metrics import codes
from metrics.segments import FAR, UNKNOWN_DAY

Row = dict[str, int]
Key = tuple[int, int, int]  # day number, lead, item

ATTRIBUTES = ("channel_id", "campaign_id", "segment_id", "region_id", "origin", "tier")
_CONTACTS = ("call", "personal_email", "meeting", "conversation")
_WEEK = dt.timedelta(days=7)
_TWO_DAYS = dt.timedelta(days=2)


@dataclass
class Opinion:
    """What the events say: segment rows by kind, and projections by table."""

    rows: dict[str, dict[Key, Row]] = field(default_factory=lambda: defaultdict(dict))
    tables: dict[str, dict[int, dict]] = field(default_factory=lambda: defaultdict(dict))
    groups: list[tuple["GroupStory", list["LeadStory"]]] = field(default_factory=list)  # surviving leads and their members


class World:
    """Configuration, read once: calendar, agreement versions, memberships."""

    def __init__(self, calendar: Calendar, book: Book):
        self.calendar, self.book = calendar, book
        self._teams = defaultdict(list)
        for row in Membership.objects.filter(team__isnull=False).order_by("from_day", "id"):
            self._teams[row.user_id].append(row)

    def day(self, instant: dt.datetime) -> dt.date:
        return self.calendar.day_of(instant)

    def team(self, user: int | None, day: dt.date) -> int | None:
        """The latest membership that covers the day; earlier than all of them, the first."""
        mine = self._teams.get(user, [])
        covering = [m for m in mine if m.from_day <= day and (m.until_day is None or m.until_day > day)]
        if covering:
            return covering[-1].team_id
        return mine[0].team_id if mine and day < mine[0].from_day else None

    def version_of(self, event) -> int:
        """The version that an event was written under; without one, the version in force on its day."""
        if event.agreement_id in self.book.by_id:
            return event.agreement_id
        return self.book.on(self.day(event.placed)).id

    def counting(self, agreement: int) -> int:
        return self.book.by_id[agreement].counting_version


def standing_events(events: Sequence) -> list:
    """Events without those that a standing `voided` event takes back, whichever chain of voids that needs."""
    takers = defaultdict(list)
    for event in events:
        if event.kind == "voided" and event.target_id is not None:
            takers[event.target_id].append(event)

    def stands(event) -> bool:
        return not any(stands(taker) for taker in takers[event.id] if taker.id > event.id)

    return [event for event in sorted(events, key=lambda e: e.id) if stands(event)]


class LeadStory:
    """One lead's own standing events, each with the instant at which it takes its place."""

    def __init__(self, lead, events: Sequence, world: World):
        self.lead, self.all = lead, sorted(events, key=lambda e: e.id)
        self.events = standing_events(events)
        self.out = any(e.kind == "lead_voided" for e in self.events)
        merges = [e for e in self.events if e.kind == "merged"]
        self.into = merges[-1].other_lead_id if merges else None
        self.skew = False
        for event in self.all:
            event.placed, event.precision = event.occurred_at, event.time_precision
            event.tie = 1
        self.moves = [e for e in self.events if e.kind == "moved"]
        self.created = next((e for e in self.events if e.kind == "created"), None)
        if self.created is not None:
            self._place_creation(world)
        self.steps = [*([self.created] if self.created else []), *self.moves]
        self.attributes = {name: self._attribute(name, last=True) for name in ATTRIBUTES}
        self.without_source = all(self._attribute(name, last=False) is None for name in ("channel_id", "campaign_id"))

    def _place_creation(self, world: World) -> None:
        created = self.created
        born = world.day(created.occurred_at)
        for move in self.moves:
            # What is known to the day alone is no evidence against the order of things within that day.
            coarse = "day" in (move.time_precision, created.time_precision)
            if coarse and world.day(move.occurred_at) == born and move.occurred_at < created.occurred_at:
                move.placed = created.occurred_at
        created.tie = 1 if created.time_precision == "instant" else 0
        first = min(self.moves, key=lambda e: (e.placed, e.id), default=None)
        if first is not None and first.placed < created.placed:
            created.placed, created.precision, created.tie = first.placed, first.time_precision, 0
            self.skew = True

    def _attribute(self, name: str, *, last: bool):
        """The value now (the last correction that stands, else what the first one replaced), or the first value."""
        corrections = [e for e in self.all if e.kind == "amended" and e.field == name]
        if not corrections:
            return getattr(self.lead, name)
        standing = [e for e in corrections if any(e is other for other in self.events)]
        text = standing[-1].new if last and standing else corrections[0].old
        if not name.endswith("_id"):
            return text
        return int(text) if text else None


class GroupStory:
    """A surviving lead with everything that happened to the leads merged into it (X8), as one timeline."""

    def __init__(self, stories: Sequence[LeadStory], own: LeadStory, contacts: Iterable[dt.datetime], world: World):
        self.own, self.world = own, world
        counted = [] if own.out else [story for story in stories if not story.out]
        self.assignments = sorted(
            (
                e
                for story in counted
                for e in story.events
                if e.kind == "assigned" or (e is story.created and (e.owner_id or e.team_id))
            ),
            key=lambda e: (e.placed, e.id),
        )
        self.contacts = sorted(contacts) if counted else []
        steps = sorted((e for s in counted for e in s.steps), key=lambda e: (e.placed, e.tie, e.id))
        self.opens: list = []
        for event in steps:
            if event.to_stage_id is None or not self._opens(event):
                continue
            self.opens.append(event)
        mine = own.created if own.created is not None and own in counted else None
        self.created_at = mine.placed if mine else (steps[0].placed if steps else None)

    def _opens(self, event) -> bool:
        if not self.opens:
            return True
        current = self.opens[-1].to_stage_id
        if current == event.to_stage_id:
            return False
        if event.kind == "created":
            # A merged lead's creation is a further inquiry; on a path it counts only as a step on.
            stages = self.world.book.on(self.world.day(event.placed)).stages
            now, new = stages.get(current), stages.get(event.to_stage_id)
            if now is not None and new is not None and now.rank is not None:
                return new.rank is not None and new.rank > now.rank
        return True

    def holder(self, at: dt.datetime) -> tuple[int | None, int | None]:
        """Owner and team at an instant; a queue has a team alone, a person's team is that of the day."""
        past = [e for e in self.assignments if e.placed <= at]
        if not past:
            return None, None
        return past[-1].owner_id, past[-1].team_id or self.world.team(past[-1].owner_id, self.world.day(at))

    def stays(self) -> list[dict]:
        found = []
        for index, event in enumerate(self.opens):
            later = self.opens[index + 1 :]
            following = later[0] if later else None
            again = next((e.placed for e in later if e.to_stage_id == event.to_stage_id), None)
            answers = [c for c in self.contacts if c >= event.placed and (again is None or c < again)]
            owner, team = self.holder(event.placed)
            exit_kind = ""
            if following is not None:
                then = self.world.book.by_id[self.world.version_of(following)]
                exit_kind = then.exit_kind(event.to_stage_id, following.to_stage_id)
            found.append(
                {
                    "opening_event_id": event.id,
                    "lead_id": self.own.lead.id,
                    "stage_id": event.to_stage_id,
                    "position": index,
                    "entry_no": 1 + sum(e.to_stage_id == event.to_stage_id for e in self.opens[:index]),
                    "entered_at": event.placed,
                    "entered_day": self.world.day(event.placed),
                    "entered_precision": event.precision,
                    "left_at": following.placed if following else None,
                    "left_day": self.world.day(following.placed) if following else None,
                    "left_precision": following.precision if following else "",
                    "exit_kind": exit_kind,
                    "next_stage_id": following.to_stage_id if following else None,
                    "owner_id": owner,
                    "team_id": team,
                    "agreement_id": self.world.version_of(event),
                    "first_contact_at": answers[0] if answers and event.precision != "unknown" else None,
                }
            )
        return found

    def projection(self, survivor: int) -> dict:
        last = self.assignments[-1] if self.assignments else None
        merged = survivor != self.own.lead.id
        standing = not merged and self.opens
        return {
            "stage_id": self.opens[-1].to_stage_id if standing else None,
            "stage_since": self.opens[-1].placed if standing else None,
            "owner_id": last.owner_id if last else None,
            "team_id": (last.team_id or self.world.team(last.owner_id, self.world.day(last.placed))) if last else None,
            "created_at": self.created_at,
            "created_day": self.world.day(self.created_at) if self.created_at else None,
            "merged_into_id": survivor if merged else None,
            "voided": self.own.out,
            "clock_skew": self.own.skew and not self.own.out,
            "source_missing": self.own.without_source,
            **self.own.attributes,
        }


def dimensions(attributes: dict, owner: int | None, team: int | None) -> Row:
    return {
        "channel": attributes["channel_id"] or 0,
        "campaign": attributes["campaign_id"] or 0,
        "segment": attributes["segment_id"] or 0,
        "region": attributes["region_id"] or 0,
        "origin": codes.ORIGINS.index(attributes["origin"] or "marketing"),
        "tier": codes.text_code(attributes["tier"] or ""),
        "owner": owner or 0,
        "team": team or 0,
    }


def typed_in_late(fact, happened_at: dt.datetime) -> bool:
    """Whether somebody typed it in, and only two days after it happened or later."""
    return fact.source == "tandem" and fact.recorded_at - happened_at > _TWO_DAYS


def _elapsed(start: dt.datetime, end: dt.datetime) -> int:
    return (end - start) // dt.timedelta(seconds=1)


def add_lead_rows(opinion: Opinion, group: GroupStory, world: World) -> None:
    """Stay, journey and detour rows of one surviving lead."""
    lead, attributes = group.own.lead.id, group.own.attributes
    stays = group.stays()
    events = {e.id: e for e in group.opens}
    for index, stay in enumerate(stays):
        opinion.tables["stay"][stay["opening_event_id"]] = stay
        known = stay["entered_precision"] != "unknown"
        left_known = stay["left_precision"] != "unknown"
        event = events[stay["opening_event_id"]]
        day, version = day_number(stay["entered_day"]), world.counting(stay["agreement_id"])
        dims = dimensions(attributes, stay["owner_id"], stay["team_id"])
        contact = stay["first_contact_at"]
        opinion.rows["stay"][day, lead, event.id] = dims | {
            "stage": stay["stage_id"],
            "next": stay["next_stage_id"] or 0,
            "lday": day_number(stay["left_day"]) if stay["left_day"] else FAR,
            "at": codes.seconds_of(stay["entered_at"]),
            "dwell": _elapsed(stay["entered_at"], stay["left_at"]) if stay["left_at"] and known and left_known else -1,
            "contact": _elapsed(stay["entered_at"], contact) if contact else -1,
            "entry": stay["entry_no"],
            "exit": codes.EXITS.index(stay["exit_kind"]),
            "version": version,
            "known": known,
            "lknown": left_known,
            "backdated": event.source == "tandem" and event.recorded_at - stay["entered_at"] > _WEEK,
            "late": typed_in_late(event, stay["entered_at"]),
        }
        info = world.book.by_id[stay["agreement_id"]].stages.get(stay["stage_id"])
        if info is not None and info.kind == "detour" and known:
            row = dims | {"stage": stay["stage_id"], "version": version}
            for later in stays[index + 1 :]:
                dated = later["entered_precision"] != "unknown"
                for stage in _credited(later, attributes, world):
                    row.setdefault(f"n:{stage}", day_number(later["entered_day"]) if dated else UNKNOWN_DAY)
            opinion.rows["detour"][day, lead, event.id] = row
    if stays:
        _add_journey(opinion, group, stays, world)


def _credited(stay: dict, attributes: dict, world: World) -> frozenset[int]:
    return world.book.by_id[stay["agreement_id"]].credited(stay["stage_id"], attributes["origin"])


def _add_journey(opinion: Opinion, group: GroupStory, stays: list[dict], world: World) -> None:
    own, first = group.own, stays[0]
    row = dimensions(own.attributes, first["owner_id"], first["team_id"]) | {
        "created": UNKNOWN_DAY if first["entered_precision"] == "unknown" else day_number(world.day(group.created_at)),
        "skew": own.skew,
        "nosource": own.without_source,
    }
    for stay in stays:
        row[f"e:{stay['stage_id']}"] = 1
        for stage in _credited(stay, own.attributes, world):
            if f"r:{stage}" not in row:
                row |= {
                    f"r:{stage}": day_number(stay["entered_day"]),
                    f"u:{stage}": stay["entered_precision"] == "unknown",
                    f"o:{stage}": stay["owner_id"] or 0,
                    f"t:{stage}": stay["team_id"] or 0,
                    f"v:{stage}": world.counting(stay["agreement_id"]),
                }
    opinion.rows["journey"][day_number(first["entered_day"]), own.lead.id, own.lead.id] = row


def opinion_on_leads(ids: set[int], world: World) -> Opinion:
    """What the events say of these leads. The set must be closed over merges (`merge_groups`)."""
    leads = {lead.id: lead for lead in Lead.objects.filter(id__in=ids).order_by("id")}
    events = defaultdict(list)
    for event in LeadEvent.objects.filter(lead_id__in=ids).values():
        events[event["lead_id"]].append(SimpleNamespace(**event))
    contacts = defaultdict(list)
    touches = Touch.objects.filter(lead_id__in=ids).values("id", "lead_id", "side", "kind", "occurred_at", "voids_id")
    undone = {t["voids_id"] for t in touches}
    for touch in touches:
        if (
            touch["side"] == "sales"
            and touch["kind"] in _CONTACTS
            and touch["voids_id"] is None
            and touch["id"] not in undone
        ):
            contacts[touch["lead_id"]].append(touch["occurred_at"])
    stories = {lead_id: LeadStory(lead, events[lead_id], world) for lead_id, lead in leads.items()}
    survivors = {}
    for lead_id in stories:
        at = lead_id
        while stories[at].into is not None:
            at = stories[at].into
        survivors[lead_id] = at
    opinion = Opinion()
    for lead_id, story in stories.items():
        survives = survivors[lead_id] == lead_id
        members = [s for i, s in stories.items() if survives and survivors[i] == lead_id or i == lead_id]
        answers = (at for s in members if not s.out for at in contacts[s.lead.id])
        group = GroupStory(members, story, answers, world)
        opinion.tables["lead"][lead_id] = group.projection(survivors[lead_id])
        if survives:
            opinion.groups.append((group, members))
            add_lead_rows(opinion, group, world)
    return opinion


def merge_groups() -> dict[int, set[int]]:
    """Leads that any merge, standing or taken back, ever connected: id to the whole group."""
    groups: dict[int, set[int]] = {}
    for lead, other in LeadEvent.objects.filter(kind="merged").values_list("lead_id", "other_lead_id"):
        union = groups.get(lead, {lead}) | groups.get(other, {other})
        for member in union:
            groups[member] = union
    return groups


STAY_COLUMNS = (
    "opening_event_id", "lead_id", "stage_id", "position", "entry_no", "entered_at", "entered_day", "entered_precision",
    "left_at", "left_day", "left_precision", "exit_kind", "next_stage_id", "owner_id", "team_id", "agreement_id",
    "first_contact_at",
)  # fmt: skip
LEAD_COLUMNS = (
    "stage_id", "stage_since", "owner_id", "team_id", "created_at", "created_day", "merged_into_id", "voided", "clock_skew",
    "source_missing", *ATTRIBUTES,
)  # fmt: skip


def stored_lead_tables(ids: set[int]) -> dict[str, dict[int, dict]]:
    stays = StageEntry.objects.filter(lead_id__in=ids).values(*STAY_COLUMNS)
    leads = Lead.objects.filter(id__in=ids).values("id", *LEAD_COLUMNS)
    return {
        "stay": {row["opening_event_id"]: row for row in stays},
        "lead": {row.pop("id"): row for row in leads},
    }
