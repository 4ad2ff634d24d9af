"""Writes to the organisation and its mail server, with their line in the history (core knows no people)."""

import datetime as dt

from django.db import transaction

from accounts.models import ConsoleEvent, User
from accounts.services.history import record_event
from core import services as core
from core.models import CompanyZone, MailSettings, Organisation

_AREA = ConsoleEvent.Area.ORGANISATION


def change_organisation(*, actor: User | None, money_recorded: bool, **changes) -> Organisation:
    """Change the company's settings; `money_recorded` fixes the base currency."""
    with transaction.atomic():
        company, changed = core.change_organisation(money_recorded=money_recorded, **changes)
        if changed:
            words = "; ".join(f"{name} {old} → {new}" for name, old, new in changed)
            record_event(area=_AREA, text=f"Changed the organisation: {words}.", actor=actor)
    return company


def change_zone(*, tz: str, from_day: dt.date, today: dt.date, actor: User | None) -> CompanyZone:
    with transaction.atomic():
        zone = core.change_zone(tz=tz, from_day=from_day, today=today)
        record_event(area=_AREA, text=f"Time zone {tz} from {from_day}.", actor=actor)
    return zone


def set_mail_server(*, actor: User | None, password: str | None, **fields) -> MailSettings:
    """Name the mail server. `password` None keeps the stored one. The history never tells it."""
    with transaction.atomic():
        row = core.set_mail_server(password=password, **fields)
        record_event(area=_AREA, text=f"Mail goes out by {row.host}:{row.port}, from {row.sender}.", actor=actor)
    return row


def remove_mail_server(*, actor: User | None) -> None:
    with transaction.atomic():
        core.remove_mail_server()
        record_event(area=_AREA, text="Removed the mail server.", actor=actor)
