"""The same issue raised by two people from equal states leaves no byte by which they differ (reliability T11)."""

import hashlib
import logging
import os

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection, models, transaction

from accounts.models import ConsoleEvent
from reviews.models import Issue
from reviews.services import Shown, raise_issue
from tests.reviews.raising import NOW, SENTENCE


def database() -> dict[str, list[str]]:
    """Every row of every table, read past the models."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(repr([_plain(value) for value in row]) for row in cursor.fetchall())
    return found


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


def traces(send, who, caplog, callbacks, leak=None) -> str:
    """What one person's issue leaves behind, everywhere; afterwards it is undone. Its random id alone is taken out."""
    caplog.clear()
    with transaction.atomic():
        with callbacks(execute=True):
            answer = send(who)
            if leak:
                leak(who)
        assert (answer.status_code, answer.url) == (302, "/review/issues/?sent")
        (issue,) = Issue.objects.all()
        lines = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
        left = repr((database(), broker(), lines))
        transaction.set_rollback(True)
    for text in (str(issue.id), issue.id.hex):
        left = left.replace(text, "")
    return left


@pytest.fixture
def compare(send, wins, people, browser, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    for who in ("member", "marketing_lead"):  # both are signed in and have been everywhere before
        browser(who).get("/review/issues/")
        browser(who).get("/")

    def run(leak=None) -> tuple[str, str]:
        first = traces(send, "member", caplog, django_capture_on_commit_callbacks, leak)
        second = traces(send, "marketing_lead", caplog, django_capture_on_commit_callbacks, leak)
        return first, second

    return run


def test_two_people_leave_the_same_bytes(compare):
    first, second = compare()
    assert SENTENCE in first  # the issue is in what is compared
    assert first == second


LEAKS = {
    "a row with the actor": lambda people, browser, who: ConsoleEvent.objects.create(
        area="people", text="raised an issue", actor=people[who]
    ),
    "a touched session": lambda people, browser, who: _touch(browser(who)),
    "a line of the log": lambda people, browser, who: logging.getLogger("tandem").info("issue by %s", people[who].pk),
    "a count per person": lambda people, browser, who: cache.set(hashlib.sha256(people[who].email.encode()).hexdigest(), 1),
}


def _touch(client) -> None:
    session = client.session
    session["seen"] = NOW.isoformat()
    session.save()


@pytest.mark.parametrize("kind", LEAKS)
def test_the_comparison_sees_what_would_tell_them_apart(compare, people, browser, kind):
    """Positive control: each of these would be an author stored."""
    first, second = compare(lambda who: LEAKS[kind](people, browser, who))
    cache.clear()
    assert first != second


def test_no_column_holds_an_author_or_an_hour():
    fields = {field.name: field for field in Issue._meta.get_fields()}
    assert {name for name, field in fields.items() if field.is_relation} == {"answered_by"}
    assert not [name for name, field in fields.items() if isinstance(field, models.DateTimeField | models.TimeField)]
    assert not isinstance(fields["id"], models.AutoField)


def test_places_in_the_file_tell_no_order(company):
    """The order of raising and the order in the file have nothing to do with each other, from the first row to the last."""
    column = "ctid" if connection.vendor == "postgresql" else "rowid"
    shown = Shown("won_deals", "", "", "2 deals", [1])
    positions = []
    for round_ in range(40):
        Issue.objects.all().delete()
        for n in range(5):
            raise_issue(shown=shown, wrong="low", sentence=f"{n} in round {round_}", today=NOW.date())
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT sentence FROM reviews_issue ORDER BY {column}")
            positions.append([int(row[0][0]) for row in cursor.fetchall()])
    # In order of raising, the last one would always be last: 40 of 40. By chance it is 8; 20 come once in 10,000 runs.
    for n in range(5):
        assert max(sum(order[place] == n for order in positions) for place in range(5)) < 20


def test_the_server_keeps_no_log_of_requests():
    source = (settings.BASE_DIR / "script" / "supervise.py").read_text() + (
        settings.BASE_DIR / "docker-compose.yml"
    ).read_text()
    assert "gunicorn" in source and "access-log" not in source and "accesslog" not in source
    assert "GUNICORN_CMD_ARGS" not in os.environ
