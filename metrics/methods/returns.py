"""Return on spend (metrics-spec 6). Money in minor units; None where a figure is undefined, never 0 for unknown (X12, X15).

Returns say *attributed*: what would have come without the spend is not known.
"""

from collections.abc import Sequence
from itertools import accumulate

HORIZON_MONTHS = 36
MATURE_ENOUGH = 0.5  # below this a cohort shows what it brought to date and is not projected


def romi(profit: int, spend: int) -> float | None:
    """R4: (attributed gross profit − spend) ÷ spend. None without spend."""
    return (profit - spend) / spend if spend > 0 else None


def cost_per(spend: int, reached: int) -> float | None:
    """R2: spend per lead that reached the stage. None where nobody did."""
    return spend / reached if reached else None


def customer_payback_months(cost_to_win: float, monthly_profit: float) -> float | None:
    """R5, customer form: cost to win one ÷ gross profit a month from one. None where the profit never pays it back."""
    return cost_to_win / monthly_profit if monthly_profit > 0 else None


def spend_payback_month(spend: int, profit_by_month: Sequence[int]) -> int | None:
    """R5, spend form: the first month of age (0 is the month of the spend) at which the profit so far covers the spend."""
    return next((age for age, total in enumerate(accumulate(profit_by_month)) if total >= spend), None)


def lifetime_profit(
    monthly_profit: float, retention: float, *, months: int = HORIZON_MONTHS, monthly_discount: float = 0.0
) -> float:
    """R6: Σ over k < months of m·ρ^k ÷ (1 + δ)^k. Capped: a sum without end promises what nobody has seen."""
    if not 0 <= retention <= 1:
        raise ValueError("retention is a share between 0 and 1")
    return sum(monthly_profit * (retention / (1 + monthly_discount)) ** k for k in range(months))


def cohort_romi(spend: int, profit_by_month: Sequence[int]) -> list[float | None]:
    """R7: the return of one month's spend by age in months, on the profit credited up to that age."""
    return [romi(total, spend) for total in accumulate(profit_by_month)]


def projected_romi(spend: int, profit_to_date: int, maturity: float) -> float | None:
    """R7 carried to full maturity (share of wins that have come by this age); None below 50 %: too early to say."""
    return romi(round(profit_to_date / maturity), spend) if maturity >= MATURE_ENOUGH else None
