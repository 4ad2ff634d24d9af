"""Whole stories at once: many new leads or deals together with everything that happened to them.

The rows are the same as those of single actions; only the number of statements differs.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from core.queries import rates
from leads.models import Contact, Deal, DealContact, DealEvent, Lead, LeadEvent, Note, Touch
from leads.projection import Context
from leads.services.bulk import append_deal_events, append_lead_events, append_touches
from leads.services.deals import to_base
from leads.services.history import insert_contacts, insert_deals, insert_leads

_BATCH = 500


def append_lead_stories(
    *,
    contacts: Sequence[Contact],
    leads: Sequence[Lead],
    touches: Sequence[Touch],
    notes: Sequence[Note],
    events: Sequence[LeadEvent],
    actor: User | None,
    context: Context | None = None,
) -> None:
    """Create leads and append what happened to them. Touches, notes and events refer to leads as objects, which may be
    new in this call or stored before; events of a lead come in time order. What events are `about` is among them."""
    with transaction.atomic():
        insert_contacts(contacts=contacts, actor=actor)
        insert_leads(leads=leads, actor=actor)
        for row in (*touches, *notes, *events):
            row.lead = row.lead  # the id that the lead has only now
        for touch in touches:
            touch.contact = touch.contact
        Note.objects.bulk_create(notes, batch_size=_BATCH)
        # Touches first: the projection that the events ask for then finds the contacts and runs once.
        append_touches(touches, context=context)
        waiting = list(events)
        while waiting:
            # What a step is about is stored before it.
            ready = [event for event in waiting if event.about is None or event.about.pk is not None]
            append_lead_events(ready, context=context)
            waiting = [event for event in waiting if event.pk is None]


def append_deal_stories(
    *,
    deals: Sequence[Deal],
    people: Sequence[DealContact],
    events: Sequence[DealEvent],
    actor: User | None,
    context: Context | None = None,
) -> None:
    """Create deals and append what happened to them, in time order per deal. Amounts are converted at their day's rate,
    as single actions do (X11); the deals' leads move when they are won or lost."""
    context = context or Context()
    with transaction.atomic():
        insert_deals(deals=deals, actor=actor)
        for row in (*people, *events):
            row.deal = row.deal
        DealContact.objects.bulk_create(people, batch_size=_BATCH)
        _convert(events, context)
        append_deal_events(events, context=context)


def _convert(events: Sequence[DealEvent], context: Context) -> None:
    """Fill in base_amount and base_cost of each event: a close fixes both at its own day's rate."""
    book = rates()
    stories: dict[int, list[DealEvent]] = defaultdict(list)
    for event in events:
        stories[event.deal_id].append(event)
    for story in stories.values():
        currency, amount, cost = "", None, None
        for event in story:
            day = context.calendar.day_of(event.occurred_at)
            currency = event.currency or currency
            match event.kind:
                case DealEvent.Kind.COST:
                    cost = event.amount
                    event.base_cost = to_base(cost, currency, day, book)
                case DealEvent.Kind.WON | DealEvent.Kind.LOST:
                    event.base_amount = to_base(amount, currency, day, book)
                    event.base_cost = to_base(cost, currency, day, book)
                case DealEvent.Kind.OPENED | DealEvent.Kind.AMOUNT:
                    amount = amount if event.amount is None else event.amount
                    event.base_amount = to_base(event.amount, currency, day, book)
                case DealEvent.Kind.CREDITED | DealEvent.Kind.CANCELLED:
                    event.base_amount = to_base(event.amount, currency, day, book)
