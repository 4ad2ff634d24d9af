"""Mail that must not be lost: a row in the sender's transaction, then sent by a job, once.

A message is claimed by a conditional update before it is sent, so of two jobs one sends it. Where an error leaves open
whether it went out, or a worker dies while sending, it is not sent again by itself: a mail that may be missing shows on the
health page, one that comes twice would only annoy.
"""

import datetime as dt
import logging
import time

from django.db.models import F, QuerySet

from core.mail import NotSent, send_once
from core.models import OutgoingMessage

log = logging.getLogger("tandem.mail")

# Waiting before each further try: about a day in all, then it is given up.
WAITS = [dt.timedelta(minutes=m) for m in (1, 5, 20, 60, 240, 480, 720)]
# Longer than any conversation with a mail server (core.mail.TIMEOUT for each step): whoever claimed it is gone.
CLAIM_LASTS = dt.timedelta(minutes=10)
SENT_KEPT = dt.timedelta(days=30)
ENDED_KEPT = dt.timedelta(days=90)
_State = OutgoingMessage.State


def queue_message(*, key: str, kind: str, to: str, subject: str, text: str, now: dt.datetime, calendar: str = "") -> bool:
    """Write a mail down, in the caller's transaction. False if one under this key was written before.

    `calendar`: an iCalendar file that goes with it.
    """
    subject = " ".join(subject.split())[:200]  # a line break would be a header of its own
    message = OutgoingMessage(
        key=key, kind=kind, to=to, subject=subject, text=text, calendar=calendar, next_try_at=now, created_at=now
    )
    if OutgoingMessage.objects.filter(key=key).exists():
        return False
    # Of two writers of the same message at once the second one's row is left out.
    OutgoingMessage.objects.bulk_create([message], ignore_conflicts=True)
    return True


def due_messages(now: dt.datetime) -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(state=_State.WAITING, next_try_at__lte=now).order_by("next_try_at", "id")


def send_due(*, now: dt.datetime, until: float) -> int:
    """Send what is due, until a monotonic time. Returns how many went out. Nothing of a message is logged."""
    _give_up_lost_claims(now)
    sent = 0
    for pk in list(due_messages(now).values_list("id", flat=True)[:500]):
        if time.monotonic() > until:
            break
        claimed = OutgoingMessage.objects.filter(id=pk, state=_State.WAITING).update(
            state=_State.SENDING, claimed_at=now, attempts=F("attempts") + 1
        )
        if claimed:
            sent += _send(OutgoingMessage.objects.get(id=pk), now)
    return sent


def _send(message: OutgoingMessage, now: dt.datetime) -> bool:
    """Send a claimed message; no transaction is open while the mail server is talked to."""
    try:
        send_once(to=message.to, subject=message.subject, text=message.text, calendar=message.calendar)
    except NotSent as error:
        name = type(error.__cause__).__name__
        if message.attempts <= len(WAITS):
            again = now + WAITS[message.attempts - 1]
            _settle(message, state=_State.WAITING, next_try_at=again, error=name)
        else:
            _settle(message, state=_State.FAILED, ended_at=now, error=name)
        log.warning("A message could not be sent (%s, try %s).", name, message.attempts)
        return False
    except Exception as error:  # whatever a mail server's library raises: nobody knows how far it came
        _settle(message, state=_State.UNCLEAR, ended_at=now, error=type(error).__name__)
        log.warning("A message was sent or not (%s).", type(error).__name__)
        return False
    _settle(message, state=_State.SENT, ended_at=now, error="", to="", subject="", text="", calendar="")
    return True


def _settle(message: OutgoingMessage, **fields) -> None:
    OutgoingMessage.objects.filter(id=message.id, state=_State.SENDING).update(claimed_at=None, **fields)


def _give_up_lost_claims(now: dt.datetime) -> None:
    lost = OutgoingMessage.objects.filter(state=_State.SENDING, claimed_at__lt=now - CLAIM_LASTS)
    lost.update(state=_State.UNCLEAR, ended_at=now, claimed_at=None, error="WorkerLost")


def try_again(*, message_id: int, now: dt.datetime) -> bool:
    """Put a message that was given up, or may not have gone out, back among the waiting ones: a person decided so."""
    ended = OutgoingMessage.objects.filter(id=message_id, state__in=(_State.FAILED, _State.UNCLEAR))
    return bool(ended.update(state=_State.WAITING, attempts=0, next_try_at=now, ended_at=None, error=""))


def forget_old_messages(*, now: dt.datetime) -> None:
    OutgoingMessage.objects.filter(state=_State.SENT, ended_at__lt=now - SENT_KEPT).delete()
    OutgoingMessage.objects.filter(state__in=(_State.FAILED, _State.UNCLEAR), ended_at__lt=now - ENDED_KEPT).delete()
