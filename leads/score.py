"""The points of a version (funnel.score) asked of leads: a few at hand or thousands at once. Reads only.

A score is that of a company's day: touches are as old as they are at its end. So it changes when something happens, and
else at midnight alone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from accounts.models import Side
from core.queries import Calendar, calendar
from funnel.criteria import Facts
from funnel.models import Agreement, PointsTable
from funnel.queries import has_points, points_table, version_in_force
from funnel.score import Scored, ScoreTable, scored, scored_points
from leads.criteria import LINKS, NAMES
from leads.models import Lead, Touch

Touches = list[tuple[str, dt.datetime]]


def scoring_on(day: dt.date) -> tuple[Agreement | None, ScoreTable]:
    """The version of a day and its points; no rows where the score is what other systems say."""
    version = version_in_force(day)
    return version, points_table(version.id) if version else ScoreTable()


def agreement_scores() -> bool:
    """Whether the points of the agreement decide the score today."""
    # Most companies have none: one query tells.
    return PointsTable.objects.exists() and has_points(calendar().day_of(dt.datetime.now(dt.UTC)))


def as_of(cal: Calendar, day: dt.date) -> dt.datetime:
    """The instant that a score of a day is computed for."""
    return cal.end_of_day(day)


def standing_touches() -> QuerySet[Touch]:
    """Touches by marketing that nobody took back."""
    return Touch.objects.filter(side=Side.MARKETING, voids__isnull=True, voided_by__isnull=True)


def known_of(leads: Collection[int], table: ScoreTable) -> dict[int, tuple[Facts, Touches]]:
    """What the rows of a table ask about these leads (ids), in three queries. Touches of merged leads count for the one
    that stands."""
    asked = sorted({row.condition.fact for row in table.fit})
    rows = Lead.objects.filter(pk__in=leads).annotate(need=Cast(KeyTextTransform("need", "custom"), TextField()))
    columns = [NAMES.get(key) or LINKS.get(key, key) for key in asked]
    facts = {pk: Facts(dict(zip(asked, values, strict=True))) for pk, *values in rows.values_list("pk", *columns)}
    touches: dict[int, Touches] = defaultdict(list)
    if table.engagement:
        own = standing_touches().filter(lead__in=leads).values_list("lead_id", "kind", "occurred_at")
        parts = standing_touches().filter(lead__merged_into__in=leads)
        for found in (own, parts.values_list("lead__merged_into_id", "kind", "occurred_at")):
            for lead, kind, at in found.iterator():
                touches[lead].append((kind, at))
    return {pk: (known, touches.get(pk, [])) for pk, known in facts.items()}


def points_of(leads: Collection[int], table: ScoreTable, now: dt.datetime) -> dict[int, int]:
    """The scores of these leads (ids)."""
    known = known_of(leads, table)
    return {pk: scored_points(table, facts, touches, now) for pk, (facts, touches) in known.items()}


def reasons_of(leads: Sequence[int], table: ScoreTable, now: dt.datetime) -> dict[int, Scored]:
    """The scores of these leads (ids) with what they are made of."""
    return {pk: scored(table, facts, touches, now) for pk, (facts, touches) in known_of(leads, table).items()}
