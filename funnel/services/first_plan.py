"""The first targets of a new company: part of its first version, as long as nobody has signed it."""

from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from funnel.models import Agreement, Target
from funnel.services.opening import OPEN, lock, log, touch_numbers
from funnel.services.plan import TargetCell


def set_first_targets(*, agreement: Agreement, cells: Iterable[TargetCell], actor: User | None) -> int:
    """Write targets into the version that both leads are still to sign; what was there for the same months goes.

    Once a side has signed, or a draft is open, targets are changed there: nothing that somebody agreed to changes unseen.
    Returns how many targets were written.
    """
    with transaction.atomic():
        row = lock(agreement)
        if row.state != Agreement.State.IN_FORCE or row.signatures.exists():
            raise DomainError(
                "version_signed", f"{row} is signed already: draft a new one in the console to change targets."
            )
        if Agreement.objects.filter(state__in=OPEN).exists():
            raise DomainError("draft_exists", "A new version is being drafted: enter the targets there, in the console.")
        written = 0
        for cell in cells:
            held = row.targets.filter(metric=cell.metric, stage_id=cell.stage_id, month=cell.month, segment=None)
            held.delete()
            if cell.value is not None:
                Target.objects.create(
                    agreement=row, metric=cell.metric, stage_id=cell.stage_id, month=cell.month, value=cell.value
                )
                written += 1
        touch_numbers(row)
        log(row, actor, f"Entered {written} first {'target' if written == 1 else 'targets'}.")
    return written
