"""An amount or a cost that is taken back after the close: revenue and profit are those of what still stands."""

import datetime as dt
from decimal import Decimal

import pytest

from core.services import record_rate
from leads import services
from leads.models import Deal, DealEvent
from leads.services.history import start_batch
from metrics import rollup
from metrics.check import check
from metrics.deal_ledger import deal_ledger
from tests.metrics.attributing import day, world  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db


def event(deal: Deal, kind: str) -> DealEvent:
    return DealEvent.objects.filter(deal=deal, kind=kind).latest("id")


def money(deal: Deal) -> tuple:
    deal.refresh_from_db()
    return deal.amount, deal.base_amount, deal.cost, deal.base_cost


def differences() -> list:
    """Where the rows and the second opinion, which reads the events alone, do not agree."""
    rollup.drain()
    return check()


@pytest.fixture
def dollars(company):
    """Base units per dollar: 0.5 when the deals open, 0.8 when they close, 0.9 afterwards."""
    for number, rate in ((2, "0.5"), (9, "0.8"), (12, "0.9")):
        record_rate(currency="USD", day=day(number).date(), rate=Decimal(rate), source="test")


def test_the_amount_of_before_is_the_revenue_again(world, client, people):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    deal = world.deal(lead, amount=100_00, cost=40_00)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    assert deal_ledger(world.now(), deal.id).revenue == 300_00
    client.force_login(people["sales_lead"], backend="django.contrib.auth.backends.ModelBackend")
    client.post(f"/deals/events/{event(deal, 'amount').pk}/undo/")
    assert money(deal) == (100_00, 100_00, 40_00, 40_00)
    found = deal_ledger(world.now(), deal.id)
    assert (found.revenue, found.profit) == (100_00, 60_00)
    assert differences() == []


def test_a_cost_that_was_taken_back_is_unknown_and_not_the_old_one(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    deal = world.deal(lead, amount=100_00, cost=None)
    services.set_deal_cost(deal=deal, cost=90_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    assert deal_ledger(world.now(), deal.id).profit == 10_00
    services.void_deal_event(event=event(deal, "cost"), actor=None)
    assert money(deal) == (100_00, 100_00, None, None)
    assert deal_ledger(world.now(), deal.id).profit is None
    assert differences() == []


@pytest.mark.parametrize("close", ["won", "lost"])
def test_what_remains_is_worth_what_it_was_on_the_day_of_the_close(company, dollars, close):
    deal = services.open_deal(occurred_at=day(2), amount=100_00, cost=10_00, currency="USD", actor=None)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(3))
    services.set_deal_cost(deal=deal, cost=50_00, actor=None, occurred_at=day(3))
    if close == "won":
        services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    else:
        services.lose_deal(deal=deal, actor=None, reason="price", occurred_at=day(9))
    assert money(deal) == (300_00, 240_00, 50_00, 40_00)
    services.void_deal_event(event=event(deal, "amount"), actor=None)
    assert money(deal) == (100_00, 80_00, 50_00, 40_00)
    services.void_deal_event(event=event(deal, "cost"), actor=None)
    assert money(deal) == (100_00, 80_00, 10_00, 8_00)
    assert differences() == []


def test_no_amount_remains(company):
    deal = services.open_deal(occurred_at=day(2), actor=None)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    services.void_deal_event(event=event(deal, "amount"), actor=None)
    assert money(deal)[:2] == (None, None)
    services.reopen_deal(deal=deal, actor=None, occurred_at=day(12))
    assert [(span.amount, span.base_amount) for span in deal.spans.filter(from_day=day(12).date())] == [(None, None)]
    assert differences() == []


def test_of_a_deal_that_was_reopened_too(company):
    deal = services.open_deal(occurred_at=day(2), amount=100_00, actor=None)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    services.reopen_deal(deal=deal, actor=None, occurred_at=day(12))
    services.void_deal_event(event=event(deal, "amount"), actor=None)
    assert money(deal)[:2] == (100_00, 100_00)
    assert deal.spans.get(until_day=None).base_amount == 100_00
    assert differences() == []


def test_an_amount_that_is_set_later_for_an_earlier_day_keeps_its_own_worth(company, dollars):
    deal = services.open_deal(occurred_at=day(2), amount=100_00, currency="USD", actor=None)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    services.void_deal_event(event=event(deal, "amount"), actor=None)
    services.set_deal_amount(deal=deal, amount=500_00, actor=None, occurred_at=day(4))
    assert money(deal)[:2] == (500_00, 400_00)
    assert deal.events.filter(kind="converted").count() == 1  # it brought its own conversion: none had to follow
    services.void_deal_event(event=event(deal, "amount"), actor=None)
    assert money(deal)[:2] == (100_00, 80_00)
    assert differences() == []


def test_a_correction_before_an_amount_that_was_dated_after_the_close(company):
    """Known at the win, dated after it: that amount stands, whatever was corrected on the days between."""
    deal = services.open_deal(occurred_at=day(2), amount=100_00, actor=None)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(12))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    services.set_deal_amount(deal=deal, amount=700_00, actor=None, occurred_at=day(10))
    assert money(deal)[:2] == (300_00, 300_00)
    assert differences() == []


def test_no_past_moment_has_the_taking_back_without_what_it_left(company):
    deal = services.open_deal(occurred_at=day(2), amount=100_00, actor=None)
    services.set_deal_amount(deal=deal, amount=300_00, actor=None, occurred_at=day(3))
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    services.void_deal_event(event=event(deal, "amount"), actor=None)
    void, follows = event(deal, "voided"), event(deal, "converted")
    assert (follows.base_amount, follows.base_cost, follows.reason) == (100_00, None, DealEvent.FOLLOWS)
    assert void.recorded_at == follows.recorded_at


def test_other_events_that_are_taken_back_leave_the_conversion_alone(company, dollars):
    deal = services.open_deal(occurred_at=day(2), amount=100_00, currency="USD", actor=None)
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    services.credit_deal(deal=deal, amount=10_00, actor=None, occurred_at=day(12))
    record_rate(currency="USD", day=day(9).date(), rate=Decimal("0.7"), source="corrected later")
    services.void_deal_event(event=event(deal, "credited"), actor=None)
    assert money(deal)[:2] == (100_00, 80_00)
    assert not deal.events.filter(kind="converted").exists()


def test_an_import_that_is_undone_leaves_what_was_there_at_its_worth(company):
    batch = start_batch(entity="deal", source="crm", file_name="deals.csv", actor=None)
    deal = services.open_deal(occurred_at=day(2), amount=100_00, actor=None)
    services.append_deal_events(
        [DealEvent(deal=deal, kind="amount", amount=300_00, base_amount=300_00, occurred_at=day(3), import_batch=batch)]
    )
    deal.refresh_from_db()
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    void = DealEvent(deal=deal, kind="voided", target=event(deal, "amount"), occurred_at=dt.datetime.now(dt.UTC))
    services.append_deal_events([void])
    assert money(deal)[:2] == (100_00, 100_00)
