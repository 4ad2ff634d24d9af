"""Meetings with leads: booked, they pause the clock of the first contact; held, they are contacts.

A calendar entry has versions. A newer one takes back what the older one brought and says it anew; nothing is rewritten.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from accounts.models import User
from core.each import for_each
from core.errors import DomainError
from integrations.calendar_reading import Invitation
from integrations.models import CalendarEntry, Meeting
from leads.models import Handoff, HandoffStanding, Lead, LeadEvent, Touch
from leads.projection import Context
from leads.services.clock import ENTERED_BACK, book_meeting, end_meeting_pause
from leads.services.feedback import log_contact
from leads.services.people import void_touch

BATCH = 200


def take_invitation(
    *,
    user: User,
    invitation: Invitation,
    leads: Sequence[Lead],
    booked_at: dt.datetime,
    received_at: dt.datetime,
    context: Context,
) -> bool:
    """Take a version of a meeting in the caller's transaction; False if it is no newer than what is known."""
    # Of two versions at once the second one waits here; whoever holds a lead and gives it to the person does not.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    same = CalendarEntry.objects.filter(user=user, uid=invitation.uid, occurrence=invitation.occurrence)
    newest = same.order_by("-sequence", "-stamped_at").first()
    version = (invitation.sequence, invitation.stamped_at)
    if newest is not None and (newest.sequence, newest.stamped_at) >= version:
        return False
    entry = CalendarEntry.objects.create(
        user=user,
        uid=invitation.uid,
        occurrence=invitation.occurrence,
        sequence=invitation.sequence,
        stamped_at=invitation.stamped_at,
        cancelled=invitation.cancelled,
        starts_at=invitation.starts_at,
        ends_at=invitation.ends_at,
    )
    pauses = _replace(entry, {} if entry.cancelled else {lead.id for lead in leads}, received_at, context)
    if entry.cancelled:
        return True
    for lead in leads:
        pause = pauses[lead.id] if lead.id in pauses else _book(user, lead, entry, booked_at, received_at, context)
        Meeting.objects.create(entry=entry, lead=lead, pause=pause, due_at=entry.ends_at)
    hold_meetings(now=received_at, entry=entry)
    return True


def _replace(entry: CalendarEntry, staying: set[int], now: dt.datetime, context: Context) -> dict[int, LeadEvent | None]:
    """Take back what older versions brought. Returns the pauses that go on, with the new end, by lead."""
    older = Meeting.objects.filter(entry__user=entry.user, entry__uid=entry.uid, ended_at=None)
    if entry.occurrence or not entry.cancelled:
        older = older.filter(entry__occurrence=entry.occurrence)
    found = {}
    for meeting in older.select_related("pause", "touch", "lead", "entry__user").order_by("id"):
        if meeting.touch is not None and not Touch.objects.filter(voids=meeting.touch).exists():
            void_touch(touch=meeting.touch, actor=entry.user)
        if meeting.pause is not None:
            until = entry.starts_at if meeting.lead_id in staying else min(now, meeting.pause.until)
            found[meeting.lead_id] = end_meeting_pause(pause=meeting.pause, until=until, actor=entry.user, context=context)
        Meeting.objects.filter(pk=meeting.pk).update(ended_at=now)
    return found


def _book(user: User, lead: Lead, entry: CalendarEntry, booked_at, received_at, context: Context) -> LeadEvent | None:
    """Pause the clock of the lead's open handoff from the booking until the meeting, where the agreement knows that."""
    start = max(booked_at, received_at - ENTERED_BACK + dt.timedelta(minutes=1))
    handoff = Handoff.objects.filter(lead=lead, state=HandoffStanding.OPEN).order_by("-entered_at").first()
    if handoff is None or entry.starts_at <= start:
        return None
    try:
        return book_meeting(handoff=handoff, start=start, until=entry.starts_at, actor=user, context=context)
    except DomainError:
        return None


def hold_meetings(*, now: dt.datetime, entry: CalendarEntry | None = None) -> int:
    """Log the meetings that have taken place, of one entry or all that are due. Safe to run twice. Returns how many."""
    due = Meeting.objects.filter(touch=None, ended_at=None, due_at__lte=now)
    if entry is not None:
        due = due.filter(entry=entry)
    ids = list(due.order_by("due_at", "id").values_list("id", flat=True)[:BATCH])
    return for_each(ids, lambda pk: _hold(pk, now), job="integrations.tasks.hold_meetings", now=now)


def _hold(meeting_id: int, now: dt.datetime) -> bool:
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update(of=("self",)).select_related("entry__user", "lead").get(pk=meeting_id)
        if meeting.touch_id is not None or meeting.ended_at is not None:
            return False
        entry, lead = meeting.entry, meeting.lead
        if lead.merged_into_id is not None:
            lead = lead.merged_into
        try:
            touch = log_contact(
                lead=lead,
                kind=Touch.Kind.MEETING,
                actor=entry.user,
                outcome="reached",
                occurred_at=entry.starts_at,
                evidence="calendar",
                external_id=f"{entry.uid}{entry.occurrence and f'/{entry.occurrence}'}/{entry.sequence}#{meeting.lead_id}",
            )
        except DomainError:
            # The person went to the other team, or the lead was taken out: nothing to log any more.
            Meeting.objects.filter(pk=meeting.pk).update(ended_at=now)
            return False
        Meeting.objects.filter(pk=meeting.pk).update(touch=touch)
    return True
