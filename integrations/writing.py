"""Store what a chunk planned: few statements, everything through the services, inside the caller's transaction."""

from collections.abc import Sequence

from integrations.chunk import Chunk, Planned
from integrations.drafts import DealDraft, LeadDraft
from integrations.references import Ref
from integrations.replaced import remember_replaced
from integrations.slots import free_ids
from leads.models import DealEvent
from leads.services import append_deal_events, append_lead_events
from leads.services.arrivals import Told, append_told
from leads.services.history import (
    change_contacts,
    change_deals,
    change_leads,
    insert_contacts,
    insert_deals,
    insert_leads,
)


def write_chunk(chunk: Chunk) -> None:
    run = chunk.run
    run.refs.make()
    for action in chunk.actions:
        action()
    insert_contacts(contacts=chunk.new_contacts, actor=run.actor)
    for draft in (*chunk.changed_leads, *chunk.changed_deals):
        _resolve(draft.lead if isinstance(draft, LeadDraft) else draft.deal, draft.refs)
    remember_replaced(chunk)
    change_contacts(contacts=chunk.changed_contacts, actor=run.actor)
    _write_leads(chunk)
    _write_deals(chunk)
    for planned in chunk.touches:
        touch, draft = planned.touch, planned.draft
        if draft is not None:
            touch.lead_id = draft.lead.id
            touch.contact_id = touch.contact_id or draft.lead.contact_id
        _resolve(touch, planned.refs)
    free_ids([planned.touch for planned in chunk.touches])
    if chunk.touches:
        told = [Told(planned.touch, planned.link) for planned in chunk.touches]
        append_told(told, context=run.context, actor=run.actor)


def _resolve(row, refs: dict[str, Ref]) -> None:
    for name, ref in refs.items():
        setattr(row, name, ref.pk if name.endswith("_id") else str(ref.pk))


def _write_leads(chunk: Chunk) -> None:
    run = chunk.run
    for draft in (*chunk.new_leads, *chunk.changed_leads):
        _resolve(draft.lead, draft.refs)
        if draft.lead.contact is not None:
            # The contact had no id when it was put here.
            draft.lead.contact_id = draft.lead.contact.pk
    insert_leads(leads=[draft.lead for draft in chunk.new_leads], actor=run.actor)
    fields = set().union(*(draft.changed for draft in chunk.changed_leads))
    change_leads(leads=[draft.lead for draft in chunk.changed_leads], fields=fields, actor=run.actor)
    events = _events(chunk.lead_events)
    if events:
        append_lead_events(events, context=run.context)


def _write_deals(chunk: Chunk) -> None:
    run = chunk.run
    for draft in (*chunk.new_deals, *chunk.changed_deals):
        _resolve(draft.deal, draft.refs)
    for draft in chunk.new_deals:
        if draft.lead is not None:
            draft.deal.lead_id = draft.lead.lead.id
            draft.deal.company_id = draft.deal.company_id or draft.lead.lead.company_id
    insert_deals(deals=[draft.deal for draft in chunk.new_deals], actor=run.actor)
    fields = set().union(*(draft.changed for draft in chunk.changed_deals))
    change_deals(deals=[d.deal for d in chunk.changed_deals], fields=fields, actor=run.actor, context=run.context)
    voids = [planned for planned in chunk.deal_events if planned.event.kind == DealEvent.Kind.VOIDED]
    others = [planned for planned in chunk.deal_events if planned.event.kind != DealEvent.Kind.VOIDED]
    for group in (voids, others):
        events = _events(group)
        if events:
            append_deal_events(events, context=run.context)


def _events(planned: Sequence[Planned]) -> list:
    """The events in their order, with the ids of what they are about."""
    events = []
    for item in sorted(planned, key=lambda p: p.order):
        match item.draft:
            case LeadDraft():
                item.event.lead_id = item.draft.lead.id
            case DealDraft():
                item.event.deal_id = item.draft.deal.id
        _resolve(item.event, item.refs)
        events.append(item.event)
    free_ids(events)
    return events
