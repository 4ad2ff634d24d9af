"""What a test on history said of a version, where people decide on it."""

from django import template

from funnel.queries import version_before
from metrics.backtest_pages import summary

register = template.Library()


@register.inclusion_tag("console/parts/backtest_card.html")
def backtest_card(version) -> dict:
    """Whether the version was tried on history and what came out, with the way there. Nothing for a first version."""
    return {"version": version, "first": version_before(version) is None, "summary": summary(version)}


@register.filter
def of_most(value: int, most: int) -> int:
    """How long a bar is, in hundredths of the longest."""
    return round(100 * value / most)
