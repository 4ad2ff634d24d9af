"""Writes to leads. `move_lead` is the door for a stage change by hand; imports and deals use append_lead_events."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from accounts.models import Team, User
from core.errors import Conflict, DomainError, StaleVersion
from funnel.book import Version
from funnel.models import Milestone, Stage
from funnel.rules import check_move
from leads.locks import lock_leads
from leads.models import Contact, Lead, LeadEvent, Note, Origin, Precision, StageEntry
from leads.projection import Context
from leads.services.bulk import append_lead_events, refuse_future
from leads.services.routing import hint_routing
from leads.services.scoring import note_scores, take_given
from leads.timeline import AMENDABLE


@dataclass(frozen=True)
class Moved:
    """What a move did. A back-dated move may leave the current stage as it was."""

    event: LeadEvent
    lead: Lead
    current_stage_changed: bool


def create_lead(
    *,
    stage: Stage,
    occurred_at: dt.datetime,
    actor: User | None,
    time_precision: str = Precision.INSTANT,
    owner: User | None = None,
    team: Team | None = None,
    source: str = "tandem",
    external_id: str | None = None,
    import_batch=None,
    origin: str = Origin.MARKETING,
    context: Context | None = None,
    **attributes,
) -> Lead:
    """A new lead in its first stage. `attributes` are Lead fields (contact, company, channel, ..., custom); `score` is the
    one that the source gives."""
    refuse_future(occurred_at, dt.datetime.now(dt.UTC))
    context = context or Context()
    version = context.book.on(context.calendar.day_of(occurred_at))
    check_move(version, None, stage.id, "", historic=external_id is not None)
    with transaction.atomic():
        if external_id is not None and Lead.objects.filter(source=source, external_id=external_id).exists():
            raise Conflict("lead_exists", f"A lead {external_id} from {source} exists already.", field="external_id")
        given = attributes.pop("score", None)
        lead = Lead(source=source, external_id=external_id, origin=origin, given_score=given, **attributes)
        take_given([lead])
        lead.save()
        event = LeadEvent(
            lead=lead,
            kind=LeadEvent.Kind.CREATED,
            to_stage=stage,
            owner=owner,
            team=team,
            occurred_at=occurred_at,
            time_precision=time_precision,
            actor=actor,
            source=source,
            external_id=f"lead:{external_id}:created" if external_id else None,
            import_batch=import_batch,
        )
        append_lead_events([event], context=context)
        _hand_over(stage, version)
    lead.refresh_from_db()
    return lead


def _hand_over(stage: Stage, version: Version) -> None:
    """A lead in MQL is for a person of sales: the worker looks whether routing has to find one."""
    info = version.stages.get(stage.id)
    if info is not None and info.milestone == Milestone.MQL:
        hint_routing()


def move_lead(
    lead: Lead,
    to_stage: Stage,
    *,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    reason: str = "",
    note: str = "",
    until: dt.datetime | None = None,
    expected_version: int | None = None,
    time_precision: str = Precision.INSTANT,
    source: str = "tandem",
    external_id: str | None = None,
    context: Context | None = None,
) -> Moved:
    """Move a lead to a stage, now or at an earlier time. `source` and `external_id` identify the move itself.

    `until`: when a recycled lead may come again.
    The move is checked against the stage in which the lead was at `occurred_at`. Raises DomainError (the rule it breaks),
    StaleVersion if `expected_version` is not the lead's, Conflict if another writer came first.
    """
    now = dt.datetime.now(dt.UTC)
    at = occurred_at or now
    refuse_future(at, now)
    if expected_version is not None and expected_version != lead.version:
        raise StaleVersion("version_stale", "This lead has changed since you opened it. Look again before you move it.")
    must_stand(lead)
    context = context or Context()
    version = context.book.on(context.calendar.day_of(at))
    with transaction.atomic():
        if not _first_since_read(lead):
            raise Conflict("moved_first", _what_happened(lead))
        stage_then = _stage_at(lead, _placed(lead, at, time_precision, context))
        check_move(version, stage_then, to_stage.id, reason)
        event = LeadEvent(
            lead=lead,
            kind=LeadEvent.Kind.MOVED,
            from_stage_id=lead.stage_id,
            to_stage=to_stage,
            reason=reason,
            note=Note.objects.create(lead=lead, author=actor, text=note, occurred_at=at) if note else None,
            until=until,
            occurred_at=at,
            time_precision=time_precision,
            agreement_id=version.id,
            actor=actor,
            source=source,
            external_id=external_id,
        )
        append_lead_events([event], context=context)
        _hand_over(to_stage, version)
    before = lead.stage_id
    lead.refresh_from_db()
    return Moved(event=event, lead=lead, current_stage_changed=lead.stage_id != before)


def _placed(lead: Lead, at: dt.datetime, precision: str, context: Context) -> dt.datetime:
    """A move known to the day alone, on the day of creation, happened after it (as leads.timeline places it)."""
    if precision == Precision.DAY and lead.created_at and lead.created_day == context.calendar.day_of(at):
        return max(at, lead.created_at)
    return at


def _first_since_read(lead: Lead) -> bool:
    """Claim the lead for this writer: nobody has written it since it was read. One statement, on every database the same."""
    return bool(Lead.objects.filter(id=lead.id, version=lead.version).update(version=F("version") + 1))


def _stage_at(lead: Lead, at: dt.datetime) -> int | None:
    """The stage at an instant; before the first stay there is none."""
    stay = StageEntry.objects.filter(lead=lead, entered_at__lte=at).order_by("-entered_at", "-position").first()
    return stay.stage_id if stay else None


def _what_happened(lead: Lead) -> str:
    """Who was first and with what, for the person who lost the race."""
    last = LeadEvent.objects.filter(lead_id=lead.id).select_related("actor", "to_stage").order_by("-id").first()
    who = (last.actor and last.actor.name) or "Someone"
    if last.kind == LeadEvent.Kind.MOVED:
        return f"{who} moved it first, to {Context().book.name_of(last.to_stage_id)}. Look again before you move it."
    return f"{who} changed this lead first ({last.get_kind_display().lower()}). Look again before you move it."


def assign_lead(
    *,
    lead: Lead,
    actor: User | None,
    owner: User | None = None,
    team: Team | None = None,
    occurred_at: dt.datetime | None = None,
) -> Lead:
    """Give a lead to a person (whose team of that day counts) or to a team's queue, from an instant on."""
    at = occurred_at or dt.datetime.now(dt.UTC)
    must_stand(lead)
    if owner is not None and not owner.is_active:
        raise DomainError("owner_inactive", f"{owner.name} no longer works here.", field="owner")
    event = LeadEvent(lead=lead, kind=LeadEvent.Kind.ASSIGNED, owner=owner, team=team, occurred_at=at, actor=actor)
    append_lead_events([event])
    lead.refresh_from_db()
    return lead


