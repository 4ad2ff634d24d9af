"""Intervals for proportions at 95 %."""

import math

Z95 = 1.959963984540054  # the 97.5 % point of the standard normal distribution


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """Wilson score interval of hits / n as shares; None for n = 0 (X12, X13).

    Source: E. B. Wilson, Probable inference (1927). Example: 30 of 100 gives 0.219 to 0.396.
    """
    if n == 0:
        return None
    share, square = hits / n, Z95 * Z95
    centre = share + square / (2 * n)
    half = Z95 * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low, high = (centre - half) / (1 + square / n), (centre + half) / (1 + square / n)
    return (0.0 if hits == 0 else max(low, 0.0), 1.0 if hits == n else min(high, 1.0))


def loglog(value: float, variance: float) -> tuple[float, float] | None:
    """Interval of a cumulative incidence on the complementary log-log scale; None where it is not defined (0 or 1)."""
    survival = 1 - value
    if not 0 < survival < 1:
        return None
    spread = Z95 * math.sqrt(variance) / (survival * abs(math.log(survival)))
    low, high = survival ** math.exp(spread), survival ** math.exp(-spread)
    return (1 - high, 1 - low)
