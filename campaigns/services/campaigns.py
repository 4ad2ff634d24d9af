"""Writes to channels and campaigns."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from campaigns.models import Campaign, Channel, ChannelChange, Content
from core.errors import Conflict, DomainError, StaleVersion
from core.stale import wake_worker

# What a preview looks at: a change of these makes an earlier look one at an older plan.
PLANNED_FIELDS = frozenset({"name", "channel", "channel_id", "starts_on", "ends_on", "brief"})


def ensure_channel(*, name: str) -> Channel:
    return Channel.objects.get_or_create(name=name)[0]


def ensure_campaign(
    *, name: str, channel: Channel | None = None, source: str = "tandem", external_id: str | None = None
) -> Campaign:
    """The campaign of that identity (source and external id, else name), created if it is new."""
    identity = {"source": source, "external_id": external_id} if external_id else {"name": name, "external_id": None}
    return Campaign.objects.get_or_create(**identity, defaults={"name": name, "channel": channel})[0]


def plan_campaign(
    *,
    name: str,
    actor: User | None,
    channel: Channel | None = None,
    marketing_owner: User | None = None,
    sales_owner: User | None = None,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    brief: str = "",
    source: str = "tandem",
    external_id: str | None = None,
) -> Campaign:
    """A new campaign. Its first and last day are both part of it; DomainError if they are in the wrong order, Conflict
    if there is one of that name (or of that id in the source)."""
    _check_days(starts_on, ends_on)
    try:
        with transaction.atomic():
            return Campaign.objects.create(
                name=name,
                channel=channel,
                marketing_owner=marketing_owner,
                sales_owner=sales_owner,
                starts_on=starts_on,
                ends_on=ends_on,
                brief=brief,
                source=source,
                external_id=external_id,
            )
    except IntegrityError as error:
        raise _taken(external_id) from error


def update_campaign(*, campaign: Campaign, actor: User | None, version: int | None = None, **changes) -> bool:
    """Set attributes; True if anything changed. `version`: the plan's as the caller read it; StaleVersion if it moved on."""
    if version is not None and version != campaign.plan_version:
        raise stale_plan()
    changed = [name for name, value in changes.items() if getattr(campaign, name) != value]
    _check_days(changes.get("starts_on", campaign.starts_on), changes.get("ends_on", campaign.ends_on))
    if not changed:
        return False
    values = {name: changes[name] for name in changed}
    if PLANNED_FIELDS & set(changed):
        values["plan_version"] = F("plan_version") + 1
    try:
        with transaction.atomic():
            now = Campaign.objects.filter(pk=campaign.pk)
            if version is not None:
                now = now.filter(plan_version=version)
            if not now.update(**values):
                raise stale_plan()
            if {"channel", "channel_id"} & set(changed):
                ChannelChange.objects.create(campaign_id=campaign.pk)
                wake_worker()
    except IntegrityError as error:
        raise _taken(changes.get("external_id") if "external_id" in changed else None) from error
    campaign.refresh_from_db()
    return True


def raise_plan_version(campaigns: list[int]) -> None:
    """The content of these campaigns changed, which is part of their plan."""
    Campaign.objects.filter(id__in=campaigns).update(plan_version=F("plan_version") + 1)


def set_contents(*, campaign: Campaign, contents: list[Content], actor: User | None) -> bool:
    """The content pieces of a campaign are exactly these; True if that is a change."""
    with transaction.atomic():
        before = set(campaign.contents.values_list("id", flat=True))
        if before == {content.pk for content in contents}:
            return False
        campaign.contents.set(contents)
        raise_plan_version([campaign.pk])
    campaign.refresh_from_db()
    return True


def _check_days(starts_on: dt.date | None, ends_on: dt.date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise DomainError("campaign_days_reversed", "The campaign ends before it starts.", field="ends_on")


def stale_plan() -> StaleVersion:
    return StaleVersion("plan_changed", "Somebody changed this plan meanwhile. Look at it as it is now and save again.")


def _taken(external_id: str | None) -> Conflict:
    if external_id:
        return Conflict("campaign_known", "There is a campaign with this id already.", field="external_id")
    return Conflict("campaign_known", "There is a campaign of this name already.", field="name")
