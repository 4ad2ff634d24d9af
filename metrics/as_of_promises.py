"""Handoffs and obligations as they were known at an instant: the same folds on fewer events and contacts.

Versions of the agreement and working hours are those of today: what they said of a day that has passed doesn't change.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import QuerySet

from funnel.models import PromiseKey
from leads.handoff_projection import Promised, fold_handed_over
from leads.models import CONTACT_KINDS
from leads.obligations import ContactFact
from leads.timeline import Event, LeadState
from metrics.series import Snapshot


def handed_over(
    states: Mapping[int, LeadState],
    members: Mapping[int, Sequence[int]],
    live: Mapping[int, Sequence[Event]],
    dims: Mapping[int, tuple],
    touches: QuerySet,
    now: Snapshot,
) -> tuple[list[tuple], list[tuple]]:
    """Rows in the order of HANDOFF_SELECT and OBLIGATION_SELECT. `live`: none for leads that were taken out."""

    def contacts_of(ids: set[int]) -> dict[int, list[ContactFact]]:
        found: dict[int, list[ContactFact]] = defaultdict(list)
        rows = touches.filter(side="sales", kind__in=CONTACT_KINDS, lead__isnull=False)
        for lead_id, *row in rows.values_list("lead_id", *ContactFact.__dataclass_fields__):
            if lead_id in ids:
                found[lead_id].append(ContactFact(*row))
        return found

    handoffs, obligations = fold_handed_over(
        states,
        members,
        live,
        {lead_id: found[-1] for lead_id, found in dims.items()},
        book=now.book,
        calendar=now.calendar,
        promised=Promised(),
        contacts_of=contacts_of,
    )
    events = {event.id: event for found in live.values() for event in found}
    decide = {
        one.entry_id: (one.due_at, one.excluded)
        for found in obligations.values()
        for one in found
        if one.promise == PromiseKey.S3
    }
    contact: dict[int, dt.datetime | None] = {
        stay.opening_event_id: stay.first_contact_at for state in states.values() for stay in state.stays
    }
    given = [
        (
            lead_id, *dims[lead_id], one.owner_id, one.team_id, one.entry_id, one.agreement_id, one.entered_day,
            one.entered_at, one.precision, one.assigned_at, one.state, one.decision, one.first_decision, one.decided_at,
            one.reason, one.returned_at, one.contested_at, one.ruled_at, one.feedback_at, one.feedback_read_at,
            contact[one.entry_id], *decide.get(one.entry_id, (None, "")), events[one.entry_id].field,
            events[one.entry_id].new,
        )
        for lead_id, found in handoffs.items()
        for one in found
    ]  # fmt: skip
    owed = [
        (
            lead_id, *dims[lead_id], one.owner_id, one.team_id, one.entry_id, one.promise, one.agreement_id, one.started_at,
            one.due_at, one.due_day, one.met_at, one.paused_seconds, one.excluded, one.late_logged,
        )
        for lead_id, found in obligations.items()
        for one in found
    ]  # fmt: skip
    return given, owed
