"""What was known of leads when they were decided on: facts that had happened by then and had been recorded by then.

What was taken back later was still known. A part that was merged in later was not yet part of the lead. Facts of which
Tandem keeps no history are not asked at all (`with_history`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db.models import Case, F, When

from accounts.queries import TeamHistory, team_history
from campaigns.models import Campaign, Channel
from core.queries import Calendar
from core.templatetags.display import signed
from funnel.book import Book
from funnel.criteria import Condition, EntryRule
from funnel.models import Region, Segment
from funnel.score import ScoreTable
from leads.models import Lead, LeadEvent, Touch
from leads.timeline import AMENDABLE, EVENT_COLUMNS, Event, attributes, fold_lead, live_events
from metrics.backtest_decisions import Decided
from metrics.backtest_events import ODD, Events, in_order, owner_and_stay, places
from metrics.codes import TOUCH_KINDS, instant_of, micros_of
from metrics.methods.backtest import DAY, UNKNOWN, Known, Touches
from metrics.packed_reading import integers, whole

_LINKED = {"channel": Channel, "campaign": Campaign, "segment": Segment, "region": Region}
_TEXTS = ("origin", "tier")
_COUNTED = ("touches", "touches_90", "last_touch")
_FROM_EVENTS = ("owner", "age", "in_stage")
HISTORY = frozenset((*_LINKED, *_TEXTS, *_COUNTED, *_FROM_EVENTS))
SPLIT_BY = ("channel", "segment")  # what the result is told by
RECENT = 90 * DAY
_KINDS = {kind: number for number, kind in enumerate(TOUCH_KINDS)}


@dataclass(frozen=True)
class Tried:
    """A version's rule and table as they can be asked about the past, and in words what of them cannot.

    `silent`: points of the rows that cannot be asked. They count as 0, so a score of then may lie off by their sums.
    """

    rule: EntryRule
    table: ScoreTable
    unasked: tuple[str, ...]
    silent: tuple[int, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*self.rule.every, *self.rule.some, *(row.condition for row in self.table.fit))

    @property
    def scores(self) -> bool:
        return bool(self.table)

    @property
    def off(self) -> dict | None:
        """By how many points a score that the rule asks for may be higher or lower than tested; None where it is whole."""
        if not self.silent or not any(one.fact == "score" for one in (*self.rule.every, *self.rule.some)):
            return None
        higher = sum(points for points in self.silent if points > 0)
        return {"rows": len(self.silent), "higher": higher, "lower": higher - sum(self.silent)}


def with_history(rule: EntryRule, table: ScoreTable) -> Tried:
    """Leave out what asks for facts without history. A score has one where a table makes it."""
    rows = tuple(row for row in table.fit if row.condition.fact in HISTORY)
    kept = ScoreTable(rows, table.engagement)
    askable = HISTORY | {"score"} if kept else HISTORY
    unasked = [one.words for one in (*rule.every, *rule.some) if one.fact not in askable]
    unasked += [f"{signed(row.points)} points: {row.words}" for row in table.fit if row not in rows]
    return Tried(
        EntryRule(*(tuple(one for one in part if one.fact in askable) for part in (rule.every, rule.some))),
        kept,
        tuple(unasked),
        tuple(row.points for row in table.fit if row not in rows),
    )


class Reader:
    """Reads what was known of some leads after the other, for the conditions and tables of all that is tried."""

    def __init__(self, tried: Collection[Tried], book: Book, calendar: Calendar):
        conditions = [one for each in tried for one in each.conditions]
        # Where a lead came from and what it is belong to the result, whether or not somebody asks for it.
        self.asked = {one.fact for one in conditions} - {"score"} | set(SPLIT_BY)
        self.moves = "in_stage" in self.asked
        rows = [row for each in tried for row in each.table.engagement]
        self.touches = bool(self.asked & set(_COUNTED)) or bool(rows)
        self.kinds = {kind: number for kind, number in _KINDS.items() if any(row.kind == kind for row in rows)}
        self.codes: dict[str, dict[str, int]] = {
            fact: dict(model.objects.values_list("name", "id")) for fact, model in _LINKED.items() if fact in self.asked
        }
        for fact in _TEXTS:
            named = sorted({value for one in conditions if one.fact == fact for value in one.values})
            self.codes[fact] = {value: number for number, value in enumerate(named, 1)}
        self.book, self.calendar = book, calendar
        self._teams: TeamHistory | None = None

    def known(self, leads: Decided, events: Events) -> Known:
        """What was known of leads that were decided on; they stand in the order of their ids, and `events` are theirs."""
        facts = self._plain(leads, events)
        self._by_hand(leads, events, facts)
        touches = Touches(*(np.zeros(0, np.int64),) * 3)
        if self.touches and len(leads):
            row, kind, at = self._touches(leads)
            number = np.bincount(row, minlength=len(leads))
            recent = np.bincount(row[at > leads.at[row] - RECENT], minlength=len(leads))
            last = np.full(len(leads), np.iinfo(np.int64).min)
            np.maximum.at(last, row, at)
            since = np.where(number > 0, (leads.at - np.where(number > 0, last, 0)) // DAY, UNKNOWN)
            facts |= {"touches": number, "touches_90": recent, "last_touch": since}
            touches = Touches(row, kind, (leads.scored_at[row] - at) // DAY)
        return Known(len(leads), facts, self.codes, touches, self.kinds)

    # --- leads of which nothing was corrected, taken back or merged: as they stand, cut off at the decision ---

    def _plain(self, leads: Decided, events: Events) -> dict[str, np.ndarray]:
        facts = {}
        own = [name for name in (*_LINKED, *_TEXTS) if name in self.asked]
        rows = _of(Lead.objects, leads, "id").annotate(**{f"v_{name}": self._value(name) for name in own})
        found = in_order(integers(rows.values_list("id", *(f"v_{name}" for name in own))))
        spot = np.searchsorted(found[0], leads.lead)
        facts = {name: column[spot] for name, column in zip(own, found[1:], strict=True)}
        if "age" in self.asked:
            facts["age"] = np.where(
                (leads.created != UNKNOWN) & (leads.created <= leads.at), (leads.at - leads.created) // DAY, UNKNOWN
            )
        if {"owner", "in_stage"} & self.asked:
            facts["owner"], facts["in_stage"] = owner_and_stay(events, leads.lead, leads.at, leads.limit)
        return facts

    def _value(self, name: str):
        if name in _LINKED:
            return whole(F(f"{name}_id"))
        named = [When(**{name: text}, then=code) for text, code in self.codes[name].items() if text]
        return whole(Case(When(**{name: ""}, then=UNKNOWN), *named, default=-1))

    # --- all others, one by one, by the fold that everything else rests on ---

    def _by_hand(self, leads: Decided, events: Events, facts: dict[str, np.ndarray]) -> None:
        groups = self._entangled(leads, events)
        if not groups:
            return
        merges = joins(leads)
        told_of: dict[int, list[tuple[Event, dt.datetime]]] = defaultdict(list)
        members = sorted({part for parts in groups.values() for part in parts})
        for *columns, told in (
            LeadEvent.objects.filter(lead_id__in=members).order_by("id").values_list(*EVENT_COLUMNS, "recorded_at")
        ):
            event = Event(*columns)
            told_of[event.lead_id].append((event, told))
        stored = {row[0]: row[1:] for row in Lead.objects.filter(id__in=list(groups)).values_list("id", *AMENDABLE)}
        for lead, parts in groups.items():
            i = int(np.searchsorted(leads.lead, lead))
            at, limit = instant_of(int(leads.at[i])), instant_of(int(leads.limit[i]))
            told = {
                part: [event for event, recorded in told_of[part] if recorded <= limit and event.occurred_at <= at]
                for part in parts
                if part == lead or (merges[part][1] <= at and merges[part][2] <= limit)
            }
            for fact, value in self._folded(lead, told, [event for event, _ in told_of[lead]], stored[lead], at).items():
                if fact in facts:
                    facts[fact][i] = value

    def _entangled(self, leads: Decided, events: Events) -> dict[int, list[int]]:
        """Leads that were corrected, of which something was taken back or merged in, or of which not every time is exact:
        each with its parts."""
        row, here = places(leads.lead, events.lead[(events.what & ODD) > 0])
        odd = leads.skewed.copy()
        odd[row[here]] = True
        found = set(leads.lead[odd].tolist())
        parts: dict[int, list[int]] = defaultdict(list)
        if len(leads):
            for part, (survivor, *_) in joins(leads).items():
                parts[survivor].append(part)
        parts = {survivor: parts[survivor] for survivor in set(parts) & set(leads.lead.tolist())}
        return {lead: [lead, *parts.get(lead, ())] for lead in sorted(found | parts.keys())}

    def _folded(self, lead: int, told: dict[int, list[Event]], own: list[Event], stored: tuple, at: dt.datetime) -> dict:
        mine = told[lead]
        if self._teams is None:
            self._teams = team_history()
        state = fold_lead(
            told, lead, sources=(None, None), contacts=(), book=self.book, calendar=self.calendar, teams=self._teams,
        )  # fmt: skip
        facts = {"owner": UNKNOWN if state.owner_id is None else state.owner_id, "age": UNKNOWN, "in_stage": UNKNOWN}
        created = [e for e in live_events(mine) if e.kind == LeadEvent.Kind.CREATED]
        if created:
            facts["age"] = (at - created[0].occurred_at) // dt.timedelta(days=1)
        before = [stay.entered_at for stay in state.stays if stay.entered_at < at]
        if before:
            facts["in_stage"] = (at - before[-1]) // dt.timedelta(days=1)
        corrected = attributes(mine, live_events(mine))
        later = {}
        for event in own:
            if event.kind == LeadEvent.Kind.AMENDED and event not in mine:
                later.setdefault(event.field, event.old)
        for name, value in zip(AMENDABLE, stored, strict=True):
            facts[name.removesuffix("_id")] = self._code(name, corrected.get(name, later.get(name, value)))
        return facts

    def _code(self, name: str, value: int | str | None) -> int:
        if value in (None, ""):
            return UNKNOWN
        return int(value) if name.endswith("_id") else self.codes[name].get(value, -1)

    # --- touches ---

    def _touches(self, leads: Decided) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Touches by marketing known at the decision: row of the lead, kind, and when each was; those of parts of leads from
        when they were merged in."""
        # A kind that no table asks for is none: each comparison is paid for millions of touches.
        whens = [When(kind=kind, then=number) for kind, number in self.kinds.items()]
        rows = Touch.objects.filter(side="marketing", voids__isnull=True).annotate(what=whole(Case(*whens, default=-1)))
        columns = ("lead_id", "id", "what", "occurred_at", "recorded_at")
        own = integers(_of(rows, leads, "lead_id").values_list(*columns))
        row, here = places(leads.lead, own[0])
        own, row = own[:, here], row[here]
        at, told = own[3], own[4]
        merged, *joined = self._merged(rows, leads, columns)
        if merged.shape[1]:
            own, row = np.concatenate([own, merged], axis=1), np.r_[row, joined[0]]
            at, told = np.r_[at, joined[1]], np.r_[told, joined[2]]
        known = (at <= leads.at[row]) & (told <= leads.limit[row])
        # Taken back by then: it was known no more.
        gone = self._taken_back
        if gone.shape[1]:
            spot, here = places(gone[0], own[1])
            known[here] &= gone[1][spot[here]] > leads.limit[row[here]]
        return row[known], own[2][known], own[3][known]

    @cached_property
    def _taken_back(self) -> np.ndarray:
        """Touches that were taken back, and when that was recorded: few, and no index finds those of some leads."""
        return in_order(integers(Touch.objects.filter(voids__gt=0).values_list("voids_id", "recorded_at")))

    def _merged(self, rows, leads: Decided, columns: Iterable[str]) -> tuple[np.ndarray, ...]:
        """Touches of parts with the row of their survivor, and since when they were its: as it happened, as it was told."""
        found = joins(leads)
        parts = np.array(sorted(found), np.int64)
        touches = integers(rows.filter(lead_id__in=parts.tolist()).values_list(*columns))
        spot, _ = places(parts, touches[0])
        whose = np.array([[survivor, micros_of(at), micros_of(told)] for _, (survivor, at, told) in sorted(found.items())])
        survivor, at, told = whose.reshape(-1, 3).T.astype(np.int64)
        row, here = places(leads.lead, survivor[spot])
        touches, spot, row = touches[:, here], spot[here], row[here]
        return touches, row, np.maximum(touches[3], at[spot]), np.maximum(touches[4], told[spot])


def joins(leads: Decided) -> dict[int, tuple[int, dt.datetime, dt.datetime]]:
    """Parts of the leads between the first and the last of these: their survivor, since when they are its, and when that was
    recorded. One that became a part through another has waited for both."""
    between = {"lead__merged_into__gte": int(leads.lead[0]), "lead__merged_into__lte": int(leads.lead[-1])}
    merges = LeadEvent.objects.filter(kind=LeadEvent.Kind.MERGED, **between).order_by("id")
    direct, survivors = {}, {}
    for part, into, survivor, at, told in merges.values_list(
        "lead_id", "other_lead_id", "lead__merged_into_id", "occurred_at", "recorded_at"
    ):
        direct[part], survivors[part] = (into, at, told), survivor
    found = {}
    for part, survivor in survivors.items():
        into, at, told = direct[part]
        while into != survivor and into in direct:
            into, later, recorded = direct[into]
            at, told = max(at, later), max(told, recorded)
        found[part] = (survivor, at, told)
    return found


def _of(manager, leads: Decided, path: str):
    """Rows of the leads between the first and the last of these."""
    return manager.filter(**{f"{path}__gte": int(leads.lead[0]), f"{path}__lte": int(leads.lead[-1])})
