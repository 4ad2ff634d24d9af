"""The same act for many, one by one: what breaks with one of them must not keep the others waiting."""

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterable
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction

from core.signs import record_failure

log = logging.getLogger("tandem.jobs")
# These are about all of them: the database is away, or the job's time is over.
_FOR_ALL = (OperationalError, InterfaceError, SoftTimeLimitExceeded)


def for_each(items: Iterable, act: Callable[[Any], bool], *, job: str, now: dt.datetime, in_transaction: bool = True) -> int:
    """Do `act` with each item, in a transaction of its own. Returns how many times it said that it did something.

    `in_transaction=False`: for acts that compute for long and then write in a short transaction of their own.

    An error stops that item alone: its class is counted on the health page under `job`, its text and the item stay out of
    the log. The item is left as it was, so the next run finds it again.
    """
    done = 0
    for item in items:
        try:
            with transaction.atomic() if in_transaction else contextlib.nullcontext():
                done += bool(act(item))
        except _FOR_ALL:
            raise
        except Exception as error:  # whatever one item's data bring about
            log.error("One of many failed in %s (%s).", job, type(error).__name__)
            record_failure(task=job, error=type(error).__name__, now=now)
    return done
