"""One definition of a quantile: the order statistic of rank floor(q (n - 1)) (architecture 5)."""

import math

import numpy as np


def quantile(values: np.ndarray, q: float, *, ordered: bool = False) -> float | None:
    """The q-quantile of values, sorted or (by default) not; None when there are none."""
    if len(values) == 0:
        return None
    rank = math.floor(q * (len(values) - 1))
    if ordered:
        return float(values[rank])
    return float(np.partition(values, rank)[rank])
