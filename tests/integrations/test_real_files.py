"""Real files against an independent count by the csv module alone."""

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum

from core.models import CompanyZone, Organisation
from integrations.importing import run_import
from integrations.mapping import load_mapping
from leads.models import Company, Deal, DealEvent, Lead, StageEntry
from tests.conftest import shared
from tests.integrations.conftest import MAPPINGS

BRAZIL = ZoneInfo("America/Sao_Paulo")


def table(*parts):
    with shared(*parts).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def bring_real(bring):
    return lambda name, *parts: bring(shared(*parts), MAPPINGS / f"{name}.toml")


@pytest.fixture
def olist(company, bring_real):
    """The Brazilian company with its leads and its deals."""
    Organisation.objects.update(base_currency="BRL")
    CompanyZone.objects.update(tz="America/Sao_Paulo")
    leads = bring_real("olist_leads", "olist_funnel", "olist_marketing_qualified_leads_dataset.csv")
    deals = bring_real("olist_deals", "olist_funnel", "olist_closed_deals_dataset.csv")
    return leads, deals


def test_olist_leads_and_deals_arrive_as_an_independent_count_says(olist, counts, bring_real, rows_stored):
    leads = table("olist_funnel", "olist_marketing_qualified_leads_dataset.csv")
    deals = table("olist_funnel", "olist_closed_deals_dataset.csv")
    assert [counts(report) for report in olist] == [{"created": len(leads)}, {"created": len(deals)}]

    expected = Counter(row["origin"] or "(not recorded)" for row in leads)
    assert Counter(Lead.objects.values_list("channel__name", flat=True)) == expected
    assert (expected["(not recorded)"], expected["unknown"]) == (60, 1099)

    def won_day(row):
        won = dt.datetime.fromisoformat(row["won_date"]).replace(tzinfo=dt.UTC)
        return won.astimezone(BRAZIL).date()

    assert dict(Deal.objects.values_list("external_id", "closed_day")) == {r["seller_id"]: won_day(r) for r in deals}
    assert not Deal.objects.exclude(amount=None).exists()  # what a seller declares to earn is no deal revenue
    assert Counter(Deal.objects.values_list("segment__name", flat=True)) == Counter(
        row["business_segment"] or None for row in deals
    )
    assert Deal.objects.values("owner").distinct().count() == len({row["sr_id"] for row in deals})

    # A deal that was won before its lead's first contact is placed, and flagged (DQ5).
    contact = {row["mql_id"]: dt.date.fromisoformat(row["first_contact_date"]) for row in leads}
    early = {row["mql_id"] for row in deals if won_day(row) < contact[row["mql_id"]]}
    assert early
    assert set(Lead.objects.filter(clock_skew=True).values_list("external_id", flat=True)) == early
    first_days = {row["mql_id"]: won_day(row) for row in deals if row["mql_id"] in early}
    created = Lead.objects.values_list("external_id", "created_day")
    assert dict(created) == contact | first_days

    won = StageEntry.objects.filter(stage__key="won").values_list("lead__external_id", "entered_day")
    assert dict(won) == {row["mql_id"]: won_day(row) for row in deals}
    assert Counter(Lead.objects.values_list("stage__key", flat=True)) == {"mql": len(leads) - len(deals), "won": len(deals)}

    before = rows_stored()
    again = bring_real("olist_leads", "olist_funnel", "olist_marketing_qualified_leads_dataset.csv")
    assert counts(again) == {"unchanged": len(leads)}
    assert counts(bring_real("olist_deals", "olist_funnel", "olist_closed_deals_dataset.csv")) == {"unchanged": len(deals)}
    assert rows_stored() == before


def test_maven_deals_without_leads_arrive_with_their_money(bring_real, company, counts, rows_stored):
    Organisation.objects.update(base_currency="USD")
    deals = table("maven_crm", "sales_pipeline.csv")
    assert counts(bring_real("maven_pipeline", "maven_crm", "sales_pipeline.csv")) == {"created": len(deals)}
    status = {"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"}
    assert Counter(Deal.objects.values_list("status", flat=True)) == Counter(status[row["deal_stage"]] for row in deals)
    won = sum(int(Decimal(row["close_value"]) * 100) for row in deals if row["deal_stage"] == "Won")
    assert Deal.objects.filter(status="won").aggregate(sum=Sum("base_amount"))["sum"] == won
    assert set(Deal.objects.filter(status="lost").values_list("amount", flat=True)) == {0}
    assert Counter(Deal.objects.values_list("owner__name", flat=True)) == Counter(row["sales_agent"] for row in deals)
    assert Counter(Deal.objects.values_list("company__name", flat=True)) == Counter(row["account"] or None for row in deals)
    products = {row["product"] for row in table("maven_crm", "products.csv")}
    assert {deal["product"] for deal in Deal.objects.values_list("custom", flat=True)} <= products
    undated = {row["opportunity_id"] for row in deals if not row["engage_date"]}
    unknown = DealEvent.objects.filter(kind="opened", time_precision="unknown")
    assert set(unknown.values_list("deal__external_id", flat=True)) == undated

    accounts = table("maven_crm", "accounts.csv")
    assert counts(bring_real("maven_accounts", "maven_crm", "accounts.csv")) == {"updated": len(accounts)}
    assert Company.objects.filter(segment__name="technology").count() == sum(r["sector"] == "technolgy" for r in accounts)
    before = rows_stored()
    assert counts(bring_real("maven_pipeline", "maven_crm", "sales_pipeline.csv")) == {"unchanged": len(deals)}
    assert rows_stored() == before


def test_without_a_snapshot_deals_without_a_date_are_rejected_by_name(company, tmp_path, settings):
    settings.REJECT_DIR = tmp_path
    text = (MAPPINGS / "maven_pipeline.toml").read_text(encoding="utf-8").split("[snapshot]")[0]
    (tmp_path / "m.toml").write_text(text, encoding="utf-8")
    lines = shared("maven_crm", "sales_pipeline.csv").read_text().splitlines()
    (tmp_path / "f.csv").write_text("\n".join([lines[0], lines[1], *lines[8301:8304]]))
    report = run_import(path=tmp_path / "f.csv", mapping=load_mapping(tmp_path / "m.toml"), actor=None)
    assert (report.counts["created"], report.counts["rejected"]) == (1, 3)
    assert report.first_rejects[0][1] == "created_at"
