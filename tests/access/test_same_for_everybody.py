"""Numbers are the same for every reader; the leads behind them are, for each reader, the same ones everywhere."""

import csv
import io
import re

import pytest

from core.models import Organisation
from leads.models import Lead
from metrics.definitions import METRICS
from metrics.rollup import drain
from tests.access.access_world import OWNERS, PEOPLE

READERS = [who for who in PEOPLE if who != "nobody"]
DASHBOARD = "/?period=12m"
LISTED = {
    ("all", "member"): {"member", "sales_lead", "colleague"},
    ("team", "member"): {"member", "sales_lead"},
    ("own", "member"): {"member"},
    ("team", "marketing_lead"): {"colleague"},
    ("own", "marketing_lead"): set(),
    ("own", "viewer"): set(),
    ("own", "administrator"): {"member", "sales_lead", "colleague"},
    ("own", "funnel_owner"): {"member", "sales_lead", "colleague"},
}


@pytest.fixture
def counted(world):
    drain()
    return world


def numbers_of(page: str) -> list[str]:
    """Every number that explains itself, and every cell of the charts' tables, in the order of the page."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.findall(r"(?:<b[^>]*>|<td[^>]*>|class=\"big\"[^>]*>)\s*([^<]*\d[^<]*?)\s*<", main)


@pytest.mark.parametrize("visibility", ["all", "own"])
def test_the_dashboard_says_the_same_numbers_to_every_role(counted, visibility):
    Organisation.objects.update(lead_visibility=visibility)
    found = {who: numbers_of(counted.as_(who).get(DASHBOARD).content.decode()) for who in READERS}
    assert len(found["administrator"]) > 20
    assert {who: numbers == found["administrator"] for who, numbers in found.items()} == dict.fromkeys(READERS, True)


def test_the_interface_answers_every_metric_alike_to_every_role(counted):
    Organisation.objects.update(lead_visibility="own")
    plain = [key for key, metric in METRICS.items() if metric.stage != "?" and metric.to_stage != "?"]
    assert len(plain) > 10
    found = {}
    for who in READERS:
        client = counted.as_(who)
        bodies = {key: client.get(f"/api/v1/metrics/{key}/?at=2026-04-01").json() for key in plain}
        # When it was answered is not part of the answer.
        found[who] = {
            key: {name: value for name, value in body.items() if name != "computed_at"} for key, body in bodies.items()
        }
    assert {who: answers == found["administrator"] for who, answers in found.items()} == dict.fromkeys(READERS, True)


def whose(text: str) -> set[str]:
    """Of whom a text holds the lead: each is called "anna" and its owner."""
    return {owner for owner in OWNERS if re.search(rf"\banna {owner}\b", text)}


@pytest.mark.parametrize(("visibility", "who"), LISTED)
def test_list_search_file_drill_down_and_interface_show_one_reader_the_same_leads(counted, visibility, who):
    Organisation.objects.update(lead_visibility=visibility)
    assert Lead.objects.filter(merged_into=None).count() == len(OWNERS)
    client, promised = counted.as_(who), LISTED[visibility, who]

    def read(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.getvalue().decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(read("/leads/leads.csv"))))
    behind = list(csv.reader(io.StringIO(read("/explain/won_deals/leads.csv"))))
    api = client.get("/api/v1/leads/").json()
    assert {
        "list": whose(read("/leads/")),
        "file": whose(str(rows)),
        "search": whose(read("/search/?q=anna")),
        "drill-down": whose(read("/explain/stage_inflow/?stage=inquiry&from=2026-03-01&to=2026-03-31")),
        "drill-down's file": whose(read("/explain/stage_inflow/leads.csv?stage=inquiry&from=2026-03-01&to=2026-03-31")),
        "interface": whose(str(api)),
        "interface's search": whose(str(client.get("/api/v1/leads/?q=anna").json())),
        "interface's drill-down": whose(
            str(client.get("/api/v1/metrics/stage_inflow/leads/?stage=inquiry&from=2026-03-01&to=2026-03-31").json())
        ),
    } == dict.fromkeys(
        ["list", "file", "search", "drill-down", "drill-down's file", "interface", "interface's search",
         "interface's drill-down"], promised)  # fmt: skip
    assert (len(rows), api["count"]) == (len(promised), len(promised))
    assert behind
