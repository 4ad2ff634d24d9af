"""My day: every rep knows in five seconds what to do next, and marketing what sales needs and what it said."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Role
from campaigns.services import ensure_campaign
from core.models import Organisation
from leads.models import Handoff, LeadEvent, Touch
from leads.services import assign_lead, move_lead, plan_step
from leads.services.feedback import give_feedback, log_contact, read_feedback
from leads.services.handoffs import contest, decide, resubmit
from leads.services.notices import give_notices
from tests.leads.handing_over import hand_over, promise, t

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def tuesday():
    """Ten o'clock on a Tuesday; the days work from nine to five."""
    with time_machine.travel(t(10), tick=False) as clock:
        yield clock


@pytest.fixture
def given(stages, people):
    """`given("Anna Brandt")`: a lead handed to `member` at nine; the first contact is due at 13 o'clock."""
    promise()

    def one(name="Anna Brandt", *, at=None, owner="member", **fields) -> Handoff:
        return hand_over(stages, owner=people[owner], at=at or t(9), name=name, **fields)

    return one


def day_of(see, who="member", path="/my-day/"):
    return see(who, path).context["day"]


def rows(day) -> dict[str, list[str]]:
    """The names in sight by section, in the page's order."""
    return {section.key: [row.name for row in section.rows] for section in day.sections}


# --- sales --------------------------------------------------------------------------------------------------


def test_a_new_handoff_is_to_be_contacted_and_decided_with_the_working_time_that_is_left(given, see):
    given()
    day = day_of(see)
    assert rows(day) == {"contact": ["Anna Brandt"], "decide": ["Anna Brandt"]}
    words = {section.key: section.rows[0].clock.left_words for section in day.sections}
    assert words == {"contact": "3 h left", "decide": "5.9 d left"}
    assert (day.due, len(day.done), day.promise) == (1, 0, "first contact: 1 still open")
    text = see("member", "/my-day/").content.decode()
    assert "Good morning Member." in text and "<b>0</b> of <b>1</b> done" in text


def test_the_most_urgent_comes_first_whatever_it_is(given, see, people, tuesday):
    given("Later Lead")
    given("Early Lead", at=t(9, days=-1))
    tuesday.move_to(t(9, 30))
    plan_step(what="Call back", due_on=t(9).date() - dt.timedelta(days=3), actor=people["member"], lead=given("Third").lead)
    day = day_of(see)
    assert [section.key for section in day.sections] == ["follow", "contact", "decide"]
    assert rows(day)["contact"] == ["Early Lead", "Later Lead", "Third"]
    assert [row.first for section in day.sections for row in section.rows] == [True, *[False] * 6]


def test_a_call_is_logged_in_one_click_with_its_outcome_and_taken_back(given, see, client):
    handoff = given()
    see("member", "/my-day/")
    answer = client.post(f"/my-day/leads/{handoff.lead_id}/call/", {"outcome": "reached"})
    touch = Touch.objects.get(side="sales")
    assert (touch.kind, touch.outcome, touch.actor.name, answer.url) == (
        "call",
        "reached",
        "Member",
        f"/my-day/?touch={touch.pk}",
    )
    page = see("member", answer.url)
    day = page.context["day"]
    assert rows(day) == {"decide": ["Anna Brandt"]}
    assert (day.due, [one.text for one in day.done], day.promise) == (0, ["Call, reached"], "first contact 1 of 1 in time")
    assert "Anna Brandt: Call, reached." in page.content.decode()
    client.post(f"/leads/touches/{touch.pk}/undo/")
    assert rows(day_of(see)) == {"contact": ["Anna Brandt"], "decide": ["Anna Brandt"]}


@pytest.mark.parametrize(("outcome", "kind"), [("no_answer", "call"), ("voicemail", "call"), ("sent", "personal_email")])
def test_an_attempt_keeps_the_first_contact_and_leaves_the_next_attempts(given, see, client, outcome, kind):
    handoff = given()
    see("member", "/my-day/")
    client.post(f"/my-day/leads/{handoff.lead_id}/call/", {"outcome": outcome})
    assert Touch.objects.get(side="sales").kind == kind
    (row,) = next(section for section in day_of(see).sections if section.key == "contact").rows
    assert row.clock.promise == "S2"


def test_what_is_no_outcome_logs_nothing_and_says_so(given, see, client):
    handoff = given()
    see("member", "/my-day/")
    answer = client.post(f"/my-day/leads/{handoff.lead_id}/call/", {"outcome": "nonsense"}, follow=True)
    assert "Use one of" in answer.content.decode() and not Touch.objects.filter(side="sales").exists()


