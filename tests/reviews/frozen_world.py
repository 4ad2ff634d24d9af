"""A company whose review freezes now. What was known when is told by the database's own clock, so days count from today."""

import datetime as dt
import time

import pytest
from django.db import connection

from core.models import Organisation
from funnel.models import Agreement, Segment, Stage, Target
from leads import services as leads
from metrics import as_of, rollup, series
from metrics.series import current
from reviews.models import Review, ReviewSeries
from reviews.review_set import days_of
from tests.metrics.promising import sign

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    """What is known when is told by the database's clock: these tests run in the present."""
    series._held.clear()
    as_of._folded.clear()
    yield
    series._held.clear()
    as_of._folded.clear()


def clock() -> dt.datetime:
    """An instant between two writes; SQLite's clock has milliseconds."""
    time.sleep(0.02)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT clock_timestamp()")
        else:
            cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
        found = cursor.fetchone()[0]
    time.sleep(0.02)
    if isinstance(found, str):
        found = dt.datetime.fromisoformat(found)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def ago(days: int) -> dt.datetime:
    """Midday UTC so many days before today."""
    today = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - dt.timedelta(days=days)


def quarter_since_last_month() -> None:
    """A fiscal quarter that began a month ago or earlier, whatever the day of the test run."""
    month = (dt.datetime.now(dt.UTC).replace(day=1) - dt.timedelta(days=1)).month
    Organisation.objects.update(fiscal_year_start=month)


def agree() -> Agreement:
    """A plan for money and MQLs of every month, and a promise of each side."""
    version = Agreement.objects.get()
    today = dt.datetime.now(dt.UTC).date().replace(day=1)
    months = [today, (today - dt.timedelta(days=1)).replace(day=1), (today - dt.timedelta(days=40)).replace(day=1)]
    mql = Stage.objects.get(key="mql")
    for month in sorted(set(months)):
        Target.objects.create(agreement=version, metric="gross_profit", month=month, value=50_000)
        Target.objects.create(agreement=version, metric="stage_inflow", stage=mql, month=month, value=2)
    return sign({"key": "M1", "volume": 4}, {"key": "S1", "share": 9_000, "seconds": 8 * 3600}, version=version)


def happen(*, segment: Segment | None = None) -> dict:
    """Five leads and four deals of the last weeks: won, lost, open, one without cost. Keys name what they are."""
    stages = {stage.key: stage for stage in Stage.objects.all()}

    def lead(days: int, *path: str, **own):
        found = leads.create_lead(stage=stages["inquiry"], occurred_at=ago(days), actor=None, **own)
        for number, key in enumerate(path, start=1):
            leads.move_lead(found, stages[key], actor=None, occurred_at=ago(days) + number * HOUR)
            found.refresh_from_db()
        return found

    told = {
        "anna": lead(12, "mql"),
        "bert": lead(11, "mql", "sql"),
        "carl": lead(10, "mql"),
        "doro": lead(9, "mql", "sql"),
        "emil": lead(3, "mql"),
    }

    def deal(who: str, days: int, **own):
        return leads.open_deal(lead=told[who], occurred_at=ago(days), actor=None, **own)

    told["won"] = deal("bert", 10, amount=100_00, cost=40_00)
    leads.win_deal(deal=told["won"], occurred_at=ago(4), actor=None)
    told["estimated"] = deal("doro", 9, amount=200_00, segment=segment)
    leads.win_deal(deal=told["estimated"], occurred_at=ago(3), actor=None)
    told["open"] = deal("anna", 8, amount=70_00, cost=10_00)
    told["foreign"] = deal("carl", 8, amount=50_00, currency="USD")
    rollup.drain()
    return told


def planned_review(series: ReviewSeries, people, *, freeze_at: dt.datetime, weeks: int = 0) -> Review:
    """A review that is planned and due to be frozen at an instant."""
    starts_at = freeze_at + HOUR
    monday = freeze_at.date() - dt.timedelta(days=freeze_at.weekday(), weeks=weeks)
    return Review.objects.create(
        series=series, period=monday, starts_at=starts_at, freeze_at=freeze_at, facilitator=people["sales_lead"]
    )


def weekly(people) -> ReviewSeries:
    return ReviewSeries.objects.create(name="Weekly review", at=dt.time(10), zone="Europe/Berlin", created_at=ago(400))


def period_at(at: dt.datetime):
    return days_of(current(), at)
