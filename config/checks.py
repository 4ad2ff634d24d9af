"""Wrong installations, said in a sentence by `manage.py check` and at every start."""

import ipaddress
import os
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register
from django.db import connection

LOOPBACK_NAMES = {"", "localhost"}


def loses_commits(version):
    """SQLite's WAL-reset bug: 3.7.0 to 3.51.2.

    Repaired backwards in 3.50.7 and 3.44.6; 3.52.0 was withdrawn.
    """
    if version >= (3, 51, 3):
        return version == (3, 52, 0)
    repaired = (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return not repaired


@register()
def check_sqlite_version(app_configs, **kwargs):
    if connection.vendor != "sqlite" or not loses_commits(sqlite3.sqlite_version_info):
        return []
    return [
        Warning(
            f"SQLite {sqlite3.sqlite_version} can lose committed data when two processes write.",
            hint="Install pysqlite3 0.6.1 or newer where it has a wheel, or use PostgreSQL by DATABASE_URL.",
            id="tandem.W001",
        )
    ]


@register()
def check_secret_key(app_configs, **kwargs):
    key = settings.SECRET_KEY
    if len(key) >= 50 and len(set(key)) >= 10 and not key.startswith("change-me"):
        return []
    return [
        Error(
            "SECRET_KEY is short or guessable: sessions could be forged.",
            hint="Leave it empty to have one made in the data folder, or set 50 random characters or more.",
            id="tandem.E001",
        )
    ]


def is_loopback(host):
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@register()
def check_redis_password(app_configs, **kwargs):
    url = urlsplit(settings.REDIS_URL)
    if not settings.REDIS_URL or url.password or is_loopback(url.hostname or ""):
        return []
    return [
        Warning(
            f"Redis on {url.hostname} is used without a password: whoever reaches it can start jobs.",
            hint="Set requirepass in Redis and write REDIS_URL=redis://:PASSWORD@HOST:6379/0.",
            id="tandem.W002",
        )
    ]


@register()
def check_data_dir(app_configs, **kwargs):
    folder = Path(settings.DATA_DIR)
    if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data folder {folder} is missing or cannot be written.",
            hint="Create it, give it to the user that runs Tandem, or name another one by DATA_DIR.",
            id="tandem.E002",
        )
    ]
