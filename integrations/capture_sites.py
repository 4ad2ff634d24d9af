"""The web sites of ours whose forms come to Tandem: made, changed and switched in the console."""

import secrets
from collections.abc import Sequence

from django.db import transaction

from accounts.models import ConsoleEvent, User
from accounts.services.history import record_event
from core.errors import DomainError
from integrations.models import CaptureSite


def save_site(*, site: CaptureSite | None, name: str, origins: Sequence[str], thanks_url: str, actor: User) -> CaptureSite:
    """A new site with a key of its own, or other words for a known one. Raises DomainError if the name is taken."""
    if not origins:
        raise DomainError("origins_missing", "Name at least one address of the site.", field="origins")
    with transaction.atomic():
        if CaptureSite.objects.filter(name__iexact=name).exclude(pk=site and site.pk).exists():
            raise DomainError("name_taken", "Another site has this name.", field="name")
        words = {"name": name, "origins": list(origins), "thanks_url": thanks_url}
        said = f"Forms of the web site “{name}” are taken from {', '.join(origins)}."
        record_event(area=ConsoleEvent.Area.ORGANISATION, text=said, actor=actor)
        if site is None:
            return CaptureSite.objects.create(key=secrets.token_hex(10), created_by=actor, **words)
        CaptureSite.objects.filter(pk=site.pk).update(**words)
    return CaptureSite.objects.get(pk=site.pk)


def switch_site(*, site: CaptureSite, on: bool, actor: User) -> None:
    """Take forms of this site, or refuse them; its history stays."""
    with transaction.atomic():
        if CaptureSite.objects.filter(pk=site.pk, is_on=not on).update(is_on=on):
            said = f"Forms of the web site “{site.name}” are {'taken' if on else 'refused'}."
            record_event(area=ConsoleEvent.Area.ORGANISATION, text=said, actor=actor)
