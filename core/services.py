"""Writes to the organisation, its zones and rates. Callers above check permission and pass the actor for the log."""

import datetime as dt
import zoneinfo
from decimal import Decimal

from django.db import transaction

from core.errors import DomainError
from core.models import CompanyZone, ExchangeRate, MailSettings, Organisation
from core.money import is_currency
from core.queries import Rates
from core.sealing import seal
from core.stale import note_stale


def set_up_organisation(
    *,
    name: str,
    tz: str,
    base_currency: str,
    from_day: dt.date,
    week_start: int = 0,
    fiscal_year_start: int = 1,
    is_demo: bool = False,
) -> Organisation:
    """Create the one company with its first calendar zone. DomainError if it exists or the zone is unknown."""
    if Organisation.objects.exists():
        raise DomainError("organisation_exists", "This installation already has a company.")
    _check_zone(tz)
    if not is_currency(base_currency):
        raise DomainError("currency_invalid", f"“{base_currency}” is not a currency code.", field="base_currency")
    with transaction.atomic():
        CompanyZone.objects.create(from_day=from_day, tz=tz)
        return Organisation.objects.create(
            id=1,
            name=name,
            base_currency=base_currency,
            week_start=week_start,
            fiscal_year_start=fiscal_year_start,
            is_demo=is_demo,
        )


def change_zone(*, tz: str, from_day: dt.date, today: dt.date) -> CompanyZone:
    """Let another calendar zone begin on a future day; days already stored do not change."""
    _check_zone(tz)
    if from_day <= today:
        raise DomainError("zone_in_the_past", "A new zone starts on a future day.", field="from_day")
    if CompanyZone.objects.filter(from_day__gte=from_day).exists():
        raise DomainError("zone_order", "Another zone starts on that day or later.", field="from_day")
    return CompanyZone.objects.create(from_day=from_day, tz=tz)


def record_rate(*, currency: str, day: dt.date, rate: Decimal, source: str) -> ExchangeRate:
    """Record base units per one unit of `currency` on `day`."""
    if not is_currency(currency):
        raise DomainError("currency_invalid", f"“{currency}” is not a currency code.", field="currency")
    if not rate.is_finite() or rate <= 0:
        raise DomainError("rate_invalid", "A rate is a number above zero.", field="rate")
    with transaction.atomic():
        # Spend of the days for which this rate may be the closest is converted anew; closed deals stay as they were.
        note_stale((None, day + dt.timedelta(days=i)) for i in range(Rates.MAX_AGE.days + 1))
        return ExchangeRate.objects.create(currency=currency, day=day, rate=rate, source=source)


def _check_zone(tz: str) -> None:
    if tz not in zoneinfo.available_timezones():
        raise DomainError("zone_unknown", f"“{tz}” is not a time zone. Example: Europe/Berlin.", field="tz")


def change_organisation(*, money_recorded: bool, **changes) -> tuple[Organisation, list[tuple[str, str, str]]]:
    """Change the company's settings. Returns it and what changed: (name, old, new). The base currency is fixed by money."""
    with transaction.atomic():
        company = Organisation.objects.select_for_update().filter(id=1).first()
        if company is None:
            raise DomainError("organisation_missing", "There is no company yet.")
        currency = changes.get("base_currency", company.base_currency)
        if not is_currency(currency):
            raise DomainError("currency_invalid", f"“{currency}” is not a currency code.", field="base_currency")
        if currency != company.base_currency and money_recorded:
            raise DomainError(
                "currency_fixed",
                "Amounts are recorded already, and converted ones keep their value, so the base currency stays as it is.",
                field="base_currency",
            )
        changed = [(name, str(getattr(company, name)), str(value)) for name, value in changes.items()]
        changed = [(name.replace("_", " "), old, new) for name, old, new in changed if old != new]
        for name, value in changes.items():
            setattr(company, name, value)
        if changed:
            company.save()
            # They stand beside numbers: a note raises the generation, so that no page keeps old ones.
            first = CompanyZone.objects.order_by("from_day").values_list("from_day", flat=True).first()
            note_stale([(None, first)] if first else [])
    return company, changed


def set_mail_server(*, password: str | None, **fields) -> MailSettings:
    """Name the one mail server; a password of None keeps the stored one, for the same server only.

    DomainError if another server is named without its password: the stored one would be told to a stranger.
    """
    row = MailSettings.objects.filter(id=1).first() or MailSettings(id=1)
    if password is None and row.sealed_password and fields.get("host", row.host) != row.host:
        raise DomainError("password_missing", "Another server: type the password for it.", field="password")
    for name, value in fields.items():
        setattr(row, name, value)
    if password is not None:
        row.sealed_password = seal(password)
    row.save()
    return row


def remove_mail_server() -> None:
    MailSettings.objects.all().delete()