def test_marketing_cannot_log_sales_contacts_from_its_page(given, see, client):
    handoff = given()
    see("colleague", "/my-day/")
    answer = client.post(f"/my-day/leads/{handoff.lead_id}/call/", {"outcome": "reached"}, follow=True)
    assert "Sales logs its contacts." in answer.content.decode() and not Touch.objects.filter(side="sales").exists()


def test_accepting_from_the_page_leads_back_to_it_with_an_undo(given, see, client):
    handoff = given()
    see("member", "/my-day/")
    answer = client.post(f"/handoffs/{handoff.pk}/accept/", {"back": "/my-day/", "version": handoff.lead.version})
    moved = LeadEvent.objects.filter(lead=handoff.lead).latest("id")
    assert answer.url == f"/my-day/?done={moved.pk}"
    page = see("member", answer.url)
    assert f'action="/leads/events/{moved.pk}/undo/"' in page.content.decode()
    assert "decide" not in rows(page.context["day"])
    assert [one.text for one in page.context["day"].done] == ["Accepted"]
    assert client.post(f"/leads/events/{moved.pk}/undo/", {"back": "/my-day/"}).url == "/my-day/"
    assert rows(day_of(see))["decide"] == ["Anna Brandt"]


def test_a_disqualified_lead_needs_no_call_but_feedback(given, see, people):
    handoff = given()
    decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need")
    assert rows(day_of(see)) == {"feedback": ["Anna Brandt"]}
    give_feedback(handoff=handoff, moment="contact", fit="no", actor=people["member"], reason="no_need")
    assert rows(day_of(see)) == {}


def test_a_returned_lead_waits_for_marketing_and_leaves_the_salespersons_day(given, see, people):
    handoff = given()
    decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which pump?")
    assert rows(day_of(see)) == {}
    assert day_of(see, "colleague").due == 1


def test_only_ones_own_leads_are_there(given, see, people):
    given("Mine")
    given("Theirs", owner="sales_lead")
    assert rows(day_of(see)) == {"contact": ["Mine"], "decide": ["Mine"]}
    Organisation.objects.update(lead_visibility="own")
    assert rows(day_of(see)) == {"contact": ["Mine"], "decide": ["Mine"]}
    handoff = Handoff.objects.get(lead__contact__name="Mine")
    assign_lead(lead=handoff.lead, owner=people["sales_lead"], actor=None)
    assert rows(day_of(see)) == {}


def test_feedback_is_asked_for_at_the_close_for_a_week(given, see, people, stages, tuesday):
    handoff = given()
    decide(handoff=handoff, decision="accepted", actor=people["member"])
    give_feedback(handoff=handoff, moment="contact", fit="good", actor=people["member"])
    log_contact(lead=handoff.lead, kind="call", outcome="reached", actor=people["member"])
    handoff.lead.refresh_from_db()
    move_lead(handoff.lead, stages["lost"], actor=people["member"], reason="price")
    day = day_of(see)
    assert (rows(day), day.due) == ({"feedback": ["Anna Brandt"]}, 0)
    give_feedback(handoff=handoff, moment="close", fit="partly", actor=people["member"], text="Budget was cut.")
    assert rows(day_of(see)) == {}


def test_when_nothing_is_due_the_page_says_what_comes_next(given, see, client, tuesday):
    handoff = given()
    see("member", "/my-day/")
    client.post(f"/my-day/leads/{handoff.lead_id}/call/", {"outcome": "reached"})
    day = day_of(see)
    assert (day.quiet, day.quiet_what) == ("All promises kept today.", "handoff")
    assert day.quiet_next == t(17, days=7)
    assert "All promises kept today." in see("member", "/my-day/").content.decode()


def test_after_a_missed_promise_the_page_does_not_claim_that_all_were_kept(given, see, client, tuesday):
    handoff = given()
    tuesday.move_to(t(14))
    see("member", "/my-day/")
    client.post(f"/my-day/leads/{handoff.lead_id}/call/", {"outcome": "reached"})
    day = day_of(see)
    assert (day.quiet, day.promise) == ("Nothing more is due today.", "first contact 0 of 1 in time")


def test_nothing_at_all(see, company, people):
    day = day_of(see)
    assert (day.sections, day.due, day.total, day.quiet) == ([], 0, 0, "Nothing is due.")
    assert "New handoffs and your next steps appear here." in see("member", "/my-day/").content.decode()


