"""Due times come by mail: a reminder to the owner before, an escalation to the team's lead after, once each, in one mail."""

import datetime as dt
import time

import pytest
import time_machine
from django.core import mail

from accounts.services import deactivate
from accounts.services.preferences import set_mails
from core.models import Organisation, OutgoingMessage
from core.outbox import send_due
from leads.models import Notice
from leads.services import assign_lead, telling
from leads.services.feedback import log_contact
from leads.services.notices import give_notices
from leads.services.telling import mail_notices
from leads.tasks import check_promises, mail_notices_of_promises
from tests.leads.handing_over import hand_over, promise, t

pytestmark = pytest.mark.django_db


@pytest.fixture
def given(stages, people):
    """Handed over on a Tuesday at nine to `member`: the first contact is due at 13 o'clock."""
    promise()

    def one(name="Anna Brandt", owner="member", at=None, **fields):
        return hand_over(stages, owner=people[owner], at=at or t(9), name=name, **fields)

    return one


def letters(now: dt.datetime) -> list:
    """What has gone out once the worker has looked at this time."""
    give_notices(now=now)
    mail_notices(now=now)
    send_due(now=now, until=time.monotonic() + 60)
    return [(letter.to[0], letter.subject) for letter in mail.outbox]


def test_a_reminder_to_the_owner_before_and_an_escalation_to_the_teams_lead_after(given, settings):
    settings.SITE_URL = "https://tandem.example.com"
    handoff = given()
    assert letters(t(11, 59)) == []
    before = ("member@example.com", "Promises: 1 due soon")
    after = ("sales_lead@example.com", "Promises: 1 past promise")
    assert letters(t(12)) == letters(t(12, 30)) == [before]
    assert letters(t(13)) == letters(t(14)) == [before, after]
    assert "- First contact: Anna Brandt, with Member, due today 13:00" in mail.outbox[0].body
    assert f"https://tandem.example.com/leads/{handoff.lead_id}/" in mail.outbox[1].body


def test_what_is_found_together_is_one_mail_per_person(given):
    for n in range(3):
        given(f"Lead {n}")
    given("Another", owner="sales_lead")
    assert sorted(letters(t(12))) == [
        ("member@example.com", "Promises: 3 due soon"),
        ("sales_lead@example.com", "Promises: 1 due soon"),
    ]


def test_a_mail_names_thirty_leads_and_counts_the_rest(given):
    for n in range(32):
        given(f"Lead {n}")
    letters(t(12))
    (letter,) = mail.outbox
    assert letter.body.count("- First contact:") == 30 and "- and 2 more" in letter.body


def test_the_jobs_by_themselves_and_a_second_run(given):
    given()
    with time_machine.travel(t(12, 30), tick=False):
        check_promises()
        assert (mail_notices_of_promises(), mail_notices_of_promises()) == (1, 0)


def test_a_run_that_died_before_its_end_is_made_good_by_the_next_one(given, monkeypatch):
    given()
    give_notices(now=t(12))

    def dies(**fields):
        raise KeyboardInterrupt

    monkeypatch.setattr(telling, "queue_message", dies)
    with pytest.raises(KeyboardInterrupt):
        mail_notices(now=t(12))
    monkeypatch.undo()
    assert (OutgoingMessage.objects.count(), Notice.objects.filter(mailed_at=None).count()) == (0, 1)
    assert (mail_notices(now=t(12)), mail_notices(now=t(12))) == (1, 0)


def test_a_rival_run_between_reading_and_claiming_writes_one_mail(given, monkeypatch):
    given()
    give_notices(now=t(12))
    real, rivals = telling._mail, []

    def late(*args):
        if not rivals:
            rivals.append(None)
            mail_notices(now=t(12))
        return real(*args)

    monkeypatch.setattr(telling, "_mail", late)
    mail_notices(now=t(12))
    assert OutgoingMessage.objects.count() == 1


def test_no_mail_about_what_was_done_meanwhile(given, people):
    handoff = given()
    give_notices(now=t(12))
    with time_machine.travel(t(12, 10), tick=False):
        log_contact(lead=handoff.lead, kind="call", actor=people["member"])
    assert letters(t(12, 20)) == []
    assert Notice.objects.filter(mailed_at=None).count() == 0


def test_no_mail_to_those_who_switched_it_off_or_left_or_may_no_longer_open_the_lead(given, people):
    set_mails(user=people["member"], reminders=False)
    given()
    left, hidden = given("Left", owner="sales_lead"), given("Hidden", owner="marketing_lead")
    give_notices(now=t(12))
    deactivate(user=people["sales_lead"], actor=None)
    Organisation.objects.update(lead_visibility="own")
    assign_lead(lead=hidden.lead, owner=people["member"], actor=None)
    assert left.lead.owner_id == people["sales_lead"].pk
    assert letters(t(12, 5)) == []


def test_nobody_is_written_to_in_the_night_or_on_a_sunday(given):
    """The decision is due on a Monday at 17 o'clock; its reminder is found on the Sunday before."""
    handoff = given(at=t(9, days=-1))
    Notice.objects.create(
        entry_id=handoff.pk,
        lead=handoff.lead,
        promise="S3",
        kind="reminder",
        due_at=t(17, days=6),
        user=handoff.lead.owner,
        team=handoff.lead.team,
    )
    obligations = handoff.lead.obligations.filter(promise="S3")
    assert obligations.get().due_at == t(17, days=6)
    for now in (t(17, days=5), t(23, days=5), t(8, 58, days=6)):
        mail_notices(now=now)
    assert OutgoingMessage.objects.count() == 0
    assert mail_notices(now=t(9, days=6)) == 1


def test_what_falls_due_at_the_end_of_the_day_is_told_at_once(given):
    given(at=t(13))
    give_notices(now=t(17))
    assert mail_notices(now=t(17)) == 1
    assert "due today 17:00" in OutgoingMessage.objects.get().text


def test_nothing_of_a_lead_is_logged(given, caplog):
    given("Xenia Unmistakable")
    with caplog.at_level("DEBUG"):
        letters(t(12))
    assert len(mail.outbox) == 1 and "Unmistakable" not in caplog.text
