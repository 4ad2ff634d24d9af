"""A mail that carries a calendar file: mail programs offer to enter it, and nothing of it is kept once it is sent."""

import datetime as dt
import time

import pytest
from django.core import mail

from core.models import OutgoingMessage
from core.outbox import queue_message, send_due

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def sent(method: str) -> mail.EmailMessage:
    file = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nEND:VCALENDAR\r\n"
    queue_message(
        key="review:1", kind="Invitation", to="ann@example.com", subject="Review", text="Monday", now=NOW, calendar=file
    )
    assert send_due(now=NOW, until=time.monotonic() + 60) == 1
    return mail.outbox[-1]


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_the_file_is_attached_and_its_type_says_what_it_asks_for(method):
    (part,) = [part for part in sent(method).message().walk() if part.get_content_type() == "text/calendar"]
    assert (part.get_param("method"), part.get_filename()) == (method, "review.ics")
    assert f"METHOD:{method}" in part.get_payload(decode=True).decode()


def test_a_mail_without_a_file_has_no_attachment(company):
    queue_message(key="plain", kind="Digest", to="ann@example.com", subject="Today", text="Two are due", now=NOW)
    send_due(now=NOW, until=time.monotonic() + 60)
    assert mail.outbox[-1].attachments == []


def test_the_file_is_emptied_once_it_is_sent():
    sent("REQUEST")
    row = OutgoingMessage.objects.get()
    assert (row.state, row.calendar, row.text, row.to) == ("sent", "", "", "")
