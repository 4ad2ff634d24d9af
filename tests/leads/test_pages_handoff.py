"""The page of a lead that was handed over: what each side sees there, decides, completes, contests and says."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Role
from funnel.models import GlossaryTerm
from funnel.queries import version_in_force
from leads.models import Handoff, LeadEvent, Note, Touch
from leads.services import assign_lead, record_touch
from leads.services.handoffs import decide
from tests.leads.handing_over import hand_over, handoff_of, promise

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def do(client, people):
    def post(who, path, **data):
        client.force_login(people[who], backend="django.contrib.auth.backends.ModelBackend")
        return client.post(path, data)

    return post


@pytest.fixture
def given(stages, people):
    """A handoff of an hour ago under the usual promises, in the hands of the member."""
    promise("name", "email", "need")

    def one(*, owner="member", **fields):
        at = fields.pop("at", NOW - dt.timedelta(hours=1))
        return hand_over(stages, owner=people[owner] if owner else None, at=at, email="anna@brandt.example", **fields)

    return one


def card(answer):
    return answer.context["page"].handoff


def home(handoff) -> str:
    return f"/leads/{handoff.lead_id}/"


def test_sales_sees_what_marketing_knows_and_what_is_missing(see, given):
    handoff = given(custom={"need": "New pumps by May"}, score=72)
    for days, kind in ((9, "visit"), (3, "webinar")):
        at = NOW - dt.timedelta(days=days)
        record_touch(lead=handoff.lead, side="marketing", kind=kind, occurred_at=at, actor=None)
    answer = see("member", home(handoff))
    shown = card(answer)
    assert (shown.why_now.kind, shown.touches) == ("webinar", 2)
    assert [(one.label, one.missing) for one in shown.required] == [
        ("E-mail address", False), ("Name", False), ("Need, in a sentence", False),
    ]  # fmt: skip
    text = answer.content.decode()
    assert "New pumps by May" in text and "not recorded" in text and "nothing of the 3" in text
    handoff = given(name="Lee Moss")
    assert [one.label for one in card(see("member", home(handoff))).missing] == ["Need, in a sentence"]


def test_the_head_offers_the_decision_to_sales_alone(see, given):
    handoff = given()
    accept = f"/handoffs/{handoff.pk}/accept/"
    for who, may in (("member", True), ("funnel_owner", True), ("colleague", False), ("viewer", False)):
        answer = see(who, home(handoff))
        assert (accept in answer.content.decode(), card(answer).may.decide) == (may, may), who


def test_accepting_takes_one_click_and_one_more_to_undo_it(see, do, given, people, stages):
    handoff = given(owner=None)
    answer = do("member", f"/handoffs/{handoff.pk}/accept/", version=handoff.lead.version)
    now = handoff_of(handoff.lead)
    assert (answer.status_code, now.decision, now.decided_by) == (302, "accepted", people["member"])
    page = see("member", answer.url)
    assert "Moved from MQL to SAL." in page.content.decode()
    undone = do("member", f"/leads/events/{page.context['page'].undo.event.pk}/undo/")
    now = handoff_of(handoff.lead)
    now.lead.refresh_from_db()
    assert undone.status_code == 302
    assert (now.state, now.decision, now.lead.stage, now.lead.owner) == ("open", "", stages["mql"], None)


def test_accepting_what_somebody_changed_meanwhile_says_who_and_asks_again(do, given, stages, people):
    handoff = given()
    seen = handoff.lead.version
    assign_lead(lead=handoff.lead, owner=people["sales_lead"], actor=people["sales_lead"])
    answer = do("member", f"/handoffs/{handoff.pk}/accept/", version=seen)
    handoff.lead.refresh_from_db()
    text = " ".join(answer.content.decode().split())
    assert answer.status_code == 409 and "Sales Lead changed this lead" in text
    assert f'name="version" value="{handoff.lead.version}"' in text
    assert handoff_of(handoff.lead).decision == ""


def test_the_second_decision_hears_of_the_first(do, given, people):
    handoff = given()
    decide(handoff=handoff, decision="accepted", actor=people["sales_lead"])
    answer = do("member", f"/handoffs/{handoff.pk}/decide/return/", reason="wrong_stage", note="No phone number.")
    text = answer.content.decode()
    assert answer.status_code == 409 and "Sales Lead decided first: accepted." in text and "No phone number." in text


@pytest.mark.parametrize("act", ["return", "recycle", "disqualify"])
def test_the_other_answers_need_an_agreed_reason_and_one_sentence(see, do, given, act):
    handoff = given()
    path = f"/handoffs/{handoff.pk}/decide/{act}/"
    reasons = [key for key, _ in see("member", path).context["form"].fields["reason"].choices if key]
    later = {"until": (NOW + dt.timedelta(days=60)).date().isoformat()} if act == "recycle" else {}
    assert do("member", path, note="x", **later).status_code == 422
    silent = do("member", path, reason=reasons[0], **later)
    assert silent.status_code == 422 and "Write at least one sentence" in silent.content.decode()
    assert do("member", path, reason="made_up", note="x", **later).status_code == 422
    assert do("member", path, reason=reasons[0], note="They buy next year.", **later).status_code == 302
    now = handoff_of(handoff.lead)
    assert (now.decision, now.reason) == ({"return": "returned", "recycle": "recycled"}.get(act, "disqualified"), reasons[0])
    assert Note.objects.get().text == "They buy next year."


def test_recycling_names_a_day_that_is_still_to_come(do, given):
    handoff = given()
    path = f"/handoffs/{handoff.pk}/decide/recycle/"
    today = do("member", path, reason="timing", note="Later.", until=NOW.date().isoformat())
    assert today.status_code == 422 and "still to come" in today.content.decode()
    assert handoff_of(handoff.lead).decision == ""


def test_marketing_sees_why_it_came_back_fills_it_in_and_gives_it_back(see, do, given, people):
    handoff = given()
    decide(handoff=handoff, decision="returned", actor=people["member"], reason="wrong_stage", note="What do they need?")
    answer = see("colleague", home(handoff))
    assert card(answer).may.resubmit and "What do they need?" in answer.content.decode()
    assert not card(see("member", home(handoff))).may.resubmit
    path = f"/handoffs/{handoff.pk}/resubmit/"
    assert list(see("colleague", path).context["form"].fields) == ["need", "note"]
    assert do("colleague", path, note="Done.").status_code == 422
    assert do("colleague", path, need="Two pumps for syrup", note="Done.").status_code == 302
    now = handoff_of(handoff.lead)
    assert (now.state, now.lead.custom["need"]) == ("open", "Two pumps for syrup")


def test_what_marketing_filled_in_is_not_kept_when_it_may_not_give_it_back(do, given, people):
    handoff = given()
    answer = do("member", f"/handoffs/{handoff.pk}/resubmit/", need="Two pumps")
    assert answer.status_code == 403
    assert "need" not in handoff_of(handoff.lead).lead.custom


def test_a_decision_is_contested_by_the_other_team_within_its_days_and_ruled_by_the_funnel_owner(see, do, given, people):
    handoff = given()
    decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="wrong_segment", note="Too small.")
    shown = card(see("colleague", home(handoff)))
    assert shown.may.contest and shown.contest_until > NOW + dt.timedelta(days=4)
    assert not card(see("member", home(handoff))).may.contest, "sales decided"
    assert do("colleague", f"/handoffs/{handoff.pk}/contest/", text="They have 400 people.").status_code == 302
    assert do("colleague", f"/handoffs/{handoff.pk}/rule/", ruling="accepted", text="x").status_code == 403
    page = see("funnel_owner", "/leads/disputes/")
    assert "They have 400 people." in page.content.decode()
    assert "1 decision waits for a ruling" in see("viewer", "/leads/disputes/?line").content.decode()
    ruled = do("funnel_owner", f"/handoffs/{handoff.pk}/rule/", ruling="accepted", text="400 people are no small company.")
    now = handoff_of(handoff.lead)
    assert (ruled.status_code, now.state, now.decision, now.first_decision) == (
        302,
        "arbitrated",
        "accepted",
        "disqualified",
    )
    words = "400 people are no small company."
    assert words in see("viewer", "/leads/disputes/mql/examples/").content.decode()
    assert words not in see("viewer", "/leads/disputes/sql/examples/").content.decode()
    GlossaryTerm.objects.create(agreement=version_in_force(NOW.date()), key="company", word="Company")
    assert words in see("viewer", "/leads/disputes/words/company/").content.decode(), "the ruling cites the word"
    assert words not in see("viewer", "/leads/disputes/words/mql/").content.decode()
    assert words in see("member", home(given(name="Lee Moss"))).content.decode(), "beside the definition of the next lead"


def test_after_its_days_a_decision_stands(see, do, given, people):
    handoff = given(at=NOW - dt.timedelta(days=40))
    event = LeadEvent.objects.get(kind="moved", lead=handoff.lead)
    Handoff.objects.filter(pk=event.pk).update(
        state="decided", decision="disqualified", decided_at=NOW - dt.timedelta(days=20)
    )
    assert not card(see("colleague", home(handoff))).may.contest
    answer = do("colleague", f"/handoffs/{handoff.pk}/contest/", text="They have 400 people.")
    assert answer.status_code == 422 and "it stands" in answer.content.decode()


def test_feedback_is_asked_after_the_first_contact_and_read_by_marketing(see, do, given):
    handoff = given()
    assert card(see("member", home(handoff))).may.feedback == ""
    do("member", f"/leads/{handoff.lead_id}/touch/", kind="call", outcome="reached")
    answer = see("member", home(handoff))
    assert card(answer).may.feedback == "contact" and "Was it a good lead?" in answer.content.decode()
    path = f"/handoffs/{handoff.pk}/feedback/"
    assert do("member", path, moment="contact", fit="no").status_code == 422, "less than good needs a word"
    assert do("member", path, moment="contact", fit="partly", text="Right firm, wrong person.").status_code == 302
    assert do("colleague", path, moment="contact", fit="good").status_code == 403
    page = see("colleague", home(handoff))
    assert card(page).may.read and "Right firm, wrong person." in page.content.decode()
    do("colleague", f"/handoffs/{handoff.pk}/read/")
    assert not card(see("colleague", home(handoff))).may.read
    assert "Read by marketing" in see("member", home(handoff)).content.decode()
    assert card(see("member", home(handoff))).may.feedback == ""


def test_a_contact_in_one_click_stops_the_clock_and_says_how_it_is_known(see, do, given):
    handoff = given()
    before = {clock.promise: clock.open for clock in card(see("member", home(handoff))).clocks}
    assert before == {"routing": False, "S1": True, "S2": True, "S3": True}
    do("member", f"/leads/{handoff.lead_id}/touch/", kind="call", outcome="no_answer")
    answer = see("member", home(handoff))
    assert {c.promise: c.open for c in card(answer).clocks} == {"routing": False, "S1": False, "S2": True, "S3": True}
    item = next(item for item in answer.context["page"].items if item.touch)
    assert (item.text, item.detail) == ("Call: no answer", "logged by click")


def test_a_marketer_logs_no_contact_of_sales(see, do, given):
    handoff = given()
    assert "Log a contact, now" not in see("colleague", home(handoff)).content.decode()
    assert do("colleague", f"/leads/{handoff.lead_id}/touch/", kind="call", outcome="reached").status_code == 403
    assert not Touch.objects.exists()


def test_the_telephone_number_stays_a_link_and_names_the_log_that_it_opens(see, given):
    handoff = given()
    handoff.lead.contact.phone = "+49 30 123"
    type(handoff.lead.contact).objects.filter(pk=handoff.lead.contact_id).update(phone="+49 30 123")
    text = see("member", home(handoff)).content.decode()
    assert f'href="tel:+49 30 123" data-log="/leads/{handoff.lead_id}/touch/?kind=call"' in text
    form = see("member", f"/leads/{handoff.lead_id}/touch/?kind=personal_email").context["form"]
    assert form.initial["kind"] == "personal_email"


def test_what_one_team_asks_the_other_teams_lead_answers(see, do, given):
    handoff = given()
    path = f"/handoffs/{handoff.pk}/leave-out/"
    assert do("member", path, promise="S1", reason="duplicate").status_code == 302
    request = card(see("member", home(handoff))).requests[0]
    assert (request.words, request.may_answer) == ("Leave “First contact” out of the count: duplicate", False)
    assert card(see("marketing_lead", home(handoff))).requests[0].may_answer
    answer = f"/handoffs/{handoff.pk}/requests/{request.event.pk}/"
    do("colleague", answer, agreed="yes")
    assert len(card(see("marketing_lead", home(handoff))).requests) == 1, "a rep does not answer for the team"
    do("marketing_lead", answer, agreed="yes")
    shown = card(see("member", home(handoff)))
    assert shown.requests == [] and [c.excluded for c in shown.clocks if c.promise == "S1"] == ["duplicate"]


def test_a_booked_meeting_lets_the_clock_stand_still_until_then(see, do, given):
    handoff = given()
    due = next(c.due_at for c in card(see("member", home(handoff))).clocks if c.promise == "S1")
    until = (NOW + dt.timedelta(days=4)).strftime("%Y-%m-%dT%H:%M")
    path = f"/handoffs/{handoff.pk}/pause/"
    assert do("member", path, kind="meeting").status_code == 422
    assert do("member", path, kind="meeting", until=until).status_code == 302
    assert next(c.due_at for c in card(see("member", home(handoff))).clocks if c.promise == "S1") > due


@pytest.mark.parametrize("times", [1, 3])
def test_the_number_of_queries_does_not_depend_on_what_was_said(see, do, given, client, times):
    handoff = given()
    for i in range(times):
        record_touch(lead=handoff.lead, side="marketing", kind="visit", occurred_at=NOW - dt.timedelta(days=i), actor=None)
        do("member", f"/leads/{handoff.lead_id}/touch/", kind="call", outcome="reached")
        do("member", f"/handoffs/{handoff.pk}/feedback/", moment="contact", fit="partly", text=f"Sentence {i}.")
    see("member", home(handoff))
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(home(handoff))
    assert len(card(answer).feedback) == times
    assert len(caught) == 49


def test_a_lead_that_is_not_complete_becomes_an_mql_only_with_a_word_about_it(see, do, given, stages, enter):
    promise("phone", "need")
    lead = enter("Lee Moss")
    path, data = f"/leads/{lead.pk}/move/", {"version": lead.version, "to_stage": stages["mql"].pk}
    assert see("member", path).context["lacks"] == [("MQL", ["Telephone", "Need, in a sentence"])]
    refused = do("member", path, **data)
    assert refused.status_code == 422 and "Still missing: Telephone, Need, in a sentence." in refused.content.decode()
    assert do("member", path, **data, anyway="on").status_code == 422, "and why"
    assert do("member", path, **data, anyway="on", note="They want a call today.").status_code == 302
    lead.refresh_from_db()
    assert lead.stage == stages["mql"]


def test_what_one_may_not_open_is_not_there(see, do, given, people):
    from core.models import Organisation

    handoff = given(owner="sales_lead")
    Organisation.objects.update(lead_visibility="own")
    assert see("member", f"/handoffs/{handoff.pk}/accept/").status_code == 404
    assert do("member", f"/handoffs/{handoff.pk}/accept/").status_code == 404
    assert see("sales_lead", f"/handoffs/{handoff.pk}/accept/").status_code == 200
    Membership.objects.filter(user=people["sales_lead"], role=Role.TEAM_LEAD).delete()
    assert see("sales_lead", f"/handoffs/{handoff.pk}/accept/").status_code == 403
