"""What the board shows: a column per stage, of the leads that the list would show. Reads only."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from leads.models import Deal, Lead
from leads.pages.filters import Asked, Chip, Surroundings, chips_of, condition
from leads.pages.leads import Tab, read_rows, read_views
from leads.pages.stages import StageWords
from leads.queries import visible_leads
from leads.waiting import PAST, with_promise

CARDS = 20
MOST_FOUND = 20_000  # leads that words may find on a board: so many keys fit into one statement
_NONE = (0, 0, 0)
MOST_CARDS = 200  # of one column; beyond it the list is the better place


@dataclass(frozen=True)
class Column:
    """A stage: how many leads, how many past a promise or its target days, and what their open and won deals are worth.

    `value` is None where no amount is known; `unpriced` counts deals without one.
    """

    stage: StageWords
    count: int
    late: int
    past: int
    value: int | None
    unpriced: int
    cards: list[Lead]
    shown: int  # how many cards up to and with these

    @property
    def left(self) -> int:
        return max(self.count - self.shown, 0)

    @property
    def following(self) -> int:
        """How many cards the next click shows."""
        return min(self.shown + CARDS, MOST_CARDS)

    @property
    def full(self) -> bool:
        return self.shown >= MOST_CARDS


@dataclass(frozen=True)
class Board:
    tabs: list[Tab]
    chips: list[Chip]
    columns: list[Column]
    found: int
    total: int
    at: int | None  # the stage that a phone shows


def read_board(asked: Asked, around: Surroundings, *, at: int | None, shown: int) -> Board:
    """The board. `shown`: how many cards the column of stage `at` has. One query for each column, whatever is in it."""
    leads = visible_leads(around.user)
    views = read_views(asked, around, leads, count_found=False)
    leads, by_stage = leads.filter(condition(asked, around)), None
    if asked.words:
        # Words are looked for once, not once a column.
        by_stage = _found(leads)
        leads = visible_leads(around.user).filter(pk__in=[pk for some in by_stage.values() for pk in some])
    counts = _counts(leads, around)
    values = _values(leads)
    stages = [s for s in around.stages.values() if s.now or s.id in counts]
    ids = {}
    for s in stages:
        end = shown if s.id == at else CARDS
        if by_stage is None:
            ids[s.id] = _ids(leads, s, 0, end) if s.id in counts else []
        else:
            waiting = by_stage.get(s.id, [])
            ids[s.id] = waiting[:end] if s.open else waiting[::-1][:end]
    rows = {lead.pk: lead for lead in read_rows([pk for some in ids.values() for pk in some], around)}
    columns = [
        Column(
            stage=s,
            count=counts.get(s.id, _NONE)[0],
            late=counts.get(s.id, _NONE)[1],
            past=counts.get(s.id, _NONE)[2],
            value=values.get(s.id, (None, 0))[0],
            unpriced=values.get(s.id, (None, 0))[1],
            cards=[rows[pk] for pk in ids[s.id] if pk in rows],
            shown=len(ids[s.id]),
        )
        for s in stages
    ]
    known = [s.id for s in stages]
    found = sum(count for count, *_ in counts.values())
    first = next((c.stage.id for c in columns if c.count), known[0] if known else None)
    return Board(views.tabs, chips_of(asked, around), columns, found, views.total, at if at in known else first)


def read_more(asked: Asked, around: Surroundings, *, at: int, shown: int) -> Column | None:
    """The last cards of a column up to `shown`, for a page that shows those before them."""
    stage = around.stages.get(at)
    if stage is None:
        return None
    leads = visible_leads(around.user).filter(condition(asked, around))
    count, late, past = _counts(leads.filter(stage_id=at), around).get(at, _NONE)
    ids = _ids(leads, stage, max(shown - CARDS, 0), shown)
    return Column(stage, count, late, past, None, 0, read_rows(ids, around), shown)


def _ids(leads: QuerySet[Lead], stage: StageWords, start: int, end: int) -> list[int]:
    """Where work waits, the longest stay comes first; of what is over, the latest."""
    order = ("stage_since", "id") if stage.open else ("-stage_since", "-id")
    return list(leads.filter(stage_id=stage.id).order_by(*order).values_list("id", flat=True)[start:end])


def _found(leads: QuerySet[Lead]) -> dict[int, list[int]]:
    """By stage: its leads, the longest stay first, so that no column has to ask again."""
    found: dict[int, list[int]] = {}
    placed = leads.filter(stage_id__isnull=False).order_by("stage_since", "id")
    for pk, stage in placed.values_list("id", "stage_id")[:MOST_FOUND]:
        found.setdefault(stage, []).append(pk)
    return found


def _counts(leads: QuerySet[Lead], around: Surroundings) -> dict[int, tuple[int, int, int]]:
    """By stage: leads, those past its target days, those past a promise."""
    late = Q(pk__in=[])
    for stage in around.stages.values():
        if stage.open and stage.target is not None:
            late |= Q(stage_id=stage.id, stage_since__lt=around.now - stage.target)
    past = with_promise(PAST, around.stages.values(), around.now)
    rows = leads.filter(stage_id__isnull=False).order_by().values("stage_id")
    rows = rows.annotate(n=Count("id"), late=Count("id", filter=late), past=Count("id", filter=past))
    return {row["stage_id"]: (row["n"], row["late"], row["past"]) for row in rows}


def _values(leads: QuerySet[Lead]) -> dict[int, tuple[int | None, int]]:
    """Open and won deals by the stage of their lead, or of the lead it was merged into: sum, and how many have no amount."""
    deals = Deal.objects.filter(voided=False, lead__isnull=False).exclude(status=Deal.Status.LOST)
    deals = deals.annotate(home=Coalesce("lead__merged_into_id", "lead_id")).filter(home__in=leads.order_by().values("id"))
    deals = deals.annotate(stage=Coalesce("lead__merged_into__stage_id", "lead__stage_id")).order_by().values("stage")
    rows = deals.annotate(sum=Sum("base_amount"), unpriced=Count("id", filter=Q(base_amount=None)))
    return {row["stage"]: (row["sum"], row["unpriced"]) for row in rows}
