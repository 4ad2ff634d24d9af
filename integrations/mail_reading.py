"""From the bytes of a mail to what is evidence of a contact: who wrote to whom, when, and what a machine says about itself.

Neither subject nor text is read. Pure; no database.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice

# Headers and calendar parts come early; attachments after this are not read.
MOST_BYTES = 1_000_000
# No program nests deeper, or sends more calendars in one mail; of what does, the headers are read.
_MOST_BOUNDARIES, _MOST_CALENDARS = 30, 5
# Where servers note the envelope's recipient, which for a blind copy stands nowhere else.
_ENVELOPE = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To")
_MACHINES = ("List-Id", "X-Autoreply", "X-Autorespond", "X-Autorespond-From")
_BULK = {"bulk", "list", "junk", "auto_reply"}


@dataclass(frozen=True)
class Mail:
    """Addresses are in lower case. `identity` is the same for every delivery of the same mail."""

    message_id: str
    identity: str
    sender: str
    recipients: tuple[str, ...]
    envelope: tuple[str, ...]
    sent_at: dt.datetime | None
    automated: bool
    is_reply: bool
    calendars: tuple[bytes, ...]


def read_mail(raw: bytes) -> Mail:
    """Read an RFC 822 message, which may be cut off. What is not there is empty; nothing raises."""
    raw = raw[:MOST_BYTES].replace(b"\0", b"")  # which no database keeps
    message = _parsed(raw)
    senders = _addresses(message, ("From",))
    message_id = " ".join(str(message.get("Message-ID", "")).split())[:250]
    return Mail(
        message_id=message_id,
        identity=message_id or hashlib.sha256(raw).hexdigest(),
        sender=senders[0] if len(senders) == 1 else "",
        recipients=_addresses(message, ("To", "Cc")),
        envelope=_addresses(message, ("Bcc", *_ENVELOPE)),
        sent_at=_sent_at(message),
        automated=_is_automated(message),
        is_reply=bool(message.get("In-Reply-To") or message.get("References")),
        calendars=tuple(islice(_calendars(message), _MOST_CALENDARS)),
    )


def _parsed(raw: bytes) -> Message:
    parser = BytesParser(policy=policy.compat32)
    try:
        return parser.parsebytes(raw, headersonly=raw.lower().count(b"boundary") > _MOST_BOUNDARIES)
    except RecursionError:
        return parser.parsebytes(raw, headersonly=True)


def _addresses(message: Message, headers: Sequence[str]) -> tuple[str, ...]:
    lines = [str(line) for name in headers for line in message.get_all(name, [])]
    try:
        found = [address.strip().lower() for _, address in getaddresses(lines)]
    except RecursionError:  # brackets in brackets, thousands deep
        return ()
    return tuple(dict.fromkeys(address for address in found if "@" in address and len(address) <= 254))


def _sent_at(message: Message) -> dt.datetime | None:
    try:
        at = parsedate_to_datetime(str(message.get("Date", "")))
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_automated(message: Message) -> bool:
    """Whether a machine wrote it by itself: out of office, newsletters, lists, reports of delivery (RFC 3834)."""
    said = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    return (
        said not in ("", "no")
        or any(message.get(name) for name in _MACHINES)
        or str(message.get("Precedence", "")).strip().lower() in _BULK
        or message.get_content_type() == "multipart/report"
        or str(message.get("Return-Path", "")).strip() == "<>"
    )


def _calendars(message: Message):
    for part in message.walk():
        if part.get_content_type() == "text/calendar" and not part.is_multipart():
            content = part.get_payload(decode=True)
            if content:
                yield content
