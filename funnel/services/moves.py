"""Reasons and forbidden moves of a draft."""

import itertools

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from core.errors import DomainError
from funnel.models import Agreement, Reason, StageTransition
from funnel.services.opening import log, must_be_draft


def add_reason(*, draft: Agreement, use: Reason.Use, label: str, actor: User | None) -> Reason:
    label = label.strip()
    with transaction.atomic():
        row = must_be_draft(draft)
        if not label:
            raise DomainError("reason_empty", "Write the reason in a few words.", field="label")
        if row.reasons.filter(use=use, label__iexact=label).exists():
            raise DomainError("reason_exists", f"“{label}” is already on this list.", field="label")
        base = slugify(label).replace("-", "_")[:34] or "reason"
        keys = (base if n == 1 else f"{base}_{n}" for n in itertools.count(1))
        # A key that an older version used for another reason must not come back with a new meaning.
        key = next(key for key in keys if not Reason.objects.filter(use=use, key=key).exists())
        log(row, actor, f"Added the reason “{label}” ({Reason.Use(use).label.lower()}).")
        return Reason.objects.create(agreement=row, use=use, key=key, label=label)


def rename_reason(*, draft: Agreement, reason_id: int, label: str, actor: User | None) -> None:
    label = label.strip()
    with transaction.atomic():
        row = must_be_draft(draft)
        reason = _reason(row, reason_id)
        if not label:
            raise DomainError("reason_empty", "Write the reason in a few words.", field="label")
        if row.reasons.filter(use=reason.use, label__iexact=label).exclude(id=reason.id).exists():
            raise DomainError("reason_exists", f"“{label}” is already on this list.", field="label")
        log(row, actor, f"Renamed the reason “{reason.label}” to “{label}”.")
        reason.label = label
        reason.save(update_fields=["label"])


def remove_reason(*, draft: Agreement, reason_id: int, actor: User | None) -> None:
    """Moves that were given this reason keep it: their version knows it."""
    with transaction.atomic():
        row = must_be_draft(draft)
        reason = _reason(row, reason_id)
        log(row, actor, f"Took out the reason “{reason.label}” ({reason.get_use_display().lower()}).")
        reason.delete()


def _reason(draft: Agreement, reason_id: int) -> Reason:
    found = draft.reasons.filter(id=reason_id).first()
    if found is None:
        raise DomainError("reason_unknown", "This reason is not part of the draft any more. Reload the page.")
    return found


def forbid_moves(*, draft: Agreement, from_stage: int, allowed: set[int], actor: User | None) -> None:
    """Out of one stage, only the moves to `allowed` stages may happen from this version on."""
    with transaction.atomic():
        row = must_be_draft(draft)
        stages = dict(row.stages.values_list("stage_id", "name"))
        if from_stage not in stages:
            raise DomainError("stage_unknown", "This stage is not part of the draft.")
        row.forbidden_moves.filter(from_stage_id=from_stage).delete()
        StageTransition.objects.bulk_create(
            StageTransition(agreement=row, from_stage_id=from_stage, to_stage_id=to)
            for to in stages
            if to != from_stage and to not in allowed
        )
        log(row, actor, f"Changed where leads may go from {stages[from_stage]}.")
