"""script/supervise.py as script/server runs it: answers, and takes its children along when it goes."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = f"{os.getpid()}-{time.monotonic_ns()}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_of(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            return answer.status
    except OSError:
        return None
    finally:
        connection.close()


def children_of(pid: int) -> list[int]:
    """Processes of the supervisor, by its mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == pid:
            continue
        try:
            if f"TANDEM_TEST_MARK={MARK}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.once
def test_the_server_starts_answers_and_stops_with_everything_it_started(tmp_path):
    port = free_port()
    environment = {
        "PATH": "/usr/bin:/bin",
        "PORT": str(port),
        "DATA_DIR": str(tmp_path / "data"),
        "TANDEM_DEMO": "0",
        "TANDEM_ENV_FILE": "/dev/null",
        "TANDEM_TEST_MARK": MARK,
    }
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "script/supervise.py"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + 150
            while status_of(port, "/healthz?live") != 200 or f":{port}/" not in (tmp_path / "log").read_text():
                said = (tmp_path / "log").read_text()
                assert process.poll() is None and time.monotonic() < deadline, said
                time.sleep(0.2)
            # Nobody is there yet: the sign-in leads to the first page, which asks for the code that the server printed.
            assert (status_of(port, "/sign-in/"), status_of(port, "/start/first/")) == (302, 200)
            # The clock's and the worker's first sign of life come with the first tick of the jobs.
            deadline = time.monotonic() + 90
            while status_of(port, "/healthz") != 200:
                assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(1)
            assert status_of(port, "/") == 302
            assert len(children_of(process.pid)) >= 2
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=40)
    said = (tmp_path / "log").read_text()
    assert status == 0, said
    assert f"http://127.0.0.1:{port}/" in said and "Tandem has stopped." in said
    assert "Traceback" not in said
    assert children_of(process.pid) == []
