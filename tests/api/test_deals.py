"""POST, GET and PATCH of deals; money."""

import pytest

from leads.models import Deal, DealEvent, Lead

URL = "/api/v1/deals/"


@pytest.fixture
def lead(owner):
    return owner.post("/api/v1/leads/", {"external_id": "L", "company": "Acme", "origin": "sales"}).json()["id"]


def test_a_deal_is_opened_with_all_its_fields(owner, lead, people):
    body = {
        "source": "crm",
        "external_id": "D-1",
        "name": "Platform",
        "lead": lead,
        "amount": "61200.00",
        "cost_minor": 100,
        "currency": "EUR",
        "owner": "member@example.com",
        "kind": "expansion",
        "expected_close": "2026-12-31",
        "created_at": "2026-03-05",
        "segment": "Mid",
        "custom": {"po": "77"},
    }
    answer = owner.post(URL, body)
    found = answer.json()
    said = {name: body[name] for name in body if name not in ("amount", "created_at")}
    assert (answer.status_code, answer["ETag"], answer["Location"]) == (201, '"1"', f"{URL}{found['id']}/")
    assert found == {**found, **said, "amount_minor": 6_120_000, "created_day": "2026-03-05", "status": "open"}
    assert (found["company"], found["origin"], found["owner_id"]) == ("Acme", "sales", people["member"].id)
    again = owner.post(URL, body)
    assert (again.status_code, again.json()["outcome"], again["ETag"]) == (200, "unchanged", '"1"')
    assert Deal.objects.count() == 1


@pytest.mark.parametrize(
    ("money", "minor"),
    [
        ({"amount": "61200.00"}, 6_120_000),
        ({"amount": "0.1"}, 10),
        ({"amount": 12}, 1_200),
        ({"amount_minor": 7}, 7),
        ({"amount": "1500", "currency": "JPY"}, 1_500),
        ({"amount": "1.234", "currency": "KWD"}, 1_234),
        ({"amount": None}, None),
        ({}, None),
    ],
)
def test_amounts_are_exact(owner, money, minor):
    assert owner.post(URL, money).json()["amount_minor"] == minor


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 12.5}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1e9"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "9" * 16}, "amount"),
        ({"amount": "1,000.00"}, "amount"),
        ({"amount": "\u0661\u0662"}, "amount"),
        ({"amount": "1", "amount_minor": 1}, "amount"),
        ({"amount_minor": 10**18}, "amount_minor"),
        ({"amount_minor": 1.0}, "amount_minor"),
        ({"currency": "eur"}, "currency"),
        ({"status": "maybe"}, "status"),
        ({"status": "won"}, "closed_at"),
        ({"status": "lost", "closed_at": "2026-03-05", "created_at": "2026-03-01"}, "reason"),
        ({"closed_at": "2026-03-05"}, "closed_at"),
        ({"status": "won", "closed_at": "2026-03-05", "created_at": "2026-03-06"}, "closed_at"),
        ({"lead": 999}, "lead"),
        ({"lead_external_id": "nobody"}, "lead_external_id"),
        ({"expected_close": "0001-01-01"}, "expected_close"),
    ],
)
def test_wrong_deals_are_refused_and_nothing_is_written(owner, wrong, field):
    answer = owner.post(URL, wrong)
    assert answer.status_code in (404, 422)
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (Deal.objects.count(), DealEvent.objects.count()) == (0, 0)


def test_a_deal_won_elsewhere_comes_with_its_day_and_moves_its_lead(owner):
    lead = owner.post("/api/v1/leads/", {"created_at": "2026-03-01T10:00:00Z"}).json()["id"]
    body = {"lead": lead, "amount": "10", "status": "won", "created_at": "2026-03-05T10:00:00Z", "closed_at": "2026-03-05"}
    found = owner.post(URL, body).json()
    assert (found["status"], found["closed_day"], found["closed_precision"]) == ("won", "2026-03-05", "day")
    assert Lead.objects.get(id=lead).stage.key == "won"


