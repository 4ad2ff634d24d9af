"""Returns with their intervals as places on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Drawn(Protocol):
    """What is drawn: gross profit per unit of spend with its interval, and whether it rests on few deals."""

    few: bool

    @property
    def per_euro(self) -> float | None: ...

    @property
    def bounds(self) -> tuple[float, float] | None: ...


@dataclass(frozen=True)
class Range:
    """A return with its interval as places on a scale from nothing (0) to its end (100), with break-even.

    `beyond`: the return where it lies beyond the end; `cut`: whether the interval goes on there.
    """

    low: float
    at: float
    high: float
    even: float
    beyond: float | None = None
    cut: bool = False


def scale_of(lines: Sequence[Drawn]) -> float:
    """The right end of a scale that holds break-even and all intervals; an endless one is cut at thrice the best return.

    Returns on few deals don't stretch it: one lucky deal would press all others together. They are cut, and say so. Where
    all rest on few, one that goes on more than thrice as far as all others does not count.
    """
    told = [line for line in lines if line.per_euro is not None]
    sure = [line for line in told if not line.few]
    far = sorted(((line.bounds[1] if line.bounds else line.per_euro, line.per_euro) for line in sure or told), reverse=True)
    if not sure and len(far) > 1 and far[0][0] > 3 * max(far[1][0], 0.5):
        far = far[1:]
    best = max((value for _, value in far), default=1)
    return max(1.5, min(far[0][0] if far else 1, best * 3)) * 1.04


def range_of(line: Drawn, scale: float) -> Range | None:
    if line.per_euro is None:
        return None
    low, high = line.bounds or (line.per_euro, line.per_euro)
    places = (round(min(max(value / scale, 0), 1) * 100, 2) for value in (low, line.per_euro, high, 1))
    return Range(*places, beyond=line.per_euro if line.per_euro > scale else None, cut=high > scale)
