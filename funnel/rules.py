"""May this move happen? Pure rules over a version of the agreement; no database."""

from core.errors import DomainError
from funnel.book import StageInfo, Version
from funnel.models import Reason, StageKind

_USE_BY_KIND = {
    StageKind.LOST: Reason.Use.LOST,
    StageKind.OUT: Reason.Use.DISQUALIFY,
    StageKind.DETOUR: Reason.Use.RECYCLE,
}


def reason_use(version: Version, from_stage: int | None, to: StageInfo) -> str | None:
    """Which list of agreed reasons a move needs one from, or None if it needs none (X2)."""
    if to.kind in _USE_BY_KIND:
        return str(_USE_BY_KIND[to.kind])
    if from_stage is not None and version.exit_kind(from_stage, to.id) == "back":
        return str(Reason.Use.RETURN)
    return None


def check_move(version: Version, from_stage: int | None, to_stage: int, reason: str, *, historic: bool = False) -> None:
    """Raise the DomainError that names the rule a move would break.

    `historic` moves come from a file that tells what already happened elsewhere: no reason is asked for, retired stages
    and forbidden moves are taken as they were.
    """
    to = version.stages.get(to_stage)
    if to is None:
        raise DomainError("stage_unknown", "This stage does not exist in the agreement of that day.", field="to_stage")
    if from_stage == to_stage:
        raise DomainError("already_there", f"The lead is already in {to.name}.", field="to_stage")
    if historic:
        return
    if to.retired:
        raise DomainError("stage_retired", f"{to.name} takes no new leads any more.", field="to_stage")
    if from_stage is not None and (from_stage, to_stage) in version.forbidden:
        origin = version.stages[from_stage].name
        raise DomainError(
            "move_forbidden",
            f"The agreement does not allow a move from {origin} to {to.name}.",
            field="to_stage",
        )
    use = reason_use(version, from_stage, to)
    if use is None:
        return
    agreed = version.reasons.get(use, {})
    if not reason:
        raise DomainError("reason_missing", f"A move to {to.name} needs a reason.", field="reason")
    if agreed and reason not in agreed:
        options = ", ".join(sorted(agreed))
        raise DomainError("reason_unknown", f"“{reason}” is not an agreed reason. Use one of: {options}.", field="reason")
