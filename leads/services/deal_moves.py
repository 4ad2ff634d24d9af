"""What deals do to their leads: a close moves the lead, and a move goes and comes back with what caused it (architecture 4).

Nothing is written here: these find the lead events that go with deal events.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Exists, F, OuterRef, Q

from funnel.models import StageKind
from leads.models import Deal, DealEvent, Lead, LeadEvent
from leads.projection import Context, counted_lead

_CLOSES = (DealEvent.Kind.WON, DealEvent.Kind.LOST)
_FROM_DEALS = "deal"  # the source of the lead events that this module makes


def moves_of_closes(events: Sequence[DealEvent], context: Context) -> list[LeadEvent]:
    """The first won deal moves its lead to Won; a lost one moves it to Lost if no other is open or won (architecture 4)."""
    closes = [e for e in events if e.kind in _CLOSES]
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
        move = _move(event, leads[lead_id], stage.id)
        if "recorded_at" not in event.get_deferred_fields():
            # A history that is told afterwards says when each close became known; so did what it caused.
            move.recorded_at = event.recorded_at
        moves.append(move)
    return moves + _takebacks(voids)


def _stood(deal: Deal, at: dt.datetime) -> bool:
    """Whether a deal was open or won at an instant: a file may tell of a later deal in the same breath."""
    if deal.created_at is None or deal.created_at > at:
        return False
    return deal.status != Deal.Status.LOST or deal.closed_at > at


def _takebacks(voids: Sequence[DealEvent]) -> list[LeadEvent]:
    """When a deal, its win or its loss is taken back, so is the move that it caused; a deal that comes back brings it."""
    targets = {v.target_id: v for v in voids if v.target_id}
    # A deal that was taken out and comes back: what took its move back is taken back.
    returned = DealEvent.objects.filter(id__in=targets, kind=DealEvent.Kind.DEAL_VOIDED).values_list("id", flat=True)
    out = {v.deal_id: v for v in voids if v.kind == DealEvent.Kind.DEAL_VOIDED}
    if out:
        closes = DealEvent.objects.filter(deal_id__in=out, kind__in=_CLOSES)
        targets |= {event_id: out[deal_id] for event_id, deal_id in closes.values_list("id", "deal_id")}
    caused = Q(external_id__in=[f"{event_id}:{kind}" for event_id in targets for kind in _CLOSES])
    for event_id in returned:
        caused |= Q(kind=LeadEvent.Kind.VOIDED, external_id__startswith=f"{event_id}:")
    # A taking-back that was taken back itself no longer holds.
    taken_back = Exists(LeadEvent.objects.filter(target_id=OuterRef("pk"), voiding_events__isnull=True))
    found = []
    for event in LeadEvent.objects.filter(caused, ~taken_back, source=_FROM_DEALS).order_by("id"):
        void = targets[int(event.external_id.split(":")[0])]
        found.append(
            LeadEvent(
                lead_id=event.lead_id,
                kind=LeadEvent.Kind.VOIDED,
                target=event,
                occurred_at=void.occurred_at,
                actor_id=void.actor_id,
                source=_FROM_DEALS,
                external_id=f"{void.id}:{event.id}:{DealEvent.Kind.VOIDED}",
            )
        )
    return found


def moves_of_wins_left(events: Sequence[DealEvent], context: Context) -> list[LeadEvent]:
    """When the win that moved a lead is taken back, the first of its other wins moves it: that one is the first win now.

    To be asked after the taking-back was written. A win whose move somebody took back does not move the lead again.
    """
    voids = [e for e in events if e.kind in (DealEvent.Kind.VOIDED, DealEvent.Kind.DEAL_VOIDED)]
    if not voids:
        return []
    deals = Deal.objects.filter(id__in={e.deal_id for e in voids}, lead__isnull=False).select_related("lead")
    leads = Lead.objects.filter(id__in={counted_lead(deal) for deal in deals})
    stages = context.book.newest.stages
    leads = {lead.id: lead for lead in leads if lead.stage_id not in stages or stages[lead.stage_id].kind != StageKind.WON}
    if not leads:
        return []
    won = Deal.objects.filter(Q(lead_id__in=leads) | Q(lead__merged_into_id__in=leads), status=Deal.Status.WON, voided=False)
    wins = DealEvent.objects.filter(
        deal__in=won, kind=DealEvent.Kind.WON, occurred_at=F("deal__closed_at"), voiding_events__isnull=True
    )
    first: dict[int, DealEvent] = {}
    for win in wins.select_related("deal__lead").order_by("occurred_at", "id"):
        first.setdefault(counted_lead(win.deal), win)
    keys = [_key(win) for win in first.values()]
    moved = set(LeadEvent.objects.filter(source=_FROM_DEALS, external_id__in=keys).values_list("external_id", flat=True))
    moves = []
    for lead_id, win in first.items():
        stage = context.book.on(context.calendar.day_of(win.occurred_at)).of_kind(StageKind.WON)
        if stage is not None and _key(win) not in moved:
            moves.append(_move(win, leads[lead_id], stage.id))
    return moves


def _key(close: DealEvent) -> str:
    """Under this id stands the move of the lead that a win or a loss caused."""
    return f"{close.id}:{close.kind}"


def _move(close: DealEvent, lead: Lead, stage_id: int) -> LeadEvent:
    return LeadEvent(
        lead_id=lead.id,
        kind=LeadEvent.Kind.MOVED,
        from_stage_id=lead.stage_id,
        to_stage_id=stage_id,
        occurred_at=close.occurred_at,
        time_precision=close.time_precision,
        reason=close.reason,
        actor_id=close.actor_id,
        source=_FROM_DEALS,
        external_id=_key(close),
        import_batch_id=close.import_batch_id,
    )
