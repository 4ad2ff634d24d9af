"""At 08:30 on a team's working days each member gets the team's morning: due today, late, answered by the other side."""

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import deactivate
from accounts.services.preferences import set_mails
from core.models import Organisation, OutgoingMessage
from core.outbox import send_due
from funnel.models import Holiday
from leads.models import Handoff
from leads.services import open_deal, plan_step
from leads.services.digest import send_digests
from leads.services.feedback import give_feedback, log_contact
from leads.services.handoffs import decide, resubmit
from leads.tasks import send_digests_of_teams
from tests.leads.handing_over import BERLIN, hand_over, promise, t

pytestmark = pytest.mark.django_db
TODAY = t(9).date()
SALES = {"member@example.com", "sales_lead@example.com"}


@pytest.fixture
def given(stages, people):
    promise()

    def one(name="Anna Brandt", *, at, owner="member", **fields) -> Handoff:
        with time_machine.travel(at, tick=False):
            return hand_over(stages, owner=people[owner], at=at, name=name, **fields)

    return one


@pytest.fixture
def monday_evening(given):
    """Handed over on Monday at 16:00: the first contact is due on Tuesday at 12 o'clock."""
    return given(at=t(16, days=-1))


def written(now: dt.datetime | None = None) -> dict[str, OutgoingMessage]:
    """What was written down once the worker looked at this time, by address."""
    send_digests(now=now or t(8, 30))
    return {message.to: message for message in OutgoingMessage.objects.all()}


def test_each_member_gets_the_teams_totals_and_their_own_part(given, monday_evening, settings):
    settings.SITE_URL = "https://tandem.example.com"
    given("Late Lead", at=t(9, days=-4), owner="sales_lead")
    found = written()
    assert set(found) == SALES
    message = found["member@example.com"]
    team = monday_evening.lead.team
    assert message.subject == "Sales today: 1 due, 1 late, 0 answered"
    assert message.text == (
        "Member,\n\nSales on 3 March, as of today 08:30.\n\n"
        "Due today: 1, yours: 1\n- First contact: Anna Brandt, today 12:00\n"
        f"  https://tandem.example.com/my-day/team/{team.pk}/?day=2026-03-03#due\n\n"
        f"Late: 1\n  https://tandem.example.com/my-day/team/{team.pk}/?day=2026-03-03#late\n\n"
        "Answered by marketing or the funnel owner since yesterday 08:30: 0\n\n"
        "What you have to do now is in Tandem under My day; there you can switch this mail off.\n"
        "https://tandem.example.com/my-day/\n"
    )
    assert "Late Lead" in found["sales_lead@example.com"].text and "Anna" not in found["sales_lead@example.com"].text


def test_marketing_reads_what_sales_decided_and_said_since_the_morning_before(given, people, monday_evening):
    told, back, old = given("Told", at=t(9, days=-1)), given("Back", at=t(9, days=-1)), given("Old", at=t(9, days=-4))
    with time_machine.travel(t(8, 29, days=-1), tick=False):
        decide(handoff=old, decision="disqualified", actor=people["member"], reason="no_need")
    with time_machine.travel(t(15, days=-1), tick=False):
        decide(handoff=told, decision="accepted", actor=people["member"])
        give_feedback(handoff=told, moment="contact", fit="good", actor=people["member"])
        decide(handoff=back, decision="returned", actor=people["member"], reason="context_missing", note="Which?")
    found = written()
    message = found["colleague@example.com"]
    assert message.subject == "Marketing today: 1 due, 0 late, 2 answered"
    assert "Answered by sales since yesterday 08:30: 2" in message.text


def test_sales_reads_what_marketing_completed_and_contested(given, people):
    handoff = given("Back", at=t(9, days=-1))
    with time_machine.travel(t(11, days=-1), tick=False):
        log_contact(lead=handoff.lead, kind="call", outcome="reached", actor=people["member"])
        decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which?")
    with time_machine.travel(t(15, days=-1), tick=False):
        resubmit(handoff=handoff, actor=people["colleague"], note="The big one.")
    message = written()["member@example.com"]
    assert message.subject == "Sales today: 0 due, 0 late, 1 answered"
    assert "- Handed over again: Back, yesterday 15:00" in message.text


