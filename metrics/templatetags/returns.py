"""Return in words: how much gross profit came for one unit of money spent."""

from django import template

from core.money import exponent
from core.templatetags.display import DASH, MINUS, decimal, money

register = template.Library()


@register.filter
def one_of(currency: str) -> str:
    """€1: one unit of the base currency."""
    return money(10 ** exponent(currency), currency)


@register.filter
def per_one(value: float | None, currency: str) -> str:
    """4.1 -> €4.10, −0.2 -> −€0.20: gross profit for one unit spent; from a hundred on without decimals."""
    if value is None:
        return DASH
    size = abs(value)
    text = one_of(currency).replace("1", decimal(size, 2 if size < 99.995 else 0))
    return f"{MINUS}{text}" if value < 0 and any(char in "123456789" for char in text) else text


@register.filter
def plus_one(romi: float | None) -> float | None:
    """A return as gross profit for one unit spent: −0.3 -> 0.7."""
    return None if romi is None else romi + 1
