"""Campaigns. One that leads brought by name alone takes the id of the row that names it."""

from campaigns.models import Campaign
from campaigns.services import ensure_campaign, update_campaign
from integrations.chunk import Chunk
from integrations.errors import RowError
from integrations.references import Ref
from integrations.rows import Item

_OWNERS = ("marketing_owner", "sales_owner")


def check(item: Item, reader) -> None:
    if "name" not in item.values:
        raise RowError("name", "is missing")
    begin, end = item.values.get("starts_on"), item.values.get("ends_on")
    if begin and end and end < begin:
        raise RowError("ends_on", "lies before starts_on")


def plan(item: Item, chunk: Chunk) -> str:
    values, source = item.values, item.part.source
    identity = (source, item.key or values["name"])
    refs = {"channel_id": chunk.ref(item, "channel")}
    refs |= {f"{name}_id": chunk.ref(item, name, "owner") for name in _OWNERS}
    refs = {name: ref for name, ref in refs.items() if ref is not None}
    plain = {name: values[name] for name in ("name", "starts_on", "ends_on", "brief") if name in values}
    if item.key:
        plain |= {"source": source, "external_id": item.key}
    planned = chunk.planned_campaigns.get(identity)
    if planned is not None:
        if planned != (plain, refs):
            raise RowError("external_id" if item.key else "name", "stands in this file twice with different values")
        return "unchanged"
    campaign = _stored(item, chunk)
    if campaign is not None:
        if not chunk.run.update_existing:
            return "skipped"
        plain = {name: value for name, value in plain.items() if getattr(campaign, name) != value}
        refs = {name: ref for name, ref in refs.items() if ref.pk is None or ref.pk != getattr(campaign, name)}
        if not plain and not refs:
            return "unchanged"
        if item.key and campaign.external_id is None:
            chunk.journal.append(chunk.adopted_campaigns, campaign.id)
    else:
        promise = Ref("campaign", values["name"], source)
        chunk.run.refs.learn("campaign", source, [values["name"], *([item.key] if item.key else [])], promise, chunk.journal)
    chunk.journal.put(chunk.planned_campaigns, identity, (plain, refs))

    def store() -> None:
        row = campaign
        if row is None:
            row = ensure_campaign(name=values["name"], source=source, external_id=item.key or None)
            promise.pk = row.pk
        update_campaign(campaign=row, actor=chunk.run.actor, **plain, **{name: ref.pk for name, ref in refs.items()})

    chunk.journal.append(chunk.actions, store)
    return "updated" if campaign is not None else "created"


def _stored(item: Item, chunk: Chunk) -> Campaign | None:
    named = Campaign.objects.filter(name=item.values["name"], external_id=None).exclude(id__in=chunk.adopted_campaigns)
    if item.key:
        return Campaign.objects.filter(source=item.part.source, external_id=item.key).first() or named.first()
    return named.first() or Campaign.objects.filter(name=item.values["name"]).order_by("id").first()
