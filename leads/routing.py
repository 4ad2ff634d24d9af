"""Who gets a lead that enters MQL. Pure functions: no database, no clock. Routing and its simulation both ask here."""

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leads.models import RoutedHandoff, RoutingRule

Why = RoutedHandoff.Why
Method = RoutingRule.Method
# What a rule may ask for. Nothing given is any.
TRAITS = ("segment_id", "region_id", "channel_id", "tier", "origin")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with the people it stands for on a day. `asks`: the traits it names, with their values."""

    id: int
    name: str
    method: str
    people: tuple[int, ...]
    asks: Mapping[str, int | str]
    last_person: int | None = None

    def fits(self, traits: Mapping[str, int | str | None]) -> bool:
        return all(traits[name] == value for name, value in self.asks.items())


@dataclass(frozen=True, slots=True)
class Case:
    """A lead to give away. `known`: who has to do with it already and why, best first."""

    entry_id: int
    lead_id: int
    traits: Mapping[str, int | str | None]
    known: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets it and why; without a person it waits in the queue. `present`: people of the rule who are there."""

    person_id: int | None
    why: str
    rule: Rule | None = None
    present: int | None = None
    load: int | None = None


@dataclass
class Desk:
    """What changes with every lead given away: open handoffs by person, and who had the last one under each rule."""

    present: frozenset[int]
    loads: Counter = field(default_factory=Counter)
    last: dict[int, int | None] = field(default_factory=dict)

    def give(self, choice: Choice) -> None:
        if choice.person_id is None:
            return
        self.loads[choice.person_id] += 1
        if choice.rule is not None:
            self.last[choice.rule.id] = choice.person_id


def desk_of(rules: Iterable[Rule], present: frozenset[int], loads: Mapping[int, int]) -> Desk:
    return Desk(present, Counter(loads), {rule.id: rule.last_person for rule in rules})


def choose(case: Case, rules: Sequence[Rule], desk: Desk) -> Choice:
    """Who gets this lead: who has to do with it already, else the first rule that fits and has somebody there.

    Nobody: the queue, because no rule fits or because of those that fit nobody is there (the first of them is named).
    """
    for person_id, why in case.known:
        if person_id in desk.present:
            return Choice(person_id, why)
    fitting = [rule for rule in rules if rule.fits(case.traits)]
    for rule in fitting:
        there = sorted(set(rule.people) & desk.present)
        if there:
            return _pick(rule, there, desk)
    if fitting:
        return Choice(None, Why.NOBODY, fitting[0], 0)
    return Choice(None, Why.NO_RULE)


def _pick(rule: Rule, there: Sequence[int], desk: Desk) -> Choice:
    last = desk.last.get(rule.id)
    if rule.method == Method.LOAD:
        fewest = min(desk.loads[person] for person in there)
        person = next_in_turn([p for p in there if desk.loads[p] == fewest], last)
        return Choice(person, Why.LOAD, rule, len(there), fewest)
    person = next_in_turn(there, last)
    return Choice(person, Why.TURN, rule, len(there), desk.loads[person])


def next_in_turn(there: Sequence[int], last: int | None) -> int:
    """The one after `last` in the fixed order of ids, round and round. Who comes back waits for their turn, no more."""
    return min(there, key=lambda person: (last is not None and person <= last, person))


# --- who has to do with a lead already --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal of the lead's company, or of the lead itself."""

    id: int
    owner_id: int
    created_at: dt.datetime
    closed_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class OtherLead:
    """A further lead of the company that is not lost and not out."""

    id: int
    owner_id: int
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class FormerHandoff:
    """An earlier handoff of the same lead, and who had it in the end."""

    entry_id: int
    owner_id: int
    entered_at: dt.datetime


def known_people(
    at: dt.datetime, deals: Iterable[OpenDeal], former: Iterable[FormerHandoff], others: Iterable[OtherLead]
) -> tuple[tuple[int, str], ...]:
    """Who had to do with it at an instant, each once: the company's open deals first, then the lead's own past, then its
    company's other leads; the newest first within each."""
    open_then = [d for d in deals if d.created_at <= at and (d.closed_at is None or d.closed_at > at)]
    found: dict[int, str] = {}
    for deal in sorted(open_then, key=lambda d: (d.created_at, d.id), reverse=True):
        found.setdefault(deal.owner_id, Why.DEAL)
    for handoff in sorted((h for h in former if h.entered_at < at), key=lambda h: (h.entered_at, h.entry_id), reverse=True):
        found.setdefault(handoff.owner_id, Why.AGAIN)
    for lead in sorted((o for o in others if o.created_at < at), key=lambda o: (o.created_at, o.id), reverse=True):
        found.setdefault(lead.owner_id, Why.COMPANY)
    return tuple(found.items())


# --- simulation -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Past:
    """An MQL entry that has been: when, until when it was open, and who had it in the end."""

    case: Case
    at: dt.datetime
    day: dt.date
    decided_at: dt.datetime | None
    owner_id: int | None
    team_id: int | None


def replay(
    past: Sequence[Past],
    rules: Sequence[Rule],
    *,
    present_on: Callable[[dt.date], frozenset[int]],
    open_before: Iterable[tuple[int, dt.datetime | None]],
) -> list[Choice]:
    """What the rules would have done with these entries, in their order; every lead as if nobody had had it.

    `open_before`: handoffs that were open when the first one came: who had it, and when it was decided. A handoff given
    away here is open as long as the real one was.
    """
    desk = desk_of(rules, frozenset(), {})
    ends: list[tuple[dt.datetime, int]] = []
    for person_id, decided_at in open_before:
        desk.loads[person_id] += 1
        if decided_at is not None:
            heapq.heappush(ends, (decided_at, person_id))
    found = []
    for one in past:
        while ends and ends[0][0] <= one.at:
            desk.loads[heapq.heappop(ends)[1]] -= 1
        desk.present = present_on(one.day)
        choice = choose(one.case, rules, desk)
        desk.give(choice)
        if choice.person_id is not None and one.decided_at is not None:
            heapq.heappush(ends, (max(one.decided_at, one.at), choice.person_id))
        found.append(choice)
    return found