def test_a_known_deal_is_won_by_its_second_coming(owner):
    body = {"external_id": "D", "amount": "10", "created_at": "2026-03-01"}
    owner.post(URL, body)
    won = owner.post(URL, {**body, "amount": "12", "status": "won", "closed_at": "2026-03-09T10:00:00Z"})
    found = won.json()
    assert (won.status_code, found["outcome"], found["status"], found["amount_minor"]) == (200, "updated", "won", 1_200)
    again = owner.post(URL, {**body, "amount": "12", "status": "won", "closed_at": "2026-03-09T10:00:00Z"})
    assert again.json()["outcome"] == "unchanged"
    other_day = owner.post(URL, {**body, "status": "won", "closed_at": "2026-03-10"})
    assert (other_day.status_code, other_day.json()["code"]) == (422, "closed_differs")


def test_what_a_deal_keeps(owner, lead):
    owner.post(URL, {"external_id": "D", "lead": lead})
    other = owner.post("/api/v1/leads/", {}).json()["id"]
    assert owner.post(URL, {"external_id": "D", "lead": other}).json()["code"] == "lead_differs"
    assert owner.post(URL, {"external_id": "D", "currency": "USD"}).json()["code"] == "currency_fixed"
    assert owner.post(URL, {"external_id": "D", "created_at": "2026-01-01"}).json()["code"] == "created_differs"


def test_a_deal_is_changed_won_reopened_and_lost(owner, people):
    deal = owner.post(URL, {"amount": "10"})
    url = deal["Location"]
    changed = owner.patch(
        url, {"amount": "20", "cost": "5", "owner": people["member"].id}, headers={"If-Match": deal["ETag"]}
    )
    found = changed.json()
    assert (found["amount_minor"], found["cost_minor"], found["owner"]) == (2_000, 500, "member@example.com")
    assert owner.patch(url, {"status": "won"}).json()["status"] == "won"
    assert owner.patch(url, {"status": "lost", "reason": "price"}).json()["code"] == "deal_state"
    reopened = owner.patch(url, {"status": "reopened"}).json()
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)
    assert owner.patch(url, {"status": "lost"}).status_code == 422
    assert owner.patch(url, {"status": "lost", "reason": "price"}).json()["status"] == "lost"
    kinds = list(DealEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["opened", "owner", "amount", "cost", "won", "reopened", "lost"]


def test_a_stale_version_is_412(owner):
    deal = owner.post(URL, {})
    owner.patch(deal["Location"], {"status": "won"})
    answer = owner.patch(deal["Location"], {"amount": "1"}, headers={"If-Match": deal["ETag"]})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_stale")
    assert Deal.objects.get().amount is None


def test_deals_are_listed_and_filtered(owner, lead):
    owner.post(URL, {"items": [{"lead": lead, "name": "a"}, {"name": "b"}]})
    owner.patch(f"{URL}{Deal.objects.get(name='b').id}/", {"status": "won"})
    assert [row["name"] for row in owner.get(URL).json()["results"]] == ["b", "a"]
    assert [row["name"] for row in owner.get(f"{URL}?status=won").json()["results"]] == ["b"]
    assert [row["name"] for row in owner.get(f"{URL}?lead={lead}").json()["results"]] == ["a"]
    assert owner.get(f"{URL}?lead=x").status_code == 422


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries_for_any_length(owner, lead, django_assert_num_queries, count):
    owner.post(URL, {"items": [{"lead": lead, "company": "A", "channel": "B"}] * count})
    with django_assert_num_queries(5):
        assert owner.get(URL).json()["count"] == count


def test_one_bad_item_leaves_the_others(owner, lead):
    items = [{"external_id": "1", "amount": "5"}, {"external_id": "2", "status": "won"}, {"external_id": "3", "lead": lead}]
    results = owner.post(URL, {"items": items}).json()["results"]
    assert [(r["status"], r["external_id"]) for r in results] == [(201, "1"), (422, "2"), (201, "3")]
    assert sorted(Deal.objects.values_list("external_id", flat=True)) == ["1", "3"]
