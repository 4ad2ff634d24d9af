"""At the freeze instant the numbers of the review set are kept, and the page of that week shows them for ever."""

import datetime as dt

import pytest
from django.db import connection
from django.db.utils import DatabaseError

from core.models import ExchangeRate, TaskFailure
from funnel import services as funnel
from funnel.models import Agreement, Target
from leads import services as leads
from metrics import as_of, rollup, series
from metrics.plan import monthly_targets, planned
from reviews import services
from reviews.frozen_queries import changes_since_last, frozen_numbers, frozen_promises, restatements
from reviews.models import FrozenNumber, FrozenRows, Review, ReviewSeries
from reviews.review_set import OFF, ON, state_against
from tests.reviews import room_people
from tests.reviews.frozen_world import (  # noqa: F401 - the fixture
    ago,
    agree,
    at_a_fixed_time,
    clock,
    happen,
    period_at,
    planned_review,
    quarter_since_last_month,
    weekly,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(people):
    quarter_since_last_month()
    agree()
    return happen()


@pytest.fixture
def review(world, people):
    """Frozen at this instant, and prepared."""
    found = planned_review(weekly(people), people, freeze_at=clock())
    assert services.prepare(review=found, now=clock()) is True
    return found


def shown(review: Review) -> list[tuple]:
    """Everything that a screen can show of a frozen review."""
    fresh = Review.objects.get(pk=review.pk)
    values = FrozenNumber.objects.filter(review=review).order_by("position").values_list("answer", "words", "value", "line")
    return [frozen_numbers(fresh), frozen_promises(fresh), changes_since_last(fresh), list(values)]


def number(review: Review, key: str) -> FrozenNumber:
    return review.frozen.get(key=key)


def test_the_set_is_the_one_number_what_has_a_plan_and_both_sides_promises(review):
    assert [row.key for row in frozen_numbers(review)] == ["gross_profit", "stage_inflow:mql"]
    assert [(row.key, row.side) for row in frozen_promises(review)] == [("M1", "marketing"), ("S1", "sales")]


def test_a_frozen_number_carries_value_plan_definition_and_instant(review):
    row, frozen = frozen_numbers(review)[0], number(review, "gross_profit")
    period = period_at(review.freeze_at)
    plan = planned(monthly_targets(series.current(), "gross_profit"), period)
    assert (frozen.value, frozen.answer["value"], frozen.answer["unknown"]) == (60_00, 60_00, 1)
    assert (frozen.plan, frozen.state) == (plan, state_against(60_00, plan))
    assert frozen.versions == [1]
    assert frozen.agreement == Agreement.objects.get()
    assert (frozen.as_of, frozen.inputs) == (review.freeze_at, 2)
    assert frozen.params == {"from": period.start.isoformat(), "to": period.end.isoformat()}
    assert (row.words, row.n) == ("€60", 2)
    assert row.as_of == review.freeze_at


def test_the_days_end_with_the_last_complete_one(review):
    asked = number(review, "stage_inflow:mql")
    assert asked.value == 5
    assert asked.params["to"] == series.current().calendar.day_of(review.freeze_at).isoformat()


@pytest.mark.parametrize(
    ("value", "plan", "state"), [(100, 100, ON), (95, 100, ON), (94, 100, OFF), (None, 100, ""), (5, None, "")]
)
def test_a_number_is_off_plan_when_it_is_more_than_5_percent_short(value, plan, state):
    assert state_against(value, plan) == state


def test_what_is_recorded_after_the_freeze_is_not_in_it_however_late_it_runs(world, people):
    review = planned_review(weekly(people), people, freeze_at=clock())
    leads.win_deal(deal=world["open"], occurred_at=ago(2), actor=None)
    rollup.drain()
    services.prepare(review=review, now=clock())
    assert number(review, "gross_profit").value == 60_00


def test_preparing_twice_makes_one(review):
    before = shown(review)
    assert services.prepare(review=review, now=clock()) is False
    assert services.prepare_due(now=clock()) == 0
    assert shown(review) == before


def test_the_worker_makes_up_what_it_missed(world, people):
    review = planned_review(weekly(people), people, freeze_at=clock() - dt.timedelta(days=1))
    assert services.prepare_due(now=clock()) == 1
    review.refresh_from_db()
    assert review.state == Review.State.PREPARED
    # Nothing had been recorded a day ago: what is not known is not told as if it had been.
    assert number(review, "gross_profit").answer["n"] == 0


def test_a_review_that_can_t_be_prepared_keeps_no_other_waiting(world, people):
    first = weekly(people)
    torn = planned_review(first, people, freeze_at=clock() - dt.timedelta(days=1), weeks=1)
    Review.objects.filter(pk=torn.pk).update(state=Review.State.PREPARED, prepared_at=torn.freeze_at)
    FrozenRows.objects.create(number=room_people.freeze(torn), payload=b"what no disk wrote")
    stuck = planned_review(first, people, freeze_at=clock() - dt.timedelta(hours=1))
    second = ReviewSeries.objects.create(name="Second", at=dt.time(10), zone="Europe/Berlin", created_at=first.created_at)
    other = planned_review(second, people, freeze_at=clock())
    assert services.prepare_due(now=clock()) == 1
    assert [Review.objects.get(pk=one.pk).state for one in (stuck, other)] == ["planned", "prepared"]
    assert TaskFailure.objects.get().task == "reviews.tasks.prepare_reviews", "the health page tells"


def test_a_review_that_nobody_held_for_a_week_is_left_alone(world, people):
    planned_review(weekly(people), people, freeze_at=clock() - dt.timedelta(days=8))
    assert services.prepare_due(now=clock()) == 0


def month_of_changes(world, people, stages) -> None:
    """Imports, merges, corrections, deletions, a rate and a new version of the agreement."""
    leads.set_deal_cost(deal=world["estimated"], cost=150_00, actor=None)
    leads.set_deal_amount(deal=world["won"], amount=120_00, actor=None)
    leads.win_deal(deal=world["open"], occurred_at=ago(2), actor=None)
    late = leads.create_lead(stage=stages["mql"], occurred_at=ago(5), actor=None, source="crm", external_id="late-1")
    assert late.stage_id == stages["mql"].pk
    leads.merge_leads(survivor=world["anna"], duplicate=world["carl"], actor=None)
    leads.void_lead(lead=world["emil"], actor=None)
    ExchangeRate.objects.create(currency="USD", day=ago(8).date(), rate="0.5", source="test")
    leads.convert_missing_rates(actor=None)
    draft = funnel.draft_version(actor=None)
    Target.objects.filter(agreement=draft, metric="gross_profit").update(value=1)
    funnel.set_margin(agreement=draft, segment=None, from_day=ago(300).date(), basis_points=5_000, actor=None)
    funnel.put_in_force(agreement=draft, from_day=ago(0).date(), actor=None)
    rollup.drain()


def test_a_month_of_imports_merges_corrections_and_a_new_definition_leaves_every_byte(review, world, people, stages):
    before = shown(review)
    month_of_changes(world, people, stages)
    assert services.restate(review=review, found_for=None) > 0
    assert shown(review) == before


def test_the_hash_is_that_of_the_facts_as_they_were_known(review, world, people, stages):
    assert {row.key for row in review.frozen.all() if not services.reproduced(row)} == set()
    month_of_changes(world, people, stages)
    as_of._folded.clear()
    assert {row.key for row in review.frozen.all() if not services.reproduced(row)} == set()


def test_a_number_that_was_tampered_with_is_not_reproduced(review):
    found = number(review, "gross_profit")
    found.inputs_hash = found.inputs_hash[::-1]
    assert services.reproduced(found) is False


def test_every_restatement_adds_up_to_its_difference(review, world, people, stages):
    month_of_changes(world, people, stages)
    services.restate(review=review, found_for=None)
    found = {row.number_id: row for row in restatements(review)}
    told = {row.key: found[row.pk] for row in review.frozen.all() if row.pk in found}
    assert {"gross_profit", "stage_inflow:mql", "M1"} <= told.keys()
    for row in told.values():
        if row.difference is not None:
            assert sum(part.difference for part in row.parts) == row.difference
    # 120 − 40 won, 200 − 150 with its cost, 70 − 10 told late.
    profit = told["gross_profit"]
    assert profit.difference == (80_00 + 50_00 + 60_00) - 60_00
    assert {part.cause: part.difference for part in profit.parts} == {"late": 50_00 + 60_00, "correction": 20_00}
    inflow = told["stage_inflow:mql"]
    assert {part.cause: part.difference for part in inflow.parts} == {"late": 1, "merge": -1, "deletion": -1}


@pytest.mark.parametrize("table", ["reviews_frozennumber", "reviews_frozenrows", "reviews_frozenchange"])
def test_the_database_refuses_to_change_what_is_frozen(review, table):
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names
    assert FrozenRows.objects.filter(number__review=review).count() == 4
