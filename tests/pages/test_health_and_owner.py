"""The health page and the funnel owner's page say what is wrong, worst first, and nothing when nothing is."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.models import Side
from funnel.models import Agreement
from funnel.services import set_target, sign
from leads import services
from metrics import rollup
from metrics.definitions import METRICS
from metrics.health import SILENT, machinery, state_of
from metrics.services import worker_seen

NOW = dt.datetime(2026, 5, 20, 10, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(people) -> Client:
    client = Client()
    client.force_login(people["viewer"], backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_worker_that_was_never_seen_or_fell_silent_is_named(client):
    assert machinery(NOW).state == "worker_silent"
    worker_seen(now=NOW - SILENT - dt.timedelta(seconds=1))
    assert machinery(NOW).state == "worker_silent"
    worker_seen(now=NOW - SILENT)
    rollup.drain()
    assert machinery(NOW).state == "up_to_date"
    assert "The numbers are up to date" in client.get("/health/").content.decode()


def test_what_waits_to_be_counted_is_said(client, stages):
    worker_seen(now=NOW)
    rollup.drain()
    services.create_lead(stage=stages["inquiry"], occurred_at=NOW, actor=None)
    assert machinery(NOW).state == "behind"
    rollup.drain()
    assert machinery(NOW).state == "up_to_date"


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
