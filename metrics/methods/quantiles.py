"""One definition of a quantile: the order statistic of rank floor(q (n - 1)) (architecture 5)."""

import math

import numpy as np


def quantile(values: np.ndarray, q: float) -> float | None:
    """The q-quantile of unsorted values; None when there are none."""
    if len(values) == 0:
        return None
    rank = math.floor(q * (len(values) - 1))
    return float(np.partition(values, rank)[rank])