def test_the_number_beside_the_place_is_what_is_due_or_late_today(given, see, people, tuesday):
    for name, at in (("Late Lead", t(9, days=-4)), ("Due Lead", t(9)), ("Tomorrow Lead", t(16, 30, days=-1))):
        given(name, at=at)
    plan_step(what="Call", due_on=t(9).date(), actor=people["member"], lead=Handoff.objects.first().lead)
    plan_step(what="Later", due_on=t(9, days=1).date(), actor=people["member"], lead=Handoff.objects.first().lead)
    tuesday.move_to(t(9, 15))
    # The three first contacts are due today or late (a late lead of Friday included), and one step.
    assert day_of(see).due == 4
    assert b">4<" in see("member", "/my-day/count/").content


# --- marketing ----------------------------------------------------------------------------------------------


@pytest.fixture
def marketer_day(see):
    return lambda: day_of(see, "colleague")


def test_a_returned_lead_says_what_is_missing_who_returned_it_and_why(given, see, people, marketer_day):
    promise("phone", "company")
    handoff = given()
    decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which pump?")
    (section,) = marketer_day().sections
    (row,) = section.rows
    assert (section.key, row.missing, row.said) == ("complete", ("Company", "Telephone"), "Which pump?")
    assert row.about[1] == "returned by Member"
    text = see("colleague", "/my-day/").content.decode()
    assert f'href="/handoffs/{handoff.pk}/resubmit/?back=/my-day/"' in text


def test_a_returned_lead_is_the_job_of_the_campaigns_owner(given, see, people, marketer_day):
    campaign = ensure_campaign(name="Pumps")
    campaign.__class__.objects.filter(pk=campaign.pk).update(marketing_owner=people["marketing_lead"])
    handoff = given(campaign=campaign)
    decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which pump?")
    assert marketer_day().sections == []
    assert rows(day_of(see, "marketing_lead")) == {"complete": ["Anna Brandt"]}


def test_completing_it_is_done_work_of_the_day(given, people, marketer_day):
    handoff = given()
    decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which pump?")
    resubmit(handoff=handoff, actor=people["colleague"], note="The big one.")
    day = marketer_day()
    assert (rows(day), [one.text for one in day.done], day.due) == ({}, ["Handed over again"], 0)


def test_marketing_learns_decisions_since_yesterday_and_feedback_until_it_is_read(given, people, see, marketer_day, tuesday):
    said, silent, old = given("Said"), given("Silent"), given("Old", at=t(9, days=-5))
    with time_machine.travel(t(16, days=-4), tick=False):
        decide(handoff=old, decision="disqualified", actor=people["member"], reason="no_need")
    decide(handoff=silent, decision="disqualified", actor=people["member"], reason="no_need", note="A school project.")
    tuesday.move_to(t(11))
    decide(handoff=said, decision="accepted", actor=people["member"])
    give_feedback(handoff=said, moment="contact", fit="partly", actor=people["member"], text="Knows us already.")
    (section,) = marketer_day().sections
    assert [(row.kind, row.name, row.said) for row in section.rows] == [
        ("learn", "Said", "Knows us already."),
        ("decided", "Silent", "A school project."),
    ]
    assert section.rows[0].about == ("Accepted", "feedback: partly fit")
    read_feedback(handoff=said, actor=people["colleague"])
    assert rows(marketer_day()) == {"learn": ["Silent"]}
    assert [one.text for one in marketer_day().done] == ["Feedback read"]


def test_on_a_monday_marketing_learns_what_was_decided_on_friday(given, people, marketer_day, tuesday):
    handoff = given()
    tuesday.move_to(t(16, days=3))
    decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need")
    tuesday.move_to(t(10, days=6))
    assert rows(marketer_day()) == {"learn": ["Anna Brandt"]}
    tuesday.move_to(t(10, days=7))
    assert rows(marketer_day()) == {}


def test_complete_inquiries_are_ready_to_be_handed_over_best_score_first(enter, see, marketer_day):
    promise("email", "score")
    enter("Anna Low", score=10)
    enter("Berta High", score=90)
    enter("Carl None")
    enter("Dora Old", score=99, days=40)
    enter("Emil Further", score=99, stage="sql")
    assert rows(marketer_day()) == {"over": ["Berta High", "Anna Low"]}
    assert "/move/?to=" in see("colleague", "/my-day/").content.decode()


@pytest.mark.parametrize(("good", "named"), [(9, True), (10, False)])
def test_a_campaign_is_named_when_sales_sent_back_more_than_half_of_enough(stages, people, see, marketer_day, good, named):
    promise()
    campaign = ensure_campaign(name="Pumps")
    for n in range(20):
        handoff = hand_over(stages, owner=people["member"], name=f"Lead {n}", campaign=campaign)
        bad = n >= good
        decide(
            handoff=handoff,
            decision="disqualified" if bad else "accepted",
            actor=people["member"],
            reason="no_need" if bad else "",
        )
    found = {section.key: section for section in marketer_day().sections}
    assert ("campaigns" in found) is named
    if named:
        assert [row.words for row in found["campaigns"].rows] == ["55% returned or disqualified: 11 of 20"]


