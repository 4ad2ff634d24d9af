"""What a merge would make of two leads: folded from their events, nothing written."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from accounts.queries import team_history
from leads.models import CONTACT_KINDS, Deal, Lead, LeadEvent, Touch
from leads.pages.filters import Surroundings
from leads.timeline import EVENT_COLUMNS, Event, LeadState, fold_lead


@dataclass(frozen=True)
class MergedStay:
    stage: str
    side: str
    day: dt.date
    left: dt.date | None
    from_other: bool


@dataclass(frozen=True)
class Preview:
    before: str
    after: str
    created: dt.date | None
    stays: list[MergedStay]
    events: int
    touches: int
    deals: int


def preview_merge(survivor: Lead, duplicate: Lead, around: Surroundings, book) -> Preview:
    """The timeline that both leads would have as one, by the fold that the merge itself uses."""
    roots = (survivor.id, duplicate.id)
    family = Lead.objects.filter(Q(id__in=roots) | Q(merged_into_id__in=roots)).values_list("id", "merged_into_id")
    ids = {lead_id: merged or lead_id for lead_id, merged in family}
    members: dict[int, list[Event]] = {lead_id: [] for lead_id in ids}
    for row in LeadEvent.objects.filter(lead_id__in=ids).order_by("id").values_list(*EVENT_COLUMNS):
        event = Event(*row)
        members[event.lead_id].append(event)
    touches = Touch.objects.filter(lead_id__in=ids, voids__isnull=True, voided_by__isnull=True)
    contacts = sorted(touches.filter(side="sales", kind__in=CONTACT_KINDS).values_list("occurred_at", flat=True))
    state: LeadState = fold_lead(
        members,
        survivor.id,
        sources=(survivor.channel_id, survivor.campaign_id),
        contacts=contacts,
        book=book,
        calendar=around.calendar,
        teams=team_history(),
    )
    lead_of = {event.id: event.lead_id for events in members.values() for event in events}
    stays = [
        MergedStay(
            stage=book.name_of(stay.stage_id),
            side=around.stages[stay.stage_id].side if stay.stage_id in around.stages else "joint",
            day=stay.entered_day,
            left=stay.left_day,
            from_other=ids[lead_of[stay.opening_event_id]] == duplicate.id,
        )
        for stay in state.stays
    ]
    theirs = [lead_id for lead_id, root in ids.items() if root == duplicate.id]
    return Preview(
        before=book.name_of(survivor.stage_id) if survivor.stage_id else "–",
        after=book.name_of(state.stage_id) if state.stage_id else "–",
        created=state.created_day,
        stays=stays,
        events=sum(len(members[i]) for i in theirs),
        touches=Touch.objects.filter(lead_id__in=theirs, voids__isnull=True, voided_by__isnull=True).count(),
        deals=Deal.objects.filter(lead_id__in=theirs, voided=False).count(),
    )
