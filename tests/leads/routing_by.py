"""A company whose routing is on, for the tests of routing."""

import datetime as dt

from accounts import services as accounts
from accounts.models import Role, Team
from leads.models import Lead, RoutedHandoff, Routing, RoutingRule
from leads.services import create_lead
from leads.services.routing import route_waiting
from leads.services.routing_rules import save_rule, set_queue, switch_routing

START = dt.date(2025, 1, 1)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def rule(name="Everything", *, team=None, people=(), change=None, **values) -> RoutingRule:
    return save_rule(rule=change, values={"name": name, "team": team, "method": "round_robin"} | values, people=people,
                     actor=None)  # fmt: skip


def switch_on() -> None:
    """As if the rules had been on for a day, with sales' queue for what they leave."""
    set_queue(team=Team.objects.get(name="Sales"), actor=None)
    switch_routing(on=True, now=now(), actor=None)
    Routing.objects.update(on_since=now() - dt.timedelta(days=1))


def reps(count: int) -> list:
    """Further reps of sales, in the order of their ids."""
    team, found = Team.objects.get(name="Sales"), []
    for number in range(count):
        user = accounts.add_person(email=f"rep{number}@example.com", name=f"Rep {number}", password=None, actor=None)
        accounts.give_role(user=user, role=Role.REP, team=team, from_day=START, actor=None)
        found.append(user)
    return found


def enters(stages, *, at=None, stage="mql", **fields) -> Lead:
    """A lead that comes in as an MQL a moment ago."""
    return create_lead(stage=stages[stage], occurred_at=at or now() - dt.timedelta(minutes=5), actor=None, **fields)


def routed() -> int:
    return route_waiting(now=now())


def owner_of(lead: Lead):
    lead.refresh_from_db()
    return lead.owner


def why(lead: Lead) -> RoutedHandoff:
    """The newest reason that stands beside the lead's assignments."""
    return RoutedHandoff.objects.filter(lead=lead).select_related("event", "person", "team", "rule").latest("id")
