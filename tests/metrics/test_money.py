"""Won deals, revenue, profit and pipeline: event dates, currencies by their own decimals, unknown never as zero."""

import datetime as dt
from decimal import Decimal

import pytest

from core.models import Organisation
from core.services import record_rate
from funnel import services as funnel
from leads import services
from metrics import rollup
from metrics.evaluation import SUPPRESS
from tests.metrics.journeys import by_key, figure, instant, tell

pytestmark = pytest.mark.django_db

MARCH = "2025-03-01/2025-04-01"


def deal(opened="2025-02-01", won="", lost="", *, amount=None, cost=None, **fields):
    found = services.open_deal(occurred_at=instant(opened), amount=amount, cost=cost, actor=None, **fields)
    if won:
        services.win_deal(deal=found, occurred_at=instant(won), actor=None)
    if lost:
        services.lose_deal(deal=found, reason="price", occurred_at=instant(lost), actor=None)
    return found


def test_won_deals_by_the_day_of_the_win(company):
    deal(won="2025-02-28T23:59:59", amount=1)
    deal(won="2025-03-01T00:00", amount=10_00)
    deal(won="2025-03-31T23:59:59", amount=20_00)
    deal(won="2025-04-01T00:00", amount=1)
    deal(lost="2025-03-05", amount=999_00)
    deal(amount=999_00)
    assert figure("won_deals", MARCH)["value"] == 2
    assert figure("won_revenue", MARCH)["value"] == 30_00
    mean = figure("average_deal", MARCH)
    assert (mean["value"], mean["numerator"], mean["denominator"]) == (15_00, 30_00, 2)
    rate = figure("win_rate", MARCH)
    assert (rate["numerator"], rate["denominator"], rate["value"]) == (2, 3, 2 / 3)
    assert figure("average_deal", "2025-01-01/2025-02-01")["status"] == "undefined"
    assert figure("win_rate", "2025-01-01/2025-02-01")["status"] == "undefined"


def test_an_unknown_amount_is_unknown_and_a_zero_is_a_zero(company):
    deal(won="2025-03-05", amount=None)
    deal(won="2025-03-05", amount=0)
    deal(won="2025-03-05", amount=50_00)
    found = figure("won_revenue", MARCH)
    assert (found["status"], found["value"], found["unknown"], found["n"]) == ("partial", 50_00, 1, 3)
    assert figure("average_deal", MARCH)["value"] == 25_00


def test_profit_is_known_estimated_by_the_agreed_margin_or_unknown(company):
    segment = funnel.ensure_segment(name="Mid")
    draft = funnel.draft_version(actor=None)
    funnel.set_margin(agreement=draft, segment=segment, from_day=dt.date(2025, 1, 1), basis_points=3000, actor=None)
    funnel.set_margin(agreement=draft, segment=segment, from_day=dt.date(2025, 3, 10), basis_points=5000, actor=None)
    funnel.put_in_force(agreement=draft, from_day=dt.date(2025, 1, 2), actor=None)
    deal(won="2025-03-05", amount=100_00, cost=60_00)
    deal(won="2025-03-05", amount=100_05, segment=segment)  # 30 %: 30.015, half to even
    deal(won="2025-03-10", amount=100_00, segment=segment)  # 50 % from that day on
    deal(won="2025-03-05", amount=100_00)  # no margin agreed for it
    deal(won="2025-03-05", amount=None, cost=10_00)
    found = figure("gross_profit", MARCH)
    assert (found["value"], found["estimated"], found["unknown"]) == (40_00 + 30_02 + 50_00, 80_02, 2)
    assert (found["status"], found["n"]) == ("partial", 5)


def test_a_credit_stands_on_its_own_day_and_the_win_stays(company):
    sold = deal(won="2025-03-05", amount=100_00, cost=60_00)
    services.credit_deal(deal=sold, amount=30_00, occurred_at=instant("2025-04-02"), actor=None)
    services.cancel_deal(deal=sold, amount=20_00, occurred_at=instant("2025-05-02"), actor=None)
    months = by_key(figure("won_revenue", "2025-03-01/2025-06-01", by="month"))
    assert months == {"2025-03-01": 100_00, "2025-04-01": -30_00, "2025-05-01": -20_00}
    assert figure("gross_profit", "2025-03-01/2025-06-01")["value"] == 40_00 - 50_00
    assert figure("won_deals", MARCH)["value"] == 1


