"""Writes of tags: a change on a lead is an `amended` event, so it stands in the timeline and can be taken back."""

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from accounts.models import User
from core.errors import DomainError
from core.text import clean_text
from leads.locks import lock_leads
from leads.models import Lead, LeadEvent, LeadTag, Tag
from leads.projection import Context
from leads.services.bulk import append_lead_events
from leads.services.leads import must_stand
from leads.timeline import TAG

MAX_TAGS = 20  # on one lead


def ensure_tag(*, name: str) -> Tag:
    """The tag of that name, whatever its capitals; created if it is new. DomainError if it can't be a name."""
    try:
        name = clean_text(name, max_length=40)
    except ValueError as error:
        raise DomainError("tag_wrong", f"The tag {error}.", field="tags") from error
    if not name or "," in name:
        raise DomainError("tag_wrong", "A tag is one word or a few, without commas.", field="tags")
    found = Tag.objects.filter(name__iexact=name).first()
    if found is None:
        try:
            with transaction.atomic():
                found = Tag.objects.create(name=name)
        except IntegrityError:  # somebody else was first
            found = Tag.objects.get(name__iexact=name)
    return found


def tag_lead(
    *, lead: Lead, actor: User | None, add: Iterable[Tag] = (), remove: Iterable[Tag] = (), context: Context | None = None
) -> list[LeadEvent]:
    """Put tags on a lead and take others off. What is so already leaves no event."""
    must_stand(lead)
    with transaction.atomic():
        lock_leads([lead.id])
        there = set(LeadTag.objects.filter(lead=lead).values_list("tag_id", flat=True))
        coming = {tag.id for tag in add} - there
        going = ({tag.id for tag in remove} & there) - coming
        if len((there | coming) - going) > MAX_TAGS:
            raise DomainError("too_many_tags", f"A lead has at most {MAX_TAGS} tags.", field="tags")
        now = dt.datetime.now(dt.UTC)
        changes = [(tag_id, "", "on") for tag_id in sorted(coming)] + [(tag_id, "on", "") for tag_id in sorted(going)]
        events = [
            LeadEvent(
                lead=lead,
                kind=LeadEvent.Kind.AMENDED,
                field=f"{TAG}{tag_id}",
                old=old,
                new=new,
                occurred_at=now,
                actor=actor,
            )
            for tag_id, old, new in changes
        ]
        if events:
            append_lead_events(events, context=context)
    lead.refresh_from_db()
    return events


def set_tags(*, lead: Lead, names: Iterable[str], actor: User | None) -> list[LeadEvent]:
    """Give a lead exactly these tags."""
    with transaction.atomic():
        wanted = {tag.id: tag for tag in (ensure_tag(name=name) for name in names)}
        there = Tag.objects.filter(lead_tags__lead=lead)
        return tag_lead(lead=lead, actor=actor, add=wanted.values(), remove=[tag for tag in there if tag.id not in wanted])
