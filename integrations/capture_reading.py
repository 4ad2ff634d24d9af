"""From the body of a posted form to what it says: who, what they wrote, and how they came. Pure; no database."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from core.errors import DomainError
from core.text import clean_text
from leads.links import host_of, path_of
from leads.models import UTM

MOST_BYTES = 64_000
TRAP = "tandem_trap"
# What people call the fields of their forms.
_NAMES = {
    "email": ("email", "e-mail", "mail", "work_email", "work-email", "your-email"),
    "name": ("name", "full_name", "fullname", "your-name"),
    "first": ("first_name", "firstname", "first-name", "given-name"),
    "last": ("last_name", "lastname", "last-name", "surname", "family-name"),
    "phone": ("phone", "tel", "telephone", "phone_number"),
    "company": ("company", "organisation", "organization", "company_name"),
    "message": ("message", "comments", "comment", "question"),
}
_SIZES = {"email": 254, "name": 200, "first": 100, "last": 100, "phone": 60, "company": 200, "message": 5_000}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MOST_ANSWERS, _ANSWER_SIZE, _LABEL_SIZE = 20, 500, 60
# A browser remembers for 90 days; what is said to be older is a wrong clock.
_OLDEST = dt.timedelta(days=120)
_LONGEST_RETRY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Came:
    """One way in: when, by our clock, and the words of the link."""

    at: dt.datetime
    link: dict[str, str]


@dataclass(frozen=True)
class Posted:
    """`identity` is the same however often the form is posted. `came`: first and last way in, oldest first; one, or none."""

    identity: str
    submitted_at: dt.datetime
    email: str
    name: str
    phone: str
    company: str
    text: str
    page: str
    consent: bool
    trapped: bool
    came: tuple[Came, ...]


def read_script(raw: bytes, *, received_at: dt.datetime) -> Posted:
    """What static/js/capture.js sends. DomainError `unreadable` or `email_missing`."""
    try:
        body = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(body, dict) or not isinstance(body.get("fields"), dict):
        raise _unreadable()
    identity = body.get("id")
    if not isinstance(identity, str) or not re.fullmatch(r"[0-9A-Za-z-]{16,64}", identity):
        raise _unreadable()
    clock = _Clock(body.get("now"), received_at)
    submitted_at = clock.at(body.get("submitted"), _LONGEST_RETRY) or received_at
    consent = body.get("consent") is True
    ways = [_came(body.get(name), clock) for name in (("first", "last") if consent else ("last",))]
    came = sorted({way.at: way for way in ways if way}.values(), key=lambda way: way.at)
    return _posted(
        {str(name): value for name, value in body["fields"].items()},
        identity=identity,
        submitted_at=submitted_at,
        page=_text(body.get("page"), 300),
        consent=consent,
        trapped=bool(body.get("trap")),
        came=tuple(came),
    )


def read_plain(raw: bytes, *, referer: str, received_at: dt.datetime) -> Posted:
    """A form that a browser without scripts posts. The same answers of the same day are the same post."""
    try:
        sent = QueryDict(raw.decode("utf-8"))
    except (UnicodeDecodeError, ValueError) as error:
        raise _unreadable() from error
    fields = {name: sent[name] for name in sent if name != TRAP}
    content = json.dumps([f"{received_at:%Y-%m-%d}", sorted(fields.items())])
    return _posted(
        fields,
        identity=hashlib.sha256(content.encode()).hexdigest(),
        submitted_at=received_at,
        page=path_of(referer),
        consent=False,
        trapped=bool(sent.get(TRAP)),
        came=(),
    )


def _posted(fields: Mapping[str, object], *, page: str, **known) -> Posted:
    lower = {name.strip().casefold(): value for name, value in fields.items()}
    found = {
        part: next((text for name in names if (text := _text(lower.get(name), _SIZES[part]))), "")
        for part, names in _NAMES.items()
    }
    email = found["email"].lower()
    if not _EMAIL.fullmatch(email) and not known["trapped"]:
        raise DomainError("email_missing", "Please enter an e-mail address.", field="email")
    used = {name for names in _NAMES.values() for name in names}
    answers = [(name, _text(value, _ANSWER_SIZE)) for name, value in fields.items() if name.strip().casefold() not in used]
    lines = [f"{_text(name, _LABEL_SIZE)}: {text}" for name, text in answers if text and not name.startswith("_")]
    return Posted(
        email=email,
        name=found["name"] or f"{found['first']} {found['last']}".strip(),
        phone=found["phone"],
        company=found["company"],
        text="\n".join([found["message"], *lines[:_MOST_ANSWERS]]).strip(),
        page=path_of(page),
        **known,
    )


class _Clock:
    """A browser's clock beside ours: what counts is how long ago it says something was."""

    def __init__(self, now: object, received_at: dt.datetime):
        self.now, self.received_at = now, received_at

    def at(self, said: object, oldest: dt.timedelta) -> dt.datetime | None:
        """Our instant of the browser's milliseconds; None if that lies ahead or too far back."""
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in (said, self.now)):
            return None
        ago = self.now - said
        if not 0 <= ago <= oldest / dt.timedelta(milliseconds=1):
            return None
        return self.received_at - dt.timedelta(milliseconds=ago)


def _came(said: object, clock: _Clock) -> Came | None:
    if not isinstance(said, dict):
        return None
    link = {name: _text(said.get(name), 150) for name in UTM}
    link |= {"page": path_of(_text(said.get("page"), 300)), "referrer": host_of(_text(said.get("referrer"), 200))}
    at = clock.at(said.get("at"), _OLDEST)
    link = {name: text for name, text in link.items() if text}
    return Came(at, link) if at is not None and link else None


def _text(value: object, size: int) -> str:
    """Text within its bounds; what is none, or can't be kept, is empty."""
    if not isinstance(value, str):
        return ""
    try:
        return clean_text(value)[:size]
    except ValueError:
        return ""


def _unreadable() -> DomainError:
    return DomainError("unreadable", "This form could not be read.")
