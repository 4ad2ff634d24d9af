"""Two workers at once, one that dies, people who move and merge meanwhile: each lead is given away once, in one order."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections

from accounts.models import Team
from core.errors import Conflict
from leads.models import Lead, LeadEvent, RoutedHandoff
from leads.services import routing as service
from leads.services.routing import route_waiting, take_from_queue
from metrics import rollup
from metrics.check import check
from tests.leads.routing_by import enters, now, owner_of, reps, routed, rule, switch_on

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import os, config, django, datetime as dt
django.setup()
from django.db import connections
connections.settings["default"]["NAME"] = os.environ["TANDEM_TEST_DATABASE_NAME"]
from leads.services.routing import route_waiting
route_waiting(now=dt.datetime.now(dt.UTC))
"""


@pytest.fixture
def on(people) -> Team:
    switch_on()
    return Team.objects.get(name="Sales")


def at_once(works) -> list:
    """The results of works that begin together, each on a connection of its own."""
    ready = threading.Barrier(len(works))

    def go(work):
        ready.wait()
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(go, work) for work in works]]


def assert_each_once(leads: list[Lead]) -> None:
    found = Counter(LeadEvent.objects.filter(source="routing").values_list("lead_id", flat=True))
    assert found == Counter([lead.pk for lead in leads])
    assert Counter(RoutedHandoff.objects.values_list("lead_id", flat=True)) == found


@pytest.mark.parametrize("method", ["round_robin", "load"])
def test_four_workers_at_once_give_each_lead_away_once_and_evenly(stages, people, on, method, monkeypatch):
    monkeypatch.setattr(service, "BATCH", 3)  # many short rounds, so that they meet
    everybody = [people["member"], *reps(3)]
    rule(people=everybody, method=method)
    leads = [enters(stages) for _ in range(23)]
    at_once([routed] * 4)
    assert_each_once(leads)
    counts = Counter(owner_of(lead) for lead in leads)
    assert set(counts) == set(everybody)
    assert max(counts.values()) - min(counts.values()) <= 1
    rollup.drain()
    assert check() == []


def test_without_the_lock_of_the_one_row_two_workers_disturb_each_other(stages, people, on, monkeypatch):
    """The control: what keeps the turns in one order is that lock. The identity of the event stops a second assignment."""
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite a transaction that writes is alone by itself")
    rule(people=[people["member"], *reps(3)])
    enters(stages)
    entries = list(service.waiting_for_routing(service.routing_setup().on_since).values_list("entry_id", "lead_id"))
    asked = threading.Barrier(2)
    cases_of = service.cases_of

    def together(*args):
        asked.wait(20)
        return cases_of(*args)

    monkeypatch.setattr(service, "cases_of", together)

    def unlocked():
        from django.db import IntegrityError, transaction

        try:
            with transaction.atomic():
                wanted = [service.Entry(entry, lead, now()) for entry, lead in entries]
                service._give_away(wanted, service.routing_setup(), service.Context(), now())
        except IntegrityError:
            return "stopped"
        return "given"

    assert sorted(at_once([unlocked, unlocked])) == ["given", "stopped"]


@pytest.mark.parametrize("place", ["before_commit", "after_commit"])
def test_a_worker_that_dies_loses_nothing_and_doubles_nothing(stages, people, on, place):
    rule(team=on)
    leads = [enters(stages) for _ in range(5)]
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings_test",
        "TANDEM_TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "TANDEM_FAILPOINT": f"routing.{place}",
    }
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=env)
    assert worker.wait(60) == -signal.SIGKILL
    done = 5 if place == "after_commit" else 0
    assert RoutedHandoff.objects.count() == LeadEvent.objects.filter(source="routing").count() == done
    assert routed() == 5 - done
    assert_each_once(leads)


def test_of_many_who_take_a_lead_at_once_one_has_it(stages, people, on):
    takers = [people["member"], people["sales_lead"], *reps(2)]
    lead = enters(stages)
    routed()

    def take(person):
        def go():
            try:
                take_from_queue(lead=Lead.objects.get(pk=lead.pk), actor=person, now=now())
            except Conflict:
                return None
            return person

        return go

    got = [person for person in at_once([take(person) for person in takers]) if person]
    assert len(got) == 1
    assert owner_of(lead) == got[0]
    assert RoutedHandoff.objects.filter(why="taken").count() == 1


def test_a_person_who_assigns_in_the_same_moment_and_routing_do_not_both_have_it(stages, people, on):
    """Whoever comes first: afterwards the lead has one owner, and the check finds its history right."""
    from leads.services import assign_lead

    rule(team=on)
    leads = [enters(stages) for _ in range(8)]

    def by_hand():
        for lead in leads:
            fresh = Lead.objects.get(pk=lead.pk)
            if fresh.owner_id is None:
                assign_lead(lead=fresh, owner=people["sales_lead"], actor=people["sales_lead"])

    at_once([by_hand, lambda: route_waiting(now=now())])
    assert {owner_of(lead) for lead in leads} <= {people["sales_lead"], people["member"]}
    assert (
        max(Counter(LeadEvent.objects.filter(source="routing").values_list("lead_id", flat=True)).values(), default=0) <= 1
    )
    assert routed() == 0
    rollup.drain()
    assert check() == []
