"""Entry rules (funnel.criteria) asked of leads: of a few that are at hand, and of the database. Reads only.

Both give the same answer for every rule and lead (tests/leads/test_entry_rules.py).
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Aggregate, Count, F, Max, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Greatest

from funnel.criteria import FACTS, Condition, EntryRule, Facts, Op, Type, days_between
from leads.models import Lead

RECENT = dt.timedelta(days=90)
NAMES = {
    "channel": "channel__name",
    "campaign": "campaign__name",
    "segment": "segment__name",
    "region": "region__name",
    "company_segment": "company__segment__name",
    "company_region": "company__region__name",
    "origin": "origin",
    "tier": "tier",
    "name": "contact__name",
    "email": "contact__email",
    "phone": "contact__phone",
}
LINKS = {"company": "company_id", "owner": "owner_id"}
_INSTANTS = {"age": "created_at", "in_stage": "stage_since", "last_touch": "last_touch_at"}


# A lead itself, and what was merged into it.
_WHOSE = ("pk", "merged_into")


def with_facts(leads: QuerySet[Lead], now: dt.datetime) -> QuerySet[Lead]:
    """`leads` with every fact a rule may ask about, as known now: what is text, link or count as a column of its name,
    instants under their own."""
    standing = Q(touches__side="marketing", touches__voids__isnull=True, touches__voided_by__isnull=True)
    standing &= Q(touches__occurred_at__lte=now)
    lately = standing & Q(touches__occurred_at__gt=now - RECENT)
    last = [_of(whose, Max("touches__occurred_at", filter=standing)) for whose in _WHOSE]
    return leads.annotate(
        **{f"fact_{key}": F(path) for key, path in NAMES.items()},
        # Text and not JSON: an empty sentence is compared as one.
        fact_need=Cast(KeyTextTransform("need", "custom"), TextField()),
        fact_touches=_number(standing),
        fact_touches_90=_number(lately),
        # SQLite knows no greater of a moment and nothing.
        last_touch_at=Coalesce(Greatest(*last), *last),
    )


def _number(touches: Q) -> Combinable:
    own, parts = (Coalesce(_of(whose, Count("touches", filter=touches)), 0) for whose in _WHOSE)
    return own + parts


def _of(whose: str, figure: Aggregate) -> Subquery:
    """A figure of the touches of a lead or of its parts; None without such leads.

    It goes from these leads to their touches. Asked of touches, whose lead is this one or was merged into it, either
    database reads all touches there are, for every lead.
    """
    rows = Lead.objects.filter(**{whose: OuterRef("pk")}).order_by().values(whose)
    return Subquery(rows.annotate(figure=figure).values("figure"))


def facts_of(leads: Sequence[int], now: dt.datetime) -> dict[int, Facts]:
    """What is known of these leads (ids) now, by id, in one query."""
    columns = ["score", *LINKS.values(), *_INSTANTS.values(), "fact_need", "fact_touches", "fact_touches_90"]
    rows = with_facts(Lead.objects.filter(pk__in=leads), now).values("pk", *columns, *(f"fact_{key}" for key in NAMES))
    return {row["pk"]: _facts(row, now) for row in rows}


def _facts(row: dict, now: dt.datetime) -> Facts:
    held = {key: row[f"fact_{key}"] for key in (*NAMES, "need", "touches", "touches_90")}
    held |= {key: row[column] for key, column in LINKS.items()}
    held |= {key: days_between(row[column], now) for key, column in _INSTANTS.items()}
    return Facts(held | {"score": row["score"]})


def meeting(leads: QuerySet[Lead], rule: EntryRule, now: dt.datetime) -> QuerySet[Lead]:
    """Those of the leads that meet a rule now."""
    found = with_facts(leads, now)
    for condition in rule.every:
        found = found.filter(_asked(condition, now))
    if rule.some:
        some = Q(pk__in=[])
        for condition in rule.some:
            some |= _asked(condition, now)
        found = found.filter(some)
    return found


def _asked(condition: Condition, now: dt.datetime) -> Q:
    """A condition as the database understands it. What is not known, or empty, holds for the question of that alone."""
    key, op = condition.fact, condition.op
    if key in _INSTANTS:
        return _asked_of_instant(_INSTANTS[key], condition, now)
    column = LINKS.get(key) or ("score" if key == "score" else f"fact_{key}")
    known = Q(**{f"{column}__isnull": False})
    if key in NAMES or key == "need":
        known &= ~Q(**{column: ""})
    match op:
        case Op.KNOWN:
            return known
        case Op.UNKNOWN:
            return ~known
        case Op.ONE_OF:
            return known & Q(**{f"{column}__in": condition.values})
        case Op.NONE_OF:
            return known & ~Q(**{f"{column}__in": condition.values})
    ask = Q(**{f"{column}__{'gte' if op == Op.AT_LEAST else 'lte'}": condition.number})
    return ask if FACTS[key].type == Type.COUNT else known & ask


def _asked_of_instant(column: str, condition: Condition, now: dt.datetime) -> Q:
    """Days that have passed since an instant, in whole days of 24 hours."""
    match condition.op:
        case Op.KNOWN:
            return Q(**{f"{column}__isnull": False})
        case Op.UNKNOWN:
            return Q(**{f"{column}__isnull": True})
        case Op.AT_LEAST:
            return Q(**{f"{column}__lte": _days_before(now, condition.number)})
    return Q(**{f"{column}__gt": _days_before(now, condition.number + 1)})


def _days_before(now: dt.datetime, days: int) -> dt.datetime:
    """So many days of 24 hours before; the first instant that a calendar has where that lies before it."""
    try:
        return now - dt.timedelta(days=days)
    except OverflowError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
