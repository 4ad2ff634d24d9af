"""What the settings promise, read back from where it takes effect."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config import checks
from config.settings import SQLITE_OPTIONS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(transaction=True)
def test_the_database_is_set_as_promised():
    (sqlite_reads_back if connection.vendor == "sqlite" else postgresql_reads_back)()
    # The tests turn the disk's promise off for speed; the product does not.
    assert "synchronous=FULL" in SQLITE_OPTIONS["init_command"]


def sqlite_reads_back():
    with connection.cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "journal_size_limit")
        }
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 20_000,
        "journal_size_limit": 64 * 1024 * 1024,
    }
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def postgresql_reads_back():
    # Of a command; a web process gives up earlier (below).
    promised = {
        "lock_timeout": "5s",
        "statement_timeout": "30min",
        "idle_in_transaction_session_timeout": "10min",
        "synchronous_commit": "on",
    }
    found = {}
    with connection.cursor() as cursor:
        for name in promised:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    assert found == promised


def read(code: str, **environment) -> subprocess.CompletedProcess:
    """Settings of a fresh process."""
    clean = {"PATH": "/usr/bin:/bin", "TANDEM_ENV_FILE": "/dev/null", "SECRET_KEY": "x1y2z3" * 10}
    return subprocess.run(
        [sys.executable, "-c", f"from config import settings as s; print({code})"],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_web_process_gives_up_before_a_worker(tmp_path):
    for process, limit in (("web", "15000"), ("worker", "240000")):
        found = read(
            "s.DATABASES['default']['OPTIONS']['options']",
            DATA_DIR=str(tmp_path),
            DATABASE_URL="postgres://a:b@127.0.0.1/c",
            TANDEM_PROCESS=process,
        )
        assert f"statement_timeout={limit}" in found.stdout, found.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TANDEM_HTTPS", "perhaps", "TANDEM_HTTPS must be 1 or 0"),
        ("TANDEM_PROXIES", "-1", "TANDEM_PROXIES must be a whole number from 0 to 5"),
        ("TANDEM_PROCESS", "daemon", "TANDEM_PROCESS must be one of: web, worker, command"),
        ("DATABASE_URL", "mysql://a@b/c", "DATABASE_URL must begin with postgres:// or sqlite:///"),
        ("DATABASE_URL", "sqlite://:memory:", "DATABASE_URL must name a file"),
        ("REDIS_URL", "http://a", "REDIS_URL must begin with redis:// or rediss://"),
    ],
)
def test_a_value_that_cannot_be_understood_stops_the_start_with_a_sentence(tmp_path, name, value, words):
    found = read("1", DATA_DIR=str(tmp_path), **{name: value})
    assert found.returncode != 0 and words in found.stderr


def test_https_makes_cookies_and_answers_strict(tmp_path):
    code = "[s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS, s.DEBUG]"
    found = read(code, DATA_DIR=str(tmp_path), TANDEM_HTTPS="1")
    assert found.stdout.strip() == "['__Host-session', True, True, 31536000, False]", found.stderr


def test_the_key_is_made_once_and_is_for_its_owner_only(tmp_path):
    keys = {read("s.SECRET_KEY", DATA_DIR=str(tmp_path), SECRET_KEY="").stdout.strip() for _ in range(2)}
    assert len(keys) == 1 and len(keys.pop()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_the_order_of_the_middleware_that_others_rely_on():
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    assert order[0] == "client_address" and order[-1] == "AxesMiddleware"
    assert order.index("security_headers") < order.index("WhiteNoiseMiddleware") < order.index("SessionMiddleware")
    assert order.index("refuse_nul") < order.index("SessionMiddleware")


def test_only_the_hops_of_our_own_proxies_are_believed(rf, settings):
    from core.middleware import client_address

    request = rf.get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.7")
    settings.PROXIES = 1
    assert client_address(lambda r: r.META["REMOTE_ADDR"])(request) == "203.0.113.7"
    request = rf.get("/", REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="6.6.6.6")
    settings.PROXIES = 0
    assert client_address(lambda r: r.META["REMOTE_ADDR"])(request) == "10.0.0.9"


# --- system checks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "loses"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), True),
        ((3, 53, 0), False),
    ],
)
def test_which_sqlite_loses_commits(version, loses):
    assert checks.loses_commits(version) is loses


def test_the_sqlite_of_this_installation_is_judged(monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    monkeypatch.setattr(connection, "vendor", "sqlite")
    assert [found.id for found in checks.check_sqlite_version(None)] == ["tandem.W001"]


def test_short_keys_open_redis_and_a_lost_folder_are_said(settings, tmp_path):
    assert checks.check_secret_key(None) == []
    settings.SECRET_KEY = "a" * 60
    assert [found.id for found in checks.check_secret_key(None)] == ["tandem.E001"]
    settings.REDIS_URL = "redis://redis.example.com/0"
    assert [found.id for found in checks.check_redis_password(None)] == ["tandem.W002"]
    for harmless in ("redis://127.0.0.1/0", "redis://:word@redis.example.com/0", ""):
        settings.REDIS_URL = harmless
        assert checks.check_redis_password(None) == []
    settings.DATA_DIR = tmp_path / "gone"
    assert [found.id for found in checks.check_data_dir(None)] == ["tandem.E002"]


def test_the_project_passes_its_own_checks():
    call_command("check", fail_level="ERROR")
