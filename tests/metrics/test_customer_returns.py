"""What a new customer costs and brings: the worked examples of metrics-spec 6, through deals and cost lines."""

import datetime as dt
import re
from html import unescape

import pytest
import time_machine

from campaigns import services as campaigns
from campaigns.models import Spend
from core.errors import DomainError
from core.periods import Period
from leads import services
from leads.models import Deal
from metrics.answers import ask
from metrics.campaign_returns import campaign_returns
from metrics.customer_returns import Customer, months_between, new_customers, stay_of
from metrics.questions import Reader
from metrics.select_customers import WITHOUT_PEOPLE
from tests.metrics.attributing import World, world  # noqa: F401 - fixture

TODAY = dt.date(2026, 12, 1)
# Without today itself, whose cost nobody has entered yet.
YEAR = Period(dt.date(2026, 1, 1), TODAY)


def cost(amount, kind, start=YEAR.start, end=dt.date(2026, 11, 30), **more):
    of = {"currency": "EUR", "service_from": start, "service_to": end, "actor": None} | more
    return campaigns.record_spend(amount=amount, kind=kind, **of)


def customer(on: dt.date, profit: int, last: dt.date | None = None, **more) -> Deal:
    """A won deal of new business whose term begins on the day of the win."""
    at = dt.datetime.combine(on, dt.time(12), dt.UTC)
    deal = services.open_deal(
        lead=None, occurred_at=at, amount=profit * 4 // 3, cost=profit * 4 // 3 - profit, actor=None,
        term_start=on if last else None, term_end=last, **more,
    )  # fmt: skip
    services.win_deal(deal=deal, actor=None, occurred_at=at + dt.timedelta(hours=1))
    return deal


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(dt.datetime.combine(TODAY, dt.time(12), dt.UTC), tick=False):
        yield


@pytest.fixture
def year(world) -> World:  # noqa: F811
    """25 customers of 1,125.00 gross profit a month: 16 since January, 4 that left in June, 5 since November."""
    new_year, november = dt.date(2026, 1, 1), dt.date(2026, 11, 1)
    for _ in range(16):
        customer(new_year, 13_500_00, dt.date(2026, 12, 31))
    for _ in range(4):
        customer(new_year, 6_750_00, dt.date(2026, 6, 30))
    for _ in range(5):
        customer(november, 13_500_00, dt.date(2027, 10, 31))
    cost(120_000_00, "programme")
    return world


def figure(key, **params):
    return ask(key, {"from": "2026-01-01", "to": "2026-12-01"} | params, reader=Reader())


def test_the_worked_example_from_cost_lines_to_lifetime(year):
    cost(180_000_00, "people")
    found = new_customers(year.now(), YEAR, today=TODAY)
    assert (found.won, found.each, found.programme, found.cost.loaded) == (25, 12_000_00, 4_800_00, True)
    assert (found.profit, found.profit_of) == (pytest.approx(1_125_00), 25)
    assert round(found.payback, 1) == 10.7
    assert (found.stay.customers, found.stay.ended, found.stay.months) == (20, 4, 200)
    assert found.stay.monthly == 0.98
    assert (round(found.lifetime / 100), round(found.lifetime_per_cost, 1)) == (29_069, 2.4)


def test_without_a_cost_of_people_the_cost_is_at_least_this_and_never_fully_loaded(year):
    year.now()
    found = figure("cost_per_customer")
    assert (found["value"], found["status"], found["excluded"]) == (4_800_00, "partial", {WITHOUT_PEOPLE: 334})
    cost(150_000_00, "people", end=dt.date(2026, 10, 31))
    snapshot = year.now()
    assert figure("cost_per_customer")["excluded"] == {WITHOUT_PEOPLE: 30}
    assert new_customers(snapshot, YEAR, today=TODAY).cost.loaded is False
    cost(30_000_00, "people", dt.date(2026, 11, 1))
    snapshot = year.now()
    found = figure("cost_per_customer")
    assert (found["value"], found["status"], found.get("excluded")) == (12_000_00, "ok", None)
    assert new_customers(snapshot, YEAR, today=TODAY).cost.absent == ("tools", "commissions")
    assert figure("programme_cost_per_customer")["value"] == 4_800_00


def test_without_any_cost_line_nothing_is_said(world):  # noqa: F811
    customer(dt.date(2026, 3, 1), 100_00)
    found = new_customers(world.now(), YEAR, today=TODAY)
    assert (found.won, found.each, found.programme, found.payback, found.lifetime) == (1, None, None, None, None)
    assert figure("cost_per_customer")["status"] == "undefined"


def test_a_line_without_a_dated_rate_is_unknown(year):
    cost(180_000_00, "people")
    cost(1_000_00, "tools", currency="USD")
    found = new_customers(year.now(), YEAR, today=TODAY)
    assert (found.each, found.cost.unknown, found.cost.loaded) == (12_000_00, 1, False)


def test_renewals_and_expansions_are_no_new_customers(world):  # noqa: F811
    cost(100_00, "programme")
    customer(dt.date(2026, 3, 1), 100_00)
    customer(dt.date(2026, 3, 1), 100_00, kind=Deal.Kind.EXPANSION)
    customer(dt.date(2026, 3, 1), 100_00, kind=Deal.Kind.RENEWAL)
    assert new_customers(world.now(), YEAR, today=TODAY).programme == 100_00


