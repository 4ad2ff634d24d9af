"""The same issue raised by two people from equal states leaves no byte by which they differ (reliability T11)."""

import logging
import os

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, models

from reviews.models import Issue
from reviews.services import Shown, raise_issue
from tests.reviews.raising import NOW, SENTENCE
from tests.reviews.traces import LEAKS, left_behind


def traces(send, who, caplog, callbacks, mails, leak=None) -> str:
    """What one person's issue leaves behind, everywhere; afterwards it is undone. Its random id alone is taken out."""

    def submit() -> None:
        answer = send(who)
        if leak:
            leak(who)
        assert (answer.status_code, answer.url) == (302, "/review/issues/?sent")

    def own() -> list[str]:
        (issue,) = Issue.objects.all()
        return [str(issue.id), issue.id.hex]

    return left_behind(submit, caplog, callbacks, mails, own)


@pytest.fixture
def compare(send, wins, people, browser, caplog, mailoutbox, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    for who in ("member", "marketing_lead"):  # both are signed in and have been everywhere before
        browser(who).get("/review/issues/")
        browser(who).get("/")

    def run(leak=None) -> tuple[str, str]:
        first = traces(send, "member", caplog, django_capture_on_commit_callbacks, mailoutbox, leak)
        second = traces(send, "marketing_lead", caplog, django_capture_on_commit_callbacks, mailoutbox, leak)
        return first, second

    return run


def test_two_people_leave_the_same_bytes(compare):
    first, second = compare()
    assert SENTENCE in first  # the issue is in what is compared
    assert first == second


@pytest.mark.parametrize("kind", LEAKS)
def test_the_comparison_sees_what_would_tell_them_apart(compare, people, browser, kind):
    """Positive control: each of these would be an author stored."""
    first, second = compare(lambda who: LEAKS[kind](people[who], browser(who)))
    cache.clear()
    assert first != second


def test_no_column_holds_an_author_or_an_hour():
    fields = {field.name: field for field in Issue._meta.fields}
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
