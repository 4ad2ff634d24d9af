"""What the first version of a new company still takes: rules, promises and targets, as long as nobody has signed it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from funnel.criteria import write_rule
from funnel.models import Agreement, StageRule, Target
from funnel.presets_first import PROMISES, RULES
from funnel.services.opening import OPEN, lock, log, touch_numbers
from funnel.services.plan import TargetCell
from funnel.services.promises import insert_lines


def set_first_targets(*, agreement: Agreement, cells: Iterable[TargetCell], actor: User | None) -> int:
    """Write targets into the version that both leads are still to sign; what was there for the same months goes.

    Returns how many targets were written.
    """
    written = 0
    with _unsigned(agreement) as row:
        for cell in cells:
            held = row.targets.filter(metric=cell.metric, stage_id=cell.stage_id, month=cell.month, segment=None)
            held.delete()
            if cell.value is not None:
                Target.objects.create(
                    agreement=row, metric=cell.metric, stage_id=cell.stage_id, month=cell.month, value=cell.value
                )
                written += 1
        log(row, actor, f"Entered {written} first {'target' if written == 1 else 'targets'}.")
    return written


def set_first_rules(*, agreement: Agreement, preset: str, actor: User | None) -> int:
    """Put the entry rules of a preset into the unsigned first version; those that were there go. Returns their number."""
    if preset not in RULES:
        raise DomainError("preset_unknown", f"Unknown preset. Use one of: {', '.join(RULES)}.", field="preset")
    wanted = RULES[preset].rules
    with _unsigned(agreement) as row:
        row.entry_rules.all().delete()
        rows = [
            StageRule(agreement=row, stage_id=stage.stage_id, rule=write_rule(wanted[stage.milestone]))
            for stage in row.stages.filter(milestone__in=wanted, retired=False)
        ]
        StageRule.objects.bulk_create(rows)
        log(row, actor, f"Chose when a lead may enter from the preset “{preset}”.")
    return len(rows)


def set_first_promises(*, agreement: Agreement, preset: str, actor: User | None) -> int:
    """Put the promises of a preset into the unsigned first version; those that were there go. Returns their number."""
    if preset not in PROMISES:
        raise DomainError("preset_unknown", f"Unknown preset. Use one of: {', '.join(PROMISES)}.", field="preset")
    lines = PROMISES[preset].lines
    with _unsigned(agreement) as row:
        row.promises.all().delete()
        insert_lines(row, lines)
        log(row, actor, f"Chose the promises of the preset “{preset}”.")
    return len(lines)


@contextmanager
def _unsigned(agreement: Agreement) -> Iterator[Agreement]:
    """The version, held. Once a side has signed, or a draft is open, changes are made there: nothing that somebody agreed
    to changes unseen."""
    with transaction.atomic():
        row = lock(agreement)
        if row.state != Agreement.State.IN_FORCE or row.signatures.exists():
            raise DomainError("version_signed", f"{row} is signed already: draft a new one in the console to change it.")
        if Agreement.objects.filter(state__in=OPEN).exists():
            raise DomainError("draft_exists", "A new version is being drafted: change it there, in the console.")
        yield row
        touch_numbers(row)
