"""Journeys to a deal, laid end to end in columns: the input of every attribution model (metrics-spec 5.1).

A journey's touches are sorted by time; rows `starts[i]` to `starts[i + 1]` belong to journey i. A journey may be empty.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NEVER = -(2**62)  # the instant of something that did not happen: no lead, no deal
MILESTONES = ("first", "creation", "opening", "closing")
COLLAPSE_SECONDS = 30 * 60


@dataclass(frozen=True)
class Journeys:
    """`at`, `lead_at`, `deal_at` and `closed_at` are seconds since 1970; `player` is who earns the credit of a touch.

    Per touch: player, at. Per journey: lead_at (creation of the deal's oldest lead), deal_at, closed_at; NEVER if there is
    none. Touches lie at or before closed_at.
    """

    starts: np.ndarray
    player: np.ndarray
    at: np.ndarray
    lead_at: np.ndarray
    deal_at: np.ndarray
    closed_at: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.diff(self.starts)

    @cached_property
    def journey(self) -> np.ndarray:
        """Which journey each touch belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def under(self, mask: np.ndarray) -> "Journeys":
        """The journeys under a mask, laid end to end."""
        touches = np.repeat(mask, self.lengths)
        starts = np.concatenate(([0], np.cumsum(self.lengths[mask]))).astype(np.int64)
        ends = (self.lead_at[mask], self.deal_at[mask], self.closed_at[mask])
        return Journeys(starts, self.player[touches], self.at[touches], *ends)

    def last_touch_by(self, instants: np.ndarray) -> np.ndarray:
        """Row of each journey's last touch at or before an instant of its own; -1 where there is none."""
        before = np.concatenate(([0], np.cumsum(self.at <= np.repeat(instants, self.lengths))))
        count = before[self.starts[1:]] - before[self.starts[:-1]]
        return np.where(count > 0, self.starts[:-1] + count - 1, -1)

    def milestone(self, name: str) -> np.ndarray:
        """Row of the touch that holds a milestone, -1 where none does.

        first: the first touch; creation: the last one by the lead's creation; opening: by the deal's; closing: by its close.
        """
        if name == "first":
            return np.where(self.lengths > 0, self.starts[:-1], -1)
        return self.last_touch_by({"creation": self.lead_at, "opening": self.deal_at, "closing": self.closed_at}[name])

    def milestones(self) -> dict[str, np.ndarray]:
        """Row of the touch that holds each milestone, by its name."""
        return {name: self.milestone(name) for name in MILESTONES}


def without_repeats(group: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Mask of the touches that stay when repeats collapse: same group (contact, campaign and kind) within 30 minutes.

    Rows are in time order. A repeat is judged against the last touch that stayed: a long burst leaves one every half hour.
    """
    order = np.lexsort((at, group))
    keep = np.ones(len(at), bool)
    near = np.zeros(len(at), bool)
    near[1:] = (np.diff(group[order]) == 0) & (np.diff(at[order]) < COLLAPSE_SECONDS)
    # Only inside a run of near neighbours does it matter which one stayed last.
    last_kept = 0
    for spot in np.nonzero(near)[0]:
        if not near[spot - 1]:
            last_kept = spot - 1
        if at[order[spot]] - at[order[last_kept]] < COLLAPSE_SECONDS:
            keep[order[spot]] = False
        else:
            last_kept = spot
    return keep
