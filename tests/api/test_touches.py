"""POST of touches, and those of a lead."""

import pytest

from leads.models import Touch

URL = "/api/v1/touches/"


@pytest.fixture
def lead(owner):
    body = {"external_id": "L", "name": "Ann", "email": "ann@example.org", "created_at": "2026-03-01"}
    return owner.post("/api/v1/leads/", body).json()["id"]


def test_a_touch_with_all_its_fields(owner, lead):
    body = {
        "external_id": "T-1", "kind": "webinar", "side": "marketing", "channel": "Web", "campaign": "Spring",
        "content": "Guide", "contact_outcome": "stayed", "occurred_at": "2026-03-05T10:00:00Z",
    }  # fmt: skip
    answer = owner.post(URL, {"lead": lead, **body})
    found = answer.json()
    said = {"outcome": "created", **body, "lead_id": lead, "day": "2026-03-05", "source": "api"}
    said |= {"company": None, "link": None, "taken_back": None}
    assert answer.status_code == 201
    assert found == {**said, "id": found["id"]}
    again = owner.post(URL, {"lead": lead, **body})
    assert (again.status_code, again.json()["id"], Touch.objects.count()) == (200, found["id"], 1)
    other = owner.post(URL, {"lead": lead, **body, "kind": "call"})
    assert (other.status_code, other.json()["code"]) == (409, "external_id_taken")


@pytest.mark.parametrize(
    ("kind", "side"), [("call", "sales"), ("meeting", "sales"), ("form", "marketing"), ("email", "marketing")]
)
def test_the_side_follows_from_the_kind(owner, lead, kind, side):
    assert owner.post(URL, {"lead": lead, "kind": kind}).json()["side"] == side


def test_by_address_it_belongs_to_the_newest_lead_of_then(owner, lead):
    later = owner.post("/api/v1/leads/", {"email": "ANN@example.org", "created_at": "2026-06-01"}).json()["id"]

    def lead_of(**body) -> int:
        return owner.post(URL, {"kind": "form", "email": "Ann@example.org", **body}).json()["lead_id"]

    assert lead_of() == later
    assert lead_of(occurred_at="2026-04-01") == lead
    assert lead_of(occurred_at="2026-02-01") == lead
    assert owner.post(URL, {"kind": "form", "email": "nobody@example.org"}).status_code == 404


def test_a_touch_of_nobody_names_what_it_belongs_to(owner, company):
    assert owner.post(URL, {"kind": "visit", "channel": "Web"}).json()["lead_id"] is None
    assert owner.post(URL, {"kind": "visit"}).status_code == 422
    assert owner.post(URL, {"kind": "dance", "channel": "Web"}).status_code == 422
    assert owner.post(URL, {"channel": "Web"}).status_code == 422


def test_touches_of_a_lead_are_listed_newest_first(owner, lead):
    results = owner.post(
        URL,
        {
            "items": [
                {"lead": lead, "kind": "form", "occurred_at": "2026-03-02"},
                {"lead": 999, "kind": "form"},
                {"lead": lead, "kind": "call", "occurred_at": "2026-03-04"},
            ]
        },
    ).json()["results"]
    assert [r["status"] for r in results] == [201, 404, 201]
    rows = owner.get(f"/api/v1/leads/{lead}/touches/").json()["results"]
    assert [row["kind"] for row in rows] == ["call", "form"]
