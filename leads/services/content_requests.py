"""Writes of content requests: sales asks from a lead or a deal, marketing promises, answers or declines, sales uses it.

Each step raises the request's version by a conditional update, so that of two people only one is the first.
"""

import datetime as dt

from django.db import transaction
from django.db.models import F

from accounts.models import Side, User
from accounts.sides import require_side
from campaigns.models import Content
from core.errors import Conflict, DomainError
from leads.models import ContentRequest, ContentRequestStep, Deal, Lead, Touch
from leads.request_queries import WAITING
from leads.services.people import record_touch

State, Kind = ContentRequest.State, ContentRequestStep.Kind


def ask_for_content(
    *, need: str, actor: User, now: dt.datetime, lead: Lead | None = None, deal: Deal | None = None,
    wanted_by: dt.date | None = None,
) -> ContentRequest:  # fmt: skip
    """Ask marketing for a piece of content for a lead or a deal, by a day if there is one."""
    require_side(actor, Side.SALES, "asks for the content that it needs")
    with transaction.atomic():
        request = ContentRequest.objects.create(
            lead=lead, deal=deal, need=_words(need, "need"), wanted_by=wanted_by, asked_by=actor, asked_at=now
        )
        _step(request, Kind.ASKED, actor, now)
    return request


def promise_content(
    *, request: ContentRequest, owner: User, due_on: dt.date, version: int, actor: User, now: dt.datetime
) -> ContentRequest:
    """Marketing says who makes it and by when. A new date is a new promise; the one before stays in the steps."""
    require_side(actor, Side.MARKETING, "promises content")
    with transaction.atomic():
        found = _advance(request, version, state=State.PROMISED, owner=owner, due_on=due_on)
        _step(found, Kind.PROMISED, actor, now, owner=owner, due_on=due_on)
    return found


def answer_request(
    *, request: ContentRequest, content: Content, how_to_use: str, version: int, actor: User, now: dt.datetime
) -> ContentRequest:
    """Marketing names the piece of content and how to use it."""
    require_side(actor, Side.MARKETING, "answers requests for content")
    how_to_use = _words(how_to_use or content.how_to_use, "how_to_use")
    with transaction.atomic():
        found = _advance(
            request, version, state=State.ANSWERED, content=content, how_to_use=how_to_use, answered_at=now,
            owner=request.owner or actor,
        )  # fmt: skip
        _step(found, Kind.ANSWERED, actor, now, owner=found.owner, content=content)
    return found


def decline_request(*, request: ContentRequest, why_not: str, version: int, actor: User, now: dt.datetime) -> ContentRequest:
    """Marketing says why it will not make it."""
    require_side(actor, Side.MARKETING, "answers requests for content")
    why_not = _words(why_not, "why_not")
    with transaction.atomic():
        found = _advance(
            request, version, state=State.DECLINED, why_not=why_not, answered_at=now, owner=request.owner or actor
        )
        _step(found, Kind.DECLINED, actor, now, owner=found.owner)
    return found


def use_content(*, request: ContentRequest, actor: User, now: dt.datetime) -> Touch:
    """Sales used the piece with this lead or deal: a sales touch that names it, so that its part in a win is counted."""
    require_side(actor, Side.SALES, "uses content with its leads")
    if request.state != State.ANSWERED:
        raise DomainError("not_answered", "There is no content to use yet.")
    lead = request.lead or request.deal.lead
    lead = lead and (lead.merged_into or lead)
    if lead is None and request.deal.company is None:
        raise DomainError("nobody_there", "This deal names neither a lead nor a company, so nobody was shown it.")
    of = {"lead": lead, "contact": lead.contact} if lead else {"company": request.deal.company}
    with transaction.atomic():
        touch = record_touch(
            side=Side.SALES, kind=Touch.Kind.CONTENT, occurred_at=now, actor=actor, content=request.content, **of
        )
        _step(request, Kind.USED, actor, now, content=request.content, touch=touch)
    return touch


def _words(text: str, field: str) -> str:
    if not text.strip():
        raise DomainError("words_missing", "Write at least one sentence, so that the other team can act on it.", field=field)
    return text.strip()


def _advance(request: ContentRequest, version: int, **values) -> ContentRequest:
    """Set the request on, if it still waits and stands as the actor read it; Conflict otherwise."""
    now = ContentRequest.objects.filter(pk=request.pk, version=version, state__in=WAITING)
    if not now.update(version=F("version") + 1, **values):
        raise Conflict("request_moved_on", "Somebody answered this meanwhile. Look at the request as it is now.")
    request.refresh_from_db()
    return request


def _step(request: ContentRequest, kind: str, actor: User, now: dt.datetime, **values) -> None:
    ContentRequestStep.objects.create(request=request, kind=kind, actor=actor, occurred_at=now, **values)