def test_nineteen_decisions_are_too_few_to_name_a_campaign(stages, people, marketer_day):
    promise()
    campaign = ensure_campaign(name="Pumps")
    for n in range(19):
        handoff = hand_over(stages, owner=people["member"], name=f"Lead {n}", campaign=campaign)
        decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need")
    assert [section.key for section in marketer_day().sections] == ["learn"]


def test_the_funnel_owner_looks_at_both_sides_and_others_at_their_own(see, people):
    day = day_of(see, "funnel_owner")
    assert (day.side, day.both_sides) == ("sales", True)
    assert day_of(see, "funnel_owner", "/my-day/?side=marketing").side == "marketing"
    assert (day_of(see, "member", "/my-day/?side=marketing").side, day_of(see).both_sides) == ("sales", False)
    accounts.give_role(user=people["member"], role=Role.REP, team=people["colleague"].memberships.get().team,
                       from_day=dt.date(2025, 1, 1), actor=None)  # fmt: skip
    assert day_of(see, "member", "/my-day/?side=marketing").side == "marketing"


def test_the_funnel_owner_reads_what_waits_for_a_ruling_and_not_that_nothing_is_due(given, see, people):
    handoff = given()
    decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need")
    assert "Nothing is due" in (before := see("funnel_owner", "/my-day/").content.decode()) and "ruling" not in before
    contest(handoff=handoff, actor=people["colleague"], text="They asked for a quote.")
    text = see("funnel_owner", "/my-day/").content.decode()
    assert "1 decision waits for a ruling" in text and "Nothing is due" not in text
    assert "waits for a ruling" not in see("member", "/my-day/").content.decode()


# --- notices ------------------------------------------------------------------------------------------------


def test_a_notice_shows_until_it_was_seen_or_the_promise_kept(given, see, client, people):
    first, second = given("First"), given("Second")
    give_notices(now=t(13))
    with time_machine.travel(t(13, 30), tick=False):
        page = see("sales_lead", "/my-day/")
        assert [(told.lead.contact.name, told.promise, told.late) for told in page.context["notices"]] == [
            ("First", "First contact", True),
            ("Second", "First contact", True),
        ]
        log_contact(lead=first.lead, kind="call", actor=people["member"])
        assert [told.lead_id for told in _leads(see)] == [second.lead_id]
        newest = see("sales_lead", "/my-day/").context["newest"]
        assert client.post("/my-day/seen/", {"newest": newest}).url == "/my-day/"
        assert _leads(see) == []


def test_a_notice_that_came_after_the_page_was_opened_stays_unseen(given, see, client):
    given("First")
    give_notices(now=t(13))
    with time_machine.travel(t(13, 30), tick=False):
        newest = see("sales_lead", "/my-day/").context["newest"]
        given("Second")
        give_notices(now=t(13))
        client.post("/my-day/seen/", {"newest": newest})
        assert [one.lead.contact.name for one in _leads(see)] == ["Second"]
        client.post("/my-day/seen/", {"newest": "nonsense"})
        assert [one.lead.contact.name for one in _leads(see)] == ["Second"]


def _leads(see) -> list:
    return [Handoff.objects.get(lead=told.lead) for told in see("sales_lead", "/my-day/").context["notices"]]


# --- speed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["member", "colleague"])
@pytest.mark.parametrize("path", ["/my-day/", "/my-day/count/"])
def test_three_leads_cost_as_many_queries_as_one(given, see, people, enter, who, path):
    counts = []
    for n in range(3):
        given(f"Open {n}")
        enter(f"Ready {n}", score=n)
        back, told, closed = given(f"Back {n}"), given(f"Told {n}"), given(f"Closed {n}")
        decide(handoff=back, decision="returned", actor=people["member"], reason="context_missing", note="What?")
        decide(handoff=told, decision="accepted", actor=people["member"])
        give_feedback(handoff=told, moment="contact", fit="good", actor=people["member"])
        decide(handoff=closed, decision="disqualified", actor=people["member"], reason="no_need")
        plan_step(what="Call", due_on=t(9).date(), actor=people[who], lead=told.lead)
        see(who, path)
        with CaptureQueriesContext(connection) as queries:
            assert see(who, path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]
