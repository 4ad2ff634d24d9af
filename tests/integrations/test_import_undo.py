"""Runners that die, and imports that are taken back: the numbers stand as before, and the same file can come again."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.models import User
from campaigns.models import Spend
from core.models import StaleNote
from integrations import running, services
from integrations.models import ImportJob, ReplacedValue
from leads.models import Deal, Lead, LeadEvent, StageEntry, Touch
from leads.services import add_note, move_lead
from metrics import rollup
from metrics.check import check

ROOT = Path(__file__).resolve().parents[2]
MAPPING = {
    "entity": "lead",
    "source": "crm",
    "columns": {"external_id": "id", "created_at": "created", "email": "email", "channel": "channel", "score": "score"},
    "emit": [
        {
            "entity": "stage_change",
            "when": "sql_on",
            "columns": {"occurred_at": "sql_on"},
            "constants": {"stage": "sql"},
        }
    ],
}
HEAD = "id,created,email,channel,score,sql_on\n"


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.UPLOAD_DIR, settings.REJECT_DIR = tmp_path / "uploads", tmp_path / "rejects"


@pytest.fixture
def maya(people) -> User:
    return people["marketing_lead"]


def rows(count: int, **changes) -> str:
    lines = []
    for n in range(count):
        row = {"id": f"L{n}", "created": f"2026-0{n % 3 + 1}-1{n % 8}", "email": f"p{n}@example.com", "channel": "Ads",
               "score": str(n), "sql_on": "2026-04-01" if n % 2 else ""} | changes  # fmt: skip
        lines.append(",".join(row.values()))
    return HEAD + "\n".join(lines) + "\n"


@pytest.fixture
def bring_job(maya):
    """`bring_job(text)`: the file, imported as the page does it."""

    def bring(text: str, mapping: dict = MAPPING, run=True) -> ImportJob:
        job = services.upload(
            actor=maya, name="f.csv", chunks=[text.encode()], entity=mapping["entity"], source=mapping["source"]
        )
        services.set_mapping(job=job, mapping=mapping)
        services.start(job=job, work="scan")
        services.start(job=job, work="check")
        services.start(job=job, work="run")
        if run:
            assert running.run_job(job.id)
        job.refresh_from_db()
        return job

    return bring


def undo(job: ImportJob) -> ImportJob:
    job.refresh_from_db()
    services.start(job=job, work="undo")
    assert running.run_job(job.id)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("undone", "")
    return job


def settle():
    """Work off the stale days; the rollup equals what a second computation says."""
    rollup.drain()
    assert not StaleNote.objects.exists()
    assert [str(difference) for difference in check()] == []


def standing() -> list[tuple]:
    """What counts: the leads that stand, with their stays."""
    stays = StageEntry.objects.filter(lead__voided=False).order_by("lead__created_at", "lead_id", "position")
    return list(stays.values_list("lead__contact__email", "stage__key", "entered_at", "left_at", "lead__channel__name"))


def counts(job: ImportJob) -> dict:
    return {name: number for name, number in job.counts.items() if number and name in ("created", "updated", "unchanged")}


def test_undo_leaves_the_numbers_as_before_and_the_file_can_come_again(bring_job):
    bring_job(rows(3))
    settle()
    before = standing()
    job = bring_job(rows(12))
    assert counts(job) == {"created": 9, "unchanged": 3}
    settle()
    undo(job)
    settle()
    assert standing() == before
    assert job.kept == []
    again = bring_job(rows(12))
    assert counts(again) == {"created": 9, "unchanged": 3}
    settle()
    assert len({row[0] for row in standing()}) == 12
    # And once more: the second life of a row is known by its plain id too.
    assert counts(bring_job(rows(12))) == {"unchanged": 12}
    undo(again)
    assert standing() == before
    assert counts(bring_job(rows(12))) == {"created": 9, "unchanged": 3}
    settle()


def test_undo_of_changes_brings_the_old_values_back(bring_job):
    bring_job(rows(4))
    before = list(Lead.objects.order_by("id").values_list("score", "channel__name", "contact__email", "stage__key"))
    job = bring_job(rows(4, score="99", channel="Fairs", sql_on="2026-05-01").replace("@example.com", "@new.example"))
    assert sum(counts(job).values()) == 4 and "unchanged" not in counts(job)
    assert ReplacedValue.objects.exists()
    undo(job)
    assert list(Lead.objects.order_by("id").values_list("score", "channel__name", "contact__email", "stage__key")) == before
    assert not ReplacedValue.objects.exists()
    settle()


def test_what_people_changed_since_is_kept_and_listed(bring_job, stages, maya, people):
    job = bring_job(rows(4))
    leads = {lead.external_id: lead for lead in Lead.objects.all()}
    move_lead(leads["L0"], stages["mql"], actor=people["member"])
    add_note(lead=leads["L1"], text="Called, will think about it.", author=maya, occurred_at=dt.datetime.now(dt.UTC))
    job = undo(job)
    assert {(item["id"], item["why"]) for item in job.kept} == {
        (leads["L0"].id, "was changed by Member"),
        (leads["L1"].id, "has a note"),
    }
    assert set(Lead.objects.filter(voided=False).values_list("external_id", flat=True)) == {"L0", "L1"}
    settle()


def test_a_value_that_somebody_corrected_stays(bring_job):
    bring_job(rows(2))
    job = bring_job(rows(2, score="50"))
    Lead.objects.filter(external_id="L0").update(score=77, given_score=77)
    job = undo(job)
    assert [item["why"] for item in job.kept] == ["its score was changed since"]
    assert set(Lead.objects.values_list("external_id", "score")) == {("L0", 77), ("L1", 1)}


def test_deals_touches_and_spend_go_back_too(bring_job):
    bring_job(rows(3))
    settle()
    before = standing()
    deals = {
        "entity": "deal", "source": "crm",
        "columns": {"external_id": "id", "lead_external_id": "lead", "created_at": "on", "amount": "amount",
                    "status": "status", "closed_at": "closed"},
    }  # fmt: skip
    text = "id,lead,on,amount,status,closed\nD1,L0,2026-05-01,100,won,2026-05-03\nD2,L1,2026-05-01,50,open,\n"
    deal_job = bring_job(text, deals)
    touches = {"entity": "touch", "source": "crm", "columns": {"email": "email", "kind": "kind", "occurred_at": "on"}}
    touch_job = bring_job("email,kind,on\np0@example.com,call,2026-05-02\np1@example.com,visit,2026-05-02\n", touches)
    spend = {
        "entity": "spend", "source": "ads",
        "columns": {"external_id": "id", "channel": "channel", "amount": "amount", "service_from": "day"},
    }  # fmt: skip
    bring_job("id,channel,amount,day\nS1,Ads,10,2026-05-01\n", spend)
    spend_job = bring_job("id,channel,amount,day\nS1,Ads,20,2026-05-01\nS2,Ads,5,2026-05-02\n", spend)
    settle()
    undo(spend_job)
    assert list(Spend.objects.filter(voids=None, voided_by=None).values_list("external_id", "amount")) == [("S1", 1000)]
    undo(touch_job)
    assert not Touch.objects.filter(voids=None, voided_by=None).exists()
    undo(deal_job)
    assert not Deal.objects.filter(voided=False).exists()
    assert standing() == before
    settle()
    assert counts(bring_job(text, deals)) == {"created": 2}
    assert counts(bring_job("email,kind,on\np0@example.com,call,2026-05-02\n", touches)) == {"created": 1}
    settle()


def test_a_stage_history_goes_back_and_comes_again(bring_job):
    bring_job(rows(2, sql_on=""))
    history = {
        "entity": "stage_change", "source": "crm",
        "columns": {"lead_external_id": "lead", "stage": "stage", "occurred_at": "on"},
    }  # fmt: skip
    text = "lead,stage,on\nL0,mql,2026-05-01\nL0,sql,2026-05-03\nL1,mql,2026-05-02\n"
    before = standing()
    job = bring_job(text, history)
    after = standing()
    undo(job)
    assert standing() == before
    assert counts(bring_job(text, history)) == {"created": 3}
    assert standing() == after
    assert counts(bring_job(text, history)) == {"unchanged": 3}
    settle()


def test_undo_ends_after_seven_days(bring_job, client, maya):
    job = bring_job(rows(1))
    ImportJob.objects.update(finished_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=7, minutes=1))
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    assert "Undo this import" not in client.get(f"/import/{job.uuid}/result/").content.decode()
    assert client.post(f"/import/{job.uuid}/undo/").status_code == 409
    assert Lead.objects.filter(voided=False).count() == 1


def test_a_runner_whose_lease_ran_out_can_store_nothing_any_more(bring_job):
    job = bring_job(rows(3), run=False)
    first = running.claim(job.id)
    assert running.claim(job.id) is None
    ImportJob.objects.update(lease_until=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    assert running.run_job(job.id)
    with pytest.raises(running.TakenOver):
        running._pulse(first)(1, 3)
    job.refresh_from_db()
    assert job.state == "done"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("work", ["run", "undo"])
def test_killed_in_the_middle_the_sweeper_finishes_and_it_equals_a_clean_run(bring_job, settings, monkeypatch, work):
    text = rows(1_100)
    clean = bring_job(text)
    wanted_counts, wanted = clean.counts | {"seconds": 0, "rejects_file": None}, standing()
    undo(clean)
    job = bring_job(text, run=work == "undo")
    if work == "undo":
        services.start(job=job, work="undo")
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings; from django.db import connection; from pathlib import Path\n"
        f"settings.UPLOAD_DIR = Path({str(settings.UPLOAD_DIR)!r})\n"
        f"settings.REJECT_DIR = Path({str(settings.REJECT_DIR)!r})\n"
        f"from django.db import connections; connections['default'].settings_dict['NAME'] = {_database()!r}\n"
        f"from integrations import running; running.run_job({job.id})\n"
    )
    environ = os.environ | {"TANDEM_FAILPOINT": "imports.progress", "DJANGO_SETTINGS_MODULE": "config.settings_test"}
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, timeout=120)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
    job.refresh_from_db()
    assert job.state == "running"
    assert 0 < Lead.objects.filter(voided=False).count() < 1_100
    hints = []
    monkeypatch.setattr(running, "queue", lambda job: hints.append(job.id))
    assert running.sweep() == 0
    ImportJob.objects.filter(id=job.id).update(lease_until=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    assert running.sweep() == 1 and hints == [job.id]
    assert running.run_job(job.id)
    job.refresh_from_db()
    if work == "run":
        assert job.counts | {"seconds": 0, "rejects_file": None} == wanted_counts
        assert standing() == wanted
    else:
        assert standing() == [] and job.state == "undone"
    assert LeadEvent.objects.filter(kind="created", lead__voided=False).count() == (1_100 if work == "run" else 0)


def _database() -> str:
    from django.db import connection

    return str(connection.settings_dict["NAME"])