def test_currencies_convert_once_by_their_own_decimals_at_the_rate_of_the_close(company):
    for currency, rate in (("USD", "0.9"), ("JPY", "0.0061"), ("KWD", "3.0125")):
        record_rate(currency=currency, day=dt.date(2025, 3, 1), rate=Decimal(rate), source="test")
    record_rate(currency="USD", day=dt.date(2025, 2, 1), rate=Decimal("0.5"), source="test")
    deal(won="2025-03-05", amount=100_05, currency="USD")  # 90.045 to 90.04, half to even
    deal(won="2025-03-05", amount=10_000, currency="JPY")  # 10,000 yen without decimals: 61.00
    deal(won="2025-03-05", amount=1_000, currency="KWD")  # one dinar of a thousand fils: 3.0125 to 3.01
    deal(won="2025-03-20", amount=100_00, currency="USD")  # the rate is more than a week old: none
    found = figure("won_revenue", MARCH)
    assert (found["value"], found["unknown"], found["currency"]) == (90_04 + 61_00 + 3_01, 1, "EUR")
    rates = figure("currency", "2025-03-31")
    assert (rates["numerator"], rates["denominator"]) == (1, 4)


def test_quarters_follow_the_fiscal_year(company):
    Organisation.objects.update(fiscal_year_start=2)
    for day in ("2025-01-31", "2025-02-01", "2025-04-30", "2025-05-01"):
        deal(opened="2025-01-02", won=day, amount=1_00)
    found = figure("won_deals", "2025-01-01/2025-06-01", by="quarter")
    assert by_key(found) == {"2024-11-01": 1, "2025-02-01": 2, "2025-05-01": 1}
    # Without dates: the fiscal quarter to date.
    running = figure("won_deals", now=dt.datetime(2025, 4, 30, 12, tzinfo=dt.UTC))
    assert running["value"] == 2


def test_the_pipeline_of_a_day_has_the_amounts_of_that_day(company):
    told = tell({"Anna": "sql 2025-03-01, opportunity 2025-03-10"})
    open_ = deal("2025-03-02", amount=100_00, lead=told["Anna"])
    services.set_deal_amount(deal=open_, amount=150_00, occurred_at=instant("2025-03-20"), actor=None)
    deal("2025-03-05", amount=70_00)
    closed = deal("2025-03-05", lost="2025-03-15", amount=40_00)
    days = {"2025-03-01": (0, 0), "2025-03-05": (3, 210_00), "2025-03-14": (3, 210_00), "2025-03-15": (2, 170_00)}
    days["2025-03-20"] = (2, 220_00)
    for day, expected in days.items():
        assert (figure("open_deals", day)["value"], figure("open_amount", day)["value"]) == expected, day
    assert by_key(figure("open_amount", "2025-03-20", by="stage")) == {"": 70_00, "opportunity": 150_00}
    assert by_key(figure("open_amount", "2025-03-09", by="stage")) == {"": 110_00, "sql": 100_00}
    assert figure("open_deals", "2025-03-20", stage="")["value"] == 1
    services.reopen_deal(deal=closed, occurred_at=instant("2025-03-18"), actor=None)
    assert figure("open_amount", "2025-03-17")["value"] == 170_00
    assert figure("open_amount", "2025-03-18")["value"] == 210_00


