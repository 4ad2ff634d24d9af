"""The worker finds what is due soon or past due, tells each once, and keeps due times in line with the calendars."""

import datetime as dt
import time

import pytest
import time_machine
from django.db import connection

from accounts import services as accounts
from funnel.models import Holiday
from leads import services
from leads.models import Handoff, Lead, LeadEvent, Notice, Obligation
from leads.services.feedback import log_contact
from leads.services.handoffs import decide
from leads.services.notices import follow_hours, give_notices
from leads.services.stories import append_lead_stories
from leads.tasks import check_promises
from tests.leads.handing_over import hand_over, promise, t

pytestmark = pytest.mark.django_db


@pytest.fixture
def handoff(stages, people):
    """Handed over on a Tuesday at nine to `member`: the first contact is due at 13 o'clock."""
    promise()
    return hand_over(stages, owner=people["member"])


def told() -> set[tuple]:
    return {(n.promise, n.kind, n.user.name if n.user else None) for n in Notice.objects.all()}


def test_a_reminder_before_and_an_escalation_after_each_once(handoff, people):
    assert give_notices(now=t(11, 59)) == 0
    assert give_notices(now=t(12)) == 1
    assert told() == {("S1", "reminder", "Member")}
    assert give_notices(now=t(12, 30)) == 0
    assert give_notices(now=t(13)) == 1
    assert told() == {("S1", "reminder", "Member"), ("S1", "escalation", "Sales Lead")}
    assert give_notices(now=t(14)) == 0


def test_the_jobs_own_clock_and_a_second_run(handoff):
    with time_machine.travel(t(13, 30), tick=False):
        assert (check_promises(), check_promises()) == (1, 0)


def test_what_was_done_or_stands_still_is_not_told_of(handoff, people):
    with time_machine.travel(t(10), tick=False):
        log_contact(lead=handoff.lead, kind="call", actor=people["member"])
        assert give_notices(now=t(16)) == 0
        decide(handoff=handoff, decision="returned", actor=people["member"], reason="context_missing", note="What?")
    assert give_notices(now=t(16, days=30)) == 0


def test_nobody_is_asked_to_call_a_lead_that_was_disqualified(handoff, people):
    with time_machine.travel(t(10), tick=False):
        decide(handoff=handoff, decision="disqualified", actor=people["member"], reason="no_need")
    assert give_notices(now=t(13)) == 0
    assert give_notices(now=t(17, days=2)) == 1  # the feedback on it
    assert told() == {("S4", "escalation", "Sales Lead")}


def test_a_due_time_that_moves_is_told_of_again(handoff, people):
    give_notices(now=t(12))
    Promise = handoff.agreement.promises.model
    Promise.objects.filter(key="S1", tier="").update(seconds=5 * 3600)
    services.assign_lead(lead=handoff.lead, owner=people["sales_lead"], actor=None, occurred_at=t(12, 10))
    assert give_notices(now=t(13)) == 1
    assert sorted(Notice.objects.values_list("due_at", "user__name")) == [(t(13), "Member"), (t(14), "Sales Lead")]


def test_a_lead_without_a_person_is_brought_before_the_funnel_owner(stages, people):
    promise()
    hand_over(stages)
    give_notices(now=t(9, 12))
    give_notices(now=t(9, 20))
    assert told() == {("routing", "reminder", "Funnel Owner"), ("routing", "escalation", "Funnel Owner")}


def test_somebody_who_left_is_told_nothing(handoff, people):
    accounts.deactivate(user=people["member"], actor=None)
    give_notices(now=t(12))
    assert told() == {("S1", "reminder", "Sales Lead")}


def test_history_from_a_file_alarms_nobody(handoff):
    give_notices(now=t(13, days=7))
    assert told() == {("S3", "reminder", "Member")}
    assert give_notices(now=t(12, 59, days=7)) == 1
    assert told() == {("S3", "reminder", "Member"), ("S1", "escalation", "Sales Lead")}


def test_a_holiday_moves_what_is_still_running(handoff):
    follow_hours(now=t(12))
    before = handoff_rows()
    assert follow_hours(now=t(12)) == 0
    Holiday.objects.create(day=dt.date(2026, 3, 5), name="Team day")
    assert follow_hours(now=t(12)) == 1
    after = handoff_rows()
    assert after["S3"].due_at == t(17, days=8)
    assert before["S3"].due_at == t(17, days=7)
    assert after["S1"].due_at == before["S1"].due_at


def handoff_rows() -> dict[str, Obligation]:
    return {one.promise: one for one in Obligation.objects.all()}


def test_ten_thousand_open_promises_are_checked_in_two_seconds(stages, people, company):
    promise()
    leads = [Lead(source="told", external_id=str(i)) for i in range(3_334)]
    events = [
        LeadEvent(lead=lead, kind=kind, to_stage=stages[key], owner=people["member"], occurred_at=t(9), source="told")
        for lead in leads
        for kind, key in (("created", "mql"),)
    ]
    append_lead_stories(contacts=[], leads=leads, touches=[], notes=[], events=events, actor=None)
    assert Handoff.objects.count() == 3_334
    open_ones = Obligation.objects.filter(met_at=None).count()
    assert open_ones == 3 * 3_334
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    first, again = Stopwatch(), Stopwatch()
    with first:
        assert give_notices(now=t(13)) == 3_334
    with again:
        assert give_notices(now=t(13)) == 0
    print(f"{open_ones} open: {first} with 3,334 notices, {again} without")  # noqa: T201
    assert max(first.cpu, again.cpu) < 2
    assert (first.statements < 40, again.statements < 20) == (True, True)


class Stopwatch:
    """Processor time, wall time and statements. A busy machine stretches only the wall time."""

    def __enter__(self):
        self.statements = 0
        self.hook = connection.execute_wrapper(self.count)
        self.hook.__enter__()
        self.begun = time.process_time(), time.perf_counter()

    def count(self, execute, *arguments):
        self.statements += 1
        return execute(*arguments)

    def __exit__(self, *failed):
        self.cpu, self.wall = time.process_time() - self.begun[0], time.perf_counter() - self.begun[1]
        self.hook.__exit__(*failed)

    def __str__(self):
        return f"{self.cpu:.2f} s of processor time, {self.wall:.2f} s, {self.statements} statements"
