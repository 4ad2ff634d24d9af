"""What stops the response clock and what takes a promise out of the count: contacts, feedback, pauses, exclusions."""

import pytest
import time_machine

from accounts.services import deactivate
from core.errors import Conflict, DomainError, NotAllowed
from leads import services
from leads.models import Handoff, LeadEvent, Obligation, Touch
from leads.services.clock import answer_request, ask_exclusion, pause
from leads.services.feedback import give_feedback, log_contact, read_feedback
from leads.services.handoffs import decide
from tests.leads.handing_over import hand_over, promise, t

pytestmark = pytest.mark.django_db


@pytest.fixture
def handoff(stages, people):
    """Handed over on a Tuesday at nine to `member`, a rep of sales; now it is ten."""
    promise()
    with time_machine.travel(t(10), tick=False):
        yield hand_over(stages, owner=people["member"])


def owed(handoff: Handoff, promise: str) -> Obligation:
    return Obligation.objects.get(entry_id=handoff.pk, promise=promise)


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_a_logged_contact_stops_the_clock_and_shows_its_evidence(handoff, people):
    touch = log_contact(lead=handoff.lead, kind="call", outcome="no_answer", actor=people["member"])
    assert (touch.side, touch.source, touch.outcome) == ("sales", "tandem", "no_answer")
    assert owed(handoff, "S1").met_at == t(10)
    assert owed(handoff, "S2").met_at is None


@pytest.mark.parametrize("what", [{"side": "marketing", "kind": "call"}, {"side": "sales", "kind": "email"}])
def test_nothing_else_stops_it(handoff, what):
    services.record_touch(lead=handoff.lead, occurred_at=t(10), actor=None, **what)
    assert owed(handoff, "S1").met_at is None


def test_a_mail_counts_once_under_its_own_id(handoff, people):
    mail = {"lead": handoff.lead, "kind": "personal_email", "evidence": "mail", "actor": people["member"]}
    first = log_contact(**mail, external_id="<1@mail.example>", occurred_at=t(9, 30))
    assert log_contact(**mail, external_id="<1@mail.example>").pk == first.pk
    assert Touch.objects.filter(source="mail").count() == 1
    assert owed(handoff, "S1").met_at == t(9, 30)
    with pytest.raises(Conflict):
        log_contact(**(mail | {"kind": "call"}), external_id="<1@mail.example>")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "form"}, "kind_unknown"),
        ({"outcome": "great"}, "outcome_unknown"),
        ({"evidence": "rumour"}, "evidence_unknown"),
        ({"evidence": "calendar"}, "evidence_missing"),
    ],
)
def test_a_contact_says_what_it_was(handoff, people, given, code):
    with pytest.raises(DomainError) as refused:
        log_contact(**({"lead": handoff.lead, "kind": "call", "actor": people["member"]} | given))
    assert refused.value.code == code


def test_marketing_logs_no_contact_of_sales(handoff, people):
    with pytest.raises(NotAllowed):
        log_contact(lead=handoff.lead, kind="call", actor=people["colleague"])


def test_a_contact_taken_back_starts_the_clock_again(handoff, people):
    touch = log_contact(lead=handoff.lead, kind="call", actor=people["member"])
    services.void_touch(touch=touch, actor=people["member"])
    assert owed(handoff, "S1").met_at is None


# --- feedback ---------------------------------------------------------------------------------------------------------


def test_feedback_after_the_contact_is_seen_by_marketing_at_once(handoff, people):
    log_contact(lead=handoff.lead, kind="call", outcome="reached", actor=people["member"])
    give_feedback(handoff=handoff, moment="contact", fit="partly", reason="no_budget_now", actor=people["member"])
    assert Handoff.objects.get(pk=handoff.pk).feedback_at == t(10)
    decide(handoff=handoff, decision="accepted", actor=people["member"])
    assert owed(handoff, "S4").met_at == t(10)


