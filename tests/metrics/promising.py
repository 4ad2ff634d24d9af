"""A month under signed promises, told as rows: what stands in the agreement, and handoffs as events of the past."""

import datetime as dt

from core.stale import note_stale
from funnel.models import Agreement, LeadValue, Promise, RequiredField, Stage, Terms
from leads.models import Handoff, Lead, LeadEvent, Touch
from leads.services import append_lead_events, append_touches
from leads.services.history import insert_leads
from leads.services.rebuilding import rebuild_everything
from metrics import rollup
from tests.metrics.journeys import BERLIN

START = dt.date(2025, 1, 1)
HOUR = dt.timedelta(hours=1)


def sign(*lines: dict, version: Agreement | None = None, values=(), fields=(), **terms) -> Agreement:
    """Put exactly these promises into a version (the only one by default) and fold again what they speak of."""
    version = version or Agreement.objects.get()
    for model in (Promise, LeadValue, RequiredField, Terms):
        model.objects.filter(agreement=version).delete()
    Promise.objects.bulk_create([Promise(agreement=version, **line) for line in lines])
    LeadValue.objects.bulk_create([LeadValue(agreement=version, tier=t, gross_profit=v) for t, v in values])
    RequiredField.objects.bulk_create([RequiredField(agreement=version, field=name) for name in fields])
    Terms.objects.create(agreement=version, **terms)
    rebuild_everything()
    note_stale([(None, version.from_day or START)])  # a version that changes begins a generation
    return version


def berlin(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def handed(count: int, at: str, *, owner=None, called: str = "", then: str = "", reason: str = "", **own) -> list[Lead]:
    """So many leads that became MQL at an instant, a call and a next stage at others ("sal 2025-05-06T10:00")."""
    stages = {stage.key: stage for stage in Stage.objects.all()}
    leads = [Lead(source="told", **own) for _ in range(count)]
    insert_leads(leads=leads, actor=None)
    events = []
    for lead in leads:
        steps = [("mql", berlin(at), "")]
        if then:
            key, when = then.split()
            steps.append((key, berlin(when), reason))
        for number, (key, when, why) in enumerate(steps):
            event = LeadEvent(
                lead=lead, kind="moved" if number else "created", to_stage=stages[key], occurred_at=when, source="told",
                reason=why,
            )  # fmt: skip
            event.owner = None if number else owner
            events.append(event)
    append_lead_events(events)
    if called:
        touches = [
            Touch(lead=lead, side="sales", kind="call", outcome="no_answer", occurred_at=berlin(called), source="told")
            for lead in leads
        ]
        append_touches(touches)
    for lead in leads:
        lead.refresh_from_db()
    return leads


def exclude(leads, promise: str, reason: str = "duplicate") -> None:
    """Both teams agree to leave a promise about these leads out."""
    for lead in leads:
        entry = Handoff.objects.get(lead=lead).entry_id
        asked = LeadEvent(
            lead=lead, kind="waived", about_id=entry, field=promise, reason=reason, occurred_at=lead.created_at + HOUR
        )
        append_lead_events([asked])
        yes = LeadEvent(lead=lead, kind="consented", about_id=asked.id, new="yes", occurred_at=lead.created_at + 2 * HOUR)
        append_lead_events([yes])
    rollup.drain()
