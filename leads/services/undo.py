"""Take back what one import wrote, by further events: bulk, a chunk a transaction, and again without harm.

What was changed since by somebody else stays as it is, whole: half a history would be nobody's truth.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from accounts.models import User
from leads.locks import lock_deals, lock_leads
from leads.models import Deal, DealEvent, ImportBatch, Lead, LeadEvent, NextStep, Note, Touch
from leads.projection import Context
from leads.services.bulk import append_deal_events, append_lead_events, append_touches
from leads.services.routing import SOURCE as ROUTING

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


@dataclass(frozen=True)
class _Sort:
    """What is taken back in the same way: leads, or deals."""

    name: str
    thing: type[Lead] | type[Deal]
    event: type[LeadEvent] | type[DealEvent]
    first: str  # the kind of the event that made the thing
    out: str  # the kind that takes the whole thing out
    append: Callable

    def void(self, thing_id: int, batch: ImportBatch, actor: User | None, now: dt.datetime, target=None):
        """The event that takes back `target`, or the whole thing."""
        return self.event(
            **{f"{self.name}_id": thing_id},
            kind=self.event.Kind.VOIDED if target else self.out,
            target=target,
            occurred_at=now,
            actor=actor,
            external_id=f"{UNDO}{batch.id}:{target.id if target else f'{self.name}:{thing_id}'}",
        )


_LEADS = _Sort("lead", Lead, LeadEvent, LeadEvent.Kind.CREATED, LeadEvent.Kind.LEAD_VOIDED, append_lead_events)
_DEALS = _Sort("deal", Deal, DealEvent, DealEvent.Kind.OPENED, DealEvent.Kind.DEAL_VOIDED, append_deal_events)


def undo_deals(
    *, batch: ImportBatch, ids: Collection[int], actor: User | None, context: Context | None = None
) -> list[tuple[int, str]]:
    """Returns the deals that stay as they are, each with the reason."""
    with transaction.atomic():
        lock_leads(Deal.objects.filter(id__in=ids, lead__isnull=False).values_list("lead_id", flat=True))
        lock_deals(ids)
        planned = NextStep.objects.filter(deal_id__in=ids).values_list("deal_id", flat=True)
        return _undo(_DEALS, batch, ids, dict.fromkeys(planned, "has a next step"), actor, context)


def undo_leads(
    *, batch: ImportBatch, ids: Collection[int], actor: User | None, context: Context | None = None
) -> list[tuple[int, str]]:
    """Returns the leads that stay as they are, each with the reason. Deals and touches were undone before."""
    with transaction.atomic():
        lock_leads(ids)
        return _undo(_LEADS, batch, ids, _worked_on(ids, batch), actor, context)


def _undo(
    sort: _Sort,
    batch: ImportBatch,
    ids: Collection[int],
    worked: dict[int, str],
    actor: User | None,
    context: Context | None,
) -> list[tuple[int, str]]:
    """Take back what the import wrote about these things; `worked` says why one that it made has to stay."""
    now, kept, voids, gone = dt.datetime.now(dt.UTC), [], [], []
    events = _events_by(sort.event, f"{sort.name}_id", ids)
    for thing_id in ids:
        own, others = _split(events[thing_id], batch)
        made = any(event.kind == sort.first for event in own)
        reason = _why(others) if others else worked.get(thing_id, "") if made else ""
        if reason:
            kept.append((thing_id, reason))
            continue
        if made:
            gone.append(thing_id)
            voids.append(sort.void(thing_id, batch, actor, now))
        voids += [
            sort.void(thing_id, batch, actor, now, event)
            for event in own
            if not event.taken_back and event.kind != sort.first
        ]
    if voids:
        sort.append(voids, context=context)
    # The file's id is free again, so that a corrected import makes the thing anew.
    sort.thing.objects.filter(id__in=gone).update(external_id=None, version=F("version") + 1)
    return kept


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
        # Routing found somebody for it; that nobody worked on it the checks below say.
        and event.source != ROUTING
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
