"""The ledger of a won deal: every model shares it to the cent, and whatever changes later is posted as the difference."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest

from campaigns import services as campaigns
from core.services import record_rate
from funnel import services as funnel
from leads import services
from metrics import ledger, rollup
from metrics.deal_ledger import deal_ledger
from metrics.models import CreditPosting
from metrics.services import set_credit_rules
from tests.metrics.attributing import day, world  # noqa: F401 - fixture

WEIGHTS = {"first": 5_000, "closing": 5_000}


def posted(deal) -> dict[str, dict[int, list[int]]]:
    """Model -> touch -> [revenue, profit], all postings added up; shares of nothing left out."""
    found = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for posting in CreditPosting.objects.filter(deal=deal):
        for model, lines in posting.lines.items():
            for touch, revenue, profit in lines:
                found[model][touch][0] += revenue
                found[model][touch][1] += profit
    return {model: {t: s for t, s in rows.items() if s != [0, 0]} for model, rows in found.items()}


def shares(snapshot, deal) -> dict[str, dict[int, list[int]]]:
    found = deal_ledger(snapshot, deal.id)
    return {
        model: {
            line.touch: [line.revenue[model] or 0, line.profit[model] or 0]
            for line in found.touches
            if line.revenue[model] or line.profit[model]
        }
        for model in found.models
    }


def must_add_up(snapshot, deal, revenue: int, profit: int) -> None:
    """Every model adds up to what was booked, and the postings to every model."""
    now, was = shares(snapshot, deal), posted(deal)
    for model, lines in now.items():
        assert [sum(part) for part in zip(*lines.values(), strict=True)] == [revenue, profit], model
        assert was[model] == lines, model


def reasons(deal) -> list[str]:
    return list(CreditPosting.objects.filter(deal=deal).order_by("id").values_list("reason", flat=True))


def test_a_deal_is_posted_when_it_is_won_and_not_before(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    world.touch(lead, 1.5, "Hanover")
    world.touch(lead, 5, "Letter")
    deal = world.deal(lead, amount=100_01, cost=40_00)
    world.now()
    assert reasons(deal) == []
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    must_add_up(world.now(), deal, 100_01, 60_01)
    assert reasons(deal) == ["closed"]


def test_an_open_deal_has_provisional_shares_of_the_same_weights(world):  # noqa: F811
    lead = world.lead()
    touches = [world.touch(lead, at, campaign) for at, campaign in ((0.5, "Spring"), (3, "Letter"))]
    deal = world.deal(lead, amount=90_00)
    before = deal_ledger(world.now(), deal.id)
    assert before.provisional and before.revenue == 90_00
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    after = deal_ledger(world.now(), deal.id)
    assert not after.provisional
    assert [line.touch for line in after.touches] == [touch.id for touch in touches]
    assert [line.revenue for line in before.touches] == [line.revenue for line in after.touches]


def test_a_late_touch_posts_the_difference_and_rewrites_nothing(world):  # noqa: F811
    lead = world.lead()
    first = world.touch(lead, 0.5)
    deal = world.won(lead, amount=100_00, cost=40_00)
    world.now()
    before = list(CreditPosting.objects.values())
    late = world.touch(lead, 4, "Letter")
    snapshot = world.now()
    must_add_up(snapshot, deal, 100_00, 60_00)
    assert list(CreditPosting.objects.values())[:1] == before
    difference = CreditPosting.objects.get(deal=deal, reason="touches")
    assert (difference.revenue, difference.profit) == (0, 0)
    assert difference.lines["linear"] == [[first.id, -50_00, -30_00], [late.id, 50_00, 30_00]]
    assert difference.lines["last_touch"] == [[first.id, -100_00, -60_00], [late.id, 100_00, 60_00]]
    assert "first_touch" not in difference.lines


def test_amounts_credits_and_reopening_post_what_they_change(world):  # noqa: F811
    lead = world.lead()
    for at, campaign in ((0.5, "Spring"), (1.5, "Hanover"), (3, "Letter")):
        world.touch(lead, at, campaign)
    deal = world.won(lead, amount=100_00, cost=40_00)
    must_add_up(world.now(), deal, 100_00, 60_00)
    services.set_deal_cost(deal=deal, cost=50_00, actor=None)
    must_add_up(world.now(), deal, 100_00, 50_00)
    services.credit_deal(deal=deal, amount=10_01, actor=None, occurred_at=day(20))
    must_add_up(world.now(), deal, 89_99, 39_99)
    services.reopen_deal(deal=deal, actor=None, occurred_at=day(21))
    world.now()
    assert {sum(share[0] for share in lines.values()) for lines in posted(deal).values()} == {-10_01}  # the credit stands
    services.win_deal(deal=deal, actor=None, occurred_at=day(22))
    must_add_up(world.now(), deal, 89_99, 39_99)
    assert reasons(deal) == ["closed", "amount", "amount", "reversed", "closed"]


def test_a_voided_deal_gives_everything_back(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    deal = world.won(lead)
    world.now()
    services.void_deal(deal=deal, actor=None)
    snapshot = world.now()
    assert all(not lines for lines in posted(deal).values())
    assert deal_ledger(snapshot, deal.id) is None


def test_a_deal_without_touches_belongs_to_nobody_and_still_adds_up(world):  # noqa: F811
    deal = world.won(None, amount=70_00, cost=20_00)
    snapshot = world.now()
    must_add_up(snapshot, deal, 70_00, 50_00)
    assert posted(deal)["linear"] == {0: [70_00, 50_00]}
    assert [line.touch for line in deal_ledger(snapshot, deal.id).touches] == [0]


def test_losses_are_shared_like_gains(world):  # noqa: F811
    lead = world.lead()
    for at in (0.5, 1.5, 3):
        world.touch(lead, at, "Letter", kind="email" if at == 3 else "visit")
    deal = world.won(lead, amount=100_00, cost=170_01)
    snapshot = world.now()
    must_add_up(snapshot, deal, 100_00, -70_01)
    assert [line.profit["linear"] for line in deal_ledger(snapshot, deal.id).touches] == [-23_34, -23_34, -23_33]


@pytest.mark.parametrize(
    ("currency", "amount", "rate", "base"), [("JPY", 10_001, "0.006", 60_01), ("KWD", 10_001, "3", 30_00)]
)
def test_both_currencies_add_up_whatever_their_decimals(world, currency, amount, rate, base):  # noqa: F811
    for month_day in (3, 10):
        record_rate(currency=currency, day=dt.date(2026, 3, month_day), rate=Decimal(rate), source="test")
    lead = world.lead()
    for at in (0.5, 1.5, 3):
        world.touch(lead, at, kind="visit" if at < 3 else "email")
    deal = world.won(lead, amount=amount, cost=0, currency=currency)
    snapshot = world.now()
    must_add_up(snapshot, deal, base, base)
    found = deal_ledger(snapshot, deal.id)
    assert found.currency == currency and found.own_revenue == amount
    for model in found.models:
        assert sum(line.own[model] for line in found.touches) == amount
    assert [line.own["linear"] for line in found.touches] == [3_334, 3_334, 3_333]


def test_money_that_is_not_known_is_posted_when_it_becomes_known(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    deal = world.won(lead, amount=100_00, cost=None)
    snapshot = world.now()
    assert deal_ledger(snapshot, deal.id).profit is None
    assert [line.profit["linear"] for line in deal_ledger(snapshot, deal.id).touches] == [None]
    assert posted(deal)["linear"] == {deal_ledger(snapshot, deal.id).touches[0].touch: [100_00, 0]}
    services.set_deal_cost(deal=deal, cost=40_00, actor=None)
    must_add_up(world.now(), deal, 100_00, 60_00)


def test_an_agreed_margin_reaches_the_ledger_when_it_changes(world):  # noqa: F811
    segment = funnel.ensure_segment(name="Mid")
    lead = world.lead(segment=segment)
    world.touch(lead, 0.5)
    deal = world.won(lead, amount=100_00, cost=None)
    world.now()
    today = dt.datetime.now(dt.UTC).date()
    for points, profit, begins in ((3_000, 30_00, today - dt.timedelta(days=2)), (2_500, 25_00, today)):
        version = funnel.draft_version(actor=None)
        funnel.set_margin(agreement=version, segment=segment, from_day=dt.date(2025, 1, 1), basis_points=points, actor=None)
        funnel.put_in_force(agreement=version, from_day=begins, actor=None)
        snapshot = world.now()
        must_add_up(snapshot, deal, 100_00, profit)
        assert deal_ledger(snapshot, deal.id).estimated


def test_a_milestone_keeps_the_version_that_was_in_force_when_it_happened(world):  # noqa: F811
    lead = world.lead(at=1)
    for at, campaign in ((0.5, "Spring"), (4, "Hanover"), (8, "Letter")):
        world.touch(lead, at, campaign)
    deal = world.deal(lead, at=5)
    versions = lambda: dict(deal_ledger(world.now(), deal.id).versions)  # noqa: E731
    assert versions() == {"first": 1, "creation": 1, "opening": 1}  # the close has not come
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    assert versions() == {"first": 1, "creation": 1, "opening": 1, "closing": 1}
    for begins, told in ((7, [1, 1, 1, 2]), (12, [1, 1, 1, 2])):
        version = funnel.draft_version(actor=None)
        funnel.put_in_force(agreement=version, from_day=day(begins).date(), actor=None)
        rollup.note_everything()
        assert versions() == dict(zip(("first", "creation", "opening", "closing"), told, strict=True))


def test_own_weights_are_posted_under_the_version_that_set_them(world):  # noqa: F811
    lead = world.lead()
    touches = [world.touch(lead, at, kind=kind) for at, kind in ((0.5, "visit"), (3, "email"), (5, "event"))]
    deal = world.won(lead, amount=100_00, cost=0)
    world.now()
    version = set_credit_rules(weights=WEIGHTS, actor=None)
    snapshot = world.now()
    must_add_up(snapshot, deal, 100_00, 100_00)
    assert posted(deal)["custom"] == {touches[0].id: [50_00] * 2, touches[2].id: [50_00] * 2}
    last = CreditPosting.objects.order_by("id").last()
    assert (last.rules_id, last.reason, set(last.lines)) == (version.id, "rules", {"custom"})


def test_running_the_worker_again_posts_nothing(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    deal = world.won(lead)
    world.now()
    rollup.note_everything()
    rollup.drain()
    assert reasons(deal) == ["closed"]


def test_a_new_touch_runs_exactly_the_deals_that_it_concerns(world, monkeypatch):  # noqa: F811
    ada, bea = world.lead("Ada"), world.lead("Bea")
    for lead in (ada, bea):
        world.touch(lead, 0.5)
    deals = [world.won(ada), world.won(ada, at=4, close=20), world.won(bea)]
    services.record_touch(
        lead=bea, side="marketing", kind="email", occurred_at=day(4), campaign=world.campaigns["Letter"], actor=None
    )
    world.now()
    run = []
    due = ledger.postings_due

    def heard(deals, *rest):
        run.extend(deals)
        return due(deals, *rest)

    monkeypatch.setattr(rollup, "postings_due", heard)
    for happens, concerned in (
        (lambda: world.touch(ada, 3, "Letter"), deals[:2]),
        (lambda: services.set_deal_amount(deal=deals[2], amount=5, actor=None), deals[2:]),
        (lambda: campaigns.update_campaign(campaign=world.campaigns["Letter"], channel=None, actor=None), deals[2:]),
        (lambda: services.void_deal(deal=deals[2], actor=None), deals[2:]),
    ):
        run.clear()
        happens()
        world.now()
        assert sorted(run) == [deal.id for deal in concerned]


def test_postings_are_written_once(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5)
    world.won(lead)
    world.now()
    with pytest.raises(Exception, match="append-only"):
        CreditPosting.objects.all().delete()
