"""The health page and the funnel owner's page say what is wrong, worst first, and nothing when nothing is."""

import datetime as dt

import pytest
import time_machine
from celery import current_app
from django.db import OperationalError
from django.test import Client

from accounts.models import Side
from core.jobs import Clock
from core.models import Heartbeat, OutgoingMessage, TaskFailure
from core.outbox import queue_message
from core.signs import FAILURES_KEPT, forget_old_failures, seen
from funnel.models import Agreement
from funnel.services import set_target, sign
from leads import services
from metrics import rollup
from metrics.definitions import METRICS
from metrics.health import SILENT, machinery, state_of
from metrics.tasks import roll_up

NOW = dt.datetime(2026, 5, 20, 10, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def client(people) -> Client:
    client = Client()
    client.force_login(people["viewer"], backend="django.contrib.auth.backends.ModelBackend")
    return client


def all_seen(at: dt.datetime) -> None:
    seen(Heartbeat.Part.BEAT, now=at)
    seen(Heartbeat.Part.WORKER, now=at)


SECOND = dt.timedelta(seconds=1)


def test_when_everything_was_just_seen_all_is_well(client, stages):
    all_seen(NOW - SILENT)
    rollup.drain()
    assert machinery(NOW).state == "up_to_date"
    assert "The numbers are up to date" in client.get("/health/").content.decode()
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "failing": []})


def test_a_worker_that_was_never_seen_or_fell_silent_is_named(client, company):
    rollup.drain()
    seen(Heartbeat.Part.BEAT, now=NOW)
    for last in (None, NOW - SILENT - SECOND):
        if last:
            seen(Heartbeat.Part.WORKER, now=last)
        assert (machinery(NOW).state, machinery(NOW).failing) == ("worker", ["worker"])
        assert "The worker has not been heard of" in client.get("/health/").content.decode()
        answer = Client().get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"status": "failing", "failing": ["worker"]})


def test_a_clock_that_stands_still_is_named_and_the_worker_is_not_judged_by_it(client, company):
    rollup.drain()
    all_seen(NOW - SILENT - SECOND)
    assert [(part.key, part.state) for part in machinery(NOW).parts] == [
        ("beat", "failing"), ("worker", "unknown"), ("numbers", "good"),
    ]  # fmt: skip
    assert Client().get("/healthz").json()["failing"] == ["beat"]
    assert "The clock that starts all jobs stands still" in client.get("/health/").content.decode()
    seen(Heartbeat.Part.WORKER, now=NOW)  # works off what was given out before
    assert machinery(NOW).worker.state == "good"


def test_what_waits_to_be_counted_is_said_and_is_late_after_two_minutes(client, stages, at_a_fixed_time):
    rollup.drain()
    services.create_lead(stage=stages["inquiry"], occurred_at=NOW, actor=None)
    for later, state, status in ((SILENT, "behind", 200), (SILENT + SECOND, "numbers", 503)):
        all_seen(NOW + later)
        at_a_fixed_time.move_to(NOW + later)
        assert (machinery(NOW + later).state, Client().get("/healthz").status_code) == (state, status)
    assert "The numbers are behind since" in client.get("/health/").content.decode()
    rollup.drain()
    assert Client().get("/healthz").status_code == 200


def test_machines_can_ask_for_this_process_alone(db):
    assert Client().get("/healthz").status_code == 503
    assert Client().get("/healthz?live").status_code == 200


def test_failed_jobs_and_mails_stand_on_the_page_by_class_alone(client, people, company):
    def fail(name: str, error: type[Exception]) -> None:
        roll_up.on_failure(error(f"{name} of Anna Brandt"), "id", (), {}, None)

    assert "No job and no mail has failed" in client.get("/health/").content.decode()
    for _ in range(3):
        fail("Text", KeyError)
    fail("Text", OSError)
    assert list(TaskFailure.objects.order_by("error").values_list("task", "error", "times", "last_at")) == [
        ("metrics.tasks.roll_up", "KeyError", 3, NOW),
        ("metrics.tasks.roll_up", "OSError", 1, NOW),
    ]
    queue_message(key="a", kind="Reminder", to="anna@example.com", subject="Anna", text="Anna", now=NOW)
    OutgoingMessage.objects.update(state="failed", error="SMTPDataError", attempts=8, ended_at=NOW)
    page = client.get("/health/").content.decode()
    assert "3 failures to look at" in page and "KeyError" in page and "SMTPDataError" in page
    assert "Anna" not in page and "anna@" not in page
    address = f"/health/messages/{OutgoingMessage.objects.get().id}/again/"
    assert "Send again" not in page and client.post(address).status_code == 403
    client.force_login(people["administrator"], backend="django.contrib.auth.backends.ModelBackend")
    assert "Send again" in client.get("/health/").content.decode()
    assert client.post(address).status_code == 302
    assert OutgoingMessage.objects.get().state == "waiting"
    forget_old_failures(now=NOW + FAILURES_KEPT + SECOND)
    assert not TaskFailure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_clock_says_that_it_lives_and_outlives_a_database_that_is_away(monkeypatch, caplog):
    clock = Clock(current_app, lazy=True)
    clock.say()
    assert Heartbeat.objects.get(part="beat").seen_at == NOW
    Heartbeat.objects.all().delete()
    clock.say()  # not at every tick
    assert not Heartbeat.objects.exists()
    clock.said_at = None

    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr("core.jobs.seen", away)
    clock.say()
    assert clock.said_at is None and "could not say" in caplog.text


@pytest.mark.parametrize(
    ("value", "state"), [(None, "unknown"), (0.10, "good"), (0.1001, "warn"), (0.30, "warn"), (0.3001, "block")]
)
def test_a_share_above_its_limits_is_marked(value, state):
    assert state_of(METRICS["missing_source"], value) == state


def test_checks_stand_worst_first(client, stages):
    for day in (1, 2):
        services.create_lead(stage=stages["inquiry"], occurred_at=NOW - dt.timedelta(days=day), actor=None)
    rollup.drain()
    page = client.get("/health/").content.decode()
    assert page.index("Leads without a source") < page.index("Impossible order of times")
    assert "Not reliable" in page


def test_the_funnel_owner_sees_stages_off_plan_and_what_nobody_signed(client, stages, people):
    agreement = Agreement.objects.get()
    for key, value in (("mql", 31), ("sql", 0)):
        set_target(
            agreement=agreement, metric="stage_inflow", month=dt.date(2026, 4, 1), stage=stages[key], value=value, actor=None
        )
        set_target(
            agreement=agreement, metric="stage_inflow", month=dt.date(2026, 5, 1), stage=stages[key], value=value, actor=None
        )
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=NOW - dt.timedelta(days=3), actor=None)
    services.move_lead(lead, stages["mql"], actor=None, occurred_at=NOW - dt.timedelta(days=2))
    rollup.drain()
    page = client.get("/owner/")
    (stage,) = page.context["page"].stages  # a plan of zero is no plan to be off
    assert (stage.stage.key, stage.value, stage.plan, stage.gap, stage.off) == ("mql", 1, 51, -50, True)
    assert [v.number for v in page.context["page"].unsigned] == [1]
    assert page.context["owner"] == people["funnel_owner"]
    for side, person in ((Side.MARKETING, "marketing_lead"), (Side.SALES, "sales_lead")):
        sign(agreement=agreement, side=side, user=people[person], signed_at=NOW)
    rollup.drain()
    assert client.get("/owner/").context["page"].unsigned == []
