"""Writes to the agreement: draft, change, sign, put in force. Facts are never rewritten by configuration."""

import datetime as dt

from django.db import transaction
from django.db.models import Max

from accounts.models import Side, User
from core.errors import DomainError
from core.stale import note_stale
from funnel.models import (
    Agreement,
    Reason,
    Region,
    Segment,
    SegmentMargin,
    Signature,
    Stage,
    StageInVersion,
    StageTransition,
    Target,
)
from funnel.presets import PRESET_REASONS, PRESETS

# Fields of a stage whose change alters what is counted (architecture 4); the others are wording.
_COUNTING_FIELDS = {"rank", "kind", "milestone", "retired"}


def adopt_preset(*, preset: str, from_day: dt.date, actor: User | None) -> Agreement:
    """Version 1 of an installation, in force at once and unsigned until both sides sign."""
    if Agreement.objects.exists():
        raise DomainError("agreement_exists", "Stages are already set up.")
    if preset not in PRESETS:
        raise DomainError("preset_unknown", f"Unknown preset. Use one of: {', '.join(PRESETS)}.", field="preset")
    with transaction.atomic():
        agreement = Agreement.objects.create(
            number=1, counting_version=1, state=Agreement.State.IN_FORCE, from_day=from_day, created_by=actor
        )
        rank = 0
        for position, spec in enumerate(PRESETS[preset]):
            stage, _ = Stage.objects.get_or_create(key=spec.key)
            ranked = spec.kind in ("path", "won")
            rank += ranked
            StageInVersion.objects.create(
                agreement=agreement,
                stage=stage,
                name=spec.name,
                rank=rank if ranked else None,
                position=position,
                kind=spec.kind,
                side=spec.side,
                milestone=spec.milestone,
                definition=spec.definition,
                target_days=spec.target_days,
            )
        Reason.objects.bulk_create(
            Reason(agreement=agreement, use=use, key=key, label=label)
            for use, reasons in PRESET_REASONS.items()
            for key, label in reasons.items()
        )
        return agreement


def draft_version(*, actor: User | None, note: str = "") -> Agreement:
    """Copy the newest version into a draft that may be changed until it is put in force."""
    base = Agreement.objects.order_by("-number").first()
    if base is None:
        raise DomainError("agreement_missing", "There is no agreement yet to draft from.")
    if base.state in (Agreement.State.DRAFT, Agreement.State.PROPOSED):
        raise DomainError("draft_exists", f"Version {base.number} is still open. Finish or drop it first.")
    with transaction.atomic():
        draft = Agreement.objects.create(
            number=base.number + 1, counting_version=base.counting_version, created_by=actor, note=note
        )
        for model in (StageInVersion, Reason, Target, SegmentMargin, StageTransition):
            rows = list(model.objects.filter(agreement=base))
            for row in rows:
                row.pk, row.agreement = None, draft
                row._state.adding = True
            model.objects.bulk_create(rows)
        return draft


def edit_stage(*, draft: Agreement, stage: Stage, actor: User | None, **changes) -> StageInVersion:
    """Change a stage within a draft. Ranks of others are shifted by `reorder_path`, not here."""
    _must_be_open(draft)
    row = StageInVersion.objects.get(agreement=draft, stage=stage)
    for name, value in changes.items():
        setattr(row, name, value)
    row.full_clean(exclude=["agreement", "stage"])
    with transaction.atomic():
        row.save()
        if _COUNTING_FIELDS & set(changes):
            _raise_counting_version(draft)
    return row


def reorder_path(*, draft: Agreement, keys: list[str], actor: User | None) -> None:
    """Give the path (and Won, last) new ranks in the order of `keys`, which must name every ranked stage once."""
    _must_be_open(draft)
    rows = {row.stage.key: row for row in draft.stages.select_related("stage").filter(rank__isnull=False)}
    if sorted(keys) != sorted(rows) or rows[keys[-1]].kind != "won":
        raise DomainError("order_incomplete", "Name every stage of the path once, Won last.", field="keys")
    with transaction.atomic():
        # Two steps, because ranks are unique within a version.
        for offset in (1_000, 1):
            for index, key in enumerate(keys):
                rows[key].rank = index + offset
                rows[key].save(update_fields=["rank"])
        _raise_counting_version(draft)


def sign(*, agreement: Agreement, side: Side, user: User, signed_at: dt.datetime) -> Signature:
    """One side's yes. The caller checked that the person leads that side."""
    if agreement.signatures.filter(side=side).exists():
        raise DomainError("already_signed", f"{Side(side).label} has already signed {agreement}.")
    with transaction.atomic():
        _touch_numbers(agreement)
        return Signature.objects.create(agreement=agreement, side=side, user=user, signed_at=signed_at)


def put_in_force(*, agreement: Agreement, from_day: dt.date, actor: User | None) -> Agreement:
    """Let a draft hold from a day on; the version before it ends there. Days before keep their version."""
    _must_be_open(agreement)
    last = Agreement.objects.filter(state=Agreement.State.IN_FORCE).aggregate(day=Max("from_day"))["day"]
    if last is not None and from_day <= last:
        raise DomainError("version_too_early", f"A later version starts after {last}.", field="from_day")
    with transaction.atomic():
        Agreement.objects.filter(state=Agreement.State.IN_FORCE).update(state=Agreement.State.SUPERSEDED)
        agreement.state, agreement.from_day = Agreement.State.IN_FORCE, from_day
        agreement.save(update_fields=["state", "from_day"])
        _touch_numbers(agreement)
    return agreement


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
    _touch_numbers(agreement)
    target, _ = Target.objects.update_or_create(
        agreement=agreement,
        metric=metric,
        month=month.replace(day=1),
        segment=segment,
        stage=stage,
        defaults={"value": value},
    )
    return target


def set_margin(
    *, agreement: Agreement, segment: Segment | None, from_day: dt.date, basis_points: int, actor: User | None
) -> SegmentMargin:
    """Agreed gross margin of a segment (None: every other one) that stands in for a missing cost from a day on."""
    if not 0 <= basis_points <= 10_000:
        raise DomainError("margin_invalid", "A margin lies between 0 and 100 %.", field="basis_points")
    _touch_numbers(agreement)
    margin, _ = SegmentMargin.objects.update_or_create(
        agreement=agreement, segment=segment, from_day=from_day, defaults={"basis_points": basis_points}
    )
    return margin


def ensure_segment(*, name: str) -> Segment:
    return Segment.objects.get_or_create(name=name)[0]


def ensure_region(*, name: str) -> Region:
    return Region.objects.get_or_create(name=name)[0]


def _touch_numbers(agreement: Agreement) -> None:
    """Plan, margins and signatures stand beside numbers: a note raises the generation, so that no page keeps old ones."""
    if agreement.from_day is not None:
        note_stale([(None, agreement.from_day)])


def _must_be_open(agreement: Agreement) -> None:
    if agreement.state not in (Agreement.State.DRAFT, Agreement.State.PROPOSED):
        raise DomainError("version_closed", f"{agreement} is in force and can't be changed. Draft a new version.")


def _raise_counting_version(draft: Agreement) -> None:
    base = Agreement.objects.filter(number__lt=draft.number).aggregate(top=Max("counting_version"))["top"] or 0
    if draft.counting_version != base + 1:
        draft.counting_version = base + 1
        draft.save(update_fields=["counting_version"])
