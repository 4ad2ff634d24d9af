"""The Maven pipeline, imported: page, API and command agree with each other and with plain Python over the file."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

import pytest
from django.db import transaction

from metrics import rollup
from tests.metrics.real_doors import bring, by_key, company, table

MAVEN_NOW = dt.datetime(2017, 12, 31, 15, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def maven(django_db_setup, django_db_blocker):
    deals = table("maven_crm", "sales_pipeline.csv")
    with django_db_blocker.unblock(), transaction.atomic():
        doors = company(tz="America/New_York", currency="USD", from_day=dt.date(2016, 1, 1), now=MAVEN_NOW)
        report = bring("maven_pipeline.toml", "maven_crm", "sales_pipeline.csv")
        rollup.drain()
        yield doors, deals, report
        transaction.set_rollback(True)


def quarter_of(day: str) -> str:
    return f"{day[:4]}-{(int(day[5:7]) - 1) // 3 * 3 + 1:02}-01"


YEAR = {"from_": "2017-01-01", "to": "2018-01-01"}


@pytest.mark.django_db
def test_maven_money_and_win_rate(maven):
    doors, deals, report = maven
    assert (report["read"], report["created"], report["rejected"]) == (8800, 8800, 0)
    won = [deal for deal in deals if deal["deal_stage"] == "Won"]
    lost = [deal for deal in deals if deal["deal_stage"] == "Lost"]

    def cents(rows) -> int:
        return sum(int(Decimal(row["close_value"]) * 100) for row in rows)

    revenue = doors.ask("won_revenue", by="quarter", **YEAR)
    quarters = defaultdict(list)
    for deal in won:
        quarters[quarter_of(deal["close_date"])].append(deal)
    assert by_key(revenue) == {key: cents(rows) for key, rows in quarters.items()}
    assert (revenue["value"], revenue["n"], revenue["status"], revenue["unknown"]) == (cents(won), len(won), "ok", 0)
    owners = doors.ask("won_revenue", by="owner", **YEAR)
    per_agent = defaultdict(list)
    for deal in won:
        per_agent[deal["sales_agent"]].append(deal)
    assert {row["label"]: row["value"] for row in owners["series"]} == {who: cents(rows) for who, rows in per_agent.items()}
    rate = doors.ask("win_rate", **YEAR)
    assert (rate["numerator"], rate["denominator"]) == (len(won), len(won) + len(lost))
    assert rate["value"] == len(won) / (len(won) + len(lost))
    mean = doors.ask("average_deal", **YEAR)
    assert (mean["value"], mean["denominator"]) == (cents(won) / len(won), len(won))

    # No cost is recorded and no margin agreed: gross profit is unknown, not zero profit.
    profit = doors.ask("gross_profit", **YEAR)
    assert (profit["status"], profit["value"], profit["unknown"], profit["n"]) == ("undefined", None, len(won), len(won))

    dollars = cents(won) // 100
    assert f"{dollars:,}" in doors.page("/explain/won_revenue/?from=2017-01-01&to=2018-01-01")
    fourth = cents(quarters["2017-10-01"]) // 100
    assert f"{fourth:,}" in doors.page("/explain/won_revenue/?from=2017-10-01&to=2018-01-01")


@pytest.mark.django_db
def test_maven_open_deals_at_any_day(maven):
    doors, deals, _ = maven

    def open_on(day: str) -> int:
        """Prospecting deals have no date: they are placed on the last day that the file knows."""
        return sum(1 for d in deals if (d["engage_date"] or "2017-12-31") <= day < (d["close_date"] or "9999"))

    for day in ("2016-10-19", "2016-10-20", "2017-03-01", "2017-06-30", "2017-12-30", "2017-12-31"):
        answer = doors.ask("open_deals", at=day)
        assert answer["value"] == open_on(day), day
    by_stage = doors.ask("open_deals", at="2017-12-31", by="stage")
    still = [deal for deal in deals if deal["deal_stage"] in ("Prospecting", "Engaging")]
    assert by_key(by_stage) == {"": len(still)}
    assert sum(1 for deal in still if not deal["engage_date"]) == 500
    amount = doors.ask("open_amount", at="2017-12-31")
    assert (amount["status"], amount["value"], amount["unknown"]) == ("undefined", None, len(still))
    gaps = doors.ask("missing_amount_past_close_date", at="2017-12-31")
    assert (gaps["numerator"], gaps["denominator"]) == (len(still), len(still))