def test_feedback_waits_for_its_moment(handoff, people):
    for moment, code in (("contact", "no_contact_yet"), ("close", "not_closed_yet"), ("lunch", "moment_unknown")):
        with pytest.raises(DomainError) as refused:
            give_feedback(handoff=handoff, moment=moment, fit="good", actor=people["member"])
        assert refused.value.code == code
    decide(handoff=handoff, decision="disqualified", reason="no_need", actor=people["member"])
    give_feedback(handoff=handoff, moment="close", fit="no", text="They are students.", actor=people["member"])
    assert owed(handoff, "S4").met_at == t(10)


def test_less_than_good_says_why(handoff, people):
    log_contact(lead=handoff.lead, kind="call", actor=people["member"])
    for given, code in (
        ({"fit": "no"}, "text_missing"),
        ({"fit": "no", "reason": "bad"}, "reason_unknown"),
        ({"fit": "great"}, "fit_unknown"),
    ):
        with pytest.raises(DomainError) as refused:
            give_feedback(handoff=handoff, moment="contact", actor=people["member"], **given)
        assert refused.value.code == code
    give_feedback(handoff=handoff, moment="contact", fit="good", actor=people["member"])


def test_the_same_feedback_again_changes_nothing(handoff, people):
    log_contact(lead=handoff.lead, kind="call", actor=people["member"])
    words = {"handoff": handoff, "moment": "contact", "fit": "no", "text": "Wrong person.", "actor": people["member"]}
    first = give_feedback(**words)
    assert give_feedback(**words).pk == first.pk
    assert give_feedback(**(words | {"fit": "partly"})).pk != first.pk


def test_marketing_reads_feedback_once_until_there_is_more(handoff, people):
    log_contact(lead=handoff.lead, kind="call", actor=people["member"])
    with pytest.raises(DomainError):
        read_feedback(handoff=handoff, actor=people["colleague"])
    give_feedback(handoff=handoff, moment="contact", fit="good", actor=people["member"])
    with pytest.raises(NotAllowed):
        read_feedback(handoff=handoff, actor=people["member"])
    assert read_feedback(handoff=handoff, actor=people["colleague"]).feedback_read_at == t(10)
    read_feedback(handoff=handoff, actor=people["colleague"])
    assert LeadEvent.objects.filter(kind="feedbackread").count() == 1
    give_feedback(handoff=handoff, moment="contact", fit="partly", text="More.", actor=people["member"])
    read_feedback(handoff=handoff, actor=people["colleague"])
    assert LeadEvent.objects.filter(kind="feedbackread").count() == 2


# --- pauses -----------------------------------------------------------------------------------------------------------


def test_a_booked_meeting_stops_the_clock_at_once(handoff, people):
    pause(handoff=handoff, kind="meeting", start=t(10), until=t(14, days=1), actor=people["member"])
    assert owed(handoff, "S1").due_at == t(17, days=1)  # an hour was used; three follow from 14 o'clock on
    assert pause(handoff=handoff, kind="meeting", start=t(10), until=t(14, days=1), actor=people["member"])
    assert LeadEvent.objects.filter(kind="paused").count() == 1


def test_a_waiver_stops_it_once_the_other_teams_lead_agrees(handoff, people):
    asked = pause(
        handoff=handoff, kind="waiver", start=t(10), until=t(12), actor=people["member"], text="The telephone is down."
    )
    assert owed(handoff, "S1").due_at == t(13)
    for who in ("member", "sales_lead", "colleague", "funnel_owner", "administrator"):
        with pytest.raises(NotAllowed):
            answer_request(request=asked, actor=people[who], agreed=True)
    answer_request(request=asked, actor=people["marketing_lead"], agreed=True)
    assert owed(handoff, "S1").due_at == t(15)
    with pytest.raises(Conflict):
        answer_request(request=asked, actor=people["marketing_lead"], agreed=False)