def test_next_steps_of_a_member_are_theirs(given, people, monday_evening):
    for what, day in (
        ("Call back", TODAY),
        ("Send the offer", TODAY - dt.timedelta(days=3)),
        ("Later", TODAY + dt.timedelta(days=1)),
    ):
        with time_machine.travel(t(12, days=-5), tick=False):
            step = plan_step(what=what, due_on=day, actor=people["member"], lead=monday_evening.lead)
            type(step).objects.filter(pk=step.pk).update(created_at=t(12, days=-5))
    message = written()["member@example.com"]
    assert message.subject == "Sales today: 2 due, 1 late, 0 answered"
    assert "- Call back (Anna Brandt), today" in message.text
    assert "- Send the offer (Anna Brandt), 28 Feb" in message.text


@pytest.mark.parametrize(("hour", "minute", "count"), [(8, 29, 0), (8, 30, 2), (11, 59, 2), (12, 0, 0), (17, 0, 0)])
def test_from_half_past_eight_until_noon(monday_evening, hour, minute, count):
    assert send_digests(now=t(hour, minute)) == count


def test_once_a_day_however_often_the_worker_runs_and_also_after_it_was_sent(monday_evening, people):
    assert (send_digests(now=t(8, 30)), send_digests(now=t(8, 32))) == (2, 0)
    send_due(now=t(8, 33), until=time.monotonic() + 60)
    assert {letter.to[0] for letter in mail.outbox} == SALES
    assert send_digests(now=t(9)) == 0
    with time_machine.travel(t(8, 30, days=1), tick=False):
        assert send_digests_of_teams() == 2  # the next morning: the first contact is late by then


def test_a_worker_that_was_down_writes_it_as_of_half_past_eight(monday_evening, people):
    with time_machine.travel(t(9, 30), tick=False):
        log_contact(lead=monday_evening.lead, kind="call", outcome="reached", actor=people["member"])
    message = written(t(11))["member@example.com"]
    assert message.subject == "Sales today: 1 due, 0 late, 0 answered"
    assert "as of today 08:30" in message.text


@pytest.mark.parametrize(("days", "count"), [(4, 0), (5, 0), (6, 2)])
def test_on_working_days_of_the_teams_calendar_only(monday_evening, days, count):
    """Saturday and Sunday have none; on Monday the contact of Tuesday is late."""
    assert send_digests(now=t(8, 30, days=days)) == count


def test_a_holiday_has_no_digest(monday_evening):
    Holiday.objects.create(day=TODAY, name="Team day")
    assert send_digests(now=t(8, 30)) == 0


def test_who_switched_it_off_or_left_gets_none(monday_evening, people, client):
    client.force_login(people["member"], backend="django.contrib.auth.backends.ModelBackend")
    client.post("/my-day/mails/", {"digest": "off"})
    people["member"].refresh_from_db()
    assert (people["member"].digest_by_mail, people["member"].reminders_by_mail) == (False, True)
    assert set(written()) == {"sales_lead@example.com"}
    set_mails(user=people["member"], digest=True)
    deactivate(user=people["member"], actor=None)
    assert set(written()) == {"sales_lead@example.com"}


def test_an_empty_morning_writes_to_nobody(people, company):
    assert send_digests(now=t(8, 30)) == 0


def test_the_lead_of_somebody_who_may_not_open_it_is_counted_and_not_named(monday_evening, people):
    Organisation.objects.update(lead_visibility="own")
    found = written()
    assert "Anna" in found["member@example.com"].text
    assert "Due today: 1\n" in found["sales_lead@example.com"].text


@pytest.mark.parametrize("day", [dt.date(2026, 3, 30), dt.date(2026, 10, 26)])
def test_the_clock_is_the_companys_own_also_after_the_clocks_changed(stages, people, day):
    """Half past eight in Berlin is 06:30 UTC in summer and 07:30 in winter."""
    promise()
    friday = dt.datetime.combine(day - dt.timedelta(days=3), dt.time(16), BERLIN)
    hand_over(stages, owner=people["member"], at=friday)
    half_past = dt.datetime.combine(day, dt.time(8, 30), ZoneInfo("Europe/Berlin")).astimezone(dt.UTC)
    assert half_past.hour == (6 if day.month == 3 else 7)
    assert send_digests(now=half_past - dt.timedelta(minutes=1)) == 0
    assert send_digests(now=half_past) == 2
    assert "since 27 Mar 08:30" in OutgoingMessage.objects.first().text or day.month == 10


