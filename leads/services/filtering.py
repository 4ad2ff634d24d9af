"""Writes of the filters: their rules, and the taking back of touches of the past that they name."""

import ipaddress
import re

from django.db import transaction

from accounts.models import ConsoleEvent, User
from accounts.services.history import record_event
from core.errors import Conflict, DomainError
from leads.models import FilterRule, FilterRun
from leads.services.arrivals import voiding
from leads.services.bulk import append_touches
from leads.touch_filters import load_filters

Kind = FilterRule.Kind
# Touches in one go: a page has to answer.
MOST = 2_000
_DOMAIN = re.compile(r"(?=.{4,150}$)([a-z0-9_]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


def add_filter(*, kind: str, value: str, reason: str, actor: User) -> FilterRule:
    """From now on such touches count nowhere. Those of the past are taken back by `take_back_matching`."""
    value = _checked(kind, value.strip())
    with transaction.atomic():
        if FilterRule.objects.filter(kind=kind, value=value).exists():
            raise DomainError("rule_known", "There is such a rule already.", field="value")
        rule = FilterRule.objects.create(kind=kind, value=value, reason=reason, created_by=actor)
        said = f"Touches are filtered by: {rule} ({rule.get_reason_display().lower()})."
        record_event(area=ConsoleEvent.Area.ORGANISATION, text=said, actor=actor)
    return rule


def _checked(kind: str, value: str) -> str:
    """The value as rules compare it; DomainError if it would name nothing, or nearly everything."""
    if kind in (Kind.DOMAIN, Kind.SITE):
        value = value.casefold().removeprefix("@")
        if not _DOMAIN.fullmatch(value):
            raise _refused("not_a_domain", "Write a domain, such as example.com.")
    elif kind == Kind.NETWORK:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError as error:
            raise _refused("not_a_network", "Write an address or a network, such as 192.0.2.0/24.") from error
        if network.prefixlen < (8 if network.version == 4 else 32):
            raise _refused("network_too_wide", "This is a large part of the internet. Write a smaller one.")
        value = str(network)
    elif len(value) < 4:
        raise _refused("too_short", "Write at least four characters, so that people's browsers are not meant.")
    return value


def _refused(code: str, message: str) -> DomainError:
    return DomainError(code, message, field="value")


def remove_filter(*, rule: FilterRule, actor: User) -> None:
    """What it took back stays taken back."""
    with transaction.atomic():
        text = f"Touches are no longer filtered by: {rule}."
        record_event(area=ConsoleEvent.Area.ORGANISATION, text=text, actor=actor)
        FilterRule.objects.filter(pk=rule.pk).delete()


def take_back_matching(*, expected: int, actor: User) -> FilterRun:
    """Take back marketing's standing touches that the rules name; a sales contact is never filtered.

    `expected`: how many the preview named; if it is another number by now nothing is written (Conflict). At most 2,000 in
    one transaction, oldest first; what is left is there for the next run.
    """
    with transaction.atomic():
        named = load_filters().named()
        if len(named) != expected:
            raise Conflict("other_touches", f"By now the rules name {len(named)} touches. Look at them again.")
        taken = named[:MOST]
        run = FilterRun.objects.create(actor=actor, taken_back=len(taken))
        voids = [voiding(one.touch, actor=actor, why=one.reason, run=f"run {run.pk}") for one in taken]
        if voids:
            append_touches(voids)
    return run
