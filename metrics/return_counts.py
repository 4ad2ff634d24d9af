"""What stands behind the counts of a row of return: addresses of exactly its leads and its deals."""

from metrics.deals_behind import SOURCED, TOUCHED
from metrics.returns_frame import ReturnFrame
from metrics.series import Snapshot

# Milestones of the funnel as columns, in their order.
STEPS = (("mql", "MQL"), ("sql", "SQL"))


def stages_of(snapshot: Snapshot, frame: ReturnFrame) -> dict[str, str]:
    """The key of the stage that carries each milestone at the end of a period; none where no stage does."""
    if not snapshot.book:
        return {}
    version = snapshot.book.on(frame.period.end)
    keys = {number: key for key, number in snapshot.book.stage_keys().items()}
    stages = {step: version.milestone(step) for step, _ in STEPS}
    return {step: keys[stage.id] for step, stage in stages.items() if stage is not None}


def urls_of(frame: ReturnFrame, by: str, key: int, name: str, stages: dict[str, str]) -> dict[str, str]:
    """Addresses by what is counted: "lead" and milestones by the row's own leads, "touched" and "sourced" deals won.

    Pieces of content have no leads of their own, nor has credit that no touch earned.
    """
    found = {what: frame.deals_url(by, key, standing=what) for what in (TOUCHED, SOURCED)}
    if by != "content" and key >= 0:
        found |= urls_of_leads(frame, stages, **{by: name if key else ""})
    return found


def urls_of_leads(frame: ReturnFrame, stages: dict[str, str], **filters: str) -> dict[str, str]:
    """The same for leads under some filters, or for all leads."""
    reached = {step: frame.explain_url("first_reach", stage=stage, **filters) for step, stage in stages.items()}
    return {"lead": frame.explain_url("created_leads", **filters)} | reached
