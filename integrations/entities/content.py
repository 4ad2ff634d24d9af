"""Pieces of content, known by their names: who answers for each, where it is, how it is used, in which campaign."""

from accounts.models import User
from campaigns.models import Campaign, Content
from campaigns.services import describe_content, put_content
from integrations.chunk import Chunk
from integrations.errors import RowError
from integrations.references import Ref
from integrations.rows import Item

_PLAIN = ("link", "how_to_use", "ready_on")
_WEB = ("https://", "http://")


def check(item: Item, reader) -> None:
    if "name" not in item.values:
        raise RowError("name", "is missing")
    if item.values.get("link") and not item.values["link"].startswith(_WEB):
        raise RowError("link", "is no web address; it begins with https:// or http://")


def plan(item: Item, chunk: Chunk) -> str:
    values = item.values
    plain = {name: values[name] for name in _PLAIN if name in values}
    owner, campaign = chunk.ref(item, "owner"), chunk.ref(item, "campaign")
    planned = chunk.planned_contents.get(values["name"])
    if planned is not None and planned[:2] != (plain, owner):
        raise RowError("name", "stands in this file twice with different values")
    if planned is not None and campaign in planned[2]:
        return "unchanged"
    content = Content.objects.filter(name=values["name"]).first()
    if content is not None:
        if not chunk.run.update_existing:
            return "skipped"
        if _same(content, plain, owner) and _used(content, campaign):
            return "unchanged"
    campaigns = (*planned[2], campaign) if planned else (campaign,)
    chunk.journal.put(chunk.planned_contents, values["name"], (plain, owner, campaigns))
    chunk.journal.append(chunk.actions, lambda: _store(values["name"], plain, owner, campaign, chunk))
    return "updated" if content is not None or planned else "created"


def _same(content: Content, plain: dict, owner: Ref | None) -> bool:
    return all(getattr(content, name) == value for name, value in plain.items()) and (
        owner is None or (owner.pk is not None and owner.pk == content.owner_id)
    )


def _used(content: Content, campaign: Ref | None) -> bool:
    return campaign is None or (campaign.pk is not None and content.campaigns.filter(pk=campaign.pk).exists())


def _store(name: str, plain: dict, owner: Ref | None, campaign: Ref | None, chunk: Chunk) -> None:
    content = Content.objects.select_related("owner").filter(name=name).first()
    now = {field: getattr(content, field) for field in ("owner", *_PLAIN)} if content is not None else {}
    values = now | plain | ({"owner": User.objects.get(pk=owner.pk)} if owner is not None else {})
    stored = describe_content(content=content, name=name, actor=chunk.run.actor, **values)
    if campaign is not None:
        put_content(campaign=Campaign.objects.get(pk=campaign.pk), content=stored, actor=chunk.run.actor)
