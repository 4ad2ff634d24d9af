"""The rules of credit."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from core.queries import calendar
from core.stale import note_stale
from metrics.credit_rules import current_rules
from metrics.models import CreditRules

WHOLE = 10_000
WEIGHTS = ("first", "creation", "opening", "closing", "other")
LONGEST_LOOKBACK, LONGEST_HALF_LIFE = 3_650, 365


def set_credit_rules(
    *,
    actor: User | None,
    policy: str | None = None,
    lookback: int | None = None,
    half_life: int | None = None,
    weights: dict[str, int] | None = None,
    spread_unallocated: bool | None = None,
) -> CreditRules:
    """A new version of the rules of credit; what is not given stays. The worker shares all deals anew and posts differences.

    `lookback` and `half_life` in days; `weights` in 10,000ths per milestone and for all other touches, which sum to 10,000.
    DomainError names what is out of bounds.
    """
    before = current_rules()
    custom = before.custom
    values = {
        "policy": CreditRules.Policy.ACCOUNT if before.reach.account else CreditRules.Policy.CONTACT,
        "lookback": before.reach.lookback,
        "half_life": before.half_life,
        "spread_unallocated": before.spread_unallocated,
    } | {name: getattr(custom, name) if custom else 0 for name in WEIGHTS}
    given = {"policy": policy, "lookback": lookback, "half_life": half_life, "spread_unallocated": spread_unallocated}
    values |= {name: value for name, value in given.items() if value is not None}
    if weights is not None:
        values |= _checked(weights)
    if values["policy"] not in CreditRules.Policy.values:
        raise DomainError("policy_unknown", f"Use one of: {', '.join(CreditRules.Policy.values)}.", field="policy")
    if not 1 <= values["lookback"] <= LONGEST_LOOKBACK:
        raise DomainError("lookback_invalid", f"The look-back is 1 to {LONGEST_LOOKBACK} days.", field="lookback")
    if not 1 <= values["half_life"] <= LONGEST_HALF_LIFE:
        raise DomainError("half_life_invalid", f"The half-life is 1 to {LONGEST_HALF_LIFE} days.", field="half_life")
    with transaction.atomic():
        # The worker that this note wakes sees that the rules are new, and shares all deals anew.
        note_stale([(None, calendar().day_of(dt.datetime.now(dt.UTC)))])
        return CreditRules.objects.create(set_by=actor, **values)


def _checked(weights: dict[str, int]) -> dict[str, int]:
    if unknown := set(weights) - set(WEIGHTS):
        raise DomainError("weight_unknown", f"There is no weight “{sorted(unknown)[0][:40]}”.", field="weights")
    found = {name: weights.get(name, 0) for name in WEIGHTS}
    if min(found.values()) < 0 or sum(found.values()) != WHOLE:
        raise DomainError("weights_invalid", "The weights are not negative and add up to 100 %.", field="weights")
    return found
