"""Which versions wait for the yes of a side, for whoever may give it. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Side
from funnel.comment_queries import SIGNING, standing_refusals
from funnel.models import Agreement

State = Agreement.State


@dataclass(frozen=True)
class ToSign:
    """A version with the sides, of those asked about, that have neither signed nor refused it."""

    version: Agreement
    sides: tuple[Side, ...]

    @property
    def holds(self) -> bool:
        """It is put in force although somebody's yes is missing."""
        return self.version.state == State.IN_FORCE


def to_sign(sides: Iterable[Side]) -> list[ToSign]:
    """The versions that wait for one of these sides, the newest first: three queries, none without a side."""
    asked = [side for side in SIGNING if side in set(sides)]
    if not asked:
        return []
    versions = Agreement.objects.filter(state__in=(State.PROPOSED, State.IN_FORCE))
    found = []
    for version in versions.prefetch_related("signatures", "refusals").order_by("-number"):
        refused = standing_refusals(version, sorted(version.refusals.all(), key=lambda row: row.id))
        signed = {signature.side for signature in version.signatures.all()}
        if missing := tuple(side for side in asked if side not in signed and side not in refused):
            found.append(ToSign(version, missing))
    return found
