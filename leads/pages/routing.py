"""What the pages of routing show: the rules, what they gave away lately, how they were changed, what waits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from accounts.presence import SalesPeople
from leads.models import Handoff, HandoffStanding, RoutedHandoff, RoutingChange, RoutingRule
from leads.pages.routing_words import asks_of
from leads.routing_queries import standing_rules

LATELY = 30
CHANGES = 20
_LABELS = {
    "name": "name", "segment": "segment", "region": "region", "channel": "channel", "tier": "tier", "origin": "started by",
    "team": "team", "people": "people", "method": "method", "order": "order", "routing": "routing",
}  # fmt: skip


@dataclass(frozen=True)
class RuleLine:
    """A rule as its row of the table. `there`: how many of its people are there today, of how many."""

    rule: RoutingRule
    asks: list[tuple[str, str]]
    people: list[str]
    there: int
    of: int
    given: int


@dataclass(frozen=True)
class ChangeLine:
    row: RoutingChange
    what: str
    details: list[str]


def read_rules(people: SalesPeople, now: dt.datetime, today: dt.date) -> list[RuleLine]:
    """The rules in their order, with what each gave away in the last 30 days."""
    since = now - dt.timedelta(days=LATELY)
    given = RoutedHandoff.objects.filter(recorded_at__gte=since, rule__isnull=False, person__isnull=False)
    counts = dict(given.values_list("rule_id").annotate(n=Count("id")))
    present, found = people.present(today), []
    for rule in standing_rules():
        named = list(rule.people.all())
        ids = people.reps.get(rule.team_id, ()) if rule.team_id else [user.pk for user in named]
        there = len(present.intersection(ids))
        names = sorted(str(user) for user in named)
        found.append(RuleLine(rule, asks_of(rule), names, there, len(ids), counts.get(rule.pk, 0)))
    return found


def given_lately(now: dt.datetime) -> dict[str, int]:
    """Leads that routing gave to a person, and those it put into the queue, in the last 30 days."""
    rows = RoutedHandoff.objects.filter(recorded_at__gte=now - dt.timedelta(days=LATELY))
    counts = rows.exclude(why=RoutedHandoff.Why.TAKEN).aggregate(all=Count("id"), people=Count("person"))
    return {"people": counts["people"], "queue": counts["all"] - counts["people"]}


def waiting_now() -> int:
    """Open handoffs that no person of sales has: the same number for everybody."""
    return Handoff.objects.filter(state=HandoffStanding.OPEN, assigned_at__isnull=True).count()


def read_changes() -> list[ChangeLine]:
    rows = RoutingChange.objects.select_related("actor", "rule").order_by("-id")[:CHANGES]
    return [ChangeLine(row, _what(row), _details(row)) for row in rows]


def _what(row: RoutingChange) -> str:
    match row.act:
        case RoutingChange.Act.SWITCHED:
            return f"Switched routing {row.after['routing']}"
        case RoutingChange.Act.QUEUE:
            return f"What the rules leave waits for {row.after['team']}"
        case RoutingChange.Act.MOVED:
            return f"Moved “{row.rule.name}”"
    name = (row.after or row.before)["name"]
    return f"{row.get_act_display()} “{name}”"


def _details(row: RoutingChange) -> list[str]:
    """What differs, in words."""
    if row.act in (RoutingChange.Act.SWITCHED, RoutingChange.Act.QUEUE):
        return []
    if row.act == RoutingChange.Act.MOVED:
        return [f"order: {_said(row.before['order'])} → {_said(row.after['order'])}"]
    found = []
    for key, label in _LABELS.items():
        old, new = row.before.get(key) or "", row.after.get(key) or ""
        if old == new or (key == "name" and row.act != RoutingChange.Act.CHANGED):
            continue
        if row.act == RoutingChange.Act.CHANGED:
            found.append(f"{label}: {_said(old) or 'none'} → {_said(new) or 'none'}")
        else:
            found.append(f"{label}: {_said(new or old)}")
    return found


def _said(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return dict(RoutingRule.Method.choices).get(value, value)
    return ", ".join(value)
