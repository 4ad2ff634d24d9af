"""How the demo gives leads away: three rules, sales' queue behind them, and somebody who will be away."""

import datetime as dt
from collections.abc import Mapping

from accounts.models import Team, User
from accounts.services.absences import enter_absence
from campaigns.models import Channel
from demo import people
from funnel.models import Segment
from leads.models import RoutingRule
from leads.services.routing_rules import save_rule, set_queue, switch_routing


def set_rules(users: Mapping[str, User], teams: Mapping[str, Team], *, now: dt.datetime, today: dt.date) -> None:
    """Routing is on from `now`, so nothing of the story before is given away. `today`: the story's last day."""
    owner = users["maya"]
    rules = (
        ("Machine builders", {"segment": Segment.objects.get(name="Machine builders"), "method": RoutingRule.Method.LOAD},
         ("anna", "marek")),
        ("Trade fair", {"channel": Channel.objects.get(name="Trade fair"), "team": teams[people.FIELD]}, ()),
        ("Everything else", {"team": teams[people.INSIDE]}, ()),
    )  # fmt: skip
    set_queue(team=teams[people.INSIDE], actor=owner)
    for name, values, named in rules:
        values = {"name": name, "method": RoutingRule.Method.ROUND_ROBIN} | values
        save_rule(rule=None, values=values, people=[users[key] for key in named], actor=owner)
    switch_routing(on=True, now=now, actor=owner)
    first = today + dt.timedelta(days=3)
    enter_absence(
        user=users["pieter"], from_day=first, to_day=first + dt.timedelta(days=4), today=today, actor=users["pieter"]
    )
