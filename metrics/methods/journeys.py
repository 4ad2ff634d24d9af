"""Journeys to a deal, laid end to end in columns: the input of every attribution model (metrics-spec 5.1).

A journey's touches are sorted by time; rows `starts[i]` to `starts[i + 1]` belong to journey i. A journey may be empty.
"""

from dataclasses import dataclass

import numpy as np

NEVER = -(2**62)  # the instant of something that did not happen: no lead, no deal
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

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.starts)

    @property
    def journey(self) -> np.ndarray:
        """Which journey each touch belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def last_touch_by(self, instants: np.ndarray) -> np.ndarray:
        """Row of each journey's last touch at or before an instant of its own; -1 where there is none."""
        before = np.concatenate(([0], np.cumsum(self.at <= np.repeat(instants, self.lengths))))
        count = before[self.starts[1:]] - before[self.starts[:-1]]
        return np.where(count > 0, self.starts[:-1] + count - 1, -1)

    def milestones(self) -> dict[str, np.ndarray]:
        """Row of the touch that holds each milestone, -1 where none does.

        first: the first touch; creation: the last one by the lead's creation; opening: by the deal's; closing: by its close.
        """
        return {
            "first": np.where(self.lengths > 0, self.starts[:-1], -1),
            "creation": self.last_touch_by(self.lead_at),
            "opening": self.last_touch_by(self.deal_at),
            "closing": self.last_touch_by(self.closed_at),
        }


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
