"""What changed since the last review: boxes that lead from one balance to the next, each with its leads or deals."""

import datetime as dt

import pytest

from core.models import ExchangeRate
from leads import services as leads
from metrics import rollup
from reviews import services
from reviews.behind_queries import behind
from reviews.frozen_queries import changes_since_last, restatements_shown_at
from reviews.frozen_rows import unpack_ids
from reviews.models import FrozenChange, Review
from tests.reviews.frozen_world import (  # noqa: F401 - the fixture
    HOUR,
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


def boxes(review: Review, measure: str) -> dict[str, int]:
    fall = next(fall for fall in changes_since_last(Review.objects.get(pk=review.pk)) if fall.measure == measure)
    return {box.key: box.change for box in fall.boxes}


def ids(review: Review, measure: str, box: str) -> set[int]:
    return set(unpack_ids(FrozenChange.objects.get(review=review, measure=measure, box=box).ids).tolist())


def balances(review: Review) -> bool:
    return all(sum(box.change for box in fall.boxes[:-1]) == fall.boxes[-1].change for fall in changes_since_last(review))


@pytest.fixture
def later(world, people, stages):
    """Two reviews a moment apart, with a little of everything learned in between, all of it about earlier days."""
    rhythm = weekly(people)
    first = planned_review(rhythm, people, freeze_at=clock(), weeks=1)
    services.prepare(review=first, now=clock())
    sent = {
        "again": leads.create_lead(stage=stages["mql"], occurred_at=ago(2), actor=None),
        "test": world["emil"],
    }
    leads.move_lead(world["anna"], stages["sql"], actor=None, occurred_at=ago(1))
    leads.move_lead(world["carl"], stages["recycled"], actor=None, occurred_at=ago(1), reason="timing")
    leads.void_lead(lead=world["emil"], actor=None)
    leads.set_deal_amount(deal=world["open"], amount=90_00, occurred_at=ago(1), actor=None)
    ExchangeRate.objects.create(currency="USD", day=ago(8).date(), rate="0.5", source="test")
    leads.convert_missing_rates(actor=None)
    sent["deal"] = leads.open_deal(lead=sent["again"], occurred_at=ago(1), amount=30_00, actor=None)
    rollup.drain()
    second = planned_review(rhythm, people, freeze_at=clock())
    services.prepare(review=second, now=clock())
    return first, second, sent


def test_the_first_review_tells_of_the_week_before_it(world, people):
    review = planned_review(weekly(people), people, freeze_at=clock())
    services.prepare(review=review, now=clock())
    # Nothing was known a week ago: what lies before its end came in late, what lies after it is new.
    assert boxes(review, "leads") == {"opening": 0, "new": 1, "late": 2, "closing": 3}
    assert boxes(review, "amount")["closing"] == 70_00
    assert balances(review)
    assert review.changes_since == period_at(review.freeze_at).end - dt.timedelta(days=8)


def test_every_box_leads_from_the_frozen_balance_before_to_this_one(later, world):
    first, second, sent = later
    assert balances(first)
    assert balances(second)
    found = boxes(second, "leads")
    assert found["opening"] == boxes(first, "leads")["closing"]
    assert found == {"opening": 3, "late": 1, "on": 0, "aside": -1, "gone": -1, "closing": 2}
    assert ids(second, "leads", "late") == {sent["again"].pk}
    assert ids(second, "leads", "on") == {world["anna"].pk}
    assert ids(second, "leads", "aside") == {world["carl"].pk}
    assert ids(second, "leads", "gone") == {world["emil"].pk}


def test_amounts_go_up_and_a_rate_that_became_known_is_told(later, world):
    first, second, sent = later
    found = boxes(second, "amount")
    assert found["opening"] == boxes(first, "amount")["closing"] == 70_00
    assert found == {"opening": 70_00, "late": 30_00, "up": 20_00, "rate": 25_00, "closing": 145_00}
    assert ids(second, "amount", "up") == {world["open"].pk}
    assert ids(second, "amount", "rate") == {world["foreign"].pk}
    assert ids(second, "amount", "late") == {sent["deal"].pk}


def test_an_amount_that_is_not_known_is_said_and_never_zero(world, people):
    review = planned_review(weekly(people), people, freeze_at=clock())
    services.prepare(review=review, now=clock())
    fall = changes_since_last(review)[1]
    assert (fall.boxes[-1].number, fall.boxes[-1].unknown) == (2, 1)


def test_a_deal_won_in_between_leaves_with_the_amount_it_was_won_at(world, people):
    rhythm = weekly(people)
    first = planned_review(rhythm, people, freeze_at=clock(), weeks=1)
    services.prepare(review=first, now=clock())
    leads.set_deal_amount(deal=world["open"], amount=80_00, occurred_at=ago(1) - HOUR, actor=None)
    leads.win_deal(deal=world["open"], occurred_at=ago(1), actor=None)
    rollup.drain()
    second = planned_review(rhythm, people, freeze_at=clock())
    services.prepare(review=second, now=clock())
    assert boxes(second, "amount") == {"opening": 70_00, "up": 10_00, "won": -80_00, "closing": 0}
    assert boxes(second, "leads")["won"] == -1
    assert balances(second)


def test_a_box_shows_a_reader_the_leads_they_may_open_and_says_how_many_it_holds_back(later, world, people):
    _, second, _ = later
    row = FrozenChange.objects.get(review=second, measure="leads", box="opening")
    found = behind(people["viewer"], "lead", unpack_ids(row.ids), page=1)
    # Emil was taken out since.
    assert (found.total, found.hidden, len(found.rows)) == (3, 1, 2)


def test_what_was_restated_is_told_at_the_next_review_and_stays_as_it_was_told(later, world):
    _, second, _ = later
    told = restatements_shown_at(second)
    assert [row.label for row in told]
    leads.win_deal(deal=world["foreign"], occurred_at=ago(2), actor=None)
    rollup.drain()
    services.restate_due(now=clock())
    assert restatements_shown_at(second) == told
