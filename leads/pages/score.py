"""What the points of a version say of the leads of today, and what the score of one lead is made of. Reads only."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from accounts.models import User
from funnel.book import Version
from funnel.models import StageKind
from funnel.queries import points_table
from funnel.score import Fit, Reason, ScoreTable, scored
from leads.models import Lead
from leads.pages.filters import Surroundings
from leads.queries import visible_leads
from leads.score import Touches, as_of, known_of, reasons_of

NEWEST = 2_000
EXAMPLES = 5
_WIDTHS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1_000, 2_000, 5_000)
_MOST_BANDS = 12


@dataclass(frozen=True)
class Band:
    """Leads whose score lies from `first` to `last`."""

    first: int
    last: int
    leads: int


@dataclass(frozen=True)
class Example:
    lead: Lead
    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Tried:
    """The newest open leads under a table: how the scores spread, how many get something of each row, a few with reasons."""

    leads: int
    all: int
    most_in_band: int
    bands: list[Band]
    rows: list[tuple[str, int]]
    examples: list[Example]


def try_points(agreement_id: int, user: User, around: Surroundings) -> Tried | None:
    """The counts are those of the whole company, the same for everybody; the examples only what this person may open.

    None while the version has no points.
    """
    table = points_table(agreement_id)
    if not table:
        return None
    now = as_of(around.calendar, around.today)
    ids, among = newest_open(around)
    known = known_of(ids, table)
    found = {pk: scored(table, facts, touches, now) for pk, (facts, touches) in known.items()}
    bands = bands_of([one.points for one in found.values()])
    return Tried(
        leads=len(ids),
        all=among,
        most_in_band=max((band.leads for band in bands), default=0),
        bands=bands,
        rows=_rows(table, known, now),
        examples=_examples({pk: one.points for pk, one in found.items()}, found, user),
    )


def newest_open(around: Surroundings) -> tuple[list[int], int]:
    """The newest open leads (ids), 2,000 at most, and how many are open; of the whole company."""
    open_stages = [stage.id for stage in around.stages.values() if stage.kind == StageKind.PATH]
    leads = Lead.objects.filter(stage__in=open_stages, voided=False, merged_into__isnull=True)
    ids = list(leads.order_by("-created_at", "-id").values_list("id", flat=True)[:NEWEST])
    return ids, leads.count() if len(ids) == NEWEST else len(ids)


def bands_of(points: list[int]) -> list[Band]:
    """At most a dozen bands of one width that hold every score."""
    if not points:
        return []
    low, high = min(points), max(points)
    width = next((w for w in _WIDTHS if high // w - low // w < _MOST_BANDS), _WIDTHS[-1])
    counts = Counter(score // width for score in points)
    return [Band(i * width, (i + 1) * width - 1, counts[i]) for i in range(low // width, high // width + 1)]


def _rows(table: ScoreTable, known: dict[int, tuple[object, Touches]], now: dt.datetime) -> list[tuple[str, int]]:
    """Each row with the number of leads to which it gives or takes something."""
    found = []
    for row in (*table.fit, *table.engagement):
        alone = ScoreTable(fit=(row,)) if isinstance(row, Fit) else ScoreTable(engagement=(row,))
        hit = sum(bool(scored(alone, facts, touches, now).reasons) for facts, touches in known.values())
        found.append((row.words, hit))
    return found


def _examples(points: dict[int, int], found: dict, user: User) -> list[Example]:
    """From the highest score to the lowest, in even steps, of the leads that this person may open."""
    mine = set(visible_leads(user).filter(pk__in=points).values_list("pk", flat=True))
    ordered = sorted(mine, key=lambda pk: (-points[pk], pk))
    last = len(ordered) - 1
    chosen = list(dict.fromkeys(ordered[round(last * i / (EXAMPLES - 1))] for i in range(EXAMPLES))) if ordered else []
    rows = Lead.objects.select_related("contact", "company").in_bulk(chosen)
    return [Example(rows[pk], found[pk].points, found[pk].reasons) for pk in chosen]


@dataclass(frozen=True)
class ScoreShown:
    """The score of a lead and who decides it. `version`: of the agreement whose points count; None: another system's.

    `current`: the stored score is what the reasons add up to; otherwise the worker is about to store it.
    """

    points: int | None
    reasons: tuple[Reason, ...]
    version: int | None
    given: int | None
    current: bool


def read_score(lead: Lead, version: Version | None, around: Surroundings) -> ScoreShown:
    table = points_table(version.id) if version else ScoreTable()
    if not table:
        return ScoreShown(lead.score, (), None, lead.given_score, True)
    now = reasons_of([lead.pk], table, as_of(around.calendar, around.today))[lead.pk]
    return ScoreShown(now.points, now.reasons, version.number, lead.given_score, now.points == lead.score)
