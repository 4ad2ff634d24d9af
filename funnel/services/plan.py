"""The plan: targets by month, and agreed margins that stand in for missing costs."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from funnel.models import Agreement, Segment, SegmentMargin, Stage, Target
from funnel.services.opening import log, must_be_draft, touch_numbers


@dataclass(frozen=True)
class TargetCell:
    """One cell of the table; None empties it."""

    metric: str
    stage_id: int | None
    month: dt.date
    value: int | None


def set_target(
    *,
    agreement: Agreement,
    metric: str,
    month: dt.date,
    value: int,
    segment: Segment | None = None,
    stage: Stage | None = None,
    actor: User | None,
) -> Target:
    """Plan value of a metric in a month (money in base minor units)."""
    touch_numbers(agreement)
    target, _ = Target.objects.update_or_create(
        agreement=agreement,
        metric=metric,
        month=month.replace(day=1),
        segment=segment,
        stage=stage,
        defaults={"value": value},
    )
    return target


def save_targets(*, draft: Agreement, cells: Iterable[TargetCell], today: dt.date, actor: User | None) -> int:
    """Write the cells that differ, all or none. A target of a month that is over stays. Returns how many changed."""
    this_month = today.replace(day=1)
    changed = 0
    with transaction.atomic():
        row = must_be_draft(draft)
        held = {(t.metric, t.stage_id, t.month): t for t in row.targets.filter(segment=None)}
        for cell in cells:
            target = held.get((cell.metric, cell.stage_id, cell.month))
            old = target.value if target else None
            if old == cell.value:
                continue
            if old is not None and cell.month < this_month:
                raise DomainError("past_target", f"{cell.month:%B %Y} is over: its target stays as it was agreed.")
            changed += 1
            if cell.value is None:
                target.delete()
            elif target is not None:
                target.value = cell.value
                target.save(update_fields=["value"])
            else:
                Target.objects.create(
                    agreement=row, metric=cell.metric, stage_id=cell.stage_id, month=cell.month, value=cell.value
                )
        if changed:
            log(row, actor, f"Changed {changed} {'target' if changed == 1 else 'targets'}.")
    return changed


def set_margin(
    *, agreement: Agreement, segment: Segment | None, from_day: dt.date, basis_points: int, actor: User | None
) -> SegmentMargin:
    """Agreed gross margin of a segment (None: every other one) that stands in for a missing cost from a day on."""
    if not 0 <= basis_points <= 10_000:
        raise DomainError("margin_invalid", "A margin lies between 0 and 100 %.", field="basis_points")
    touch_numbers(agreement)
    margin, _ = SegmentMargin.objects.update_or_create(
        agreement=agreement, segment=segment, from_day=from_day, defaults={"basis_points": basis_points}
    )
    return margin


def draft_margin(
    *,
    draft: Agreement,
    segment: Segment | None,
    from_day: dt.date,
    basis_points: int,
    today: dt.date,
    actor: User | None,
) -> SegmentMargin:
    """A margin of a draft: from today or a later day, because earlier deals keep the profit they were shown with."""
    with transaction.atomic():
        row = must_be_draft(draft)
        if from_day < today:
            raise DomainError("past_margin", "A margin starts today or later; earlier days keep theirs.", field="from_day")
        found = set_margin(agreement=row, segment=segment, from_day=from_day, basis_points=basis_points, actor=actor)
        log(row, actor, f"Margin of {segment or 'all other segments'}: {basis_points / 100:g} % from {from_day}.")
        return found


def remove_margin(*, draft: Agreement, margin_id: int, today: dt.date, actor: User | None) -> None:
    with transaction.atomic():
        row = must_be_draft(draft)
        margin = row.margins.filter(id=margin_id).first()
        if margin is None:
            raise DomainError("margin_unknown", "This margin is not part of the draft any more. Reload the page.")
        if margin.from_day < today:
            raise DomainError("past_margin", "A margin that already holds stays. Add a new one from a later day.")
        log(row, actor, f"Took out the margin of {margin.segment or 'all other segments'} from {margin.from_day}.")
        margin.delete()
