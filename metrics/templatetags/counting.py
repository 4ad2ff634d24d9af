"""How a number is counted, for pages that draw it."""

from django import template

from metrics.counting import Policy, policy_of
from metrics.definitions import METRICS

register = template.Library()


@register.simple_tag
def counted(key: str) -> Policy:
    """The counting policy of a metric: `{% counted "won_deals" as rule %}{{ rule.line }}`."""
    return policy_of(METRICS[key])
