"""The one place that appends events of leads, deals and touches, one or thousands at a time.

Everything happens in one transaction: locks, events, projections, stale notes. Single actions in `leads` and `deals` are
bulk of one, so that an import and a click leave exactly the same rows behind.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from core.bulk_rows import insert_rows
from core.errors import DomainError
from core.stale import note_stale
from leads.handoff_context import say_what_was_known
from leads.locks import hold_leads, lock_deals
from leads.models import Deal, DealEvent, Lead, LeadEvent, Precision, Touch
from leads.projection import Context, refresh_deals, refresh_leads
from leads.services.deal_bases import conversions_after
from leads.services.deal_moves import moves_of_closes, moves_of_wins_left
from leads.services.scoring import note_scores

# Events that change what is known of a lead, or whose touches count for it.
_SCORED = (
    LeadEvent.Kind.CREATED,
    LeadEvent.Kind.AMENDED,
    LeadEvent.Kind.MERGED,
    LeadEvent.Kind.LEAD_VOIDED,
    LeadEvent.Kind.VOIDED,
)
FUTURE_LIMIT = dt.timedelta(minutes=5)


def refuse_future(occurred_at: dt.datetime, now: dt.datetime) -> None:
    """Events more than five minutes ahead are a wrong clock or a wrong date (DQ5)."""
    if occurred_at > now + FUTURE_LIMIT:
        raise DomainError("in_the_future", f"{occurred_at:%Y-%m-%d %H:%M} lies in the future.", field="occurred_at")


def append_lead_events(events: Sequence[LeadEvent], *, context: Context | None = None) -> None:
    """Append events to existing leads and rebuild what they change. Callers have checked the moves against the rules."""
    now = dt.datetime.now(dt.UTC)
    for event in events:
        refuse_future(event.occurred_at, now)
    context = context or Context()
    for event in events:
        if event.agreement_id is None:
            event.agreement_id = context.book.on(context.calendar.day_of(event.occurred_at)).id
    ids = {e.lead_id for e in events} | {e.other_lead_id for e in events if e.other_lead_id}
    with transaction.atomic():
        hold_leads(ids)
        say_what_was_known(events, context.book)
        insert_rows(events)
        Lead.objects.filter(id__in=ids).update(version=F("version") + 1)
        refresh_leads(ids, context=context)
        scored = [e for e in events if e.kind in _SCORED]
        note_scores(pk for e in scored for pk in (e.lead_id, e.other_lead_id) if pk)


def append_touches(touches: Sequence[Touch], *, context: Context | None = None) -> None:
    """Append touches; a sales contact also changes the speed-to-lead of the stays it answers."""
    now = dt.datetime.now(dt.UTC)
    context = context or Context()
    for touch in touches:
        refuse_future(touch.occurred_at, now)
        touch.day = context.calendar.day_of(touch.occurred_at)
    ids = {t.lead_id for t in touches if t.lead_id}
    with transaction.atomic():
        survivors = hold_leads(ids)
        insert_rows(touches)
        counted = {lead_id: survivors[lead_id] or lead_id for lead_id in ids}
        days = {(counted.get(t.lead_id), t.day) for t in touches}
        note_stale(days if len(days) <= 2_000 else {(None, day) for _, day in days})
        refresh_leads({t.lead_id for t in touches if t.lead_id and t.side == "sales"}, context=context)
        note_scores(t.lead_id for t in touches if t.lead_id and t.side == "marketing")


def append_deal_events(events: Sequence[DealEvent], *, context: Context | None = None) -> None:
    """Append events to existing deals, rebuild them, and move their leads as architecture section 4 says.

    What they leave wrongly converted is converted anew: an amount taken back after the win that had converted it.
    """
    now = dt.datetime.now(dt.UTC)
    for event in events:
        refuse_future(event.occurred_at, now)
    context = context or Context()
    ids = {e.deal_id for e in events}
    with transaction.atomic():
        lead_ids = set(Deal.objects.filter(id__in=ids, lead__isnull=False).values_list("lead_id", flat=True))
        hold_leads(lead_ids)
        before = lock_deals(ids)
        insert_rows(events)
        Deal.objects.filter(id__in=ids).update(version=F("version") + 1)
        refresh_deals(ids, context=context)
        if follows := conversions_after(events, before, context):
            insert_rows(follows)
            refresh_deals({e.deal_id for e in follows}, context=context)
        # The second look comes after the first was written: it asks where the leads are then.
        for moves_of in (moves_of_closes, moves_of_wins_left):
            if moves := moves_of(events, context):
                append_lead_events(moves, context=context)


def precise(occurred_at: dt.datetime | None, fallback: dt.datetime) -> tuple[dt.datetime, str]:
    """An instant and its precision; unknown times are placed at `fallback`, where they count in stock alone."""
    return (fallback, Precision.UNKNOWN) if occurred_at is None else (occurred_at, Precision.INSTANT)
