"""Take back what one import wrote, by further events: bulk, a chunk a transaction, and again without harm.

What was changed since by somebody else stays as it is, whole: half a history would be nobody's truth.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import User
from leads.locks import lock_deals, lock_leads
from leads.models import Deal, DealEvent, ImportBatch, Lead, LeadEvent, NextStep, Note, Touch
from leads.projection import Context
from leads.services.bulk import append_deal_events, append_lead_events, append_touches

# The ids of events that an undo writes begin with this; importers read it (integrations.slots).
UNDO = "undo:"


def written_deals(batch: ImportBatch) -> list[int]:
    """Deals with an event of this import that still stands."""
    rows = DealEvent.objects.filter(import_batch=batch, deal__voided=False).exclude(kind=DealEvent.Kind.VOIDED)
    return sorted(set(rows.filter(~_taken_back(DealEvent)).values_list("deal_id", flat=True)))


def written_leads(batch: ImportBatch) -> list[int]:
    """Leads with an event of this import that still stands."""
    rows = LeadEvent.objects.filter(import_batch=batch, lead__voided=False).exclude(kind=LeadEvent.Kind.VOIDED)
    return sorted(set(rows.filter(~_taken_back(LeadEvent)).values_list("lead_id", flat=True)))


def written_touches(batch: ImportBatch) -> list[int]:
    rows = Touch.objects.filter(import_batch=batch, voids__isnull=True, voided_by__isnull=True)
    return sorted(rows.values_list("id", flat=True))


def _taken_back(model) -> Exists:
    return Exists(model.objects.filter(target_id=OuterRef("pk")))


def undo_touches(*, batch: ImportBatch, ids: Collection[int], actor: User | None) -> None:
    with transaction.atomic():
        touches = list(Touch.objects.filter(id__in=ids, import_batch=batch, voided_by__isnull=True).order_by("id"))
        lock_leads(touch.lead_id for touch in touches if touch.lead_id)
        voids = [
            Touch(
                lead_id=touch.lead_id,
                side=touch.side,
                kind=touch.kind,
                occurred_at=touch.occurred_at,
                actor=actor,
                voids=touch,
                external_id=f"{UNDO}{batch.id}:{touch.id}",
            )
            for touch in touches
        ]
        if voids:
            append_touches(voids)


def undo_deals(
    *, batch: ImportBatch, ids: Collection[int], actor: User | None, context: Context | None = None
) -> list[tuple[int, str]]:
    """Returns the deals that stay as they are, each with the reason."""
    now, kept, voids, gone = dt.datetime.now(dt.UTC), [], [], []
    with transaction.atomic():
        lock_leads(Deal.objects.filter(id__in=ids, lead__isnull=False).values_list("lead_id", flat=True))
        lock_deals(ids)
        events = _events_by(DealEvent, "deal_id", ids)
        steps = set(NextStep.objects.filter(deal_id__in=ids).values_list("deal_id", flat=True))
        for deal_id in ids:
            own, others = _split(events[deal_id], batch)
            if others or deal_id in steps:
                kept.append((deal_id, _why(others) if others else "has a next step"))
                continue
            created = any(event.kind == DealEvent.Kind.OPENED for event in own)
            if created:
                gone.append(deal_id)
                voids.append(_deal_void(deal_id, batch, actor, now, None))
            voids += [
                _deal_void(deal_id, batch, actor, now, event)
                for event in own
                if not event.taken_back and event.kind != DealEvent.Kind.OPENED
            ]
        if voids:
            append_deal_events(voids, context=context)
        # The file's id is free again, so that a corrected import makes the deal anew.
        Deal.objects.filter(id__in=gone).update(external_id=None, version=F("version") + 1)
    return kept


def _deal_void(deal_id: int, batch: ImportBatch, actor, now: dt.datetime, target: DealEvent | None) -> DealEvent:
    return DealEvent(
        deal_id=deal_id,
        kind=DealEvent.Kind.VOIDED if target else DealEvent.Kind.DEAL_VOIDED,
        target=target,
        occurred_at=now,
        actor=actor,
        external_id=f"{UNDO}{batch.id}:{target.id if target else f'deal:{deal_id}'}",
    )


def undo_leads(
    *, batch: ImportBatch, ids: Collection[int], actor: User | None, context: Context | None = None
) -> list[tuple[int, str]]:
    """Returns the leads that stay as they are, each with the reason. Deals and touches were undone before."""
    now, kept, voids, gone = dt.datetime.now(dt.UTC), [], [], []
    with transaction.atomic():
        lock_leads(ids)
        events = _events_by(LeadEvent, "lead_id", ids)
        worked = _worked_on(ids, batch)
        for lead_id in ids:
            own, others = _split(events[lead_id], batch)
            created = any(event.kind == LeadEvent.Kind.CREATED for event in own)
            reason = worked.get(lead_id) if created else ""
            if others or reason:
                kept.append((lead_id, _why(others) if others else reason))
                continue
            if created:
                gone.append(lead_id)
                voids.append(_lead_void(lead_id, batch, actor, now, None))
            voids += [
                _lead_void(lead_id, batch, actor, now, event)
                for event in own
                if not event.taken_back and event.kind != LeadEvent.Kind.CREATED
            ]
        if voids:
            append_lead_events(voids, context=context)
        Lead.objects.filter(id__in=gone).update(external_id=None, version=F("version") + 1)
    return kept


def _lead_void(lead_id: int, batch: ImportBatch, actor, now: dt.datetime, target: LeadEvent | None) -> LeadEvent:
    return LeadEvent(
        lead_id=lead_id,
        kind=LeadEvent.Kind.VOIDED if target else LeadEvent.Kind.LEAD_VOIDED,
        target=target,
        occurred_at=now,
        actor=actor,
        external_id=f"{UNDO}{batch.id}:{target.id if target else f'lead:{lead_id}'}",
    )


def _events_by(model, key: str, ids: Collection[int]) -> dict[int, list]:
    found = defaultdict(list)
    rows = model.objects.filter(**{f"{key}__in": ids}).annotate(taken_back=_taken_back(model)).order_by("id")
    for event in rows.select_related("actor"):
        found[getattr(event, key)].append(event)
    return found


def _split(events: list, batch: ImportBatch) -> tuple[list, list]:
    """This import's events, and what others did to the same thing after its first one."""
    own = [event for event in events if event.import_batch_id == batch.id]
    if not own:
        return [], []
    others = [
        event
        for event in events
        if event.id > own[0].id
        and event.import_batch_id != batch.id
        and not (event.external_id or "").startswith(UNDO)
        # The move of a lead that went back with its deal.
        and not (event.kind == "voided" and event.source == "deal")
    ]
    return own, others


def _why(others: list) -> str:
    last = others[-1]
    if last.import_batch_id is not None:
        return "was changed by a later import"
    return f"was changed by {last.actor.name}" if last.actor else "was changed since"


def _worked_on(ids: Collection[int], batch: ImportBatch) -> dict[int, str]:
    """Leads on which people worked without an event: these stay too."""
    found: dict[int, str] = {}
    queries = (
        ("has a next step", NextStep.objects.filter(lead_id__in=ids), "lead_id"),
        ("has a note", Note.objects.filter(lead_id__in=ids), "lead_id"),
        ("has a deal", Deal.objects.filter(lead_id__in=ids, voided=False), "lead_id"),
        ("another lead was merged into it", Lead.objects.filter(merged_into_id__in=ids), "merged_into_id"),
        (
            "has touches from elsewhere",
            Touch.objects.filter(lead_id__in=ids, voids__isnull=True, voided_by__isnull=True).exclude(import_batch=batch),
            "lead_id",
        ),
    )
    for reason, rows, key in queries:
        for lead_id in rows.values_list(key, flat=True):
            found.setdefault(lead_id, reason)
    return found
