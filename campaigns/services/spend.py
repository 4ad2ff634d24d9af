"""Writes to cost lines. A line is never changed: it is voided by a further row, and another one takes its place."""

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.models import User
from campaigns.models import Campaign, Channel, Spend
from core.errors import Conflict, DomainError
from core.stale import note_stale

LONGEST_DAYS = 3660


def record_spend(
    *,
    amount: int,
    currency: str,
    service_from: dt.date,
    service_to: dt.date,
    actor: User | None,
    campaign: Campaign | None = None,
    channel: Channel | None = None,
    status: str = Spend.Status.INVOICED,
    kind: str = Spend.Kind.PROGRAMME,
    label: str = "",
    source: str = "tandem",
    external_id: str | None = None,
    import_batch: int | None = None,
    replaces: Spend | None = None,
) -> Spend:
    """Record a cost line over its service days (inclusive); `replaces` voids an earlier line in the same transaction."""
    if service_to < service_from:
        raise DomainError("service_days_reversed", "The service ends before it starts.", field="service_to")
    if (service_to - service_from).days > LONGEST_DAYS:
        raise DomainError("service_days_too_long", "A cost line covers at most ten years.", field="service_to")
    if kind != Spend.Kind.PROGRAMME and (campaign or channel):
        raise DomainError("kind_of_no_campaign", "What a campaign or channel costs is programme cost.", field="kind")
    with transaction.atomic():
        if replaces is not None:
            void_spend(spend=replaces, actor=actor)
        spend = Spend.objects.create(
            campaign=campaign,
            channel=channel or (campaign.channel if campaign else None),
            label=label,
            amount=amount,
            currency=currency,
            service_from=service_from,
            service_to=service_to,
            status=status,
            kind=kind,
            source=source,
            external_id=external_id,
            import_batch=import_batch,
            actor=actor,
        )
        note_stale((None, day) for day in _days(spend))
    return spend


def void_spend(*, spend: Spend, actor: User | None) -> Spend:
    """Take a cost line back by a further row. Twice is refused."""
    if spend.voids_id is not None or Spend.objects.filter(voids=spend).exists():
        raise _already_voided()
    try:
        with transaction.atomic():
            void = Spend.objects.create(
                amount=0,
                currency=spend.currency,
                service_from=spend.service_from,
                service_to=spend.service_to,
                status=spend.status,
                kind=spend.kind,
                source=spend.source,
                voids=spend,
                actor=actor,
            )
            note_stale((None, day) for day in _days(spend))
    except IntegrityError as error:
        # Two people at the same instant: the database lets one of them.
        raise _already_voided() from error
    return void


def _already_voided() -> Conflict:
    return Conflict("already_voided", "This cost line was already taken back.")


def _days(spend: Spend) -> list[dt.date]:
    return [spend.service_from + dt.timedelta(days=i) for i in range((spend.service_to - spend.service_from).days + 1)]
