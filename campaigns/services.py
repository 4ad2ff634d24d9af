"""Writes to channels, campaigns and spend."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from campaigns.models import Campaign, Channel, Content, Spend
from core.errors import DomainError
from core.stale import note_stale


def ensure_channel(*, name: str) -> Channel:
    return Channel.objects.get_or_create(name=name)[0]


def ensure_content(*, name: str) -> Content:
    return Content.objects.get_or_create(name=name)[0]


def ensure_campaign(
    *, name: str, channel: Channel | None = None, source: str = "tandem", external_id: str | None = None
) -> Campaign:
    """The campaign of that identity (source and external id, else name), created if it is new."""
    identity = {"source": source, "external_id": external_id} if external_id else {"name": name, "external_id": None}
    return Campaign.objects.get_or_create(**identity, defaults={"name": name, "channel": channel})[0]


def update_campaign(*, campaign: Campaign, actor: User | None, **changes) -> bool:
    """Set attributes; True if anything changed."""
    changed = [name for name, value in changes.items() if getattr(campaign, name) != value]
    for name in changed:
        setattr(campaign, name, changes[name])
    if changed:
        campaign.save(update_fields=changed)
    return bool(changed)


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
    source: str = "tandem",
    external_id: str | None = None,
    import_batch: int | None = None,
    replaces: Spend | None = None,
) -> Spend:
    """Record a cost line over its service days (inclusive); `replaces` voids an earlier line in the same transaction."""
    if service_to < service_from:
        raise DomainError("service_days_reversed", "The service ends before it starts.", field="service_to")
    if (service_to - service_from).days > 3660:
        raise DomainError("service_days_too_long", "A cost line covers at most ten years.", field="service_to")
    with transaction.atomic():
        if replaces is not None:
            void_spend(spend=replaces, actor=actor)
        spend = Spend.objects.create(
            campaign=campaign,
            channel=channel or (campaign.channel if campaign else None),
            amount=amount,
            currency=currency,
            service_from=service_from,
            service_to=service_to,
            status=status,
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
        raise DomainError("already_voided", "This cost line was already taken back.")
    with transaction.atomic():
        void = Spend.objects.create(
            amount=0,
            currency=spend.currency,
            service_from=spend.service_from,
            service_to=spend.service_to,
            status=spend.status,
            source=spend.source,
            voids=spend,
            actor=actor,
        )
        note_stale((None, day) for day in _days(spend))
    return void


def _days(spend: Spend) -> list[dt.date]:
    return [spend.service_from + dt.timedelta(days=i) for i in range((spend.service_to - spend.service_from).days + 1)]
