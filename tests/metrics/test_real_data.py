"""Olist, imported: page, API and command agree with each other and with plain Python over the files."""

import datetime as dt
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from metrics import rollup
from tests.metrics.real_doors import bring, by_key, company, table

BRAZIL = ZoneInfo("America/Sao_Paulo")
# When the questions are asked: all leads had 90 days and more by then.
OLIST_NOW = dt.datetime(2018, 12, 1, 15, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def olist(django_db_setup, django_db_blocker):
    leads = table("olist_funnel", "olist_marketing_qualified_leads_dataset.csv")
    deals = table("olist_funnel", "olist_closed_deals_dataset.csv")
    with django_db_blocker.unblock(), transaction.atomic():
        doors = company(tz="America/Sao_Paulo", currency="BRL", from_day=dt.date(2017, 1, 1), now=OLIST_NOW)
        reports = [
            bring("olist_leads.toml", "olist_funnel", "olist_marketing_qualified_leads_dataset.csv"),
            bring("olist_deals.toml", "olist_funnel", "olist_closed_deals_dataset.csv"),
        ]
        rollup.drain()
        for lead in leads:
            lead["day"] = dt.date.fromisoformat(lead["first_contact_date"])
            lead["channel"] = lead["origin"] or "(not recorded)"
        for deal in deals:
            utc = dt.datetime.fromisoformat(deal["won_date"]).replace(tzinfo=dt.UTC)
            deal["utc_day"], deal["day"] = utc.date(), utc.astimezone(BRAZIL).date()
        yield doors, leads, deals, reports
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_olist_reports_and_traps(olist):
    doors, leads, deals, reports = olist
    assert [(r["read"], r["created"], r["rejected"]) for r in reports] == [(8000, 8000, 0), (842, 842, 0)]
    won = {deal["mql_id"]: deal["day"] for deal in deals}

    # A lead is counted from its first contact, or from its deal if that was won earlier (DQ5 says how many).
    for lead in leads:
        lead["start"] = min(lead["day"], won.get(lead["mql_id"], lead["day"]))
    early = [lead for lead in leads if lead["start"] < lead["day"]]
    period = {"from_": "2017-01-01", "to": "2018-12-01"}
    skew = doors.ask("clock_skew", **period)
    assert (skew["numerator"], skew["denominator"]) == (len(early), 8000)
    assert early

    # Nobody wrote the channel down, and somebody looked and could not tell: two groups, each of its own size.
    per_channel = by_key(doors.ask("stage_inflow", stage="mql", by="channel", **period))
    assert per_channel == Counter(lead["channel"] for lead in leads)
    assert (per_channel["(not recorded)"], per_channel["unknown"]) == (60, 1099)

    # Times of midnight in Brazil are written in UTC: the day is the company's.
    moved = [deal for deal in deals if deal["day"] != deal["utc_day"]]
    midnight = [deal for deal in deals if deal["won_date"].endswith((" 02:00:00", " 03:00:00"))]
    assert moved
    assert midnight
    by_day = by_key(doors.ask("won_deals", by="day", from_="2017-12-01", to="2018-12-01"))
    assert {day: n for day, n in by_day.items() if n} == Counter(deal["day"].isoformat() for deal in deals)

    # There is no lost deal, so a win rate would be 100 %: the data do not say.
    rate = doors.ask("win_rate", **period)
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (1.0, 842, 842)
    assert doors.ask("stage_balance", stage="lost", at="2018-11-30")["value"] == 0
    assert doors.ask("stage_balance", stage="mql", at="2018-11-30")["value"] == 8000 - 842

    # What a seller declares to earn is no revenue of ours: 842 amounts are unknown, none is zero.
    money = doors.ask("won_revenue", **period)
    assert (money["status"], money["value"], money["unknown"], money["n"], money["currency"]) == (
        "undefined",
        None,
        842,
        842,
        "BRL",
    )
    assert doors.ask("average_deal", **period)["status"] == "undefined"


@pytest.mark.django_db
def test_olist_inflow_won_deals_and_segments_by_month(olist):
    doors, leads, deals, _ = olist
    won = {deal["mql_id"]: deal["day"] for deal in deals}
    period = {"from_": "2017-06-01", "to": "2018-12-01"}
    starts = [min(lead["day"], won.get(lead["mql_id"], lead["day"])) for lead in leads]
    inflow = by_key(doors.ask("stage_inflow", stage="mql", by="month", **period))
    assert {key: n for key, n in inflow.items() if n} == Counter(day.replace(day=1).isoformat() for day in starts)
    months = Counter(deal["day"].replace(day=1).isoformat() for deal in deals)
    assert {key: n for key, n in by_key(doors.ask("won_deals", by="month", **period)).items() if n} == months
    utc_months = Counter(deal["utc_day"].replace(day=1).isoformat() for deal in deals)
    assert months != utc_months  # UTC dates would tell another story
    segments = by_key(doors.ask("won_deals", by="segment", **period))
    assert segments == Counter(deal["business_segment"] for deal in deals)
    owners = doors.ask("won_deals", by="owner", **period)
    assert sorted(row["n"] for row in owners["series"]) == sorted(Counter(deal["sr_id"] for deal in deals).values())


@pytest.mark.django_db
def test_olist_conversion_within_90_days_and_median_days(olist):
    doors, leads, deals, _ = olist
    won = {deal["mql_id"]: deal["day"] for deal in deals}
    first, stop = dt.date(2017, 9, 1), dt.date(2018, 6, 1)
    cohort = defaultdict(list)
    for lead in leads:
        start = min(lead["day"], won.get(lead["mql_id"], lead["day"]))
        if first <= start < stop:
            cohort[lead["channel"]].append((won[lead["mql_id"]] - start).days if lead["mql_id"] in won else None)
    ask = {"stage": "mql", "to_stage": "won", "from_": first.isoformat(), "to": stop.isoformat()}
    answer = doors.ask("cohort_conversion", by="channel", **ask)
    assert (answer["status"], answer["horizon"]) == ("ok", 90)
    expected = {
        channel: (sum(1 for d in days if d is not None and d <= 90), len(days), len(days))
        for channel, days in cohort.items()
    }
    found = {row["key"]: (row["numerator"], row["denominator"], row["n"]) for row in answer["series"]}
    assert found == expected
    assert by_key(answer) == {channel: hits / n for channel, (hits, n, _) in expected.items()}
    everybody = [d for days in cohort.values() for d in days]
    assert answer["value"] == sum(1 for d in everybody if d is not None and d <= 90) / len(everybody)

    took = sorted(d for d in everybody if d is not None)
    median = doors.ask("time_to_convert", **ask)
    assert (median["value"], median["numerator"], median["open"]) == (
        took[(len(took) - 1) // 2], len(took), len(everybody) - len(took),
    )  # fmt: skip

    share = f"{100 * answer['value']:.1f}%"
    page = doors.page(f"/explain/cohort_conversion/?stage=mql&to_stage=won&from={first}&to={stop}")
    assert share in page.replace(" %", "%")
    assert f"{len(everybody):,}" in page
    assert f"{answer['numerator']:,}" in page


@pytest.mark.django_db
def test_olist_dashboard_shows_the_wins_of_its_quarter(olist):
    doors, _, deals, _ = olist
    wins = sum(1 for deal in deals if dt.date(2018, 4, 1) <= deal["day"] < dt.date(2018, 7, 1))
    assert doors.ask("won_deals", from_="2018-04-01", to="2018-07-01")["value"] == wins
    assert f"{wins} deals won" in doors.page("/?period=2018-Q2")
