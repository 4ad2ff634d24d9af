"""Small words of the lead pages."""

import datetime as dt

from django import template

from core.templatetags.display import DASH, day_words

register = template.Library()


@register.filter
def day(value: dt.date | None, today: dt.date) -> str:
    """today, tomorrow, 27 Aug"""
    return day_words(value, today) if value else DASH