def test_a_company_becomes_a_customer_once_with_its_first_win(world):  # noqa: F811
    cost(120_00, "programme")
    halden, orr = (services.ensure_company(name=name) for name in ("Halden Pumps", "Orr Valves"))
    customer(dt.date(2025, 12, 1), 100_00, company=orr)
    customer(dt.date(2026, 3, 1), 100_00, company=orr)
    customer(dt.date(2026, 3, 1), 100_00, company=halden)
    customer(dt.date(2026, 3, 9), 100_00, company=halden)
    lead = world.lead("Ada", company=halden)
    world.won(lead, at=20, close=30)
    customer(dt.date(2026, 3, 5), 100_00)
    customer(dt.date(2026, 3, 6), 100_00)
    world.now()
    found = figure("programme_cost_per_customer")
    assert (found["denominator"], found["value"]) == (3, 40_00)
    months = {row["key"]: row["denominator"] for row in figure("cost_per_customer", by="month")["series"]}
    assert {month: number for month, number in months.items() if number} == {"2026-03-01": 3}


def test_the_lagged_form_takes_the_cost_of_a_median_cycle_before(world):  # noqa: F811
    january, march = Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1)), Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))
    lead = world.lead(at=-59)
    world.won(lead, at=0, close=2)
    cost(700_00, "people", january.start, dt.date(2026, 1, 31))
    cost(900_00, "people", march.start, dt.date(2026, 3, 31))
    found = new_customers(world.now(), march, today=TODAY)
    assert (found.lag, found.each, found.each_lagged, found.lagged.loaded) == (2, 900_00, 700_00, True)


def test_people_and_tools_are_in_no_return_of_a_campaign(year):
    before = campaign_returns(year.now(), YEAR)
    cost(180_000_00, "people")
    cost(5_000_00, "tools", currency="USD")
    after = campaign_returns(year.now(), YEAR)
    assert after == before
    assert sum(row.spend for row in after.rows) == figure("spend")["value"] == 120_000_00


def test_a_campaign_or_channel_has_programme_cost_only(world):  # noqa: F811
    for of in ({"campaign": world.campaigns["Spring"]}, {"channel": world.channels["Fair"]}):
        with pytest.raises(DomainError, match="programme cost"):
            cost(1_00, "people", **of)
    assert not Spend.objects.exists()


def section(answer) -> str:
    part = re.search(r'<section class="c customer-cost".*?</section>', answer.content.decode(), flags=re.S).group()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


def test_the_page_says_what_is_not_known_and_then_what_is(year, browser):
    year.now()
    words = section(browser("viewer").get("/returns/"))
    assert "What a new customer costs: at least €4.80k" in words
    assert "not fully loaded: no cost of people is entered" in words
    assert "No cost of people, tools, commissions is entered: unknown, not zero." in words
    assert "Paid back after at least 4.3 months" in words
    # The 365 days up to and with today begin in December.
    cost(180_000_00, "people", dt.date(2025, 12, 2), TODAY)
    year.now()
    words = section(browser("viewer").get("/returns/"))
    assert "What a new customer costs: €12.0k" in words
    assert "people's cost is entered for every day" in words
    assert "Paid back after 10.7 months" in words
    assert "€29.1k 98.0% stay from month to month, of 20 followed for six months or more; 2.4 times the cost" in words


def test_a_company_without_customers_and_cost_is_shown_nothing_about_them(world, browser):  # noqa: F811
    world.won(None, kind=Deal.Kind.RENEWAL)
    world.now()
    assert "customer-cost" not in browser("viewer").get("/returns/").content.decode()


# --- how customers stay ---------------------------------------------------------------------------------------------------

JANUARY = dt.date(2026, 1, 1)


def test_customers_younger_than_six_months_say_nothing_about_staying():
    young = [Customer(dt.date(2026, 6, 2), dt.date(2026, 7, 2))] * 30
    assert (stay_of(young, TODAY).customers, stay_of(young, TODAY).monthly) == (0, None)


def test_fewer_than_twenty_customers_are_too_few():
    assert stay_of([Customer(JANUARY, dt.date(2027, 1, 1))] * 19, TODAY).monthly is None
    assert stay_of([Customer(JANUARY, dt.date(2027, 1, 1))] * 20, TODAY).monthly == 1.0


def test_a_term_that_has_just_ended_may_still_be_renewed_and_a_cancelled_one_may_not():
    ended = dt.date(2026, 11, 2)
    assert stay_of([Customer(JANUARY, ended)], TODAY).ended == 0
    assert stay_of([Customer(JANUARY, ended)], ended + dt.timedelta(days=30)).ended == 1
    assert stay_of([Customer(JANUARY, ended, cancelled=True)], TODAY).ended == 1


def test_a_renewal_continues_a_customer_and_a_cancellation_ends_it(world):  # noqa: F811
    first = customer(JANUARY, 100_00, dt.date(2026, 3, 31))
    customer(dt.date(2026, 4, 10), 100_00, dt.date(2026, 6, 30), kind=Deal.Kind.RENEWAL, renews=first)
    gone = customer(JANUARY, 100_00, dt.date(2026, 12, 31))
    services.cancel_deal(deal=gone, amount=10_00, actor=None, occurred_at=dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC))
    customer(JANUARY, 100_00)
    found = new_customers(world.now(), YEAR, today=TODAY).stay
    assert (found.customers, found.ended, found.months, found.without_term) == (2, 2, 6 + 4, 1)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [((2026, 1, 1), (2027, 1, 1), 12), ((2026, 3, 15), (2026, 4, 15), 1), ((2024, 2, 29), (2024, 2, 29), 0)],
)
def test_months_of_the_calendar(start, end, months):
    assert months_between(dt.date(*start), dt.date(*end)) == months
