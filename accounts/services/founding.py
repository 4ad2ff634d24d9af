"""The beginning of an installation: its company, its two teams and the first administrator, in one step or not at all."""

import datetime as dt
import zoneinfo

from django.db import IntegrityError, transaction

from accounts.models import ConsoleEvent, Role, Side, User
from accounts.services.history import record_event
from accounts.services.people import add_person, add_team, give_role
from core.errors import Conflict, DomainError
from core.services import set_up_organisation


def found_company(
    *,
    name: str,
    tz: str,
    base_currency: str,
    email: str,
    person: str,
    password: str,
    now: dt.datetime,
    from_day: dt.date | None = None,
    fiscal_year_start: int = 1,
) -> User:
    """Set up the company of an empty installation; returns its administrator. Refused as soon as anybody is there.

    `from_day`: the first day of zone and role; None is today in the company's own zone.
    """
    if User.objects.exists():
        raise DomainError("people_exist", "Somebody administers this installation already. Ask them for an invitation.")
    try:
        day = from_day or now.astimezone(zoneinfo.ZoneInfo(tz)).date()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise DomainError("zone_unknown", f"“{tz}” is not a time zone. Example: Europe/Berlin.", field="tz") from error
    try:
        with transaction.atomic():
            set_up_organisation(
                name=name, tz=tz, base_currency=base_currency, from_day=day, fiscal_year_start=fiscal_year_start
            )
            add_team(name="Marketing", side=Side.MARKETING, actor=None)
            add_team(name="Sales", side=Side.SALES, actor=None)
            user = add_person(email=email, name=person, password=password, actor=None)
            give_role(user=user, role=Role.ADMINISTRATOR, from_day=day, actor=None)
            record_event(area=ConsoleEvent.Area.ORGANISATION, text=f"{user} set up {name}.", actor=user)
    except IntegrityError as error:
        raise Conflict("people_exist", "Somebody else has just set up this installation.") from error
    return user
