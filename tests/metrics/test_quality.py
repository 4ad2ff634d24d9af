"""DQ1, DQ3, DQ5, DQ7, DQ9, DQ11: how much of what the numbers stand on is missing, late or impossible."""

import datetime as dt
from decimal import Decimal

import pytest

from campaigns import services as campaigns
from core.services import record_rate
from leads import services
from metrics.definitions import METRICS
from tests.metrics.journeys import by_key, figure, instant, tell

pytestmark = pytest.mark.django_db

MARCH = "2025-03-01/2025-04-01"


def parts(key, period, **params):
    found = figure(key, period, **params)
    return found["numerator"], found["denominator"]


def test_a_lead_without_channel_and_campaign_has_no_source(company):
    search, spring = campaigns.ensure_channel(name="Search"), campaigns.ensure_campaign(name="Spring")
    told = tell(
        {
            "none": "inquiry 2025-03-01T00:00",
            "channel": ("inquiry 2025-03-02", {"channel": search}),
            "campaign": ("inquiry 2025-03-03", {"campaign": spring}),
            "before": "inquiry 2025-02-28",
            "after": "inquiry 2025-04-01",
        }
    )
    assert parts("missing_source", MARCH) == (1, 3)
    # At creation: what is corrected later does not heal what was missing then.
    services.amend_lead(lead=told["none"], channel=search, actor=None)
    assert parts("missing_source", MARCH) == (1, 3)


def test_the_example_of_130_in_1000(company):
    search = campaigns.ensure_channel(name="Search")
    tell({f"lead {i}": ("inquiry 2025-03-05", {"channel": None if i < 13 else search}) for i in range(100)})
    assert figure("missing_source", MARCH)["value"] == 0.13


def test_a_creation_after_a_later_event_is_counted_from_the_earlier_time(company):
    tell({"fine": "inquiry 2025-03-01, mql 2025-03-02", "skewed": "inquiry 2025-03-10, mql 2025-03-02"})
    assert parts("clock_skew", MARCH) == (1, 2)
    days = by_key(figure("stage_inflow", MARCH, stage="inquiry", by="day"))
    assert {day: n for day, n in days.items() if n} == {"2025-03-01": 1, "2025-03-02": 1}


def test_entries_by_hand_long_after_they_happened_are_back_dated_imports_are_not(stages):
    tell({"imported": "inquiry 2025-03-01"})
    services.create_lead(stage=stages["inquiry"], occurred_at=instant("2025-03-02"), actor=None)
    now = dt.datetime.now(dt.UTC)
    services.create_lead(stage=stages["inquiry"], occurred_at=now - dt.timedelta(days=6, hours=23), actor=None)
    assert parts("skips_and_backdating", MARCH) == (1, 2)
    recent = f"{(now - dt.timedelta(days=9)).date()}/{(now + dt.timedelta(days=1)).date()}"
    assert parts("skips_and_backdating", recent) == (0, 1)


def test_stale_leads_are_twice_as_old_as_usual_and_quiet_for_30_days(company):
    tell(
        {f"moved {i}": "mql 2025-01-01, sal 2025-01-11" for i in range(3)}  # p90: ten days; twice: 20
        | {"old": "mql 2025-05-01", "young": "mql 2025-06-10", "unknown": "mql ?2025-05-01", "limit": "mql 2025-05-31"}
    )
    # In MQL: four; old is beyond 20 days and quiet, limit is 30 days old and moved into the stage 30 days ago.
    assert parts("stale_leads", "2025-06-30", stage="mql") == (2, 4)
    assert parts("stale_leads", "2025-06-29", stage="mql") == (1, 4)
    told = tell({"called": "mql 2025-05-01"})
    services.record_touch(lead=told["called"], side="sales", kind="call", occurred_at=instant("2025-06-15"), actor=None)
    assert parts("stale_leads", "2025-06-30", stage="mql") == (2, 5)


def test_open_deals_with_gaps(company):
    def deal(**fields):
        return services.open_deal(occurred_at=instant("2025-03-05"), actor=None, **fields)

    deal(amount=100, expected_close=dt.date(2025, 3, 31))
    deal(amount=100, expected_close=dt.date(2025, 3, 30))
    deal(amount=None)
    deal(amount=100)
    services.win_deal(deal=deal(amount=None), occurred_at=instant("2025-03-06"), actor=None)
    assert parts("missing_amount_past_close_date", "2025-03-31") == (2, 4)


def test_amounts_without_a_dated_rate(company):
    record_rate(currency="USD", day=dt.date(2025, 3, 1), rate=Decimal("0.9"), source="test")
    for currency, amount, day in (
        ("EUR", 1, "2025-03-05"), ("USD", 1, "2025-03-08"), ("USD", 1, "2025-03-09"), ("USD", None, "2025-03-20"),
        ("USD", 1, "2025-04-20"),
    ):  # fmt: skip
        services.open_deal(occurred_at=instant(day), amount=amount, currency=currency, actor=None)
    assert parts("currency", "2025-03-31") == (1, 3)


@pytest.mark.parametrize("key", [m.key for m in METRICS.values() if m.spec.startswith("DQ")])
def test_nothing_to_check_is_undefined_not_good(company, key):
    found = figure(key)
    assert (found["status"], found["value"], found["denominator"]) == ("undefined", None, 0)
