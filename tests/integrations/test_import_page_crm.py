"""Files with the very headers of common CRMs are recognised, and the shipped mappings bring them in."""

import csv
import io

import pytest

from integrations import running, services
from integrations.mapping import load_mapping
from integrations.matching import SHIPPED, shipped
from integrations.models import ImportJob
from leads.models import Deal, Lead, LeadEvent
from tests.conftest import shared

# Made up rows by shipped mapping: (export in headers.csv, rows as header → cell, further entity that must be there first)
FILES = {
    "hubspot_contacts": (
        ("HubSpot", "contacts CSV"),
        [
            {"Contact ID": "101", "Last Name": "Klein", "Email": "k@example.com", "Create Date": "2026-01-05 09:30",
             "Original Source": "Organic Search", "Became a Marketing Qualified Lead Date": "2026-01-07 10:00",
             "Became a Sales Qualified Lead Date": "2026-01-20 16:00", "Became a Customer Date": "2026-03-01 12:00"},
            {"Contact ID": "102", "Last Name": "Gross", "Create Date": "2026-02-05 09:30", "Original Source": "Paid Search"},
        ],
    ),
    "hubspot_deals": (
        ("HubSpot", "deals CSV"),
        [
            {"Record ID": "1", "Deal Name": "Roll-out", "Deal Stage": "Closed Won", "Amount": "1200.50",
             "Create Date": "2026-01-05 09:30", "Close Date": "2026-02-05 09:30"},
            {"Record ID": "2", "Deal Name": "Pilot", "Deal Stage": "Contract Sent", "Amount": "300.00",
             "Create Date": "2026-01-06 09:30", "Close Date": "2027-02-05 09:30"},
        ],
    ),
    "salesforce_leads": (
        ("Salesforce", "Lead (API names)"),
        [
            {"Id": "00Qa", "LastName": "Klein", "Company": "Klein AG", "LeadSource": "Web", "IsDeleted": "false",
             "CreatedDate": "2026-01-05T20:47:49.000Z", "ConvertedDate": "2026-02-01"},
            {"Id": "00QA", "LastName": "Gross", "Company": "Gross AG", "LeadSource": "Web", "IsDeleted": "false",
             "CreatedDate": "2026-01-06T20:47:49.000Z"},
        ],
    ),
    "salesforce_opportunities": (
        ("Salesforce", "Opportunity (API names)"),
        [
            {"Id": "006a", "Name": "Roll-out", "StageName": "Closed Won", "Amount": "1200.50", "Type": "New Business",
             "CreatedDate": "2026-01-05T20:47:49.000Z", "CloseDate": "2026-02-01"},
            {"Id": "006A", "Name": "Pilot", "StageName": "Qualification", "Amount": "300.00", "Type": "Existing Business",
             "CreatedDate": "2026-01-05T20:47:49.000Z", "CloseDate": "2027-02-01"},
        ],
    ),
    "salesforce_opportunity_history": (
        ("Salesforce", "Opportunity History report"),
        [
            {"Opportunity ID": "006a", "From Stage": "Qualification", "To Stage": "Closed Lost", "Amount": "1,500.25",
             "Last Modified": "2/25/2026 2:15:33 PM", "Created Date": "1/25/2026", "Close Date": "2/25/2026"},
            {"Opportunity ID": "006A", "From Stage": "Qualification", "To Stage": "Closed Won", "Amount": "2,500.25",
             "Last Modified": "2/26/2026 2:15:33 PM", "Created Date": "1/26/2026", "Close Date": "2/26/2026"},
        ],
    ),
    "pipedrive_deals": (
        ("Pipedrive", "deals export"),
        [
            {"Deal - ID": "1", "Deal - Title": "Roll-out", "Deal - Value": "1200.50", "Deal - Status": "Won",
             "Deal - Deal created": "2026-01-09 07:43:21", "Deal - Deal closed on": "2026-02-09 07:43:21"},
            {"Deal - ID": "2", "Deal - Title": "Pilot", "Deal - Value": "300.00", "Deal - Status": "Open",
             "Deal - Deal created": "2026-01-10 07:43:21", "Deal - Expected close date": "2027-01-01"},
        ],
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.UPLOAD_DIR, settings.REJECT_DIR = tmp_path / "uploads", tmp_path / "rejects"


def file_of(name: str) -> str:
    (product, export), rows = FILES[name]
    with shared("crm_export_headers", "headers.csv").open(encoding="utf-8", newline="") as file:
        known = [row["header"] for row in csv.DictReader(file) if (row["product"], row["export"]) == (product, export)]
    out = io.StringIO()
    writer = csv.DictWriter(out, known)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture
def bring(people):
    """The file as it is, with the mapping that the page proposes for its headers alone."""

    def run(name: str) -> ImportJob:
        job = services.upload(
            actor=people["administrator"], name="export.csv", chunks=[file_of(name).encode()], entity="", source=""
        )
        wanted = shipped()[name]
        assert (job.entity, job.source) == (wanted["entity"], wanted["source"])
        assert job.origin.startswith("by the headers of a")
        for work in ("scan", "check", "run"):
            services.start(job=job, work=work) if work != "scan" else services.set_mapping(job=job, mapping=job.mapping)
            if work == "scan":
                services.start(job=job, work=work)
        running.run_job(job.id)
        job.refresh_from_db()
        assert (job.state, job.counts["rejected"], job.counts["created"]) == ("done", 0, 2), job.preview["rows"]
        return job

    return run


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_shipped_mapping_is_one_and_uses_only_headers_that_exist(name):
    mapping = load_mapping(SHIPPED / f"{name}.toml")
    header = next(csv.reader(io.StringIO(file_of(name))))
    assert mapping.headers() <= set(header)


def test_hubspot_contacts_bring_their_history(bring):
    bring("hubspot_contacts")
    lead = Lead.objects.get(external_id="101")
    moves = LeadEvent.objects.filter(lead=lead).order_by("occurred_at").values_list("to_stage__key", flat=True)
    assert list(moves) == ["inquiry", "mql", "sql", "won"]
    assert lead.channel.name == "Organic Search"


def test_hubspot_deals(bring):
    bring("hubspot_deals")
    assert set(Deal.objects.values_list("name", "status", "amount")) == {
        ("Roll-out", "won", 120050), ("Pilot", "open", 30000),
    }  # fmt: skip


def test_salesforce_ids_differ_by_case_and_history_follows_the_opportunities(bring):
    bring("salesforce_leads")
    assert Lead.objects.get(external_id="00Qa").stage.key == "sql"
    assert Lead.objects.get(external_id="00QA").stage.key == "inquiry"
    bring("salesforce_opportunities")
    assert set(Deal.objects.values_list("external_id", "status", "kind")) == {
        ("006a", "won", "new"), ("006A", "open", "expansion"),
    }  # fmt: skip
    bring("salesforce_opportunity_history")
    assert Deal.objects.get(external_id="006A").status == "won"
    assert Deal.objects.get(external_id="006A").amount == 250025


def test_pipedrive_deals(bring):
    bring("pipedrive_deals")
    assert set(Deal.objects.values_list("name", "status")) == {("Roll-out", "won"), ("Pilot", "open")}
