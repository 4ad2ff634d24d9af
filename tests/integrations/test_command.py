"""The command: exit status, JSON, words, and a kill in the middle."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command

from leads.models import ImportBatch, Lead
from tests.conftest import START

ROOT = Path(__file__).resolve().parents[2]
MAPPING = """
entity = "lead"
source = "crm"
[columns]
external_id = "id"
created_at = "created"
stage = "stage"
owner = "owner"
channel = "channel"
"""
GOOD = "id,created,stage,owner,channel,note\nL1,2025-03-01,mql,Nobody Known,Ads,x\n"


@pytest.fixture
def command(company, tmp_path, settings, capsys):
    settings.REJECT_DIR = tmp_path / "rejects"
    (tmp_path / "m.toml").write_text(MAPPING)

    def run(text, *flags):
        (tmp_path / "f.csv").write_text(text)
        try:
            call_command("import_csv", str(tmp_path / "f.csv"), "--mapping", str(tmp_path / "m.toml"), *flags)
            status = 0
        except SystemExit as stop:
            status = stop.code
        return status, capsys.readouterr()

    return run


def test_json_and_status_for_machines(command):
    status, said = command(GOOD, "--json")
    found = json.loads(said.out)
    assert status == 0
    assert list(found) == [
        "read", "created", "updated", "unchanged", "rejected", "skipped", "rejects_file", "seconds",
    ]  # fmt: skip
    assert (found["read"], found["created"], found["rejects_file"]) == (1, 1, None)


def test_words_for_people_name_what_was_left_out(command):
    status, said = command(GOOD + "L2,soon,mql,,,\n")
    assert status == 1
    assert "2 rows read: 1 created, 0 updated, 0 unchanged, 1 rejected, 0 skipped" in said.out
    assert "does not use: note." in said.out
    assert "owner left empty for 1 values that Tandem does not know: “Nobody Known”." in said.out
    assert "line 3: created_at “soon” is not a date" in said.out
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.entity, batch.counts["rejected"]) == ("done", "lead", 1)
    assert batch.rejects_file and batch.finished_at


def test_a_file_that_cannot_be_read_is_status_2_and_one_sentence(command):
    status, said = command("a,b\n1,2\n")
    assert (status, said.out) == (2, "")
    assert said.err.count("\n") == 1 and "has no column" in said.err
    assert not ImportBatch.objects.exists()


def test_a_dry_run_leaves_no_batch(command):
    status, said = command(GOOD, "--dry-run")
    assert status == 0 and "nothing was stored" in said.out
    assert not Lead.objects.exists() and not ImportBatch.objects.exists()


SET_UP = f"""
import datetime as dt, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from core.services import set_up_organisation
from funnel.services import adopt_preset
set_up_organisation(name="T", tz="Europe/Berlin", base_currency="EUR", from_day=dt.date({START.year}, 1, 1))
adopt_preset(preset="b2b", from_day=dt.date({START.year}, 1, 1), actor=None)
"""
FACTS = (
    "SELECT external_id, stage_id, version, created_day, channel_id, custom FROM leads_lead ORDER BY 1",
    "SELECT external_id, kind, to_stage_id, occurred_at FROM leads_leadevent ORDER BY 1",
    "SELECT l.external_id, e.stage_id, e.position, e.entered_at, e.left_at FROM leads_stageentry e "
    "JOIN leads_lead l ON l.id = e.lead_id ORDER BY 1, 3",
)


@pytest.mark.once
def test_killed_in_the_middle_and_run_again_ends_like_a_clean_run(tmp_path):
    (tmp_path / "m.toml").write_text(
        MAPPING + '[[emit]]\nentity = "stage_change"\n[emit.columns]\noccurred_at = "won"\n[emit.constants]\nstage = "won"\n'
    )
    lines = [f"L{n},2025-03-{n % 28 + 1:02},mql,,Channel {n % 7},2025-06-01" for n in range(1_600)]
    (tmp_path / "f.csv").write_text("id,created,stage,owner,channel,won\n" + "\n".join(lines))

    def start(name, *arguments):
        environment = {
            **os.environ, "DATA_DIR": str(tmp_path / name), "DATABASE_URL": "", "REDIS_URL": "",
            "TANDEM_ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "config.settings",
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def facts(name):
        with closing(sqlite3.connect(tmp_path / name / "tandem.sqlite3")) as database:
            return [database.execute(query).fetchall() for query in FACTS]

    command = ("manage.py", "import_csv", str(tmp_path / "f.csv"), "--mapping", str(tmp_path / "m.toml"), "--json")
    set_up = start("clean", "-c", SET_UP)
    set_up.communicate(timeout=100)
    assert set_up.returncode == 0
    shutil.copytree(tmp_path / "clean", tmp_path / "killed")
    assert json.loads(start("clean", *command).communicate(timeout=120)[0])["created"] == 1_600

    process = start("killed", *command)
    deadline = time.monotonic() + 60
    while not facts("killed")[0] and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = len(facts("killed")[0])
    assert 0 < done < 1_600  # the control: the kill came in the middle, at the end of a chunk
    again = json.loads(start("killed", *command).communicate(timeout=120)[0])
    assert (again["unchanged"], again["created"]) == (done, 1_600 - done)
    assert facts("killed") == facts("clean")
