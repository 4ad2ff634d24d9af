"""An expectation as a person reads it, and an expected number as a person types it."""

from decimal import Decimal

from core.money import to_minor
from reviews.models import Expectation
from reviews.review_set import UNITS, words_of


def words_of_expectation(one: Expectation) -> str:
    """An expectation in words: its number, its sentence, or both."""
    if not one.number:
        return one.sentence
    number = f"{one.number_label}: {one.get_bound_display()} {words_of(one.target, one.unit, one.currency)}"
    return f"{number}. {one.sentence}" if one.sentence else number


def target_typed(typed: Decimal, unit: str, currency: str) -> int:
    """A typed number in the whole units of a frozen value: shares are typed in percent, money in major units."""
    if unit == "money":
        return to_minor(typed, currency)
    return round((typed / 100 if unit == "share" else typed) * UNITS.get(unit, 1))
