"""What other systems send: campaigns, content and cost lines by their identity, safe to send again.

Data comes as plain values that the edge has checked. A record is known by (source, external_id), else by its name; only the
fields that are present are changed, and null clears. Each function says what became of it: created, updated, unchanged.
"""

from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from campaigns.models import Campaign, Content, Spend
from campaigns.queries import standing_lines
from campaigns.services.campaigns import ensure_channel, plan_campaign, set_contents, update_campaign
from campaigns.services.content import describe_content, ensure_content
from campaigns.services.spend import record_spend
from core.errors import DomainError

# What is not an attribute of the row itself.
_APART = frozenset({"contents", "plan_version", "source", "external_id"})
_PEOPLE = ("marketing_owner", "sales_owner", "owner")
_LINE = ("amount", "currency", "service_from", "service_to", "status", "kind", "label", "campaign", "channel")


@dataclass(frozen=True)
class TakenRow:
    outcome: str
    row: Campaign | Content | Spend


@transaction.atomic
def take_campaign(*, data: dict, actor: User, campaign: Campaign | None = None) -> TakenRow:
    """`campaign`: the one to change; without it the identity decides. `contents` are names, and all of them."""
    values = _rows({name: value for name, value in data.items() if name not in _APART})
    contents, version = data.get("contents"), data.get("plan_version")
    source, external_id = data.get("source") or "api", data.get("external_id")
    found = campaign or _known(source, external_id, data.get("name"))
    created = found is None
    if created:
        found = plan_campaign(actor=actor, source=source, external_id=external_id, **values)
        changed = True
    else:
        if external_id and found.external_id is None:
            values |= {"source": source, "external_id": external_id}
        changed = update_campaign(campaign=found, actor=actor, version=version, **values)
    if contents is not None:
        pieces = [ensure_content(name=name) for name in contents]
        changed = set_contents(campaign=found, contents=pieces, actor=actor) or changed
    return TakenRow("created" if created else "updated" if changed else "unchanged", found)


def _known(source: str, external_id: str | None, name: str | None) -> Campaign | None:
    """By the id in the source; else one of that name that has no id yet, or, where none is given, any of that name."""
    if external_id:
        found = Campaign.objects.filter(source=source, external_id=external_id).first()
        return found or Campaign.objects.filter(name=name, external_id=None).first()
    named = Campaign.objects.filter(name=name)
    return named.filter(external_id=None).first() or named.order_by("id").first()


@transaction.atomic
def take_content(*, data: dict, actor: User, content: Content | None = None) -> TakenRow:
    """A piece of content, known by its name."""
    values = _rows(data)
    found = content or Content.objects.filter(name=values["name"]).first()
    if found is None:
        return TakenRow("created", describe_content(actor=actor, **values))
    fields = ("name", "owner", "link", "how_to_use", "ready_on")
    now = {name: getattr(found, name) for name in fields}
    if now | values == now:
        return TakenRow("unchanged", found)
    return TakenRow("updated", describe_content(content=found, actor=actor, **(now | values)))


@transaction.atomic
def take_spend(*, data: dict, actor: User) -> TakenRow:
    """A cost line. Sent again with other figures, a new line takes the place of the one before."""
    data = dict(data)
    campaign = _campaign(data.pop("campaign", None), data.pop("campaign_id", None))
    channel = ensure_channel(name=data.pop("channel")) if data.get("channel") else (campaign and campaign.channel)
    data.pop("channel", None)
    source, external_id = data.pop("source"), data.pop("external_id", None)
    values = {
        "status": Spend.Status.INVOICED,
        "kind": Spend.Kind.PROGRAMME,
        "label": "",
        **data,
        "campaign": campaign,
        "channel": channel,
    }
    known = None
    if external_id:
        lines = standing_lines().filter(source=source, external_id=external_id).select_related("campaign", "channel")
        known = lines.order_by("-id").first()
    if known is not None and all(getattr(known, name) == values[name] for name in _LINE):
        return TakenRow("unchanged", known)
    line = record_spend(actor=actor, source=source, external_id=external_id, replaces=known, **values)
    return TakenRow("updated" if known else "created", line)


def _campaign(name: str | None, pk: int | None) -> Campaign | None:
    """By id, which has to exist; else by name, made if it is new."""
    if pk is not None:
        found = Campaign.objects.select_related("channel").filter(pk=pk).first()
        if found is None:
            raise DomainError("campaign_unknown", "No campaign has this id.", field="campaign_id")
        return found
    if not name:
        return None
    found = _known("", None, name)
    return found or plan_campaign(name=name, actor=None, source="tandem")


def _rows(values: dict) -> dict:
    """Names of channels and people as rows."""
    found = dict(values)
    if "channel" in found:
        found["channel"] = ensure_channel(name=found["channel"]) if found["channel"] else None
    for name in _PEOPLE:
        if found.get(name) is not None:
            found[name] = _person(found[name], name)
    return found


def _person(who: str | int, field: str) -> User:
    rows = User.objects.filter(is_active=True)
    found = rows.filter(pk=who).first() if isinstance(who, int) else rows.filter(email__iexact=who).first()
    if found is None:
        raise DomainError("person_unknown", "Nobody here has this address or id.", field=field)
    return found
