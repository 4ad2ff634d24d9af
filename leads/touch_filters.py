"""Which touches are nobody's interest in buying: those of our own people, and those of machines."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from crawleruseragents import is_crawler
from django.db.models import Q, QuerySet

from leads.models import Arrival, FilterRule, Touch

Kind, Reason = FilterRule.Kind, FilterRule.Reason
# The rule that needs no entry: browsers' names of known crawlers and mail scanners, from a list that others maintain.
KNOWN_MACHINES = "known machines"


@dataclass(frozen=True)
class Seen:
    """What a rule can look at; empty where it is not known. `address` is known only while a form is being received."""

    email: str = ""
    agent: str = ""
    site: str = ""
    address: str = ""


@dataclass(frozen=True)
class Named:
    """A touch that still counts, the rule that names it, and why it should not count."""

    touch: Touch
    rule: str
    reason: str


class Filters:
    """The rules of one moment. Our own people come before machines."""

    def __init__(self, rules: Iterable[FilterRule]):
        self.rules = sorted(rules, key=lambda rule: rule.reason != Reason.INTERNAL)

    def judge(self, seen: Seen) -> tuple[str, str]:
        """The rule by which a touch does not count, in words, and why (internal, bot); two empty words if it counts."""
        rule = next((rule for rule in self.rules if _fits(rule, seen)), None)
        if rule is not None:
            return str(rule), rule.reason
        return (KNOWN_MACHINES, Reason.BOT.value) if seen.agent and is_crawler(seen.agent) else ("", "")

    @cached_property
    def looks_at_people(self) -> bool:
        return any(rule.kind == Kind.DOMAIN for rule in self.rules)

    def named(self) -> list[Named]:
        """The touches of the past that a rule names, oldest first, in two queries for any number of rules."""
        agents = Arrival.objects.exclude(agent="").order_by().values_list("agent", flat=True).distinct()
        condition = Q(arrival__agent__in=[agent for agent in agents if is_crawler(agent)])
        for rule in self.rules:
            condition |= _stored(rule)
        rows = filterable().filter(condition).select_related("contact", "arrival", "campaign", "channel").order_by("id")
        judged = [(touch, *self.judge(_seen(touch))) for touch in rows]
        return [Named(touch, rule, reason) for touch, rule, reason in judged if reason]


def load_filters() -> Filters:
    return Filters(FilterRule.objects.order_by("id"))


def _within(host: str, domain: str) -> bool:
    host, domain = host.casefold(), domain.casefold()
    return host == domain or host.endswith(f".{domain}")


def _fits(rule: FilterRule, seen: Seen) -> bool:
    match rule.kind:
        case Kind.DOMAIN:
            return "@" in seen.email and _within(seen.email.rpartition("@")[2], rule.value)
        case Kind.AGENT:
            return rule.value.casefold() in seen.agent.casefold()
        case Kind.SITE:
            return bool(seen.site) and _within(seen.site, rule.value)
        case Kind.NETWORK:
            return _in_network(seen.address, rule.value)
    return False


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:  # no address, or one of the other family
        return False


def _stored(rule: FilterRule) -> Q:
    match rule.kind:
        case Kind.DOMAIN:
            return Q(contact__email__iendswith=f"@{rule.value}") | Q(contact__email__iendswith=f".{rule.value}")
        case Kind.AGENT:
            return Q(arrival__agent__icontains=rule.value)
        case Kind.SITE:
            return Q(arrival__referrer__iexact=rule.value) | Q(arrival__referrer__iendswith=f".{rule.value}")
    return Q(pk=None)  # addresses are not kept


def _seen(touch: Touch) -> Seen:
    arrival = getattr(touch, "arrival", None)
    email = touch.contact.email if touch.contact else ""
    return Seen(email=email, agent=arrival.agent if arrival else "", site=arrival.referrer if arrival else "")


def filterable() -> QuerySet[Touch]:
    """The touches that filters may take back: marketing's that stand. What a person of sales logged is never filtered."""
    return Touch.objects.filter(side="marketing", voids__isnull=True, voided_by__isnull=True)
