"""A server and a worker of our own, started as script/server starts them, and a reader with one kept connection."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.middleware.csrf import CSRF_SECRET_LENGTH

from accounts.models import User

STARTS_WITHIN = 60  # seconds


class Reader:
    """One signed-in person's browser, as far as a server sees it."""

    def __init__(self, port: int, user: User):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        self.headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> bytes:
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        return body

    def post(self, path: str, **fields: object) -> bytes:
        """As a script of the page posts. Any token will do, as long as cookie and header have the same."""
        token = "t" * CSRF_SECRET_LENGTH
        cookies = f"{self.headers['Cookie']}; {settings.CSRF_COOKIE_NAME}={token}"
        headers = {"Cookie": cookies, "X-CSRFToken": token, "Accept": "application/json"}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        # The server closes a connection that was silent for two seconds.
        self.connection.close()
        self.connection.request("POST", path, urlencode(fields), headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        return body

    def seconds(self, path: str) -> float:
        begun = time.perf_counter()
        self.get(path)
        return time.perf_counter() - begun


@contextlib.contextmanager
def server(*, processes: int = 1) -> Iterator[int]:
    """The port of a web server. What one request leaves in memory the next one finds if there is one process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["gunicorn", "benchmarks.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--workers", str(processes)]
    with _process([*command, "--threads", "4", "--log-level", "warning", "--no-control-socket"], "web"):
        for _ in range(STARTS_WITHIN * 10):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port


@contextlib.contextmanager
def worker() -> Iterator[None]:
    """A worker with beat, as a small installation runs it."""
    command = ["celery", "--quiet", "-A", "config", "worker", "--without-gossip", "--without-mingle", "-P", "threads"]
    with _process([*command, "-B", "--concurrency", "2", "--loglevel", "WARNING"], "worker"):
        yield


@contextlib.contextmanager
def _process(command: list[str], process: str) -> Iterator[None]:
    more = {"TANDEM_PROCESS": process, "TMPDIR": str(settings.BROKER_DIR / "taken")} if process == "worker" else {}
    child = subprocess.Popen([sys.executable, "-m", *command], env=os.environ | more, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
