"""Prepares the database, then runs web, worker and beat until it is told to stop.

Called by script/server, inside its environment. A child that dies is started again; when this process goes,
even by kill -9, its children go too.
"""

import ctypes
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

STOP_WITHIN = 20  # seconds for a child to finish what it does
STEADY_AFTER = 30  # seconds after which a child counts as well started
QUICK_DEATHS = 5  # in a row: then something is wrong that another start will not mend


class Stop(Exception):
    """Ctrl-C, or SIGTERM from the system."""


def stop(signum, frame):
    raise Stop


def say(text):
    print(text, flush=True)


def read_port():
    raw = os.environ.get("PORT", "").strip() or "8000"
    if not raw.isdecimal() or not 1 <= int(raw) <= 65535:
        sys.exit(f"PORT must be a number from 1 to 65535, not {raw!r}.")
    port = int(raw)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(
                f"Port {port} cannot be used ({error.strerror.lower()}). "
                "Stop the other program, or choose another port: PORT=8001 script/server"
            )
    return port


def wants_demo():
    raw = os.environ.get("TANDEM_DEMO", "").strip().lower()
    if raw in {"", "1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    sys.exit("TANDEM_DEMO must be 1 or 0.")


# --- before the start ---------------------------------------------------------------------------------------


def prepare(answer):
    """Bring the database up to date and make the demo; write what to tell people to the pipe `answer`."""
    import io  # noqa: PLC0415 - runs in a child whose memory goes with it, Django's included

    import django  # noqa: PLC0415
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import CommandError, call_command  # noqa: PLC0415
    from django.db import DatabaseError, connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    try:
        django.setup()
        call_command("check", fail_level="ERROR", stdout=io.StringIO())
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            say("Preparing the database ...")
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        words = io.StringIO()
        if wants_demo():
            call_command("demo", if_empty=True)
            call_command("demo", sign_ins=True, stdout=words)
        call_command("set_up_code", stdout=words)
        os.write(answer, words.getvalue().encode())
    except (ImproperlyConfigured, CommandError) as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"The database cannot be used: {str(error).strip()}")


def prepare_in_child():
    """Returns the demo's sign-ins, or an empty text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        status = 1
        try:
            prepare(writing)
            status = 0
        except SystemExit as error:
            print(error.code, file=sys.stderr)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    try:
        with open(reading, encoding="utf-8") as pipe:
            words = pipe.read()
        status = os.waitpid(child, 0)[1]
    except Stop:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    if status:
        sys.exit(1)
    return words


def hold_data_folder(folder):
    """Two servers on one folder would share a broker and a beat; the lock goes with this process."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = open(folder / "server.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Tandem already runs on the data folder {folder}. Another one needs its own DATA_DIR.")
    return lock


# --- the children -------------------------------------------------------------------------------------------


def die_with_parent():
    """Linux: have SIGTERM sent to this child when its parent is gone, however it went."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except AttributeError:
        pass


class Child:
    def __init__(self, name, arguments, **environment):
        self.name = name
        self.command = [sys.executable, "-m", *arguments]
        self.environment = os.environ | environment
        self.quick_deaths = 0
        self.not_before = 0.0
        self.process = None

    def start(self):
        self.started = time.monotonic()
        # A session of its own: Ctrl-C reaches this supervisor only, which then stops the children in order.
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def watch(self):
        """Start it again if it died; say so. Raises SystemExit when it keeps dying."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return
        if self.process.poll() is None:
            return
        # What it had started itself (beat inside the worker) must not run twice.
        self.signal_group(signal.SIGKILL)
        self.quick_deaths = self.quick_deaths + 1 if now - self.started < STEADY_AFTER else 0
        if self.quick_deaths >= QUICK_DEATHS:
            sys.exit(f"The {self.name} ended {QUICK_DEATHS} times right after its start; see the lines above.")
        say(f"The {self.name} ended (status {self.process.returncode}); starting it again.")
        self.process = None
        self.not_before = now + min(30, 2**self.quick_deaths) - 1

    def signal_group(self, signum):
        try:
            os.killpg(self.process.pid, signum)
        except (ProcessLookupError, PermissionError):
            pass


def list_children(port, embedded, broker_dir):
    web = Child(
        "web server",
        ["gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
        + ["--workers", "2", "--threads", "4", "--graceful-timeout", "10", "--log-level", "warning"]
        + ["--no-control-socket"],
        TANDEM_PROCESS="web",
    )
    celery = ["celery", "--quiet", "-A", "config"]
    quiet = ["--loglevel", "WARNING"]
    worker = ["worker", "--without-gossip", "--without-mingle", "--concurrency", "2", *quiet]
    if embedded:
        # The broker of files parks a message in the temporary folder while reading it: keep that on one disk.
        taken = str(broker_dir / "taken")
        return [
            web,
            Child("worker", [*celery, *worker, "-P", "threads", "-B"], TANDEM_PROCESS="worker", TMPDIR=taken),
        ]
    return [
        web,
        Child("worker", [*celery, *worker, "-P", "prefork"], TANDEM_PROCESS="worker"),
        Child("beat", [*celery, "beat", "--pidfile=", *quiet], TANDEM_PROCESS="worker"),
    ]


def stop_children(children):
    alive = [child for child in children if child.process]
    deadline = time.monotonic() + STOP_WITHIN
    try:
        for child in alive:
            # To the child alone: web and worker tell their own processes, and let them finish first.
            child.process.terminate()
        for child in alive:
            child.process.wait(max(0.0, deadline - time.monotonic()))
    except (subprocess.TimeoutExpired, Stop):
        # Losing work in progress is safe: the database knows what is still to do.
        pass
    for child in alive:
        child.signal_group(signal.SIGKILL)
        child.process.wait()


def answers(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/healthz?live")
        return connection.getresponse().status == 200
    except OSError:
        return False


def run(children, port, sign_ins):
    for child in children:
        child.start()
    deadline = time.monotonic() + 60
    while not answers(port):
        if time.monotonic() > deadline:
            sys.exit("The web server does not answer after a minute; see the lines above.")
        for child in children:
            child.watch()
        time.sleep(0.1)
    say(f"\nTandem runs at http://127.0.0.1:{port}/\n")
    if sign_ins:
        say(sign_ins)
    say("Ctrl-C stops it.")
    while True:
        for child in children:
            child.watch()
        time.sleep(0.5)


def main():
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    # Database, uploads and key are for this user only.
    os.umask(0o077)
    children = []
    try:
        from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - inside the handling of Ctrl-C

        try:
            from config import settings  # noqa: PLC0415
        except ImproperlyConfigured as error:
            sys.exit(str(error))
        # After the settings, which read the .env file.
        port = read_port()
        lock = hold_data_folder(settings.DATA_DIR)
        sign_ins = prepare_in_child()
        children = list_children(port, not settings.REDIS_URL, settings.BROKER_DIR)
        run(children, port, sign_ins)
        lock.close()
    except Stop:
        say("\nStopping ...")
    finally:
        stop_children(children)
    say("Tandem has stopped.")


if __name__ == "__main__":
    main()
