"""Everything that a submission leaves behind, to be compared between two people (reliability T11)."""

import hashlib
import logging

from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection, transaction

from accounts.models import ConsoleEvent
from tests.reviews.raising import NOW


def database(taken_out: list[str]) -> dict[str, list[str]]:
    """Every row of every table, read past the models: sessions and the outbox for mails among them.

    Without the texts that are taken out; sorted after that, so that no random id decides the order.
    """
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = [repr([_plain(value) for value in row]) for row in cursor.fetchall()]
            found[table] = sorted(without(row, taken_out) for row in rows)
    return found


def without(text: str, taken_out: list[str]) -> str:
    for one in taken_out:
        text = text.replace(one, "")
    return text


def _plain(value):
    """PostgreSQL gives bytes as a view, whose words are its address."""
    return bytes(value) if isinstance(value, memoryview) else value


def broker() -> dict[str, str]:
    """What lies in the broker, and in a cache that shares its server."""
    if settings.REDIS_URL:
        import redis

        server = redis.Redis.from_url(settings.REDIS_URL)
        return {key.hex(): hashlib.sha256(server.dump(key) or b"").hexdigest() for key in server.scan_iter()}
    files = {str(path): path.read_bytes().hex() for path in settings.BROKER_DIR.rglob("*") if path.is_file()}
    return files | {key: repr(value) for key, value in caches["default"]._cache.items()}


def left_behind(submit, caplog, callbacks, outbox, own) -> str:
    """What `submit()` leaves in database, broker, cache, log and mail; afterwards it is undone.

    `own()`: the random texts of the row itself (its id, the mark of its ballot), which are taken out.
    """
    caplog.clear()
    outbox.clear()
    with transaction.atomic():
        with callbacks(execute=True):
            submit()
        lines = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
        mails = [(mail.to, mail.subject, mail.body) for mail in outbox]
        taken_out = own()
        left = repr((database(taken_out), broker(), lines, mails))
        transaction.set_rollback(True)
    return without(left, taken_out)


def _touch(client) -> None:
    session = client.session
    session["seen"] = NOW.isoformat()
    session.save()


# Positive controls: each of these would be an author stored. Given the person and their browser.
LEAKS = {
    "a row with the actor": lambda person, client: ConsoleEvent.objects.create(area="people", text="wrote", actor=person),
    "a touched session": lambda person, client: _touch(client),
    "a line of the log": lambda person, client: logging.getLogger("tandem").info("written by %s", person.pk),
    "a count per person": lambda person, client: cache.set(hashlib.sha256(person.email.encode()).hexdigest(), 1),
}
