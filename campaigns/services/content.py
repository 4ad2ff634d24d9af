"""Writes to content pieces."""

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.models import User
from campaigns.models import Campaign, Content
from campaigns.services.campaigns import raise_plan_version
from core.errors import Conflict

# What a preview of a campaign sees of its content. Who answers for a piece and how it is used may change without a new look.
_PLANNED_FIELDS = frozenset({"name", "link", "ready_on"})


def ensure_content(*, name: str) -> Content:
    return Content.objects.get_or_create(name=name)[0]


def describe_content(
    *,
    actor: User | None,
    content: Content | None = None,
    name: str,
    owner: User | None = None,
    link: str = "",
    how_to_use: str = "",
    ready_on: dt.date | None = None,
) -> Content:
    """A new piece, or an existing one as described. Conflict if another one has this name."""
    values = {"name": name, "owner": owner, "link": link, "how_to_use": how_to_use, "ready_on": ready_on}
    try:
        with transaction.atomic():
            if content is None:
                return Content.objects.create(**values)
            changed = {key for key, value in values.items() if getattr(content, key) != value}
            Content.objects.filter(pk=content.pk).update(**values)
            if changed & _PLANNED_FIELDS:
                raise_plan_version(list(content.campaigns.values_list("id", flat=True)))
    except IntegrityError as error:
        raise Conflict("content_known", "There is a piece of content of this name already.", field="name") from error
    content.refresh_from_db()
    return content


def put_content(*, campaign: Campaign, content: Content, actor: User | None) -> bool:
    """Make a piece part of a campaign; False if it was already."""
    with transaction.atomic():
        if campaign.contents.filter(pk=content.pk).exists():
            return False
        campaign.contents.add(content)
        raise_plan_version([campaign.pk])
    return True


def take_content_out(*, campaign: Campaign, content: Content, actor: User | None) -> bool:
    """The campaign no longer uses the piece, which itself stays; False if it did not use it."""
    with transaction.atomic():
        if not campaign.contents.filter(pk=content.pk).exists():
            return False
        campaign.contents.remove(content)
        raise_plan_version([campaign.pk])
    return True
