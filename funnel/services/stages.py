"""Stages of a draft: add, change, order, retire, take out."""

import itertools

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from core.errors import DomainError
from funnel.comparing import counts_differently
from funnel.models import Agreement, Stage, StageInVersion, StageKind, StageTransition
from funnel.services.opening import base_of, log, must_be_draft

RANKED = (StageKind.PATH, StageKind.WON)
# Far above any rank or place, so that rows can be given new ones one after the other: both are unique or read in order.
_ASIDE = 1_000


def edit_stage(*, draft: Agreement, stage: Stage, actor: User | None, **changes) -> StageInVersion:
    """Change a stage within a draft. A new kind gives it its place on the way, or takes it away."""
    with transaction.atomic():
        draft_row = must_be_draft(draft)
        row = StageInVersion.objects.get(agreement=draft_row, stage=stage)
        before = row.name
        for name, value in changes.items():
            setattr(row, name, value)
        if "kind" in changes and "rank" not in changes:
            row.rank = None if row.kind not in RANKED else row.rank or _ASIDE
            if row.rank is None:  # nobody comes to a stage beside the way by a rule
                draft_row.entry_rules.filter(stage=stage).delete()
        _save(row)
        _renumber(draft_row)
        settle_counting_version(draft_row)
        draft.counting_version = draft_row.counting_version
        what = ", ".join(sorted(name.replace("_", " ") for name in changes))
        log(draft_row, actor, f"Changed the stage {before}: {what}.")
    row.refresh_from_db()
    return row


def add_stage(*, draft: Agreement, actor: User | None, name: str, kind: StageKind, **fields) -> StageInVersion:
    """A new stage, on the way just before Won, else at the end."""
    with transaction.atomic():
        draft_row = must_be_draft(draft)
        base = slugify(name).replace("-", "_")[:34] or "stage"
        keys = (base if n == 1 else f"{base}_{n}" for n in itertools.count(1))
        key = next(key for key in keys if key != "new" and not Stage.objects.filter(key=key).exists())
        stage = Stage.objects.create(key=key)
        last = draft_row.stages.order_by("-position").first()
        row = StageInVersion(
            agreement=draft_row,
            stage=stage,
            name=name,
            kind=kind,
            rank=_ASIDE if kind in RANKED else None,
            position=last.position + 1 if last else 0,
            **fields,
        )
        _save(row)
        _renumber(draft_row)
        settle_counting_version(draft_row)
        log(draft_row, actor, f"Added the stage {name}.")
    row.refresh_from_db()
    return row


def remove_stage(*, draft: Agreement, stage: Stage, actor: User | None) -> None:
    """Take out a stage that only this draft knows. One that was ever agreed is retired instead: it has history."""
    with transaction.atomic():
        draft_row = must_be_draft(draft)
        row = StageInVersion.objects.get(agreement=draft_row, stage=stage)
        if StageInVersion.objects.filter(stage=stage).exclude(agreement=draft_row).exists():
            raise DomainError("stage_has_history", f"{row.name} is part of an older version. Retire it instead.")
        StageTransition.objects.filter(agreement=draft_row, from_stage=stage).delete()
        StageTransition.objects.filter(agreement=draft_row, to_stage=stage).delete()
        draft_row.targets.filter(stage=stage).delete()
        draft_row.entry_rules.filter(stage=stage).delete()
        row.delete()
        stage.delete()
        _renumber(draft_row)
        settle_counting_version(draft_row)
        log(draft_row, actor, f"Took out the stage {row.name}.")


