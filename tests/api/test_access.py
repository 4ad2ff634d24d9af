"""Who may do what over REST: sign-in, roles, and whose leads are there for whom."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken
from leads.models import Contact, Deal, Lead

LEADS, DEALS, TOUCHES, MOVES = (f"/api/v1/{name}/" for name in ("leads", "deals", "touches", "stage-changes"))
READS = [LEADS, DEALS, "/api/v1/stages/"]
WRITES = [LEADS, DEALS, TOUCHES, MOVES]


@pytest.mark.parametrize("address", READS)
def test_reading_needs_a_person(people, api, address):
    assert APIClient().get(address).status_code == 401
    assert APIClient().get(address)["WWW-Authenticate"] == "Bearer"
    for who, status in {"viewer": 200, "member": 200, "administrator": 200, "outsider": 403}.items():
        assert api(who).get(address).status_code == status, who


@pytest.mark.parametrize("address", WRITES)
def test_writing_needs_the_right_to_work_leads(people, api, address):
    assert APIClient().post(address, {}).status_code == 401
    for who in ("viewer", "outsider"):
        assert api(who).post(address, {}).status_code == 403
    for who in ("member", "sales_lead", "funnel_owner", "administrator"):
        assert api(who).post(address, {}).status_code in (201, 422), who


def test_changing_needs_the_right_to_work_leads(owner, api):
    lead, deal = owner.post(LEADS, {})["Location"], owner.post(DEALS, {})["Location"]
    for address in (lead, deal):
        assert api("viewer").get(address).status_code == 200
        assert api("viewer").patch(address, {}).status_code == 403
        assert api("member").patch(address, {}).status_code == 200


def test_a_revoked_token_and_a_left_person_are_out(api, people):
    client = api("member")
    ApiToken.objects.update(revoked_at="2026-01-01T00:00Z")
    assert client.get(LEADS).status_code == 401
    client = api("member")
    people["member"].is_active = False
    people["member"].save()
    assert client.get(LEADS).status_code == 401


def test_a_session_needs_its_csrf_token(people):
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["member"])
    assert client.get(LEADS).status_code == 200
    answer = client.post(LEADS, {}, content_type="application/json")
    assert (answer.status_code, Lead.objects.count()) == (403, 0)
    page = Client(enforce_csrf_checks=True)
    token = page.get("/sign-in/").cookies["tandem_csrf"].value
    page.force_login(people["member"])
    page.cookies["tandem_csrf"] = token
    answer = page.post(LEADS, {}, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 201


@pytest.fixture
def leads(owner, people):
    """One lead of the member (team Sales), one of the sales lead (same team), one of the colleague (Marketing)."""
    found = {}
    for who in ("member", "sales_lead", "colleague"):
        body = {"external_id": who, "owner": people[who].id, "email": f"lead.of.{who}@example.org", "phone": "1"}
        found[who] = owner.post(LEADS, body).json()["id"]
        owner.post(DEALS, {"external_id": who, "lead": found[who], "owner": people[who].id})
        owner.post(TOUCHES, {"external_id": who, "lead": found[who], "kind": "call"})
    return found


@pytest.mark.parametrize(
    ("visibility", "who", "seen"),
    [
        ("all", "member", {"member", "sales_lead", "colleague"}),
        ("team", "member", {"member", "sales_lead"}),
        ("own", "member", {"member"}),
        ("own", "colleague", {"colleague"}),
        ("own", "viewer", set()),
        ("own", "funnel_owner", {"member", "sales_lead", "colleague"}),
        ("all", "outsider", None),
    ],
)
def test_what_a_person_may_not_see_is_not_there(api, leads, see_only, visibility, who, seen):
    see_only(visibility)
    client = api(who)
    if seen is None:
        assert client.get(LEADS).status_code == 403
        return
    assert {row["external_id"] for row in client.get(LEADS).json()["results"]} == seen
    assert {row["external_id"] for row in client.get(DEALS).json()["results"]} == seen
    for owner_of, pk in leads.items():
        status = 200 if owner_of in seen else 404
        deal = Deal.objects.get(external_id=owner_of).id
        addresses = [f"{LEADS}{pk}/", f"{LEADS}{pk}/touches/", f"{DEALS}{deal}/"]
        assert [client.get(address).status_code for address in addresses] == [status] * 3


def test_what_a_person_may_not_see_takes_no_writes(api, leads, see_only):
    see_only("own")
    member, theirs = api("member"), leads["colleague"]
    before = list(Lead.objects.order_by("id").values())
    answers = [
        member.patch(f"{LEADS}{theirs}/", {"score": 1}),
        member.patch(f"{DEALS}{Deal.objects.get(external_id='colleague').id}/", {"status": "won"}),
        member.post(LEADS, {"external_id": "colleague", "score": 1}),
        member.post(DEALS, {"external_id": "colleague", "name": "x"}),
        member.post(DEALS, {"lead": theirs}),
        member.post(MOVES, {"lead": theirs, "to_stage": "mql"}),
        member.post(MOVES, {"lead_external_id": "colleague", "to_stage": "mql"}),
        member.post(TOUCHES, {"lead": theirs, "kind": "call"}),
        member.post(TOUCHES, {"email": "lead.of.colleague@example.org", "kind": "call"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert list(Lead.objects.order_by("id").values()) == before


def test_an_address_brings_no_stranger_data(api, leads, see_only):
    see_only("own")
    body = api("member").post(LEADS, {"email": "lead.of.colleague@example.org"}).json()
    assert (body["email"], body["phone"]) == ("lead.of.colleague@example.org", "")
    assert Contact.objects.filter(email="lead.of.colleague@example.org").count() == 2


def test_a_known_address_is_one_contact_whose_gaps_are_filled(api, leads):
    body = api("member").post(LEADS, {"email": "Lead.of.colleague@example.org", "phone": "2", "name": "Ann"}).json()
    assert (body["phone"], body["name"]) == ("1", "Ann")
    assert Contact.objects.filter(email="lead.of.colleague@example.org").count() == 1
