"""Writes to the routing rules. Every change is kept: who, when, what it was and what it is."""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import Max

from accounts.models import Team, User
from core.errors import DomainError
from leads.models import Routing, RoutingChange, RoutingRule
from leads.routing_queries import standing_rules

MOST_RULES = 50
_LINKS = ("segment", "region", "channel", "team")
_WORDS = ("name", "tier", "origin", "method")
_Act = RoutingChange.Act


def _hold() -> Routing:
    """The lock under which leads are given away: a rule never changes in the middle of a round."""
    Routing.objects.get_or_create(id=1)
    return Routing.objects.select_for_update().get(id=1)


def words_of(rule: RoutingRule, people: Collection[User]) -> dict[str, str | list[str]]:
    """A rule as the log keeps it."""
    said = {name: str(getattr(rule, name) or "") for name in (*_WORDS, *_LINKS)}
    return said | {"people": sorted(str(person) for person in people)}


def save_rule(
    *, rule: RoutingRule | None, values: Mapping[str, object], people: Collection[User], actor: User | None
) -> RoutingRule:
    """Add a rule at the end, or change one. `values`: name, method, segment, region, channel, tier, origin, team.

    DomainError unless it names a team or people, not both.
    """
    team = values.get("team")
    if bool(team) == bool(people):
        raise DomainError("target_missing", "Choose a team, or people by name.", field="team")
    with transaction.atomic():
        _hold()
        before = {}
        if rule is None:
            if standing_rules().count() >= MOST_RULES:
                raise DomainError("too_many_rules", f"{MOST_RULES} rules are the most. Remove one first.")
            last = standing_rules().aggregate(last=Max("position"))["last"] or 0
            row = RoutingRule(position=last + 1)
        else:
            row = _standing(rule)
            before = words_of(row, list(row.people.all()))
        for name in (*_WORDS, *_LINKS):
            setattr(row, name, values.get(name) or ("" if name in _WORDS else None))
        row.save()
        row.people.set(people)
        after = words_of(row, people)
        if before != after:
            _log(_Act.CHANGED if before else _Act.ADDED, actor, row, before, after)
    return row


def _standing(rule: RoutingRule) -> RoutingRule:
    row = RoutingRule.objects.filter(pk=rule.pk, removed_at__isnull=True).first()
    if row is None:
        raise DomainError("rule_removed", "This rule was removed.")
    return row


def move_rule(*, rule: RoutingRule, up: bool, actor: User | None) -> None:
    """One place up or down. At the end of the list nothing happens."""
    with transaction.atomic():
        _hold()
        rows = list(standing_rules())
        place = next((index for index, row in enumerate(rows) if row.pk == rule.pk), None)
        if place is None:
            raise DomainError("rule_removed", "This rule was removed.")
        other = place + (-1 if up else 1)
        if not 0 <= other < len(rows):
            return
        before = [row.name for row in rows]
        rows[place], rows[other] = rows[other], rows[place]
        for position, row in enumerate(rows, start=1):
            RoutingRule.objects.filter(pk=row.pk).update(position=position)
        _log(_Act.MOVED, actor, rule, {"order": before}, {"order": [row.name for row in rows]})


def remove_rule(*, rule: RoutingRule, now: dt.datetime, actor: User | None) -> None:
    """It gives nothing away any more. The row stays for what was given away under it."""
    with transaction.atomic():
        _hold()
        row = _standing(rule)
        RoutingRule.objects.filter(pk=row.pk).update(removed_at=now)
        _log(_Act.REMOVED, actor, row, words_of(row, list(row.people.all())), {})


def set_queue(*, team: Team, actor: User | None) -> None:
    """Whose queue takes the leads for which no rule fits or nobody is there."""
    if team.retired:
        raise DomainError("team_retired", f"{team} is retired and has nobody to take leads.", field="team")
    with transaction.atomic():
        setup = _hold()
        before = setup.fallback_team
        if before == team:
            return
        Routing.objects.filter(id=1).update(fallback_team=team)
        _log(_Act.QUEUE, actor, None, {"team": str(before or "")}, {"team": str(team)})


def switch_routing(*, on: bool, now: dt.datetime, actor: User | None) -> None:
    """On: what enters MQL from now on is given away by the rules. Off: it waits for people to give it away."""
    with transaction.atomic():
        setup = _hold()
        if on == (setup.on_since is not None):
            return
        if on and setup.fallback_team is None:
            raise DomainError("queue_missing", "First choose whose queue takes what the rules leave.", field="team")
        Routing.objects.filter(id=1).update(on_since=now if on else None)
        said = {True: "on", False: "off"}
        _log(_Act.SWITCHED, actor, None, {"routing": said[not on]}, {"routing": said[on]})


def _log(act: str, actor: User | None, rule: RoutingRule | None, before: dict, after: dict) -> None:
    RoutingChange.objects.create(act=act, rule=rule, before=before, after=after, actor=actor)
