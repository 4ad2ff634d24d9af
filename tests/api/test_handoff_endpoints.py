"""Handoffs through the REST API: lists of what waits, steps that count once, refusals as problems."""

import datetime as dt

import pytest
import time_machine

from leads.models import Handoff, Lead, LeadEvent, Touch
from tests.leads.handing_over import hand_over, promise, t


@pytest.fixture
def handoff(stages, people):
    """Handed over on a Tuesday at nine to `member`, a rep of sales; now it is ten."""
    promise()
    with time_machine.travel(t(10), tick=False):
        yield hand_over(stages, owner=people["member"])


def address(handoff: Handoff, step: str = "") -> str:
    return f"/api/v1/handoffs/{handoff.pk}/{step}"


def test_a_rep_lists_what_waits_and_decides(handoff, api):
    rep = api("member")
    listed = rep.get("/api/v1/handoffs/?state=open").json()
    assert [(row["id"], row["waits_for"], row["owner"]) for row in listed["results"]] == [
        (handoff.pk, "sales", "member@example.com")
    ]
    answer = rep.post(address(handoff, "decision/"), {"decision": "accepted"}, format="json")
    assert (answer.status_code, answer.json()["state"], answer.json()["waits_for"]) == (200, "decided", "")
    assert Lead.objects.get(pk=handoff.lead_id).stage.key == "sal"
    assert rep.get("/api/v1/handoffs/?state=open").json()["count"] == 0
    assert rep.get(address(handoff)).json()["decision"] == "accepted"


def test_due_times_say_where_they_stand(handoff, api):
    rows = api("viewer").get("/api/v1/due-times/?open=yes").json()["results"]
    assert [(row["promise"], row["label"], row["standing"], row["handoff"]) for row in rows] == [
        ("S1", "First contact", "open", handoff.pk),
        ("S3", "Decision with reason", "open", handoff.pk),
        ("S2", "Persistence", "open", handoff.pk),
    ]
    assert dt.datetime.fromisoformat(rows[0]["due_at"]) == t(13)
    one = api("viewer").get(f"/api/v1/due-times/?promise=routing&lead={handoff.lead_id}&handoff={handoff.pk}").json()
    assert [row["standing"] for row in one["results"]] == ["kept"]


def test_a_decision_under_one_key_is_made_once(handoff, api):
    words = {"decision": "returned", "reason": "context_missing", "note": "Which country?"}
    answers = [
        api("member").post(address(handoff, "decision/"), words, format="json", HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2)
    ]
    assert [answer.json()["state"] for answer in answers] == ["returned", "returned"]
    assert LeadEvent.objects.filter(kind="returned").count() == 1


def test_who_comes_second_or_saw_an_older_lead_is_told(handoff, api):
    rep, lead = api("member"), api("sales_lead")
    etag = rep.get(address(handoff))["ETag"]
    assert rep.post(address(handoff, "decision/"), {"decision": "accepted"}, format="json").status_code == 200
    second = {"decision": "disqualified", "reason": "no_need"}
    refused = lead.post(address(handoff, "decision/"), second, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "decided_first")
    stale = lead.post(address(handoff, "decision/"), second, format="json", HTTP_IF_MATCH=etag)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")


