"""Reads of the agreement's versions."""

import datetime as dt

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from funnel.models import Agreement, GlossaryTerm

State = Agreement.State
OPEN = (State.DRAFT, State.PROPOSED)
HELD = (State.IN_FORCE, State.SUPERSEDED)


def open_version() -> Agreement | None:
    """The draft, or the version that waits for signatures: there is one at most."""
    return Agreement.objects.filter(state__in=OPEN).first()


def version_in_force(today: dt.date) -> Agreement | None:
    """The version of a day; before the first one, the first."""
    held = Agreement.objects.filter(state__in=HELD)
    return held.filter(from_day__lte=today).order_by("-from_day").first() or held.order_by("from_day").first()


def coming_version(today: dt.date) -> Agreement | None:
    """A version that is agreed and begins later."""
    return Agreement.objects.filter(state=State.IN_FORCE, from_day__gt=today).order_by("from_day").first()


def shown_version(today: dt.date) -> Agreement | None:
    """What the console's pages show: the draft while there is one, else the newest version."""
    return open_version() or coming_version(today) or version_in_force(today)


def words_in_force(today: dt.date) -> dict[str, GlossaryTerm]:
    """The glossary of a day by its words in lower case, in one query: the dashboard reads it too."""
    held = Agreement.objects.filter(state__in=HELD).values("id")
    present = held.filter(from_day__lte=today).order_by("-from_day")[:1]
    version = Coalesce(Subquery(present), Subquery(held.order_by("from_day")[:1]))
    return {term.word.casefold(): term for term in GlossaryTerm.objects.filter(agreement_id=version)}
