"""Days of the minutes, which keep them as text."""

import datetime as dt

from django import template

register = template.Library()


@register.filter
def long_day(iso: str) -> str:
    """2026-11-02 -> 2 Nov 2026"""
    day = dt.date.fromisoformat(iso)
    return f"{day.day} {day:%b %Y}"
