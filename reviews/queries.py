"""Reads of issues. Everybody reads the same ones; nobody reads who raised them."""

import datetime as dt
import re

from django.db.models import QuerySet

from accounts.models import User
from reviews.models import Issue

SHORTEST_NAME = 3


def shown_issues(today: dt.date) -> QuerySet[Issue]:
    """What people may read: the issues of earlier days, so that nobody can watch one appear and look who is at a desk.

    Within a day the random ids give the order.
    """
    return Issue.objects.filter(day__lt=today).select_related("answered_by").order_by("-day", "id")


def waiting_issues(today: dt.date) -> QuerySet[Issue]:
    """Issues without an answer, for the funnel owner."""
    return shown_issues(today).filter(decision="")


def issues_for_review(today: dt.date) -> QuerySet[Issue]:
    """What the next weekly review takes up: what was sent there, and what nobody has answered."""
    return shown_issues(today).filter(decision__in=("", Issue.Decision.REVIEW))


def names_in(text: str) -> list[str]:
    """People of this company whom a text seems to name, by any part of their name."""
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    found = []
    for name in User.objects.filter(is_active=True).order_by("name").values_list("name", flat=True):
        parts = {part.casefold() for part in re.findall(r"\w+", name) if len(part) >= SHORTEST_NAME}
        if parts & words:
            found.append(name)
    return found
