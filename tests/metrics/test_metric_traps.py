"""Traps that other products fall into (product.md), each kept as a test."""

import datetime as dt
from decimal import Decimal

import pytest

from core.models import Organisation
from core.periods import Period
from core.services import record_rate
from funnel import services as funnel
from funnel.models import Agreement, Target
from leads import services
from metrics import series
from metrics.frame import Frame
from metrics.plan import monthly_targets
from tests.metrics.journeys import by_key, figure, instant, tell

pytestmark = pytest.mark.django_db

MARCH, APRIL = "2025-03-01/2025-04-01", "2025-04-01/2025-05-01"


def test_a_skipped_stage_neither_drops_the_lead_nor_is_invented(company):
    tell({"Anna": "inquiry 2025-03-01, sql 2025-03-05, won 2025-03-20"})
    path = ("inquiry", "mql", "sal", "sql", "opportunity", "won")
    assert [figure("first_reach", MARCH, stage=key)["value"] for key in path] == [1] * 6
    assert [figure("stage_inflow", MARCH, stage=key)["value"] for key in path] == [1, 0, 0, 1, 0, 1]
    assert [figure("skip_rate", MARCH, stage=key)["value"] for key in path] == [0, 1, 1, 0, 1, 0]


def test_going_back_and_through_twice_keeps_every_pass_of_one_person(company):
    tell({"Anna": "inquiry 2025-03-01, mql 2025-03-02, sql 2025-03-05, mql 2025-03-08, sql 2025-03-12"})
    assert figure("stage_inflow", MARCH, stage="mql")["value"] == 2
    assert figure("regression_rate", MARCH, stage="sql")["numerator"] == 1
    assert figure("first_reach", MARCH, stage="sql")["value"] == 1
    conversion = figure("cohort_conversion", MARCH, stage="mql", to_stage="sql")
    assert (conversion["numerator"], conversion["denominator"]) == (1, 1)


def test_a_deal_lost_later_stays_in_past_conversions(stages):
    told = tell({"Anna": "inquiry 2025-03-01, mql 2025-03-02, opportunity 2025-03-10"})
    deal = services.open_deal(lead=told["Anna"], occurred_at=instant("2025-03-10"), amount=1_00, actor=None)
    ask = {"stage": "mql", "to_stage": "opportunity"}
    keys = (
        ("cohort_conversion", MARCH, ask),
        ("first_reach", MARCH, {"stage": "opportunity"}),
        ("open_deals", "2025-03-31", {}),
    )
    before = [figure(key, period, **params) for key, period, params in keys]
    services.lose_deal(deal=deal, reason="price", occurred_at=instant("2025-04-20"), actor=None)
    after = [figure(key, period, **params) for key, period, params in keys]
    assert [answer | {"as_of": None} for answer in after] == [answer | {"as_of": None} for answer in before]
    assert before[0]["numerator"] == 1


def test_an_old_win_that_is_edited_stays_where_it_was_won(company):
    deal = services.open_deal(occurred_at=instant("2025-02-01"), amount=100_00, actor=None)
    services.win_deal(deal=deal, occurred_at=instant("2025-03-05"), actor=None)
    services.set_deal_amount(deal=deal, amount=120_00, occurred_at=instant("2025-04-10"), actor=None)
    services.set_deal_cost(deal=deal, cost=20_00, occurred_at=instant("2025-04-10"), actor=None)
    assert [figure("won_deals", period)["value"] for period in (MARCH, APRIL)] == [1, 0]
    assert [figure("won_revenue", period)["value"] for period in (MARCH, APRIL)] == [120_00, 0]
    assert figure("gross_profit", MARCH)["value"] == 100_00


def test_the_response_clock_stops_for_a_logged_contact_not_for_a_status(stages):
    told = tell({"Anna": "inquiry 2025-03-01, mql 2025-03-03T10:00"})
    services.move_lead(told["Anna"], stages["sal"], occurred_at=instant("2025-03-03T10:05"), actor=None)
    assert figure("speed_to_lead", MARCH)["open"] == 1
    services.record_touch(lead=told["Anna"], side="sales", kind="call", occurred_at=instant("2025-03-03T11:00"), actor=None)
    found = figure("speed_to_lead", MARCH)
    assert (found["open"], found["value"]) == (0, 60)


def test_sums_never_mix_currencies(company):
    record_rate(currency="JPY", day=dt.date(2025, 3, 5), rate=Decimal("0.006"), source="test")
    for currency, amount in (("EUR", 100_00), ("JPY", 100_00), ("CHF", 100_00)):
        deal = services.open_deal(occurred_at=instant("2025-03-05"), amount=amount, currency=currency, actor=None)
        services.win_deal(deal=deal, occurred_at=instant("2025-03-06"), actor=None)
    found = figure("won_revenue", MARCH)
    assert (found["value"], found["unknown"], found["currency"]) == (100_00 + 60_00, 1, "EUR")


def test_a_quarter_to_date_is_compared_with_the_same_days_not_the_whole(company):
    to_date = Period(dt.date(2025, 1, 1), dt.date(2025, 2, 11))
    frame = Frame("q", "Q1", Period(dt.date(2025, 1, 1), dt.date(2025, 4, 1)), to_date, dt.date(2025, 2, 10), None)
    assert frame.to_date.a_year_before() == Period(dt.date(2024, 1, 1), dt.date(2024, 2, 11))
    assert frame.running


def test_weeks_begin_where_the_company_says(company):
    Organisation.objects.update(week_start=6)
    tell({"Sunday": "inquiry 2025-03-09", "Saturday": "inquiry 2025-03-15", "next": "inquiry 2025-03-16"})
    assert by_key(figure("stage_inflow", "2025-03-09/2025-03-23", by="week")) == {"2025-03-09": 2, "2025-03-16": 1}


def test_a_win_before_midnight_here_is_not_tomorrow_s_because_utc_says_so(company):
    deal = services.open_deal(occurred_at=instant("2025-02-01"), amount=1_00, actor=None)
    services.win_deal(deal=deal, occurred_at=dt.datetime(2025, 3, 31, 22, 30, tzinfo=dt.UTC), actor=None)  # 00:30 here
    assert [figure("won_deals", period)["value"] for period in (MARCH, APRIL)] == [0, 1]


def test_a_stage_with_history_is_retired_and_keeps_its_past(stages):
    tell({"Anna": "inquiry 2025-03-01, mql 2025-03-02, sal 2025-03-05, sql 2025-03-09"})
    before = figure("stage_inflow", MARCH, stage="sal") | {"as_of": None}
    draft = funnel.draft_version(actor=None)
    funnel.edit_stage(draft=draft, stage=stages["sal"], actor=None, retired=True)
    funnel.put_in_force(agreement=draft, from_day=dt.date(2025, 5, 1), actor=None)
    series._held.clear()
    assert figure("stage_inflow", MARCH, stage="sal") | {"as_of": None} == before
    with pytest.raises(Exception, match="protected foreign keys"):
        stages["sal"].delete()


def test_targets_of_the_past_are_stored_and_belong_to_their_agreement(company):
    first = Agreement.objects.get()
    funnel.set_target(agreement=first, metric="won_deals", month=dt.date(2025, 3, 1), value=5, actor=None)
    draft = funnel.draft_version(actor=None)
    funnel.set_target(agreement=draft, metric="won_deals", month=dt.date(2025, 3, 1), value=9, actor=None)
    assert Target.objects.get(agreement=first).value == 5
    series._held.clear()
    assert monthly_targets(series.current(), "won_deals") == {dt.date(2025, 3, 1): 5}
