"""A worker that dies, freezes or comes second at any point of a round: nothing is lost, nothing is counted twice."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from core.models import StaleNote
from leads import services
from metrics import rollup
from metrics.check import check
from metrics.models import RollupState, Segment

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import os, config, django
django.setup()
from django.db import connections
connections.settings["default"]["NAME"] = os.environ["TANDEM_TEST_DATABASE_NAME"]
from metrics import rollup
rollup.drain()
"""
PLACES = ["after_plan", "after_compute", "after_segments", "before_commit", "after_commit"]


def start_worker(failpoint: str = "") -> subprocess.Popen:
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings_test",
        "TANDEM_TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "TANDEM_FAILPOINT": failpoint,
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=env)


def segment_bytes() -> dict:
    return {(kind, day): bytes(data) for kind, day, data in Segment.objects.values_list("kind", "day", "payload")}


def let_lease_expire() -> None:
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    RollupState.objects.exclude(lease_token="").update(lease_until=past)


def assert_right() -> None:
    rollup.drain()
    assert not StaleNote.objects.exists()
    assert [str(difference) for difference in check()] == []
    kept = segment_bytes()
    rollup.note_everything()
    rollup.drain()
    assert segment_bytes() == kept


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_worker_loses_and_doubles_nothing(place, busy):
    leads = busy()
    rollup.drain()
    services.void_lead(lead=leads[1], actor=None)
    busy()
    notes, before = StaleNote.objects.count(), segment_bytes()

    worker = start_worker(f"rollup.{place}")

    assert worker.wait(60) == -signal.SIGKILL
    if place == "after_commit":
        assert StaleNote.objects.count() < notes and segment_bytes() != before
    else:
        assert (StaleNote.objects.count(), segment_bytes()) == (notes, before)
    # The dead worker's lease still stands: nobody writes before it ends.
    assert rollup.drain() == 0
    let_lease_expire()
    assert_right()


@pytest.mark.parametrize("place", ["after_plan", "after_compute"])
def test_a_frozen_worker_that_wakes_up_late_writes_nothing(place, busy, stages):
    leads = busy()
    worker = start_worker(f"rollup.{place}=STOP")
    try:
        _, status = os.waitpid(worker.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        let_lease_expire()
        services.amend_lead(lead=leads[0], actor=None, tier="gold")
        services.unmerge_lead(lead=leads[2], actor=None)
        rollup.drain()
        written, generation = segment_bytes(), RollupState.objects.get().generation
        # Something is waiting when it wakes, so that it has something to do wrong.
        services.move_lead(leads[1], stages["opportunity"], actor=None)

        worker.send_signal(signal.SIGCONT)

        assert worker.wait(60) == 0
        assert (segment_bytes(), RollupState.objects.get().generation) == (written, generation)
        assert StaleNote.objects.exists()
    finally:
        worker.kill()
        worker.wait()
    assert_right()


def test_a_worker_without_its_lease_writes_nothing(busy):
    busy()
    token = rollup.take_lease()
    let_lease_expire()
    other = rollup.take_lease()
    notes = StaleNote.objects.count()

    with pytest.raises(rollup.LeaseLost):
        rollup.run_round(token)

    assert (Segment.objects.count(), StaleNote.objects.count()) == (0, notes)
    rollup.give_back(token)
    assert RollupState.objects.get().lease_token == other
    rollup.give_back(other)
    assert_right()


def test_a_segment_that_changed_after_it_was_read_is_computed_again(busy, monkeypatch):
    """The rival's write lands at the exact point between computing and writing."""
    leads = busy()
    rollup.drain()
    services.amend_lead(lead=leads[0], actor=None, tier="gold")
    compute, rounds = rollup._compute, []

    def compute_then_rival(round_):
        written = compute(round_)
        rounds.append(sorted({kind for kind, *_ in written[0]}))
        if len(rounds) == 1:
            Segment.objects.filter(kind="stay").update(generation=10**6)
        return written

    monkeypatch.setattr(rollup, "_compute", compute_then_rival)
    rollup.drain()

    assert len(rounds) == 2 and rounds[0] == rounds[1] and "stay" in rounds[0]
    assert_right()


def test_workers_at_once(busy):
    busy()
    workers = [start_worker() for _ in range(2)]
    busy()
    rollup.drain()
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert_right()


def test_a_note_that_arrives_while_the_lease_is_held_is_worked_off(busy, monkeypatch):
    """The writer's hint is turned away by the held lease, just after the holder found no further note."""
    leads = busy()
    run_round, late = rollup.run_round, []

    def run_then_write(token):
        worked = run_round(token)
        if not worked and not late:
            late.append(services.amend_lead(lead=leads[0], actor=None, tier="gold"))
            assert rollup.drain() == 0
        return worked

    monkeypatch.setattr(rollup, "run_round", run_then_write)
    rollup.drain()
    assert late and not StaleNote.objects.exists()