def move_stage(*, draft: Agreement, stage: Stage, down: bool, actor: User | None) -> None:
    """One place up or down among its like: on the way, or beside it. Won stays the last on the way."""
    with transaction.atomic():
        draft_row = must_be_draft(draft)
        row = StageInVersion.objects.get(agreement=draft_row, stage=stage)
        like = [r for r in _in_order(draft_row) if r.kind != StageKind.WON and (r.rank is None) == (row.rank is None)]
        index = next((i for i, other in enumerate(like) if other.id == row.id), None)
        other = index + 1 if down and index is not None else (index or 0) - 1
        if index is None or not 0 <= other < len(like):
            raise DomainError("no_place", f"{row.name} can't go further {'down' if down else 'up'}.")
        like[index], like[other] = like[other], like[index]
        if row.rank is not None:
            _rank(like + [r for r in draft_row.stages.all() if r.kind == StageKind.WON])
        _place(draft_row, like)
        settle_counting_version(draft_row)
        log(draft_row, actor, f"Moved the stage {row.name} {'down' if down else 'up'}.")


def reorder_path(*, draft: Agreement, keys: list[str], actor: User | None) -> None:
    """Give the path (and Won, last) new ranks in the order of `keys`, which must name every ranked stage once."""
    with transaction.atomic():
        draft_row = must_be_draft(draft)
        rows = {row.stage.key: row for row in draft_row.stages.select_related("stage").filter(rank__isnull=False)}
        if sorted(keys) != sorted(rows) or rows[keys[-1]].kind != StageKind.WON:
            raise DomainError("order_incomplete", "Name every stage of the path once, Won last.", field="keys")
        _rank([rows[key] for key in keys])
        _place(draft_row, [rows[key] for key in keys])
        settle_counting_version(draft_row)
        draft.counting_version = draft_row.counting_version
        log(draft_row, actor, "Changed the order of the stages.")


def _save(row: StageInVersion) -> None:
    """Refuse in words what the database would refuse in codes."""
    row.name = row.name.strip()
    if row.milestone:
        other = StageInVersion.objects.filter(agreement=row.agreement, milestone=row.milestone).exclude(id=row.id).first()
        if other is not None:
            text = f"{other.name} already carries the milestone {other.get_milestone_display()}. Each is given once."
            raise DomainError("milestone_taken", text, field="milestone")
    try:
        row.full_clean(exclude=["agreement", "stage"], validate_constraints=False)
        row.save()
    except ValidationError as error:
        raise DomainError("stage_invalid", " ".join(error.messages)) from error
    except IntegrityError as error:
        raise DomainError("stage_invalid", "Another stage of this version already has this place or milestone.") from error


def _in_order(draft: Agreement) -> list[StageInVersion]:
    """The path by rank, Won last, then what stands beside it by place."""
    rows = list(draft.stages.select_related("stage").order_by("position", "id"))
    path = sorted((r for r in rows if r.rank is not None), key=lambda r: (r.kind == StageKind.WON, r.rank))
    return [*path, *(r for r in rows if r.rank is None)]


def _renumber(draft: Agreement) -> None:
    rows = _in_order(draft)
    path = [row for row in rows if row.rank is not None]
    if [row.rank for row in path] != list(range(1, len(path) + 1)):
        _rank(path)
    _place(draft, rows)


def _rank(path: list[StageInVersion]) -> None:
    # Two steps, because ranks are unique within a version.
    for offset in (2 * _ASIDE, 1):
        for index, row in enumerate(path):
            row.rank = index + offset
            row.save(update_fields=["rank"])


def _place(draft: Agreement, first: list[StageInVersion]) -> None:
    """Places on screens: those of `first` change among themselves, the others keep theirs."""
    chosen = {row.id for row in first}
    order, queue = [], iter(first)
    for row in draft.stages.order_by("position", "id"):
        order.append(next(queue) if row.id in chosen else row)
    for index, row in enumerate(order):
        if row.position != index:
            row.position = index
            row.save(update_fields=["position"])


def settle_counting_version(draft: Agreement) -> None:
    """Keep a draft one counting version above the one before exactly while something that is counted differs from it."""
    base = base_of(draft)
    if base is None:
        return
    wanted = base.counting_version + counts_differently(base, draft)
    if draft.counting_version != wanted:
        draft.counting_version = wanted
        draft.save(update_fields=["counting_version"])
