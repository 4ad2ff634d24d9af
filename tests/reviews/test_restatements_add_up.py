"""Whatever is learned later, in any order: frozen values stay, differences add up, and the hash reproduces."""

import random

import pytest

from core.errors import DomainError
from core.models import ExchangeRate
from funnel import services as funnel
from leads import services as leads
from leads.models import Deal, DealEvent, Lead, LeadEvent, Touch
from metrics import rollup, series
from reviews import services
from reviews.frozen_queries import frozen_numbers, frozen_promises, restatements
from reviews.models import FrozenNumber, FrozenRows, Review
from reviews.review_set import Asked, tell
from tests.reviews.frozen_world import (  # noqa: F401 - the fixture
    HOUR,
    ago,
    agree,
    at_a_fixed_time,
    clock,
    planned_review,
    quarter_since_last_month,
    weekly,
)

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = ["", "mql", "mql sal", "mql sql", "mql recycled", "mql sql opportunity", "mql disqualified"]
REASONS = {"recycled": "timing", "disqualified": "no_need"}
LEADS, DEALS, LATER = 24, 12, 40


class Company:
    """Things that may happen, drawn by a seed. What the services refuse has not happened."""

    def __init__(self, seed: int, stages, people):
        self.pick, self.stages = random.Random(seed), stages  # noqa: S311 - a fixture, not a secret
        self.owner = people["member"]
        self.segments = [funnel.ensure_segment(name=name) for name in ("Mid", "Small")]

    def day(self):
        return ago(self.pick.randint(1, 24)) + self.pick.randint(0, 9) * HOUR

    def lead(self):
        at = self.day()
        own = {"owner": self.owner, "segment": self.pick.choice(self.segments)}
        found = leads.create_lead(stage=self.stages["inquiry"], occurred_at=at, actor=None, **own)
        for number, key in enumerate(self.pick.choice(PATHS).split(), start=1):
            reason = REASONS.get(key, "")
            leads.move_lead(found, self.stages[key], actor=None, occurred_at=at + number * HOUR, reason=reason)
            found.refresh_from_db()

    def deal(self):
        deal = leads.open_deal(
            lead=self.pick.choice([None, *self.of(Lead)]), occurred_at=self.day(), actor=None,
            amount=self.pick.choice([None, 10_000, 25_050]), cost=self.pick.choice([None, 4_000]),
            currency=self.pick.choice(["EUR", "EUR", "USD"]), segment=self.pick.choice(self.segments),
        )  # fmt: skip
        if self.pick.random() < 0.6:
            leads.win_deal(deal=deal, occurred_at=deal.created_at + HOUR, actor=None)

    def of(self, model):
        rows = model.objects.order_by("id")
        if model is Lead:
            rows = rows.filter(merged_into=None, voided=False)
        return list(rows.filter(voided=False) if model is Deal else rows)

    def call(self):
        leads.record_touch(
            lead=self.pick.choice(self.of(Lead)), side="sales", kind="call", occurred_at=self.day(), actor=None
        )

    def later(self) -> None:
        """One thing that is learned after the freeze."""
        pick, lead = self.pick.choice, self.pick.choice(self.of(Lead))
        deal = self.pick.choice(self.of(Deal))
        acts = [
            self.lead,
            self.deal,
            self.call,
            lambda: leads.move_lead(lead, self.stages["sql"], actor=None, occurred_at=self.day()),
            lambda: leads.amend_lead(lead=lead, segment=pick(self.segments), actor=None),
            lambda: leads.merge_leads(survivor=lead, duplicate=pick(self.of(Lead)), actor=None),
            lambda: leads.void_lead(lead=lead, actor=None),
            lambda: leads.void_event(event=pick(self.of(LeadEvent)), actor=None),
            lambda: leads.void_touch(touch=pick(self.of(Touch)), actor=None),
            lambda: leads.set_deal_amount(deal=deal, amount=self.pick.randint(1, 90_000), actor=None),
            lambda: leads.set_deal_cost(deal=deal, cost=self.pick.randint(1, 9_000), actor=None),
            lambda: leads.win_deal(deal=deal, occurred_at=self.day(), actor=None),
            lambda: leads.reopen_deal(deal=deal, actor=None),
            lambda: leads.credit_deal(deal=deal, amount=500, occurred_at=self.day(), actor=None),
            lambda: leads.void_deal_event(event=pick(self.of(DealEvent)), actor=None),
            lambda: leads.void_deal(deal=deal, actor=None),
            self.rate,
        ]
        try:
            pick(acts)()
        except DomainError:
            return

    def rate(self):
        ExchangeRate.objects.create(currency="USD", day=self.day().date(), rate="0.8", source="test")
        leads.convert_missing_rates(actor=None)


def everything(review: Review) -> list:
    fresh = Review.objects.get(pk=review.pk)
    rows = FrozenRows.objects.filter(number__review=review).order_by("number__position").values_list("payload", flat=True)
    return [frozen_numbers(fresh), frozen_promises(fresh), [bytes(row) for row in rows]]


def today(number: FrozenNumber) -> int | None:
    asked = Asked(number.key, number.group, number.side, number.label, number.metric, number.params)
    return tell(series.current(), asked, number.as_of).value


@pytest.mark.parametrize("seed", [1, 2])
def test_differences_add_up_and_the_past_stays(seed, stages, people):
    quarter_since_last_month()
    agree()
    company = Company(seed, stages, people)
    for what, times in ((company.lead, LEADS), (company.deal, DEALS), (company.call, LEADS)):
        for _ in range(times):
            what()
    rollup.drain()
    review = planned_review(weekly(people), people, freeze_at=clock())
    services.prepare(review=review, now=clock())
    before = everything(review)

    for _ in range(LATER):
        company.later()
    draft = funnel.draft_version(actor=None)
    funnel.set_margin(agreement=draft, segment=None, from_day=ago(100).date(), basis_points=3_000, actor=None)
    funnel.put_in_force(agreement=draft, from_day=ago(0).date(), actor=None)
    rollup.drain()
    assert services.restate(review=review, found_for=None) > 0

    assert everything(review) == before
    assert [number.key for number in review.frozen.all() if not services.reproduced(number)] == []
    told = {row.number_id: row for row in restatements(review)}
    for number in review.frozen.all():
        now = today(number)
        if number.pk not in told:
            assert now == number.value
            continue
        row = told[number.pk]
        if None in (now, number.value):
            assert row.difference is None
        else:
            assert row.difference == now - number.value == sum(part.difference for part in row.parts)