def test_the_example_of_ages_and_stale_share(company):
    """2.4: open deals 30 k (12 d), 20 k (45 d), 50 k (200 d); p90 age of won deals 120 d: buckets and stale 50 %."""
    day = dt.date(2025, 8, 1)
    for age, amount in ((12, 30_000_00), (45, 20_000_00), (200, 50_000_00)):
        deal((day - dt.timedelta(days=age)).isoformat(), amount=amount)
    deal("2025-01-02", won=(dt.date(2025, 1, 2) + dt.timedelta(days=120)).isoformat(), amount=1)
    found = figure("pipeline_age", day.isoformat())
    expected = {"0-30": 30_000_00, "31-60": 20_000_00, "61-90": 0, "91-180": 0, "181+": 50_000_00}
    assert {row["key"]: row["value"] for row in found["series"]} == expected
    stale = figure("stale_share", day.isoformat())
    # The one of 45 days saw nothing happen for 30 days either: with no lead, nothing can have happened.
    assert (stale["numerator"], stale["denominator"]) == (70_000_00, 100_000_00)


def test_activity_on_the_lead_keeps_a_deal_fresh(company):
    told = tell({"Anna": "sql 2025-03-01"})
    deal("2025-03-01", amount=20_00, lead=told["Anna"])
    assert figure("stale_share", "2025-03-31")["value"] == 1.0
    assert figure("stale_share", "2025-03-30")["value"] == 0.0
    services.record_touch(lead=told["Anna"], side="sales", kind="call", occurred_at=instant("2025-03-15"), actor=None)
    assert figure("stale_share", "2025-04-13")["value"] == 0.0
    assert figure("stale_share", "2025-04-14")["value"] == 1.0


@pytest.mark.parametrize("wins", [SUPPRESS - 1, SUPPRESS])
def test_a_person_with_few_cases_is_not_measured(people, wins):
    for _ in range(wins):
        deal(won="2025-03-05", amount=10_00, owner=people["member"])
    row = figure("average_deal", MARCH, by="owner")["series"][0]
    assert row["n"] == wins
    assert row["value"] == (10_00 if wins >= SUPPRESS else None)
    assert ("numerator" in row) == (wins >= SUPPRESS)


@pytest.mark.parametrize("wins", [SUPPRESS - 1, SUPPRESS])
def test_few_cases_of_a_person_stay_unmeasured_whichever_way_they_are_asked(people, wins):
    """The filter by owner, alone or cut by time and channel, gives nothing away that the breakdown by owner holds back."""
    for _ in range(wins):
        deal(won="2025-03-05", amount=10_00, cost=4_00, owner=people["member"])
    told = wins >= SUPPRESS
    mine = {"owner": str(people["member"].id)}
    for key, value in (("average_deal", 10_00), ("gross_profit", 6_00 * wins), ("won_deals", wins), ("win_rate", 1.0)):
        found = figure(key, MARCH, **mine)
        assert (found["value"], found["n"]) == (value if told else None, wins)
        assert (found["status"] == "suppressed") == (not told)
        assert not told or "suppressed" not in str(found)
        (by_month,) = [row for row in figure(key, MARCH, by="month", **mine)["series"] if row["n"]]
        (by_channel,) = figure(key, MARCH, by="channel", **mine)["series"]
        assert {by_month["value"], by_channel["value"]} == {value if told else None}
        given_away = {"numerator", "denominator", "interval", "quantiles"} & {*found, *by_month, *by_channel}
        assert told or not given_away
    # What nobody owns is about no person, and everybody's number is told whatever it rests on.
    deal(won="2025-03-06", amount=7_00)
    assert figure("average_deal", MARCH, owner="")["value"] == 7_00
    assert figure("won_deals", MARCH)["value"] == wins + 1


def test_the_explanation_of_few_cases_says_why_there_is_no_value(client, people):
    deal(won="2025-03-05", amount=10_00, cost=4_00, owner=people["member"])
    rollup.drain()
    client.force_login(people["funnel_owner"], backend="django.contrib.auth.backends.ModelBackend")
    address = f"/explain/gross_profit/?from=2025-03-01&to=2025-04-01&owner={people['member'].id}"
    page = client.get(address).content.decode()
    assert f"fewer than {SUPPRESS} cases say nothing about a person" in page
    assert "€6" not in page.split("Behind it")[0]
    assert "€6" in client.get(address.split("&owner")[0]).content.decode().split("Behind it")[0]