def test_a_pause_is_entered_at_most_a_day_back(handoff, people):
    with pytest.raises(DomainError) as late:
        pause(handoff=handoff, kind="meeting", start=t(9, 59, days=-1), until=t(12), actor=people["member"])
    assert late.value.code == "pause_too_late"
    assert pause(handoff=handoff, kind="meeting", start=t(10, days=-1), until=t(12), actor=people["member"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"until": t(10)}, "pause_backwards"),
        ({"kind": "waiver", "text": "Later.", "until": t(12, days=400)}, "pause_endless"),
        ({"until": t(17, 1, days=14)}, "pause_too_long"),
        ({"kind": "lunch"}, "pause_unknown"),
        ({"kind": "waiver"}, "text_missing"),
    ],
)
def test_a_pause_keeps_to_the_agreement(handoff, people, given, code):
    with pytest.raises(DomainError) as refused:
        pause(**({"handoff": handoff, "kind": "meeting", "start": t(10), "until": t(12), "actor": people["member"]} | given))
    assert refused.value.code == code


def test_marketing_books_no_meeting_of_sales(handoff, people):
    with pytest.raises(NotAllowed):
        pause(handoff=handoff, kind="meeting", start=t(10), until=t(12), actor=people["colleague"])


# --- exclusions -------------------------------------------------------------------------------------------------------


def test_a_promise_is_left_out_once_the_other_team_agrees(handoff, people):
    asked = ask_exclusion(handoff=handoff, promise="S1", reason="test", actor=people["member"])
    assert ask_exclusion(handoff=handoff, promise="S1", reason="test", actor=people["sales_lead"]).pk == asked.pk
    assert owed(handoff, "S1").excluded == ""
    answer_request(request=asked, actor=people["marketing_lead"], agreed=True)
    assert (owed(handoff, "S1").excluded, owed(handoff, "S3").excluded) == ("test", "")


@pytest.mark.parametrize("who", ["member", "funnel_owner"])
def test_sales_agrees_to_no_exclusion_of_its_own_promise_whoever_asked_and_left_since(handoff, people, who):
    asked = ask_exclusion(handoff=handoff, promise="S1", reason="test", actor=people[who])
    deactivate(user=people["member"], actor=people["administrator"])
    request = LeadEvent.objects.get(pk=asked.pk)
    with pytest.raises(NotAllowed):
        answer_request(request=request, actor=people["sales_lead"], agreed=True)
    answer_request(request=request, actor=people["marketing_lead"], agreed=True)
    assert owed(handoff, "S1").excluded == "test"


def test_a_no_leaves_it_in_and_may_be_asked_again(handoff, people):
    asked = ask_exclusion(handoff=handoff, promise="S1", reason="outage", actor=people["member"])
    answer_request(request=asked, actor=people["marketing_lead"], agreed=False)
    assert owed(handoff, "S1").excluded == ""
    assert ask_exclusion(handoff=handoff, promise="S1", reason="outage", actor=people["member"]).pk != asked.pk


def test_an_agreement_taken_back_counts_again(handoff, people):
    asked = ask_exclusion(handoff=handoff, promise="S1", reason="test", actor=people["member"])
    answer = answer_request(request=asked, actor=people["marketing_lead"], agreed=True)
    services.void_event(event=answer, actor=people["marketing_lead"])
    assert owed(handoff, "S1").excluded == ""


@pytest.mark.parametrize(("given", "code"), [({"reason": "lazy"}, "reason_unknown"), ({"promise": "S4"}, "promise_unknown")])
def test_an_exclusion_names_a_promise_and_an_agreed_reason(handoff, people, given, code):
    with pytest.raises(DomainError) as refused:
        ask_exclusion(**({"handoff": handoff, "promise": "S1", "reason": "test", "actor": people["member"]} | given))
    assert refused.value.code == code


def test_only_requests_are_answered(handoff, people):
    booked = pause(handoff=handoff, kind="meeting", start=t(10), until=t(12), actor=people["member"])
    for event in (booked, handoff.entry):
        with pytest.raises(DomainError) as refused:
            answer_request(request=event, actor=people["marketing_lead"], agreed=True)
        assert refused.value.code == "nothing_asked"


def test_a_request_of_nobody_is_left_where_it_is(handoff, people):
    asked = ask_exclusion(handoff=handoff, promise="S1", reason="test", actor=people["member"])
    services.void_event(event=asked, actor=people["member"])
    with pytest.raises(Conflict):
        answer_request(request=asked, actor=people["marketing_lead"], agreed=True)
