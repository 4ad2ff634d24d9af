"""Mail is a row first: sent once, tried again after errors, given up visibly, never lost and never sent twice."""

import datetime as dt
import smtplib
import time

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from core.models import OutgoingMessage
from core.outbox import CLAIM_LASTS, ENDED_KEPT, SENT_KEPT, WAITS, forget_old_messages, queue_message, send_due, try_again

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 5, 20, 10, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


class Unreachable(BaseEmailBackend):
    def open(self):
        raise ConnectionRefusedError


class Refusing(BaseEmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPDataError(451, b"not now")


class BrokenOff(BaseEmailBackend):
    """The connection ends after the text was handed over: nobody knows."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("gone")


def queue(key="a", **fields) -> bool:
    told = {"kind": "Test", "to": "a@example.com", "subject": "Hello", "text": "Text.", "now": NOW} | fields
    return queue_message(key=key, **told)


def send(at=NOW) -> int:
    return send_due(now=at, until=time.monotonic() + 60)


def use(settings, backend) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"


def test_a_message_is_sent_once_and_emptied_afterwards():
    assert queue() is True
    assert (send(), send(), send(NOW + MINUTE)) == (1, 0, 0)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject, letter.body) == (["a@example.com"], "Hello", "Text.")
    row = OutgoingMessage.objects.get()
    assert (row.state, row.to, row.subject, row.text, row.ended_at, row.attempts) == ("sent", "", "", "", NOW, 1)


def test_the_same_message_is_written_once_even_after_it_was_sent():
    queue()
    send()
    assert queue(text="Again.") is False
    assert send() == 0 and len(mail.outbox) == 1


def test_a_message_of_a_transaction_that_failed_is_none():
    with pytest.raises(RuntimeError), transaction.atomic():
        queue()
        raise RuntimeError
    assert not OutgoingMessage.objects.exists()


def test_a_line_break_in_the_subject_makes_no_header():
    queue(subject="Hello\r\nBcc: everybody@example.com")
    send()
    assert mail.outbox[0].subject == "Hello Bcc: everybody@example.com"


@pytest.mark.parametrize(("backend", "error"), [(Unreachable, "ConnectionRefusedError"), (Refusing, "SMTPDataError")])
def test_what_certainly_did_not_go_out_is_tried_again_at_growing_distances_and_then_given_up(settings, backend, error):
    use(settings, backend)
    queue()
    at = NOW
    for wait in WAITS:
        assert send(at) == 0
        row = OutgoingMessage.objects.get()
        assert (row.state, row.next_try_at, row.error) == ("waiting", at + wait, error)
        assert send(at + wait - dt.timedelta(seconds=1)) == 0
        assert OutgoingMessage.objects.get().attempts == row.attempts
        at += wait
    send(at)
    row = OutgoingMessage.objects.get()
    assert (row.state, row.attempts, row.ended_at) == ("failed", len(WAITS) + 1, at)
    assert sorted(WAITS) == WAITS


def test_a_mail_server_that_comes_back_gets_what_waited(settings):
    use(settings, Unreachable)
    queue()
    send()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send(NOW + WAITS[0]) == 1 and len(mail.outbox) == 1


def test_what_may_have_gone_out_is_not_sent_again_by_itself(settings):
    use(settings, BrokenOff)
    queue()
    send()
    row = OutgoingMessage.objects.get()
    assert (row.state, row.error) == ("unclear", "SMTPServerDisconnected")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send(NOW + dt.timedelta(days=2)) == 0
    assert try_again(message_id=row.id, now=NOW) is True
    assert (send(), send()) == (1, 0)
    assert try_again(message_id=row.id, now=NOW) is False


def test_a_worker_that_died_while_sending_leaves_a_message_that_shows():
    queue()
    OutgoingMessage.objects.update(state="sending", claimed_at=NOW, attempts=1)
    assert send(NOW + CLAIM_LASTS) == 0
    assert OutgoingMessage.objects.get().state == "sending"
    assert send(NOW + CLAIM_LASTS + MINUTE) == 0 and mail.outbox == []
    row = OutgoingMessage.objects.get()
    assert (row.state, row.error) == ("unclear", "WorkerLost")


def test_a_rival_that_claimed_first_sends_alone(settings):
    """The other job claims between our reading and our claim: its claim is put in at exactly that place."""
    queue("a")
    queue("b")
    real = mail.backends.locmem.EmailBackend.send_messages

    class Rival(mail.backends.locmem.EmailBackend):
        def send_messages(self, messages):
            OutgoingMessage.objects.filter(key="b").update(state="sending", claimed_at=NOW)
            return real(self, messages)

    globals()["Rival"] = Rival
    use(settings, Rival)
    assert send() == 1
    assert OutgoingMessage.objects.get(key="b").state == "sending"


def test_a_text_that_cannot_be_sent_stops_no_other_message():
    queue("a", to="not an address\nat all")
    queue("b", to="b@example.com")
    assert send() == 1
    assert [letter.to for letter in mail.outbox] == [["b@example.com"]]
    assert OutgoingMessage.objects.get(key="a").state in ("unclear", "waiting")


def test_nothing_of_a_message_is_logged(settings, caplog):
    use(settings, Refusing)
    queue(subject="Anna Brandt", text="Anna Brandt")
    send()
    assert "SMTPDataError" in caplog.text
    assert "Anna" not in caplog.text and "example.com" not in caplog.text


def test_old_ones_are_forgotten_and_waiting_ones_are_not(settings):
    queue("sent")
    send()
    use(settings, BrokenOff)
    queue("unclear")
    send()
    queue("waiting")
    forget_old_messages(now=NOW + SENT_KEPT + MINUTE)
    assert set(OutgoingMessage.objects.values_list("key", flat=True)) == {"unclear", "waiting"}
    forget_old_messages(now=NOW + ENDED_KEPT + MINUTE)
    assert set(OutgoingMessage.objects.values_list("key", flat=True)) == {"waiting"}
