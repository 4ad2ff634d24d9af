"""Undo of an import: everything that it wrote is taken back through the services, a chunk at a time."""

from collections.abc import Callable

from django.db import transaction

from accounts.models import User
from campaigns.models import Spend
from campaigns.services import record_spend, void_spend
from integrations.models import ReplacedValue
from integrations.replaced import plain
from leads.models import Contact, Deal, ImportBatch, Lead
from leads.projection import Context
from leads.services.history import change_contacts, change_deals, change_leads
from leads.services.undo import (
    undo_deals,
    undo_leads,
    undo_touches,
    written_deals,
    written_leads,
    written_touches,
)

CHUNK = 200
_MOST_KEPT = 1_000


def undo(batch: ImportBatch, *, actor: User, progress: Callable[[int, int], None]) -> list[dict]:
    """Take back; returns what stays as it is because it was changed since: [{"kind", "id", "why"}]."""
    touches, deals, leads = written_touches(batch), written_deals(batch), written_leads(batch)
    total, done, kept, context = len(touches) + len(deals) + len(leads), 0, [], Context()
    for ids in _chunks(touches):
        undo_touches(batch=batch, ids=ids, actor=actor)
        done += len(ids)
        progress(done, total)
    for kind, found, take_back in (("deal", deals, undo_deals), ("lead", leads, undo_leads)):
        for ids in _chunks(found):
            rest = take_back(batch=batch, ids=ids, actor=actor, context=context)
            kept += [{"kind": kind, "id": pk, "why": why} for pk, why in rest]
            done += len(ids)
            progress(done, total)
    kept += _put_values_back(batch, actor, {(item["kind"], item["id"]) for item in kept})
    _undo_spend(batch, actor)
    progress(total, total)
    return kept[:_MOST_KEPT]


def _chunks(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


_STORES = {"lead": (Lead, change_leads), "deal": (Deal, change_deals), "contact": (Contact, change_contacts)}


def _put_values_back(batch: ImportBatch, actor: User, untouched: set[tuple[str, int]]) -> list[dict]:
    """Values that the import wrote over and nobody changed since."""
    kept: list[dict] = []
    for kind, (model, store) in _STORES.items():
        while True:
            rows = list(ReplacedValue.objects.filter(batch=batch, kind=kind).order_by("id")[: CHUNK * 4])
            if not rows:
                break
            with transaction.atomic():
                kept += _put_back(kind, model, store, rows, actor, untouched)
                ReplacedValue.objects.filter(id__in=[row.id for row in rows]).delete()
    return kept


def _name(column: str) -> str:
    return column.removeprefix("given_").removesuffix("_id")


def _put_back(kind: str, model, store, rows: list[ReplacedValue], actor: User, untouched: set) -> list[dict]:
    kept, changed, fields = [], {}, set()
    things = model.objects.in_bulk({row.object_id for row in rows})
    for row in rows:
        thing = things[row.object_id]
        if (kind, row.object_id) in untouched:
            continue
        if plain(getattr(thing, row.field)) != row.new:
            kept.append({"kind": kind, "id": row.object_id, "why": f"its {_name(row.field)} was changed since"})
            continue
        field = next(f for f in model._meta.fields if f.attname == row.field)
        setattr(thing, row.field, field.to_python(row.old) if row.old is not None else None)
        changed[row.object_id] = thing
        fields.add(field.name)
    if changed and kind == "contact":
        store(contacts=list(changed.values()), actor=actor)
    elif changed:
        store(**{f"{kind}s": list(changed.values())}, fields=fields, actor=actor)
    return kept


def _undo_spend(batch: ImportBatch, actor: User) -> None:
    """Void the batch's cost lines; a line that one of them replaced is written again."""
    lines = Spend.objects.filter(import_batch=batch.id, voids__isnull=True, voided_by__isnull=True).order_by("id")
    for line in list(lines.select_related("campaign", "channel")):
        with transaction.atomic():
            void_spend(spend=line, actor=actor)
            before = (
                Spend.objects.filter(source=line.source, external_id=line.external_id, id__lt=line.id, voids__isnull=True)
                .exclude(import_batch=batch.id)
                .filter(voided_by__id__lt=line.id)
                .select_related("campaign", "channel")
                .order_by("-id")
                .first()
            )
            # Only the one that this line took the place of: it was voided in the same breath.
            if before is None or before.voided_by.recorded_at != line.recorded_at and before.voided_by.id != line.id - 1:
                continue
            record_spend(
                amount=before.amount,
                currency=before.currency,
                service_from=before.service_from,
                service_to=before.service_to,
                status=before.status,
                kind=before.kind,
                label=before.label,
                campaign=before.campaign,
                channel=before.channel,
                source=before.source,
                external_id=before.external_id,
                import_batch=before.import_batch,
                actor=actor,
            )
