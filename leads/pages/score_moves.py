"""How the scores of today's leads would move under another version's points. Reads only, stores nothing."""

from collections import Counter
from dataclasses import dataclass

from accounts.models import User
from funnel.queries import points_table
from leads.models import Lead
from leads.pages.filters import Surroundings
from leads.pages.score import bands_of, newest_open
from leads.queries import visible_leads
from leads.score import as_of, points_of

EXAMPLES = 5


@dataclass(frozen=True)
class BandMoved:
    """How many leads score from `first` to `last` before and after."""

    first: int
    last: int
    before: int
    after: int


@dataclass(frozen=True)
class Moved:
    """A lead that moves, with both scores; None where it had or would have none."""

    lead: Lead
    before: int | None
    after: int | None


@dataclass(frozen=True)
class ScoreMoves:
    """The newest open leads under both versions. `gained` and `lost` have a score under one of them only."""

    leads: int
    all: int
    up: int
    down: int
    same: int
    gained: int
    lost: int
    bands: list[BandMoved]
    examples: list[Moved]

    @property
    def move(self) -> int:
        return self.leads - self.same


def score_moves(old: int, new: int, user: User, around: Surroundings) -> ScoreMoves:
    """Between the points of two versions (ids). The counts are the whole company's, the same for everybody; the examples
    only what this person may open, those that move most first."""
    ids, among = newest_open(around)
    before, after = _scores(ids, old, around), _scores(ids, new, around)
    pairs = {pk: (before.get(pk), after.get(pk)) for pk in ids}
    kinds = Counter(_kind(*pair) for pair in pairs.values())
    return ScoreMoves(
        leads=len(ids),
        all=among,
        **{kind: kinds[kind] for kind in ("up", "down", "same", "gained", "lost")},
        bands=_bands(list(before.values()), list(after.values())),
        examples=_examples(pairs, user),
    )


def _scores(ids: list[int], agreement: int, around: Surroundings) -> dict[int, int]:
    """Scores by lead; without points in a version those that other systems or people give."""
    table = points_table(agreement)
    if table:
        return points_of(ids, table, as_of(around.calendar, around.today))
    return dict(Lead.objects.filter(pk__in=ids, given_score__isnull=False).values_list("pk", "given_score"))


def _kind(before: int | None, after: int | None) -> str:
    if before == after:
        return "same"
    if before is None:
        return "gained"
    if after is None:
        return "lost"
    return "up" if after > before else "down"


def _bands(before: list[int], after: list[int]) -> list[BandMoved]:
    found = bands_of([*before, *after])
    return [
        BandMoved(
            band.first,
            band.last,
            sum(band.first <= score <= band.last for score in before),
            sum(band.first <= score <= band.last for score in after),
        )
        for band in found
    ]


def _examples(pairs: dict[int, tuple[int | None, int | None]], user: User) -> list[Moved]:
    mine = set(visible_leads(user).filter(pk__in=pairs).values_list("pk", flat=True))
    moving = [pk for pk in mine if pairs[pk][0] != pairs[pk][1]]
    chosen = sorted(moving, key=lambda pk: (-abs((pairs[pk][1] or 0) - (pairs[pk][0] or 0)), pk))[:EXAMPLES]
    rows = Lead.objects.select_related("contact", "company").in_bulk(chosen)
    return [Moved(rows[pk], *pairs[pk]) for pk in chosen]
