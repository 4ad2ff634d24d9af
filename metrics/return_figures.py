"""Figures of return: what was brought beside what was spent. An unknown amount is in no sum and is counted (X15)."""

import numpy as np

from metrics.methods import returns
from metrics.metric import Kind
from metrics.segments import MISSING
from metrics.selection import Selection

RETURNS = frozenset({Kind.RETURN, Kind.COST_PER})


def of_return(kind: Kind, selection: Selection) -> dict:
    """Numerator, denominator, value and how many rows have no known amount; `n` counts what was brought."""
    known = selection.value != MISSING
    brought = int(selection.value[selection.hit & known].sum())
    spend = int(selection.value[selection.base & known].sum())
    reached = int(np.count_nonzero(selection.hit))
    found = {"n": reached, "unknown": selection.unknown}
    match kind:
        case Kind.RETURN:
            found |= {"numerator": brought - spend, "denominator": spend, "value": returns.romi(brought, spend)}
        case Kind.COST_PER:
            value = returns.cost_per(spend, reached) if np.any(selection.base) else None
            found |= {"numerator": spend, "denominator": reached, "value": value}
    if selection.excluded:
        found["status"] = "partial"  # a part of the cost is not known
    return found


def behind(kind: Kind, selection: Selection) -> Selection:
    """The rows of a list: what was brought, and each deal once where deals are counted once."""
    if kind in RETURNS:
        return selection.where(selection.hit)
    if kind == Kind.DISTINCT:
        mask = np.zeros(len(selection), bool)
        mask[np.unique(selection.item, return_index=True)[1]] = True
        return selection.where(mask)
    return selection
