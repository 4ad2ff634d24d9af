"""The only rounding of money. Amounts are integers in minor units of an ISO 4217 currency; never floats."""

import itertools
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0) | dict.fromkeys(
    "BHD IQD JOD KWD LYD OMR TND".split(), 3
)

# What a database integer holds, with room for sums: 90 thousand billion units of a two-decimal currency.
MAX_MINOR = 9 * 10**15


def exponent(currency: str) -> int:
    """Number of decimals of the currency's minor unit (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def is_currency(code: str) -> bool:
    """True for a code of the right shape (three capital ASCII letters)."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def to_minor(amount: Decimal, currency: str) -> int:
    """Major units to minor units, rounded half to even once. ValueError if it is not finite or too large."""
    if not amount.is_finite():
        raise ValueError("the amount is not a number")
    minor = int((amount.scaleb(exponent(currency))).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    if abs(minor) > MAX_MINOR:
        raise ValueError("the amount is too large")
    return minor


def convert(minor: int, currency: str, base: str, rate: Decimal) -> int:
    """Minor units of `currency` to minor units of `base`; `rate` is base units per one unit of `currency` (X11)."""
    if currency == base:
        return minor
    scale = Decimal(10) ** (exponent(base) - exponent(currency))
    return int((Decimal(minor) * rate * scale).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def apply_basis_points(minor: np.ndarray, basis_points: np.ndarray) -> np.ndarray:
    """Amounts (int64) times basis points / 10,000, rounded half to even."""
    # Ten thousands apart, so that nothing overflows below MAX_MINOR.
    large, small = np.divmod(minor.astype(np.int64), 10_000)
    whole, rest = np.divmod(small * basis_points, 10_000)
    whole += large * basis_points
    return whole + ((rest > 5_000) | ((rest == 5_000) & (whole % 2 == 1)))


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` so that the parts add up to it exactly (metrics-spec 5.1).

    Largest remainder: floor every share of the absolute value, then give the missing units to the largest
    fractional parts, ties to the earlier weight; a negative total is split as its absolute value and negated.
    """
    whole = sum(weights)
    if not weights or whole <= 0:
        raise ValueError("weights must be given and sum to more than zero")
    shares = [Fraction(abs(total) * weight, whole) for weight in weights]
    parts = [int(share) for share in shares]
    missing = abs(total) - sum(parts)
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - shares[i], i))
    for i in order[:missing]:
        parts[i] += 1
    return [-part for part in parts] if total < 0 else parts


def spread(total: int, days: int) -> list[int]:
    """`total` evenly over days, so that every stretch of days holds its exact share to the nearest unit (metrics-spec R1).

    Each day gets the step of the rounded running total. Giving the odd cents to the first days instead would leave a month
    of a long cost line dearer than its share by up to a cent a day.
    """
    reached = [spread_until(total, days, day) for day in range(days + 1)]
    return [after - before for before, after in itertools.pairwise(reached)]


def spread_until(total: int, days: int, day: int) -> int:
    """What `spread` gives to the first `day` of so many days: the rounded running total."""
    upto = (2 * abs(total) * day + days) // (2 * days)
    return -upto if total < 0 else upto
