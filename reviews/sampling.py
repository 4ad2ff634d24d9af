"""Which leads two judges read: a random sample in equal parts of MQLs, near misses and the rest (metrics-spec Q7). Pure."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reviews.models import Stratum

SIZE = 30
# Fewer leads than these say nothing about a definition.
LEAST = 10
_ORDER = (Stratum.MQL, Stratum.NEAR, Stratum.BELOW)


@dataclass(frozen=True)
class Candidate:
    """A lead of the month. `touches`: what it did with marketing, which stands in where nobody scored it."""

    lead_id: int
    is_mql: bool
    score: int | None
    touches: int


def strata_of(candidates: Sequence[Candidate]) -> dict[Stratum, list[int]]:
    """Lead ids by stratum. Near misses are the third of the non-MQLs with the highest score, then with most touches."""
    others = sorted(
        (one for one in candidates if not one.is_mql),
        key=lambda one: (one.score is None, -(one.score or 0), -one.touches, one.lead_id),
    )
    near = -(-len(others) // 3)
    return {
        Stratum.MQL: sorted(one.lead_id for one in candidates if one.is_mql),
        Stratum.NEAR: [one.lead_id for one in others[:near]],
        Stratum.BELOW: [one.lead_id for one in others[near:]],
    }


def draw(strata: Mapping[Stratum, Sequence[int]], *, size: int, seed: int) -> list[tuple[int, Stratum]]:
    """A random sample of `size` leads in random order, with their stratum. The same seed draws the same one.

    Equal parts; where a stratum is too small, the others make up for it as evenly as they can.
    """
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    shuffled = {name: chance.sample(sorted(strata.get(name, ())), len(strata.get(name, ()))) for name in _ORDER}
    taken: list[tuple[int, Stratum]] = []
    while len(taken) < size and any(shuffled.values()):
        for name in _ORDER:
            if shuffled[name] and len(taken) < size:
                taken.append((shuffled[name].pop(), name))
    chance.shuffle(taken)
    return taken
