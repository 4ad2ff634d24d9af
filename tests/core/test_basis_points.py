"""A share of an amount in basis points is rounded half to even, whatever its sign and size."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from core.money import MAX_MINOR, apply_basis_points

amounts = some.one_of(some.integers(-MAX_MINOR, MAX_MINOR), some.integers(-100, 100).map(lambda n: n * 5_000))


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(some.lists(some.tuples(amounts, some.integers(0, 10_000)), min_size=1, max_size=20))
def test_every_amount_is_rounded_as_decimals_are(pairs):
    minor, points = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    exact = [(Decimal(m) * p / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) for m, p in pairs]
    assert apply_basis_points(minor, points).tolist() == [int(value) for value in exact]


def test_a_half_goes_to_the_even_neighbour():
    assert apply_basis_points(np.array([1, 3, -1, -3]), np.full(4, 5_000)).tolist() == [0, 2, 0, -2]
