"""The one place that appends events of leads, deals and touches, one or thousands at a time.

Everything happens in one transaction: locks, events, projections, stale notes. Single actions in `leads` and `deals` are
bulk of one, so that an import and a click leave exactly the same rows behind.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F, Q

from core.errors import DomainError
from core.stale import note_stale
from funnel.models import StageKind
from leads.locks import lock_deals, lock_leads
from leads.models import Deal, DealEvent, Lead, LeadEvent, Precision, Touch
from leads.projection import Context, counted_lead, refresh_deals, refresh_leads

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
        lock_leads(ids)
        LeadEvent.objects.bulk_create(events, batch_size=500)
        Lead.objects.filter(id__in=ids).update(version=F("version") + 1)
        refresh_leads(ids, context=context)


def append_touches(touches: Sequence[Touch], *, context: Context | None = None) -> None:
    """Append touches; a sales contact also changes the speed-to-lead of the stays it answers."""
    now = dt.datetime.now(dt.UTC)
    context = context or Context()
    for touch in touches:
        refuse_future(touch.occurred_at, now)
        touch.day = context.calendar.day_of(touch.occurred_at)
    ids = {t.lead_id for t in touches if t.lead_id}
    with transaction.atomic():
        leads = lock_leads(ids)
        Touch.objects.bulk_create(touches, batch_size=500)
        counted = {lead_id: leads[lead_id].merged_into_id or lead_id for lead_id in ids}
        days = {(counted.get(t.lead_id), t.day) for t in touches}
        note_stale(days if len(days) <= 2_000 else {(None, day) for _, day in days})
        refresh_leads({t.lead_id for t in touches if t.lead_id and t.side == "sales"}, context=context)


def append_deal_events(events: Sequence[DealEvent], *, context: Context | None = None) -> None:
    """Append events to existing deals, rebuild them, and move their leads as architecture section 4 says."""
    now = dt.datetime.now(dt.UTC)
    for event in events:
        refuse_future(event.occurred_at, now)
    context = context or Context()
    ids = {e.deal_id for e in events}
    with transaction.atomic():
        lead_ids = set(Deal.objects.filter(id__in=ids, lead__isnull=False).values_list("lead_id", flat=True))
        lock_leads(lead_ids)
        lock_deals(ids)
        DealEvent.objects.bulk_create(events, batch_size=500)
        Deal.objects.filter(id__in=ids).update(version=F("version") + 1)
        refresh_deals(ids, context=context)
        moves = _moves_of_leads(events, context)
        if moves:
            append_lead_events(moves, context=context)


def _moves_of_leads(events: Iterable[DealEvent], context: Context) -> list[LeadEvent]:
    """The first won deal moves its lead to Won; a lost one moves it to Lost if no other is open or won (architecture 4)."""
    closes = [e for e in events if e.kind in (DealEvent.Kind.WON, DealEvent.Kind.LOST)]
    voids = [e for e in events if e.kind == DealEvent.Kind.DEAL_VOIDED or (e.kind == DealEvent.Kind.VOIDED and e.target_id)]
    if not closes and not voids:
        return []
    deals = Deal.objects.filter(id__in={e.deal_id for e in [*closes, *voids]}, lead__isnull=False).select_related("lead")
    deals = {deal.id: deal for deal in deals}
    lead_of = {deal_id: counted_lead(deal) for deal_id, deal in deals.items()}
    leads = {lead.id: lead for lead in Lead.objects.filter(id__in=set(lead_of.values()))}
    siblings: dict[int, list[Deal]] = defaultdict(list)
    counted = set(lead_of.values())
    for deal in Deal.objects.filter(
        Q(lead_id__in=counted) | Q(lead__merged_into_id__in=counted), voided=False
    ).select_related("lead"):
        siblings[counted_lead(deal)].append(deal)
    book, moves = context.book, []
    at_won: set[int] = set()
    kind_now = {
        lead.id: book.newest.stages[lead.stage_id].kind for lead in leads.values() if lead.stage_id in book.newest.stages
    }
    for event in sorted(closes, key=lambda e: (e.occurred_at, e.id)):
        lead_id = lead_of.get(event.deal_id)
        if lead_id is None or deals[event.deal_id].voided or kind_now.get(lead_id) == StageKind.WON or lead_id in at_won:
            continue
        version = book.on(context.calendar.day_of(event.occurred_at))
        if event.kind == DealEvent.Kind.WON:
            stage = version.of_kind(StageKind.WON)
            at_won.add(lead_id)
        else:
            others = [d for d in siblings[lead_id] if d.id != event.deal_id and _stood(d, event.occurred_at)]
            stage = None if others or kind_now.get(lead_id) == StageKind.LOST else version.of_kind(StageKind.LOST)
        if stage is None:
            continue
        moves.append(
            LeadEvent(
                lead_id=lead_id,
                kind=LeadEvent.Kind.MOVED,
                from_stage_id=leads[lead_id].stage_id,
                to_stage_id=stage.id,
                occurred_at=event.occurred_at,
                time_precision=event.time_precision,
                reason=event.reason,
                actor_id=event.actor_id,
                source="deal",
                external_id=f"{event.id}:{event.kind}",
                import_batch_id=event.import_batch_id,
            )
        )
    return moves + _takebacks(voids)


def _stood(deal: Deal, at: dt.datetime) -> bool:
    """Whether a deal was open or won at an instant: a file may tell of a later deal in the same breath."""
    if deal.created_at is None or deal.created_at > at:
        return False
    return deal.status != Deal.Status.LOST or deal.closed_at > at


def _takebacks(voids: Sequence[DealEvent]) -> list[LeadEvent]:
    """When a deal, its win or its loss is taken back, so is the move that it caused."""
    targets = {v.target_id: v for v in voids if v.target_id}
    out = {v.deal_id: v for v in voids if v.kind == DealEvent.Kind.DEAL_VOIDED}
    if out:
        closes = DealEvent.objects.filter(deal_id__in=out, kind__in=(DealEvent.Kind.WON, DealEvent.Kind.LOST))
        targets |= {event_id: out[deal_id] for event_id, deal_id in closes.values_list("id", "deal_id")}
    keys = {f"{i}:{kind}": v for i, v in targets.items() for kind in (DealEvent.Kind.WON, DealEvent.Kind.LOST)}
    caused = LeadEvent.objects.filter(source="deal", external_id__in=keys, voiding_events__isnull=True).order_by("id")
    return [
        LeadEvent(
            lead_id=move.lead_id,
            kind=LeadEvent.Kind.VOIDED,
            target=move,
            occurred_at=keys[move.external_id].occurred_at,
            actor_id=keys[move.external_id].actor_id,
            source="deal",
            external_id=f"{keys[move.external_id].id}:{move.id}:{DealEvent.Kind.VOIDED}",
        )
        for move in caused
    ]


def precise(occurred_at: dt.datetime | None, fallback: dt.datetime) -> tuple[dt.datetime, str]:
    """An instant and its precision; unknown times are placed at `fallback`, where they count in stock alone."""
    return (fallback, Precision.UNKNOWN) if occurred_at is None else (occurred_at, Precision.INSTANT)
