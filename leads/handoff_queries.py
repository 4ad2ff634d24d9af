"""Reads of handoffs, obligations and precedents that pages, API and services share."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from accounts.models import User
from funnel.models import HandoffField
from leads.handoff_projection import Promised
from leads.models import Handoff, HandoffStanding, Lead, LeadEvent, Obligation
from leads.queries import visible_leads

# Where a field of the handoff stands on the lead.
_PERSONAL = {HandoffField.NAME: "name", HandoffField.EMAIL: "email", HandoffField.PHONE: "phone"}
_LINKS = (HandoffField.COMPANY, HandoffField.SEGMENT, HandoffField.REGION, HandoffField.CHANNEL, HandoffField.CAMPAIGN)


def visible_handoffs(user: User) -> QuerySet[Handoff]:
    """The handoffs of the leads a person may open."""
    return Handoff.objects.filter(lead__in=visible_leads(user))


def visible_obligations(user: User) -> QuerySet[Obligation]:
    """What is owed about the leads a person may open."""
    return Obligation.objects.filter(lead__in=visible_leads(user))


# Ages at which an open handoff moves on to the next group of the dashboard.
OPEN_MARKS = (dt.timedelta(hours=4), dt.timedelta(days=1), dt.timedelta(days=3), dt.timedelta(days=7))
WAITING = (HandoffStanding.OPEN, HandoffStanding.RETURNED, HandoffStanding.CONTESTED)


def windows_closed(since: dt.datetime, now: dt.datetime) -> bool:
    """Whether a due time passed in (since, now], or an open handoff grew old enough to be shown as older."""
    a_day = dt.timedelta(days=1)
    # The days, wide enough for every zone, let the index find the few rows.
    days = {"due_day__gte": (since - a_day).date(), "due_day__lte": (now + a_day).date()}
    if Obligation.objects.filter(due_at__gt=since, due_at__lte=now, **days).exists():
        return True
    older = Q()
    for mark in OPEN_MARKS:
        days = {"entered_day__gte": (since - mark - a_day).date(), "entered_day__lte": (now - mark + a_day).date()}
        older |= Q(entered_at__gt=since - mark, entered_at__lte=now - mark, **days)
    return Handoff.objects.filter(older, state__in=WAITING).exists()


def missing_fields(lead: Lead, required: Iterable[str]) -> list[str]:
    """Required fields that are empty on the lead, in their order. Needs `lead.contact` at hand."""
    return [name for name in required if not _value(lead, name)]


def _value(lead: Lead, name: str) -> object:
    if name in _PERSONAL:
        return lead.contact_id and getattr(lead.contact, _PERSONAL[HandoffField(name)]).strip()
    if name in _LINKS:
        return getattr(lead, f"{name}_id")
    if name == HandoffField.SCORE:
        return lead.score is not None
    if name == HandoffField.TIER:
        return lead.tier
    return str(lead.custom.get(name) or "").strip()


def contest_deadline(handoff: Handoff, promised: Promised) -> dt.datetime | None:
    """Until when the decision may be contested; None where the calendar has no such day."""
    if handoff.decided_at is None:
        return None
    days = promised.shelf.on(handoff.entered_day).terms.contest_days
    return promised.hours(None).add_working_days(handoff.decided_at, days) if days else handoff.decided_at


def precedents(*, agreement_id: int | None = None) -> QuerySet[LeadEvent]:
    """Rulings that stand, newest first, with their text: examples beside the definition of the version."""
    rulings = LeadEvent.objects.filter(kind=LeadEvent.Kind.ARBITRATED, voiding_events__isnull=True)
    if agreement_id is not None:
        rulings = rulings.filter(agreement_id=agreement_id)
    return rulings.select_related("note", "actor").order_by("-occurred_at", "-id")
