"""When a lead may enter a stage, as a rule that people read and a machine checks. Pure: no database.

A rule has two lists of conditions: all of the first must hold, and at least one of the second if it has any. A condition
on something that is not known does not hold, whatever it asks, except the question whether it is known: unknown is never
zero, and it is no “other” either. leads.criteria asks the database the same questions; a test holds the two together.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import DomainError

MOST_CONDITIONS = 20
MOST_VALUES = 50
MOST_NUMBER = 1_000_000
_MARKS = ",;·“”"  # what separates names and sentences where a rule is told


class Op(StrEnum):
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    KNOWN = "known"
    UNKNOWN = "unknown"


OP_WORDS = {
    Op.ONE_OF: "is one of",
    Op.NONE_OF: "is none of",
    Op.AT_LEAST: "at least",
    Op.AT_MOST: "at most",
    Op.KNOWN: "is known",
    Op.UNKNOWN: "is not known",
}
_ASK_NOTHING = (Op.KNOWN, Op.UNKNOWN)
ASK_NAMES = (Op.ONE_OF, Op.NONE_OF)


class Type(StrEnum):
    PRESENCE = "presence"  # known or not
    CHOICE = "choice"  # one of several names
    NUMBER = "number"  # whole, may be unknown
    COUNT = "count"  # whole, always known


OPS = {
    Type.PRESENCE: _ASK_NOTHING,
    Type.CHOICE: (Op.ONE_OF, Op.NONE_OF, *_ASK_NOTHING),
    Type.NUMBER: (Op.AT_LEAST, Op.AT_MOST, *_ASK_NOTHING),
    Type.COUNT: (Op.AT_LEAST, Op.AT_MOST),
}


@dataclass(frozen=True)
class Fact:
    """Something a condition may ask about a lead. `unit` follows a number in words."""

    key: str
    label: str
    type: Type
    unit: str = ""


FACTS = {
    fact.key: fact
    for fact in (
        Fact("name", "Name of the contact", Type.PRESENCE),
        Fact("email", "E-mail address", Type.PRESENCE),
        Fact("phone", "Telephone", Type.PRESENCE),
        Fact("company", "Company", Type.PRESENCE),
        Fact("need", "Need", Type.PRESENCE),
        Fact("owner", "Owner", Type.PRESENCE),
        Fact("channel", "Channel", Type.CHOICE),
        Fact("campaign", "Campaign", Type.CHOICE),
        Fact("segment", "Segment", Type.CHOICE),
        Fact("region", "Region", Type.CHOICE),
        Fact("company_segment", "Segment of the company", Type.CHOICE),
        Fact("company_region", "Region of the company", Type.CHOICE),
        Fact("origin", "Origin", Type.CHOICE),
        Fact("tier", "Tier", Type.CHOICE),
        Fact("score", "Score", Type.NUMBER, "points"),
        Fact("touches", "Touches by marketing", Type.COUNT, "touches"),
        Fact("touches_90", "Touches by marketing in the last 90 days", Type.COUNT, "touches"),
        Fact("last_touch", "Days since the last touch by marketing", Type.NUMBER, "days"),
        Fact("age", "Days since the lead came in", Type.NUMBER, "days"),
        Fact("in_stage", "Days in its stage", Type.NUMBER, "days"),
    )
}


@dataclass(frozen=True)
class Condition:
    """`values` for one of and none of, `number` for at least and at most."""

    fact: str
    op: Op
    values: tuple[str, ...] = ()
    number: int | None = None

    @property
    def words(self) -> str:
        fact = FACTS[self.fact]
        if self.op in _ASK_NOTHING:
            return f"{fact.label} {OP_WORDS[self.op]}"
        if self.number is not None:
            return f"{fact.label}: {OP_WORDS[self.op]} {self.number:,}"
        return f"{fact.label} {'is' if self.op == Op.ONE_OF else 'is not'} {' or '.join(map(_name, self.values))}"


def _name(value: str) -> str:
    """A name within a sentence: in quotes where it could be read as several, so that different rules read differently."""
    return f"“{value}”" if "or" in value.split() or any(mark in value for mark in _MARKS) else value


@dataclass(frozen=True)
class EntryRule:
    """What a lead must fulfil to enter a stage. Without conditions everything may."""

    every: tuple[Condition, ...] = ()
    some: tuple[Condition, ...] = ()

    def __bool__(self):
        return bool(self.every or self.some)

    @property
    def words(self) -> list[str]:
        """A line for each thing that must hold."""
        return [one.words for one in self.every] + ([_either(self.some)] if self.some else [])


@dataclass(frozen=True)
class Facts:
    """What is known of a lead at an instant: None is unknown; a count is never None."""

    held: Mapping[str, str | int | None] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str | int | None:
        value = self.held.get(key)
        return None if value == "" else value


def _either(conditions: Sequence[Condition]) -> str:
    words = [one.words for one in conditions]
    return words[0] if len(words) == 1 else "At least one of: " + "; ".join(words)


def holds(condition: Condition, facts: Facts) -> bool:
    value = facts[condition.fact]
    match condition.op:
        case Op.KNOWN:
            return value is not None
        case Op.UNKNOWN:
            return value is None
        case _ if value is None:
            return False
        case Op.ONE_OF:
            return value in condition.values
        case Op.NONE_OF:
            return value not in condition.values
        case Op.AT_LEAST:
            return value >= condition.number
        case Op.AT_MOST:
            return value <= condition.number


def unmet(rule: EntryRule, facts: Facts) -> list[str]:
    """The lines of the rule that do not hold, in its words. Empty: the lead may enter."""
    found = [one.words for one in rule.every if not holds(one, facts)]
    if rule.some and not any(holds(one, facts) for one in rule.some):
        found.append(_either(rule.some))
    return found


def asks_for_score(rule: EntryRule) -> bool:
    return any(one.fact == "score" for one in (*rule.every, *rule.some))


def days_between(earlier: dt.datetime | None, now: dt.datetime) -> int | None:
    """Whole days of 24 hours that have passed; None if the instant is not known."""
    return None if earlier is None else (now - earlier) // dt.timedelta(days=1)


def write_rule(rule: EntryRule) -> dict:
    """As it is stored: JSON that `read_rule` reads back to the same rule."""
    return {name: [write_condition(one) for one in getattr(rule, name)] for name in ("every", "some")}


def write_condition(condition: Condition) -> dict:
    row: dict = {"fact": condition.fact, "op": str(condition.op)}
    if condition.values:
        row["values"] = list(condition.values)
    if condition.number is not None:
        row["number"] = condition.number
    return row


def read_rule(raw: Mapping) -> EntryRule:
    """A rule out of JSON. DomainError names the condition and what is wrong with it."""
    rule = EntryRule(
        *(
            tuple(read_condition(row, f"Condition {i}") for i, row in enumerate(raw.get(name, []), 1))
            for name in ("every", "some")
        )
    )
    if len(rule.every) + len(rule.some) > MOST_CONDITIONS:
        raise DomainError("too_many_conditions", f"A rule has at most {MOST_CONDITIONS} conditions.")
    return rule


def read_condition(row: Mapping, where: str) -> Condition:
    """A condition out of JSON. DomainError begins with `where` it stands."""
    fact = FACTS.get(row.get("fact", ""))
    if fact is None:
        raise DomainError("fact_unknown", f"{where}: choose what it asks about.", field="fact")
    if row.get("op") not in OPS[fact.type]:
        raise DomainError("op_unknown", f"{where}: {_may_ask(fact)}", field="op")
    op = Op(row["op"])
    if op in _ASK_NOTHING:
        return Condition(fact.key, op)
    if op in (Op.AT_LEAST, Op.AT_MOST):
        number = row.get("number")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_NUMBER:
            raise DomainError("number_unreadable", f"{where}: give a whole number from 0 to {MOST_NUMBER:,}.", field="value")
        return Condition(fact.key, op, number=number)
    values = tuple(dict.fromkeys(str(value).strip() for value in row.get("values", []) if str(value).strip()))
    if not values:
        raise DomainError("values_missing", f"{where}: name at least one, separated by commas.", field="value")
    if len(values) > MOST_VALUES:
        raise DomainError("too_many_values", f"{where}: at most {MOST_VALUES} names.", field="value")
    return Condition(fact.key, op, values=values)


def _may_ask(fact: Fact) -> str:
    return f"“{fact.label}” can be asked: {', '.join(OP_WORDS[op] for op in OPS[fact.type])}."
