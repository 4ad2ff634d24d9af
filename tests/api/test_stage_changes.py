"""POST of stage changes: one door, versions, identity."""

import datetime as dt

import pytest

from accounts.models import User
from funnel.models import Stage
from leads.models import Lead, LeadEvent
from leads.services import intake, move_lead

URL = "/api/v1/stage-changes/"


@pytest.fixture
def lead(owner):
    return owner.post("/api/v1/leads/", {"source": "crm", "external_id": "A-1", "created_at": "2026-03-05T10:00:00Z"}).json()


def events(lead) -> int:
    return LeadEvent.objects.filter(lead_id=lead["id"], kind="moved").count()


def test_a_move_by_id(owner, lead):
    answer = owner.post(
        URL, {"lead": lead["id"], "to_stage": "mql", "occurred_at": "2026-03-06T10:00:00Z", "note": "Called."}
    )
    body = answer.json()
    assert (answer.status_code, body["outcome"], body["to_stage"], body["current_stage_changed"]) == (
        201,
        "created",
        "mql",
        True,
    )
    assert (body["lead"]["stage"], body["lead"]["stage_since"]) == ("mql", "2026-03-06T10:00:00Z")
    assert answer["ETag"] == f'"{body["lead"]["version"]}"'
    # What the agreement asks for with a handoff: the move is told as it was, and what this lead lacks is named.
    assert body["missing"] == ["name", "email", "company", "segment", "region", "channel"]
    event = LeadEvent.objects.get(id=body["id"])
    assert (event.actor.email, event.note.text) == ("funnel_owner@example.com", "Called.")


def test_a_move_by_the_id_in_the_source(owner, lead):
    assert owner.post(URL, {"source": "crm", "lead_external_id": "A-1", "to_stage": "mql"}).status_code == 201
    assert owner.post(URL, {"source": "other", "lead_external_id": "A-1", "to_stage": "sal"}).status_code == 404


def test_a_move_of_known_identity_counts_once(owner, lead):
    body = {"source": "crm", "lead_external_id": "A-1", "to_stage": "mql", "external_id": "m-1", "occurred_at": "2026-03-06"}
    first = owner.post(URL, body)
    again = owner.post(URL, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["outcome"], again.json()["id"]) == ("unchanged", first.json()["id"])
    assert events(lead) == 1
    for other in ({"to_stage": "sal"}, {"occurred_at": "2026-03-07"}):
        answer = owner.post(URL, {**body, **other})
        assert (answer.status_code, answer.json()["code"]) == (409, "external_id_taken")
    assert events(lead) == 1


def test_a_repeat_with_the_version_of_its_first_try_is_no_conflict(owner, lead):
    body = {"lead": lead["id"], "to_stage": "mql", "external_id": "m-1"}
    assert owner.post(URL, body, headers={"If-Match": '"1"'}).status_code == 201
    assert owner.post(URL, body, headers={"If-Match": '"1"'}).status_code == 200


@pytest.mark.parametrize("as_header", [True, False])
def test_a_stale_version_is_412(owner, lead, as_header):
    owner.post(URL, {"lead": lead["id"], "to_stage": "mql"})
    body = {"lead": lead["id"], "to_stage": "sal"}
    answer = owner.post(URL, body, headers={"If-Match": '"1"'}) if as_header else owner.post(URL, {**body, "version": 1})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_stale")
    assert events(lead) == 1


def test_a_lost_race_is_409_and_says_what_the_other_did(owner, lead, people, monkeypatch):
    def rival_first(row, to_stage, **kwargs):
        other = Lead.objects.get(id=row.id)
        move_lead(other, Stage.objects.get(key="sal"), actor=User.objects.get(email="member@example.com"))
        return move_lead(row, to_stage, **kwargs)

    monkeypatch.setattr(intake, "move_lead", rival_first)
    answer = owner.post(URL, {"lead": lead["id"], "to_stage": "mql"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (409, "moved_first")
    assert answer.json()["detail"].startswith("Member moved it first, to SAL.")


def test_rules_of_the_agreement_hold(owner, lead):
    def refused(body) -> dict:
        answer = owner.post(URL, {"lead": lead["id"], **body})
        assert answer.status_code == 422
        return {error["field"]: error["code"] for error in answer.json()["errors"]}

    assert refused({"to_stage": "lost"}) == {"reason": "reason_missing"}
    assert refused({"to_stage": "lost", "reason": "bad mood"}) == {"reason": "reason_unknown"}
    assert refused({"to_stage": "inquiry"}) == {"to_stage": "already_there"}
    assert refused({"to_stage": "nowhere"}) == {"to_stage": "stage_unknown"}
    assert refused({}) == {"to_stage": "required"}
    future = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    assert refused({"to_stage": "mql", "occurred_at": future}) == {"occurred_at": "in_the_future"}
    assert owner.post(URL, {"to_stage": "mql"}).status_code == 422
    assert owner.post(URL, {"lead": lead["id"], "lead_external_id": "A-1", "to_stage": "mql"}).status_code == 422
    assert events(lead) == 0
    assert owner.post(URL, {"lead": lead["id"], "to_stage": "lost", "reason": "price"}).status_code == 201


def test_a_move_into_the_past_may_leave_the_current_stage(owner, lead):
    owner.post(URL, {"lead": lead["id"], "to_stage": "sql", "occurred_at": "2026-03-20T10:00:00Z"})
    body = owner.post(URL, {"lead": lead["id"], "to_stage": "mql", "occurred_at": "2026-03-10T10:00:00Z"}).json()
    assert (body["current_stage_changed"], body["lead"]["stage"]) == (False, "sql")


def test_a_move_known_to_the_day_of_creation_follows_it(owner, lead):
    answer = owner.post(URL, {"lead": lead["id"], "to_stage": "inquiry", "occurred_at": "2026-03-05"})
    assert answer.json()["code"] == "already_there"
    body = owner.post(URL, {"lead": lead["id"], "to_stage": "mql", "occurred_at": "2026-03-05"}).json()
    assert (body["time_precision"], body["lead"]["stage"], body["lead"]["created_at"]) == (
        "day",
        "mql",
        "2026-03-05T10:00:00Z",
    )


def test_items_move_by_themselves(owner, lead):
    items = [
        {"lead": lead["id"], "to_stage": "mql", "external_id": "1"},
        {"lead": 999, "to_stage": "mql", "external_id": "2"},
        {"lead": lead["id"], "to_stage": "sal", "version": 1, "external_id": "3"},
        {"lead": lead["id"], "to_stage": "sal", "external_id": "4"},
        {"lead": lead["id"], "to_stage": "mql", "external_id": "1"},
    ]
    answer = owner.post(URL, {"items": items})
    assert answer.status_code == 207
    assert [(r["status"], r["outcome"]) for r in answer.json()["results"]] == [
        (201, "created"),
        (404, "rejected"),
        (412, "rejected"),
        (201, "created"),
        (200, "unchanged"),
    ]
    assert events(lead) == 2
    assert owner.post(URL, {"items": items}, headers={"If-Match": '"1"'}).status_code == 400