# --- the page behind it -------------------------------------------------------------------------------------


def lists(see, who, team, day="2026-03-03") -> dict[str, list[str]]:
    page = see(who, f"/my-day/team/{team.pk}/?day={day}")
    return {one.key: [line.lead.contact.name for line in one.lines] for one in page.context["lists"]}


def test_the_list_is_the_number_of_the_mail_whatever_was_done_since(given, monday_evening, people, see):
    late = given("Late Lead", at=t(9, days=-4), owner="sales_lead")
    team = monday_evening.lead.team
    with time_machine.travel(t(11), tick=False):
        decide(handoff=late, decision="disqualified", actor=people["sales_lead"], reason="no_need")
        log_contact(lead=monday_evening.lead, kind="call", outcome="reached", actor=people["member"])
        given("New Lead", at=t(10))
        assert lists(see, "member", team) == {"due": ["Anna Brandt"], "late": ["Late Lead"], "answered": []}
    with time_machine.travel(t(11, days=3), tick=False):
        assert lists(see, "member", team)["due"] == ["Anna Brandt"]


def test_a_completed_lead_stays_in_marketings_list_of_that_morning(given, people, see):
    handoff = given("Back", at=t(9, days=-1))
    with time_machine.travel(t(11, days=-1), tick=False):
        decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="Which?")
    team = people["colleague"].memberships.get().team
    with time_machine.travel(t(10), tick=False):
        resubmit(handoff=handoff, actor=people["colleague"], note="The big one.")
        assert lists(see, "colleague", team)["due"] == ["Back"]


def test_only_the_lead_of_the_team_and_the_funnel_owner_read_whose_each_is(monday_evening, see):
    team = monday_evening.lead.team
    with time_machine.travel(t(9), tick=False):
        owners = {
            who: [line.owner for one in see(who, f"/my-day/team/{team.pk}/").context["lists"] for line in one.lines]
            for who in ("sales_lead", "funnel_owner", "member")
        }
    assert owners == {"sales_lead": ["Member"], "funnel_owner": ["Member"], "member": [""]}


@pytest.mark.parametrize(
    ("query", "status"), [("", 200), ("?day=nonsense", 200), ("?day=2026-03-04", 404), ("?day=2025-03-03", 404)]
)
def test_the_page_is_of_a_day_of_the_last_month(monday_evening, see, query, status):
    with time_machine.travel(t(9), tick=False):
        assert see("member", f"/my-day/team/{monday_evening.lead.team.pk}/{query}").status_code == status


def test_a_step_about_a_deal_is_counted_and_not_read_by_who_may_not_open_the_deal(monday_evening, people, see):
    Organisation.objects.update(lead_visibility="own")
    with time_machine.travel(t(12, days=-1), tick=False):
        deal = open_deal(occurred_at=t(11, days=-1), actor=people["sales_lead"], owner=people["sales_lead"])
        step = plan_step(what="Offer a discount", due_on=TODAY, actor=people["sales_lead"], deal=deal)
        type(step).objects.filter(pk=step.pk).update(created_at=t(12, days=-1))
    address = f"/my-day/team/{monday_evening.lead.team.pk}/"
    with time_machine.travel(t(9), tick=False):
        pages = {who: see(who, address) for who in ("sales_lead", "member")}
    assert {who: page.context["lists"][0].total for who, page in pages.items()} == {"sales_lead": 2, "member": 2}
    read = {who: b"Offer a discount" in page.content for who, page in pages.items()}
    assert read == {"sales_lead": True, "member": False}


def test_the_other_team_reads_no_lists_of_persons(monday_evening, see):
    assert see("colleague", f"/my-day/team/{monday_evening.lead.team.pk}/").status_code == 403


def test_three_leads_cost_as_many_queries_as_one(given, people, see):
    counts = []
    for n in range(3):
        handoff = given(f"Lead {n}", at=t(16, days=-1))
        plan_step(what="Call", due_on=TODAY, actor=people["member"], lead=handoff.lead)
        with time_machine.travel(t(9), tick=False):
            see("member", f"/my-day/team/{handoff.lead.team.pk}/")
            with CaptureQueriesContext(connection) as queries:
                assert see("member", f"/my-day/team/{handoff.lead.team.pk}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]
