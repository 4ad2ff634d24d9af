"""Typed readers of the environment. A value that cannot be understood stops the start with one sentence."""

import os
import secrets
import stat

from django.core.exceptions import ImproperlyConfigured


def read_bool(name, default):
    raw = os.environ.get(name, "").strip().lower()
    if raw == "":
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0 (or true/false, yes/no, on/off).")


def read_int(name, default, low, high):
    raw = os.environ.get(name, "").strip()
    if raw == "":
        return default
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}.")
    return int(raw)


def read_choice(name, default, choices):
    raw = os.environ.get(name, "").strip() or default
    if raw not in choices:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(choices)}.")
    return raw


def read_list(name, default):
    found = [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]
    return found or default


def read_or_make_secret_key(path):
    """The key in the data folder; made on the first start, readable by its owner only."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            # A link fails when another process was first, so that all processes end with one key.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
