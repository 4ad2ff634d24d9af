"""The REST endpoints of campaigns, content and spend: known by identity, safe to send again, nothing lost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign, Channel, Content, Spend
from campaigns.queries import standing_lines
from campaigns.services import describe_content, plan_campaign


def post(client, path, body, **more):
    return client.post(f"/api/v1/{path}", body, format="json", **more)


FAIR = {
    "source": "planner", "external_id": "f-1", "name": "Fair in Hanover", "channel": "Trade fair",
    "marketing_owner": "colleague@example.com", "sales_owner": "member@example.com", "starts_on": "2026-11-24",
    "ends_on": "2026-11-27", "brief": "Stand C12.", "contents": ["Stand guide", "Price list"],
}  # fmt: skip
LINE = {
    "source": "ledger", "external_id": "l-1", "amount": "1200.50", "currency": "EUR", "service_from": "2026-11-24",
    "service_to": "2026-11-27", "status": "committed", "label": "Stand", "campaign": "Fair in Hanover",
}  # fmt: skip


def test_a_campaign_is_entered_once_and_changed_by_what_is_sent_again(api):
    client = api("colleague")
    first = post(client, "campaigns/", FAIR)
    assert (first.status_code, first.data["outcome"]) == (201, "created")
    made = Campaign.objects.get()
    assert first["Location"] == f"/api/v1/campaigns/{made.pk}/"
    assert {name: first.data[name] for name in FAIR if name != "contents"} == {
        k: v for k, v in FAIR.items() if k != "contents"
    }
    assert first.data["contents"] == ["Price list", "Stand guide"]
    again = post(client, "campaigns/", FAIR)
    assert (again.status_code, again.data["outcome"], again.data["plan_version"]) == (
        200,
        "unchanged",
        first.data["plan_version"],
    )
    moved = post(
        client, "campaigns/", {"source": "planner", "external_id": "f-1", "name": "Fair in Hanover", "ends_on": None}
    )
    assert (moved.data["outcome"], moved.data["ends_on"], moved.data["brief"]) == ("updated", None, "Stand C12.")
    assert Campaign.objects.count() == 1


def test_a_campaign_that_leads_brought_by_name_takes_the_id_of_the_one_that_is_sent(api, people):
    named = plan_campaign(name="Fair in Hanover", actor=None)
    assert post(api("colleague"), "campaigns/", FAIR).data["id"] == named.pk
    assert Campaign.objects.get().external_id == "f-1"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ends_on", "2026-11-23"),
        ("marketing_owner", "stranger@example.com"),
        ("name", ""),
        ("starts_on", "24.11.2026"),
        ("budget", 5),
    ],
)
def test_a_wrong_campaign_is_refused_with_its_field_and_nothing_is_written(api, field, value):
    answer = post(api("colleague"), "campaigns/", FAIR | {field: value})
    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert not Campaign.objects.exists() and not Content.objects.exists()


def test_who_read_an_older_plan_does_not_overwrite_the_new_one(api, people):
    made = plan_campaign(name="Fair", actor=None)
    client = api("colleague")
    assert client.patch(f"/api/v1/campaigns/{made.pk}/", {"brief": "A", "plan_version": 1}, format="json").status_code == 200
    late = client.patch(f"/api/v1/campaigns/{made.pk}/", {"brief": "B", "plan_version": 1}, format="json")
    assert (late.status_code, late.json()["code"]) == (412, "plan_changed")
    assert client.get(f"/api/v1/campaigns/{made.pk}/").data["brief"] == "A"


def test_a_cost_line_sent_again_with_other_figures_takes_the_place_of_the_one_before(api):
    client = api("colleague")
    first = post(client, "spend/", LINE)
    assert (first.status_code, first.data["amount_minor"], first.data["status"]) == (201, 1200_50, "committed")
    assert post(client, "spend/", LINE).data["outcome"] == "unchanged"
    invoice = post(client, "spend/", LINE | {"status": "invoiced", "amount": "1300.00"})
    assert (invoice.status_code, invoice.data["outcome"]) == (200, "updated")
    assert [(line.amount, line.status) for line in standing_lines()] == [(1300_00, "invoiced")]
    before = client.get(f"/api/v1/spend/{first.data['id']}/")
    assert before.data["taken_back"] is True
    assert Spend.objects.count() == 3


def test_a_line_is_taken_back_once(api):
    client = api("colleague")
    line = post(client, "spend/", LINE).data["id"]
    assert post(client, f"spend/{line}/void/", {}).data["taken_back"] is True
    again = post(client, f"spend/{line}/void/", {})
    assert (again.status_code, again.json()["code"]) == (409, "already_voided")
    assert client.get("/api/v1/spend/").data["results"] == []


def test_many_lines_each_by_itself(api):
    items = [LINE, LINE | {"external_id": "l-2", "currency": "EURO"}, LINE | {"external_id": "l-3", "amount": "-20.00"}]
    answer = post(api("colleague"), "spend/", {"items": items})
    assert answer.status_code == 207
    assert [row["outcome"] for row in answer.data["results"]] == ["created", "rejected", "created"]
    assert sorted(standing_lines().values_list("amount", flat=True)) == [-20_00, 1200_50]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "1.005"), ("amount", 12.5), ("amount", "0"), ("amount", "1e9"), ("currency", "eur"),
        ("service_to", "2026-11-01"), ("service_to", "2046-11-01"), ("status", "paid"), ("campaign_id", 999_999),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_and_nothing_is_written(api, field, value):
    answer = post(api("colleague"), "spend/", LINE | {field: value})
    assert answer.status_code == 422 and field in answer.content.decode()
    assert not Spend.objects.exists() and not Channel.objects.exists()


def test_the_lines_of_one_campaign_and_of_none(api):
    client = api("colleague")
    post(client, "spend/", LINE)
    post(client, "spend/", LINE | {"external_id": "l-2", "campaign": None})
    made = Campaign.objects.get()
    assert [row["external_id"] for row in client.get(f"/api/v1/spend/?campaign={made.pk}").data["results"]] == ["l-1"]
    assert client.get("/api/v1/spend/?campaign=x").data["results"] == []
    assert [row["campaign_id"] for row in client.get("/api/v1/spend/").data["results"]] == [None, made.pk]


def test_a_line_says_its_kind_and_only_programme_cost_is_of_a_campaign(api):
    client = api("colleague")
    assert post(client, "spend/", LINE).data["kind"] == "programme"
    salaries = LINE | {"external_id": "l-2", "campaign": None, "kind": "people"}
    assert post(client, "spend/", salaries).data["kind"] == "people"
    assert post(client, "spend/", salaries).data["outcome"] == "unchanged"
    wrong = post(client, "spend/", LINE | {"external_id": "l-3", "kind": "people"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "kind_of_no_campaign")
    assert sorted(standing_lines().values_list("kind", flat=True)) == ["people", "programme"]


def test_content_is_known_by_its_name(api):
    client = api("colleague")
    piece = {"name": "Guide", "owner": "colleague@example.com", "link": "https://example.com/g", "ready_on": "2026-11-02"}
    assert post(client, "contents/", piece).status_code == 201
    assert post(client, "contents/", piece).data["outcome"] == "unchanged"
    changed = post(client, "contents/", {"name": "Guide", "how_to_use": "After the first call."})
    assert (changed.data["outcome"], changed.data["ready_on"], changed.data["how_to_use"]) == (
        "updated", "2026-11-02", "After the first call.",
    )  # fmt: skip
    assert post(client, "contents/", {"name": "G", "link": "javascript:alert(1)"}).status_code == 422
    other = describe_content(name="Other", actor=None)
    taken = client.patch(f"/api/v1/contents/{other.pk}/", {"name": "Guide"}, format="json")
    assert (taken.status_code, taken.json()["code"]) == (409, "content_known")


def test_the_same_key_with_the_same_request_counts_once(api):
    client = api("colleague")
    line = {name: value for name, value in LINE.items() if name not in ("source", "external_id")}
    answers = [post(client, "spend/", line, HTTP_IDEMPOTENCY_KEY="k-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Spend.objects.count() == 1


def test_a_viewer_reads_and_writes_nothing(api):
    client = api("viewer")
    assert client.get("/api/v1/campaigns/").status_code == 200
    assert post(client, "campaigns/", FAIR).status_code == 403
    assert post(client, "spend/", LINE).status_code == 403


@pytest.mark.parametrize("path", ["campaigns/", "contents/", "spend/"])
def test_a_list_asks_as_often_for_three_rows_as_for_one(api, path):

    client, counts = api("colleague"), []
    for i in range(3):
        post(client, "campaigns/", FAIR | {"external_id": f"f-{i}", "name": f"Fair {i}"})
        post(client, "spend/", LINE | {"external_id": f"l-{i}", "campaign": f"Fair {i}"})
        with CaptureQueriesContext(connection) as caught:
            client.get(f"/api/v1/{path}")
        counts.append(len(caught))
    assert counts[0] == counts[2]
