"""The rules by which credit is shared, as versions: what counts for a deal, and the weights that the company set itself."""

from dataclasses import dataclass
from typing import NamedTuple

from metrics.methods.attribution import Rule
from metrics.models import CreditRules


class Reach(NamedTuple):
    """How far a way goes: whose touches count, and since how many days before the deal was opened."""

    account: bool = False  # all contacts of the company, not only those with a part in the deal
    lookback: int = 365


@dataclass(frozen=True)
class Rules:
    """A version of the rules; version 0 is what holds before anybody has set any."""

    version: int = 0
    reach: Reach = Reach()
    half_life: int = 30  # days
    custom: Rule | None = None
    spread_unallocated: bool = (
        False  # spend without a campaign goes to those with one, pro rata, instead of a row of its own
    )


def rules_of(row: CreditRules) -> Rules:
    weights = (row.first, row.creation, row.opening, row.closing, row.other)
    return Rules(
        version=row.id,
        reach=Reach(row.policy == CreditRules.Policy.ACCOUNT, row.lookback),
        half_life=row.half_life,
        custom=Rule(*weights) if any(weights) else None,
        spread_unallocated=row.spread_unallocated,
    )


def current_rules() -> Rules:
    """The version in force: the last one that was set."""
    row = CreditRules.objects.order_by("-id").first()
    return Rules() if row is None else rules_of(row)
