"""Taking a step back as one act, where it was written as two events."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from leads.locks import lock_leads
from leads.models import LeadEvent
from leads.services.leads import void_event

# Whoever accepts a lead that nobody of sales has takes it on in the same moment.
_ONE_ACT = dt.timedelta(seconds=2)
Kind = LeadEvent.Kind


def take_back(*, event: LeadEvent, actor: User | None) -> LeadEvent:
    """Take an event back; with an acceptance also the assignment by which the person took the lead on with it."""
    with transaction.atomic():
        lock_leads([event.lead_id])
        taken_on = _taken_on_with(event)
        void = void_event(event=event, actor=actor)
        if taken_on is not None:
            void_event(event=taken_on, actor=actor)
    return void


def _taken_on_with(event: LeadEvent) -> LeadEvent | None:
    if event.kind not in (Kind.ACCEPTED, Kind.MOVED) or event.actor_id is None:
        return None
    before = LeadEvent.objects.filter(lead_id=event.lead_id, id__lt=event.id).order_by("-id").first()
    if before is None or before.kind != Kind.ASSIGNED or before.owner_id != event.actor_id:
        return None
    same = before.actor_id == event.actor_id and event.occurred_at - before.occurred_at <= _ONE_ACT
    return before if same and not LeadEvent.objects.filter(target=before).exists() else None
