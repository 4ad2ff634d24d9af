"""Where the bars of a waterfall lie: each step begins where the one before ended."""

from dataclasses import dataclass

from reviews.frozen_queries import Box, Waterfall

# Balances are cut once the steps would be smaller than this share of them, or nobody could see the steps.
SMALLEST_SPAN = 0.35


@dataclass(frozen=True)
class Bar:
    """`start` and `width` in percent of the drawing."""

    box: Box
    start: float
    width: float

    @property
    def direction(self) -> str:
        if self.box.end:
            return "end"
        return "up" if self.box.change > 0 else "down" if self.box.change < 0 else "level"


@dataclass(frozen=True)
class Drawn:
    """`cut`: the bars do not begin at zero, which has to be said."""

    fall: Waterfall
    bars: tuple[Bar, ...]
    cut: bool


def drawn(fall: Waterfall) -> Drawn:
    """Boxes with nothing in them are left out, but for the two balances."""
    spans, at = [], 0
    for box in fall.boxes:
        before, at = (0, box.change) if box.end else (at, at + box.change)
        if box.end or box.number or box.change:
            spans.append((box, before, at))
    ends = [value for box, before, after in spans for value in ((after,) if box.end else (before, after))]
    low, high = min(ends, default=0), max(ends, default=0)
    span = high - low
    # A level week has nothing to enlarge.
    cut = low > 0 and 0 < span < SMALLEST_SPAN * high
    floor = max(0, low - span) if cut else min(0, low)
    width = (high - floor) or 1
    bars = []
    for box, before, after in spans:
        # Balances stand on zero, or on the edge where it is cut off.
        begin = max(0, floor) if box.end else before
        start, end = min(begin, after), max(begin, after)
        bars.append(Bar(box, round(100 * (start - floor) / width, 2), round(100 * (end - start) / width, 2)))
    return Drawn(fall, tuple(bars), cut and floor > 0)
