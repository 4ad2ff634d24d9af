"""Cost lines over service days. A line that comes again with other figures replaces the one before."""

from campaigns.models import Spend
from campaigns.services import record_spend
from integrations.chunk import Chunk
from integrations.errors import RowError
from integrations.rows import Item

_LONGEST_DAYS = 3_660


def check(item: Item, reader) -> None:
    values = item.values
    for name in ("amount", "service_from"):
        if name not in values:
            raise RowError(name, "is missing")
    begin, end = values["service_from"], values.setdefault("service_to", values["service_from"])
    if end < begin:
        raise RowError("service_to", "lies before service_from")
    if (end - begin).days > _LONGEST_DAYS:
        raise RowError("service_to", "lies more than ten years after service_from")
    if not item.key:
        about = (str(values.get(name, "")) for name in ("campaign", "channel", "service_from", "service_to", "currency"))
        item.key = f"spend:{reader.occurrence(*about)}"


def plan(item: Item, chunk: Chunk) -> str:
    values, run = item.values, chunk.run
    amount, currency = chunk.money(item, "amount", run.rates.base)
    campaign, channel = chunk.ref(item, "campaign"), chunk.ref(item, "channel")
    known = Spend.objects.filter(source=item.part.source, external_id=item.key, voids=None, voided_by=None)
    known = known.select_related("campaign").order_by("-id").first()
    new = {
        "amount": amount,
        "currency": currency,
        "service_from": values["service_from"],
        "service_to": values["service_to"],
        "status": values.get("status") or (known.status if known else Spend.Status.INVOICED),
        "kind": values.get("kind") or (known.kind if known else Spend.Kind.PROGRAMME),
        "label": values.get("label") or (known.label if known else ""),
    }
    of_campaigns = new["kind"] == Spend.Kind.PROGRAMME
    if not of_campaigns and (campaign or channel):
        raise RowError("kind", "is of no campaign or channel; what these cost is programme")
    planned = chunk.planned_spend.get((item.part.source, item.key))
    if planned is not None:
        if planned != (new, campaign, channel):
            raise RowError("external_id", "stands in this file twice with different figures")
        return "unchanged"
    if known is not None:
        if not run.update_existing:
            return "skipped"
        same = all(getattr(known, name) == value for name, value in new.items())
        same = same and (campaign is None or campaign.pk == known.campaign_id)
        if same and (channel is None or channel.pk == known.channel_id):
            return "unchanged"

    def store() -> None:
        record_spend(
            **new,
            actor=run.actor,
            campaign=chunk.instance(campaign) if campaign else known.campaign if known and of_campaigns else None,
            channel=chunk.instance(channel) if channel else known.channel if known and of_campaigns else None,
            source=item.part.source,
            external_id=item.key,
            import_batch=run.batch and run.batch.id,
            replaces=known,
        )

    chunk.journal.put(chunk.planned_spend, (item.part.source, item.key), (new, campaign, channel))
    chunk.journal.append(chunk.actions, store)
    return "updated" if known is not None else "created"