def amend_lead(*, lead: Lead, actor: User | None, **changes) -> list[LeadEvent]:
    """Correct attributes that are dimensions (channel, campaign, segment, region, origin, tier); all facts are re-labelled.

    Values are model instances or None, or text for origin and tier. Unchanged values leave no event.
    """
    must_stand(lead)
    now = dt.datetime.now(dt.UTC)
    events = []
    with transaction.atomic():
        current = lock_leads([lead.id])[lead.id]
        for name, value in changes.items():
            field = name if name in AMENDABLE else f"{name}_id"
            if field not in AMENDABLE:
                raise DomainError("field_unknown", f"{name} can't be corrected this way.", field=name)
            new = value.pk if hasattr(value, "pk") else value
            old = getattr(current, field)
            if old == new:
                continue
            events.append(
                LeadEvent(
                    lead=lead,
                    kind=LeadEvent.Kind.AMENDED,
                    field=field,
                    old="" if old is None else str(old),
                    new="" if new is None else str(new),
                    occurred_at=now,
                    actor=actor,
                )
            )
        if events:
            append_lead_events(events)
    lead.refresh_from_db()
    return events


def edit_contact(*, contact: Contact, actor: User | None, **changes) -> bool:
    """Change personal data. It stands outside the events, so that erasure keeps the counts true."""
    changed = [name for name, value in changes.items() if getattr(contact, name) != value]
    for name in changed:
        setattr(contact, name, changes[name])
    if changed:
        with transaction.atomic():
            contact.save(update_fields=changed)
            note_scores(contact.leads.values_list("id", flat=True))
    return bool(changed)


def merge_leads(*, survivor: Lead, duplicate: Lead, actor: User | None) -> LeadEvent:
    """Count `duplicate` as part of `survivor`. Its events stay its own; void the event to take it back."""
    with transaction.atomic():
        leads = lock_leads([survivor.id, duplicate.id])
        if survivor.id == duplicate.id:
            raise DomainError("merge_with_itself", "A lead can't be merged with itself.", field="duplicate")
        for lead in (leads[survivor.id], leads[duplicate.id]):
            if lead.merged_into_id is not None:
                raise DomainError("already_merged", f"Lead {lead.id} is already part of lead {lead.merged_into_id}.")
        event = LeadEvent(
            lead=duplicate,
            kind=LeadEvent.Kind.MERGED,
            other_lead=survivor,
            occurred_at=dt.datetime.now(dt.UTC),
            actor=actor,
        )
        append_lead_events([event])
    for lead in (survivor, duplicate):
        lead.refresh_from_db()
    return event


def unmerge_lead(*, lead: Lead, actor: User | None) -> LeadEvent:
    """Take the merge of this lead back; both histories are as if it had never been."""
    event = (
        LeadEvent.objects.filter(lead=lead, kind=LeadEvent.Kind.MERGED, voiding_events__isnull=True).order_by("-id").first()
    )
    if event is None:
        raise DomainError("not_merged", "This lead is not part of another one.")
    return void_event(event=event, actor=actor)


def void_event(*, event: LeadEvent, actor: User | None) -> LeadEvent:
    """Take an event back by a further one. The creation of a lead is taken back by `void_lead`."""
    if event.kind in (LeadEvent.Kind.VOIDED, LeadEvent.Kind.CREATED):
        raise DomainError("not_voidable", "This event can't be taken back.")
    with transaction.atomic():
        lock_leads([event.lead_id])
        if LeadEvent.objects.filter(target=event).exists():
            raise DomainError("already_voided", "This event was already taken back.")
        void = LeadEvent(
            lead_id=event.lead_id,
            kind=LeadEvent.Kind.VOIDED,
            target=event,
            other_lead_id=event.other_lead_id,
            occurred_at=dt.datetime.now(dt.UTC),
            actor=actor,
        )
        append_lead_events([void])
    return void


def void_lead(*, lead: Lead, actor: User | None) -> LeadEvent:
    """Take a test or spam lead out of every number. The event may be voided like any other."""
    must_stand(lead)
    event = LeadEvent(lead=lead, kind=LeadEvent.Kind.LEAD_VOIDED, occurred_at=dt.datetime.now(dt.UTC), actor=actor)
    append_lead_events([event])
    lead.refresh_from_db()
    return event


def must_stand(lead: Lead) -> None:
    """Refuse a lead that is part of another one or was taken out."""
    if lead.merged_into_id is not None:
        raise DomainError("merged", f"This lead is part of lead {lead.merged_into_id}. Work there.")
    if lead.voided:
        raise DomainError("taken_out", "This lead was taken out.")
