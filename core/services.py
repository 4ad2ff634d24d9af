"""Writes to the organisation, its zones and rates. Callers above check permission and pass the actor for the log."""

import datetime as dt
import zoneinfo
from decimal import Decimal

from django.db import transaction

from core.errors import DomainError
from core.models import CompanyZone, ExchangeRate, Organisation
from core.money import is_currency
from core.queries import Rates
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
