"""A next step reminds once: in the app from its day on, by mail in the morning unless the person switched that off."""

import datetime as dt
import time

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import deactivate
from core.models import Organisation, OutgoingMessage
from core.outbox import send_due
from leads.models import NextStep
from leads.queries import open_steps
from leads.services import assign_lead, finish_step, merge_leads, open_deal, plan_step, void_lead
from leads.services.reminding import remind

MORNING = dt.datetime(2026, 5, 20, 6, tzinfo=dt.UTC)  # 08:00 in Berlin
TODAY = MORNING.date()
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def step(enter, people):
    """`step("Call about the offer")`: the member's step on a lead of theirs, due tomorrow, reminded of today."""

    def plan(what="Call about the offer", *, who="member", name="Anna Brandt", **fields):
        lead = enter(name, owner=who)
        told = {"due_on": TODAY + DAY, "remind_on": TODAY} | fields
        return plan_step(what=what, actor=people[who], lead=lead, **told)

    return plan


def letters(now=MORNING) -> list:
    remind(now=now)
    send_due(now=now, until=time.monotonic() + 60)
    return mail.outbox


def test_a_reminder_comes_by_mail_once(step, settings):
    settings.SITE_URL = "https://tandem.example.com"
    planned = step()
    (letter,) = letters()
    assert letter.to == ["member@example.com"] and letter.subject == "Next step: Call about the offer"
    assert "tomorrow: Call about the offer (Anna Brandt, Brandt Pumpen)" in letter.body
    assert f"https://tandem.example.com/leads/{planned.lead_id}/" in letter.body
    assert len(letters()) == len(letters(MORNING + DAY)) == 1
    planned.refresh_from_db()
    assert planned.reminded_at == MORNING


def test_what_is_due_at_once_is_one_mail_per_person(step):
    for n in range(3):
        step(f"Step {n}", name=f"Person{n} Brandt")
    step("Somebody else's", who="colleague", name="Carl Brandt")
    found = sorted((letter.to[0], letter.subject) for letter in letters())
    assert found == [("colleague@example.com", "Next step: Somebody else's"), ("member@example.com", "3 next steps are due")]


@pytest.mark.parametrize(
    ("fields", "now"),
    [
        ({"remind_on": None}, MORNING),
        ({"remind_on": TODAY + DAY}, MORNING),
        ({}, MORNING - dt.timedelta(hours=1, seconds=1)),  # before seven
    ],
)
def test_nobody_is_reminded_too_early_or_of_what_needs_no_reminder(step, fields, now):
    step(**fields)
    assert letters(now) == []
    assert OutgoingMessage.objects.count() == 0


def test_at_seven_by_the_company_s_clock(step):
    step()
    assert len(letters(MORNING - dt.timedelta(hours=1))) == 1


def test_no_mail_for_what_is_done_or_for_people_who_left_or_switched_it_off(step, people, see, client):
    done = step("Done", name="Dora Brandt")
    finish_step(step=done, actor=people["member"])
    step("Of somebody who left", who="colleague", name="Carl Brandt")
    deactivate(user=people["colleague"], actor=None)
    step("Quiet", who="sales_lead", name="Emil Brandt")
    client.force_login(people["sales_lead"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/my-day/mails/", {"reminders": "off"}).status_code == 302
    assert letters() == []
    # Switched on again, mails come for what is planned from then on, not for what was shown in the app meanwhile.
    client.post("/my-day/mails/", {"reminders": "on"})
    assert letters() == []
    step("Loud", who="sales_lead", name="Finn Brandt")
    assert [letter.subject for letter in letters()] == ["Next step: Loud"]


def test_who_may_no_longer_open_a_lead_learns_nothing_more_about_it(step, people, see):
    Organisation.objects.update(lead_visibility="own")
    planned = step()
    assign_lead(lead=planned.lead, owner=people["colleague"], actor=None)
    assert letters() == []
    assert "Anna Brandt" not in see("member", "/my-day/").content.decode()
    assert list(open_steps(people["member"])) == []


def test_a_lead_that_was_taken_out_reminds_nobody(step):
    planned = step()
    void_lead(lead=planned.lead, actor=None)
    assert letters() == []


def test_a_step_on_a_deal_and_one_on_a_merged_lead_lead_where_they_belong(step, enter, people, see):
    moved = step("On the doublet")
    survivor = enter("Berta Brandt", owner="member")
    merge_leads(survivor=survivor, duplicate=moved.lead, actor=None)
    deal = open_deal(lead=survivor, name="Pumps", occurred_at=MORNING, amount=100, owner=people["member"], actor=None)
    plan_step(what="Send the contract", due_on=TODAY, remind_on=TODAY, actor=people["member"], deal=deal)
    page = see("member", "/my-day/").content.decode()
    assert f'href="/leads/{survivor.id}/"' in page and f'href="/deals/{deal.id}/"' in page
    (letter,) = letters()
    assert "Send the contract (Pumps)" in letter.body


def test_two_runs_at_once_write_one_mail(step, monkeypatch):
    """The rival run comes between our reading and our claim."""
    step()
    from leads.services import reminding

    real, rivals = reminding._remind_person, []

    def late(*args):
        if not rivals:
            rivals.append(None)
            remind(now=MORNING)
        return real(*args)

    monkeypatch.setattr(reminding, "_remind_person", late)
    assert len(letters()) == 1


# --- the page -----------------------------------------------------------------------------------------------


def test_my_day_lists_my_steps_most_urgent_first(step, see):
    step("Later", name="A Brandt", due_on=TODAY + 9 * DAY, remind_on=None)
    step("Soon", name="B Brandt", due_on=TODAY + DAY)
    step("Now", name="C Brandt", due_on=TODAY, remind_on=None)
    step("Missed", name="D Brandt", due_on=TODAY - DAY, remind_on=None)
    step("Not mine", name="E Brandt", who="colleague")
    page = see("member", "/my-day/")
    (section,) = page.context["day"].sections
    assert [(row.step.what, row.late, row.first) for row in section.rows] == [
        ("Missed", True, True),
        ("Now", False, False),
        ("Soon", False, False),
        ("Later", False, False),
    ]
    assert "Not mine" not in page.content.decode()
    assert b">2<" in see("member", "/my-day/count/").content  # due today or late, nothing else


def test_a_step_is_done_and_opened_again_from_the_page(step, see, client, people):
    planned = step(due_on=TODAY)
    see("member", "/my-day/")
    answer = client.post(f"/my-day/{planned.id}/done/")
    assert answer.url == f"/my-day/?step={planned.id}"
    day = see("member", answer.url).context["day"]
    assert ([one.text for one in day.done], day.due, day.total, day.sections) == (["Call about the offer"], 0, 1, [])
    assert "Done: Call about the offer." in see("member", answer.url).content.decode()
    assert see("member", "/my-day/count/").content.strip() == b""
    client.post(f"/my-day/{planned.id}/done/", {"undo": "1"})
    assert NextStep.objects.get(id=planned.id).done_at is None
    client.force_login(people["colleague"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/my-day/{planned.id}/done/").status_code == 404


@pytest.mark.parametrize("path", ["/my-day/", "/my-day/count/"])
def test_three_steps_cost_as_many_queries_as_one(step, see, path):
    counts = []
    for n in range(3):
        step(f"Step {n}", name=f"Person{n} Brandt", due_on=TODAY)
        see("member", path)
        with CaptureQueriesContext(connection) as queries:
            assert see("member", path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]