@pytest.mark.parametrize(
    ("who", "step", "body", "status", "code"),
    [
        ("colleague", "decision/", {"decision": "accepted"}, 403, "other_side"),
        ("viewer", "decision/", {"decision": "accepted"}, 403, "permission_denied"),
        ("member", "decision/", {"decision": "maybe"}, 422, "request_invalid"),
        ("member", "decision/", {"decision": "accepted", "speed": 1}, 422, "request_invalid"),
        ("member", "decision/", {"decision": "recycled", "reason": "timing"}, 422, "until_missing"),
        ("member", "resubmission/", {}, 403, "other_side"),
        ("colleague", "resubmission/", {}, 409, "not_returned"),
        ("colleague", "contest/", {"text": "No."}, 422, "nothing_to_contest"),
        ("sales_lead", "ruling/", {"ruling": "accepted", "text": "So."}, 403, "funnel_owner_only"),
        ("member", "feedback/", {"moment": "contact", "fit": "good"}, 422, "no_contact_yet"),
        ("colleague", "feedback-read/", {}, 422, "no_feedback_yet"),
        ("member", "exclusions/", {"promise": "S4", "reason": "test"}, 422, "promise_unknown"),
    ],
)
def test_refusals_are_problems_with_a_code(handoff, api, who, step, body, status, code):
    answer = api(who).post(address(handoff, step), body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_return_completion_contest_and_ruling(handoff, api):
    def post(who, step, **body):
        answer = api(who).post(address(handoff, step), body, format="json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert post("member", "decision/", decision="returned", reason="context_missing", note="?")["waits_for"] == "marketing"
    assert post("colleague", "resubmission/", note="All there.")["waits_for"] == "sales"
    assert post("member", "decision/", decision="disqualified", reason="no_need")["state"] == "decided"
    assert post("colleague", "contest/", text="They do.")["waits_for"] == "funnel_owner"
    ruled = post("funnel_owner", "ruling/", ruling="accepted", text="They do, see the mail.")
    assert (ruled["state"], ruled["decision"], ruled["first_decision"]) == ("arbitrated", "accepted", "disqualified")


def test_contact_feedback_and_its_reading(handoff, api):
    mail = {"kind": "personal_email", "outcome": "replied", "evidence": "mail", "external_id": "<7@mail.example>"}
    for _ in range(2):
        logged = api("member").post(f"/api/v1/leads/{handoff.lead_id}/contacts/", mail, format="json")
        assert (logged.status_code, logged.json()["evidence"]) == (200, "mail")
    assert Touch.objects.count() == 1
    told = api("member").post(address(handoff, "feedback/"), {"moment": "contact", "fit": "good"}, format="json")
    assert dt.datetime.fromisoformat(told.json()["feedback_at"]) == t(10)
    read = api("colleague").post(address(handoff, "feedback-read/"), {}, format="json")
    assert dt.datetime.fromisoformat(read.json()["feedback_read_at"]) == t(10)


def test_pauses_and_exclusions_are_answered_by_the_other_teams_lead(handoff, api):
    asked = api("member").post(address(handoff, "exclusions/"), {"promise": "S1", "reason": "test"}, format="json").json()
    answered = address(handoff, f"requests/{asked['id']}/answer/")
    assert api("sales_lead").post(answered, {"agreed": True}, format="json").status_code == 403
    assert api("marketing_lead").post(answered, {"agreed": True}, format="json").status_code == 200
    assert api("viewer").get("/api/v1/due-times/?promise=S1").json()["results"][0]["standing"] == "excluded"
    meeting = {"kind": "meeting", "start": t(10).isoformat(), "until": t(14).isoformat()}
    assert api("member").post(address(handoff, "pauses/"), meeting, format="json").json()["kind"] == "paused"


def test_what_a_person_may_not_see_is_not_there(handoff, api, see_only):
    see_only("own")
    other = api("sales_lead")
    assert other.get("/api/v1/handoffs/").json()["count"] == 0
    assert other.get("/api/v1/due-times/").json()["count"] == 0
    for step, body in (("", None), ("decision/", {"decision": "accepted"})):
        answer = other.get(address(handoff)) if body is None else other.post(address(handoff, step), body, format="json")
        assert answer.status_code == 404
    assert other.post(f"/api/v1/leads/{handoff.lead_id}/contacts/", {"kind": "call"}, format="json").status_code == 404


@pytest.mark.parametrize("address_of_list", ["/api/v1/handoffs/", "/api/v1/due-times/?promise=S3"])
def test_lists_cost_the_same_with_one_row_and_three(
    handoff, stages, people, api, django_assert_max_num_queries, address_of_list
):
    rep = api("member")
    with django_assert_max_num_queries(50) as one:
        assert rep.get(address_of_list).json()["count"] == 1
    for name in ("Bea", "Cem"):
        hand_over(stages, owner=people["member"], name=name)
    with django_assert_max_num_queries(len(one)):
        assert rep.get(address_of_list).json()["count"] == 3


@pytest.mark.parametrize("query", ["state=lost", "decision=maybe", "lead=x"])
def test_a_wrong_filter_is_said(handoff, api, query):
    assert api("member").get(f"/api/v1/handoffs/?{query}").status_code == 422
