"""For any pair of stages: strict conversion as a person counts it, and the views in numbers that add up."""

import datetime as dt
import itertools

import pytest

from core.periods import Period
from leads.models import Precision, StageEntry
from metrics import rollup
from metrics.evaluation import select
from metrics.pair_bridge import Names, bridges
from metrics.questions import Reader, read_question
from metrics.series import current
from tests.metrics.journeys import NOW, figure

pytestmark = pytest.mark.django_db

PATH = ("inquiry", "mql", "sal", "sql", "opportunity", "won")
PAIRS = list(itertools.combinations(PATH, 2))
PERIODS = (
    Period(dt.date(2025, 3, 1), dt.date(2025, 4, 1)),
    Period(dt.date(2025, 1, 1), dt.date(2025, 7, 1)),
    Period(dt.date(2025, 5, 5), dt.date(2025, 9, 1)),
)


def question(start: str, end: str, period: Period, key: str = "cohort_conversion", **more):
    span = {"from": period.start.isoformat(), "to": period.end.isoformat(), "stage": start, "to_stage": end}
    return read_question(key, span | more, snapshot=current(), now=NOW, reader=Reader())


def in_order_by_hand(start: str, end: str, period: Period) -> dict[int, int | None]:
    """Days from the first entry to the last stage of the way, by lead, told from the entries one by one."""
    way = PATH[PATH.index(start) : PATH.index(end) + 1]
    found = {}
    of_lead: dict[int, list] = {}
    for row in StageEntry.objects.select_related("stage"):
        of_lead.setdefault(row.lead_id, []).append(row)
    for lead, rows in of_lead.items():
        on_way = [row for row in rows if row.stage.key in way]
        first = min((row for row in on_way if row.stage.key == start), key=lambda row: row.entry_no, default=None)
        if first is None or not period.start <= first.entered_day < period.end:
            continue
        others = [row for row in on_way if row.stage.key != start]
        if Precision.UNKNOWN in [row.entered_precision for row in (first, *others)]:
            continue
        at, day = first.entered_at, first.entered_day
        for key in way[1:]:
            later = [row for row in others if row.stage.key == key and at is not None and row.entered_at >= at]
            step = min(later, key=lambda row: row.entered_at, default=None)
            at, day = (step.entered_at, step.entered_day) if step else (None, None)
        found[lead] = None if day is None else (day - first.entered_day).days
    return found


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_in_order_is_what_a_person_counts_who_goes_through_the_entries(rich, period):
    for start, end in PAIRS:
        picked = select(current(), question(start, end, period, "conversion_in_order"))
        ages = {int(lead): int(age) if age <= 3_650 else None for lead, age in zip(picked.lead, picked.age, strict=True)}
        assert ages == in_order_by_hand(start, end, period), (start, end)


@pytest.mark.parametrize("team", [{}, {"team": "Sales"}], ids=str)
@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_the_lines_between_two_totals_add_up_to_their_difference(rich, period, team):
    keys = ("conversion_in_order", "cohort_conversion", "throughput_ratio")
    rollup.drain()
    for start, end in PAIRS:
        asked = {"period": f"{period.start}/{period.end}", "stage": start, "to_stage": end, **team}
        strict, reached, both = (figure(key, **asked) for key in keys)
        came, went = bridges(current(), question(start, end, period, **team), Names(start, end))
        assert totals_of(came) == [strict["n"], reached["n"], both["denominator"]]
        assert totals_of(went) == [strict["numerator"], reached["numerator"], both["numerator"]]


def totals_of(lines) -> list[int]:
    """The numbers of the views; what stands between two of them leads from the one to the other."""
    running, totals = None, []
    for line in lines:
        if line.change:
            assert line.number
            running += line.number
        else:
            assert running in (None, line.number), line
            running = line.number
            totals.append(running)
    return totals
