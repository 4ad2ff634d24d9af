"""What campaigns earned: totals that equal the ledger, spend that is never lost, returns as specified."""

import datetime as dt

import pytest
import time_machine

from campaigns import services as campaigns
from core.periods import Period
from leads import services
from metrics import credit
from metrics.answers import ask
from metrics.campaign_returns import UNATTRIBUTED, campaign_returns
from metrics.cohort_returns import cohort_returns
from metrics.model_comparison import model_comparison
from metrics.questions import Reader
from metrics.services import set_credit_rules
from tests.metrics.attributing import day, world  # noqa: F401 - fixture

SPRING = Period(dt.date(2026, 3, 1), dt.date(2026, 6, 1))
ALL = Reader()


def spend(world, campaign, amount, start, end, **more):  # noqa: F811
    return campaigns.record_spend(
        campaign=world.campaigns[campaign] if campaign else None, amount=amount, currency=more.pop("currency", "EUR"),
        service_from=start, service_to=end, actor=None, **more,
    )  # fmt: skip


def figure(key, **params):
    return ask(key, {"from": "2026-03-01", "to": "2026-06-01"} | params, reader=ALL)


@pytest.fixture
def busy_spring(world):  # noqa: F811
    """Three campaigns, four won deals of which one has no touch and one no cost, one that is open, one that is lost."""
    paths = [("Spring", 0.5), ("Hanover", 1.5), ("Letter", 4)]
    for number, count in enumerate((3, 2, 1)):
        lead = world.lead(f"Lead{number}", campaign=world.campaigns["Spring"])
        for campaign, at in paths[:count]:
            world.touch(lead, at, campaign)
        world.won(lead, amount=100_01 + number, cost=None if number == 2 else 33_33)
    world.won(None, amount=50_00, cost=20_00)
    waiting = world.lead("Open")
    world.touch(waiting, 0.5, "Hanover")
    world.deal(waiting, amount=80_00)
    lost = world.lead("Lost")
    world.touch(lost, 0.5, "Letter")
    services.lose_deal(deal=world.deal(lost), actor=None, reason="price", occurred_at=day(9))
    spend(world, "Spring", 40_00, dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    spend(world, None, 10_00, dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    return world


def test_every_model_adds_up_to_what_was_won(busy_spring):
    snapshot = busy_spring.now()
    won, profit = figure("won_revenue"), figure("gross_profit")
    for by in ("campaign", "channel", "content"):
        found = campaign_returns(snapshot, SPRING, by=by)
        assert (found.revenue, found.profit, found.unknown) == (won["value"], profit["value"], profit["unknown"])
        for model in found.models:
            assert sum(row.returns[model].revenue for row in found.rows) == found.revenue
            assert sum(row.returns[model].profit for row in found.rows) == found.profit
            assert sum(row.open_amount[model] for row in found.rows) == 80_00


def test_channels_hold_what_their_campaigns_hold(busy_spring):
    snapshot = busy_spring.now()
    campaigns_, channels = (campaign_returns(snapshot, SPRING, by=by) for by in ("campaign", "channel"))
    for name, campaign in busy_spring.campaigns.items():
        channel = channels.row(campaign.channel_id)
        for model in campaigns_.models:
            assert campaigns_.row(campaign.id).returns[model] == channel.returns[model], (name, model)


def test_the_declared_metrics_give_what_the_rows_give(busy_spring):
    snapshot = busy_spring.now()
    found = campaign_returns(snapshot, SPRING)
    for key, model in (("w_shape", "w_shaped"), ("first_touch", "first_touch"), ("equal_shares", "linear")):
        for measure in ("profit", "revenue"):
            series = {row["key"]: row["value"] for row in figure(f"{measure}_by_{key}", by="campaign")["series"]}
            for name, campaign in busy_spring.campaigns.items():
                own = getattr(found.row(campaign.id).returns[model], measure)
                # A campaign whose every share is unknown has no value, not zero.
                assert (series.get(name) or 0) == own, (key, name)
            assert series["unattributed"] == getattr(found.row(UNATTRIBUTED).returns[model], measure)
    spring = found.row(busy_spring.campaigns["Spring"].id)
    assert figure("return_by_w_shape", campaign="Spring")["value"] == spring.returns["w_shaped"].romi
    assert figure("cost_per_lead", campaign="Spring")["value"] == spring.cost_per("lead")
    assert figure("spend", campaign="Spring")["value"] == spring.invoiced == 40_00


def test_a_campaign_of_which_a_period_knows_only_a_milestone_has_a_row(world, stages):  # noqa: F811
    """Its lead came before the period, cost nothing in it and bought nothing: it counts in the sum of MQL all the same."""
    lead = world.lead(campaign=world.campaigns["Letter"], at=0.5)
    services.move_lead(lead, stages["mql"], actor=None, occurred_at=day(10))
    snapshot = world.now()
    later = Period(dt.date(2026, 3, 5), dt.date(2026, 6, 1))
    for by, own in (("campaign", world.campaigns["Letter"]), ("channel", None)):
        rows = campaign_returns(snapshot, later, by=by).rows
        assert sum(row.reached["mql"] for row in rows) == 1, by
        assert own is None or [(row.id, row.leads) for row in rows] == [(own.pk, 0)]


def test_spend_without_a_campaign_is_kept_so_that_totals_equal_the_ledger(busy_spring):
    found = campaign_returns(busy_spring.now(), SPRING)
    assert found.row(0).invoiced == 10_00
    assert sum(row.invoiced for row in found.rows) == figure("spend")["value"] == 50_00
    set_credit_rules(spread_unallocated=True, actor=None)
    spread = campaign_returns(busy_spring.now(), SPRING)
    assert spread.row(busy_spring.campaigns["Spring"].id).invoiced == 50_00
    assert sum(row.invoiced for row in spread.rows) == 50_00


def test_spend_of_an_unknown_rate_is_counted_as_unknown_never_as_zero(world):  # noqa: F811
    spend(world, "Spring", 40_00, dt.date(2026, 3, 1), dt.date(2026, 3, 10), currency="USD")
    row = campaign_returns(world.now(), SPRING).row(world.campaigns["Spring"].id)
    assert (row.invoiced, row.spend_unknown, row.cost_per("lead"), row.returns["w_shaped"].romi) == (0, 1, None, None)
    found = figure("spend", campaign="Spring")
    assert (found["value"], found["unknown"], found["status"]) == (None, 10, "undefined")


def test_planned_committed_and_invoiced_stand_apart_and_only_the_last_is_spend(world):  # noqa: F811
    for status, amount in (("planned", 1_00), ("committed", 2_00), ("invoiced", 3_00)):
        spend(world, "Spring", amount, dt.date(2026, 3, 1), dt.date(2026, 3, 1), status=status)
    row = campaign_returns(world.now(), SPRING).row(world.campaigns["Spring"].id)
    assert (row.planned, row.committed, row.invoiced, row.spend) == (1_00, 2_00, 3_00, 3_00)


def test_only_the_service_days_of_the_period_count(world):  # noqa: F811
    spend(world, "Spring", 10_000_00, dt.date(2026, 1, 17), dt.date(2026, 3, 15))
    snapshot = world.now()
    key = world.campaigns["Spring"].id
    months = [Period(dt.date(2026, m, 1), dt.date(2026, m + 1, 1)) for m in (1, 2, 3)]
    spread = [campaign_returns(snapshot, month).row(key).invoiced for month in months]
    assert spread == [2_586_21, 4_827_58, 2_586_21]


def test_sourced_deals_add_up_and_influenced_ones_do_not(busy_spring):
    busy_spring.now()
    sourced = figure("sourced_deals", by="campaign")
    assert {row["key"]: row["value"] for row in sourced["series"]} == {"Spring": 3, "unattributed": 1}
    assert sourced["value"] == figure("won_deals")["value"] == 4
    influenced = figure("influenced_deals", by="campaign")
    assert {row["key"]: row["value"] for row in influenced["series"]} == {"Spring": 3, "Hanover": 2, "Letter": 1}
    assert influenced["value"] == 3


def test_a_deal_that_sales_started_says_so(world):  # noqa: F811
    world.won(None, amount=70_00, cost=0, origin="sales")
    found = campaign_returns(world.now(), SPRING)
    assert found.row(credit.SALES_SOURCED).returns["linear"].revenue == 70_00
    assert [row["key"] for row in figure("profit_by_w_shape", by="channel")["series"]] == ["sales_sourced"]


def test_what_sales_did_counts_only_where_it_is_asked_for(world):  # noqa: F811
    lead = world.lead()
    world.touch(lead, 0.5, "Spring")
    world.touch(lead, 5, "Hanover", side="sales", kind="meeting")
    world.won(lead, amount=100_00, cost=0)
    snapshot, hanover = world.now(), world.campaigns["Hanover"].id
    assert campaign_returns(snapshot, SPRING).row(hanover) is None
    assert campaign_returns(snapshot, SPRING, sales=True).row(hanover).returns["linear"].revenue == 50_00


def test_the_interval_holds_the_return_and_one_account_knows_little(busy_spring):
    row = campaign_returns(busy_spring.now(), SPRING).row(busy_spring.campaigns["Spring"].id)
    found = row.returns["w_shaped"]
    assert found.low <= found.romi <= found.high
    assert found.high - found.low > 1


def test_the_comparison_names_who_gives_most_and_least_and_in_which_role(busy_spring):
    rows = model_comparison(busy_spring.now(), SPRING)
    assert [row.spread for row in rows] == sorted((row.spread for row in rows), reverse=True)
    spring = next(row for row in rows if row.id == busy_spring.campaigns["Spring"].id)
    assert spring.profit[spring.high] == max(spring.profit.values())
    assert spring.profit[spring.low] == min(spring.profit.values())
    assert spring.roles == {"first": 1.0, "creation": 1.0, "opening": pytest.approx(1 / 3), "closing": pytest.approx(1 / 3)}
    assert spring.rank["first_touch"] == 1


def test_spend_ripens_as_the_specification_works_it_out(world):  # noqa: F811
    """100,000 spent in January, margin 60 %, revenue by age 0; 20; 45; 60; 30 thousand."""
    spend(world, "Spring", 100_000_00, dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    for age, revenue in enumerate((20_000_00, 45_000_00, 60_000_00, 30_000_00), 1):
        lead = world.lead(f"Lead{age}", at=-45)
        world.touch(lead, -46)
        world.won(lead, at=-40, close=-45 + 31 * age, amount=revenue, cost=revenue * 40 // 100)
    with time_machine.travel(dt.datetime(2026, 5, 20, tzinfo=dt.UTC), tick=False):
        snapshot = world.now()
    year = Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    cohort = cohort_returns(snapshot, year, key=world.campaigns["Spring"].id)[0]
    assert [round(100 * value) for value in cohort.romi] == [-100, -88, -61, -25, -7]
    assert cohort.payback_month is None and cohort.profit == 93_000_00
    assert cohort.maturity == pytest.approx(0.75)  # of the four wins, three came within the days that all have had
    assert cohort.projected == pytest.approx((93_000_00 / 0.75 - 100_000_00) / 100_000_00)
    assert cohort.low < cohort.projected < cohort.high


def test_months_that_have_not_begun_have_no_cohort(world):  # noqa: F811
    spend(world, "Spring", 100_00, dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    with time_machine.travel(dt.datetime(2026, 2, 20, tzinfo=dt.UTC), tick=False):
        snapshot = world.now()
    months = cohort_returns(snapshot, Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1)))
    assert [cohort.start.month for cohort in months] == [1, 2]
    assert [cohort.maturity for cohort in months] == [None, None]
