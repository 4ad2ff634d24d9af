"""Writes of previews: sales looks at a campaign before its launch. Every step is a row of its own and stays."""

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.models import Side, User
from accounts.sides import require_side
from campaigns.models import Campaign, PreviewNote
from campaigns.services.campaigns import stale_plan
from core.errors import Conflict, DomainError

Kind = PreviewNote.Kind
# What sales may say, and which of it needs words.
RESPONSES = (Kind.SEEN, Kind.COMMENT, Kind.CHANGE_ASKED)
_ANSWERS = (Kind.CHANGE_MADE, Kind.CHANGE_DECLINED)


def ask_for_preview(*, campaign: Campaign, actor: User, now: dt.datetime) -> PreviewNote:
    """Marketing asks sales to look at the plan as it stands."""
    require_side(actor, Side.MARKETING, "asks for the preview of a campaign")
    asked = PreviewNote.objects.filter(campaign=campaign, kind=Kind.ASKED, plan_version=campaign.plan_version)
    if asked.exists():
        raise Conflict("preview_asked", "Sales was already asked to look at this plan.")
    return _append(campaign, Kind.ASKED, "", actor, now)


def respond_to_preview(
    *, campaign: Campaign, kind: str, text: str, version: int, actor: User, now: dt.datetime
) -> PreviewNote:
    """Sales has seen the plan (`version` as it was read), comments it, or asks for a change.

    StaleVersion if the plan changed meanwhile, so that nobody has seen what they have not.
    """
    require_side(actor, Side.SALES, "looks at a campaign before its launch")
    if kind not in RESPONSES:
        raise DomainError("response_unknown", f"Use one of: {', '.join(RESPONSES)}.", field="kind")
    if kind != Kind.SEEN and not text.strip():
        raise DomainError("words_missing", "Write at least one sentence so that marketing can act on it.", field="text")
    if version != campaign.plan_version:
        raise stale_plan()
    return _append(campaign, kind, text.strip(), actor, now)


def answer_change(*, note: PreviewNote, made: bool, text: str, actor: User, now: dt.datetime) -> PreviewNote:
    """Marketing answers a change that was asked for: made, or not and why. Once."""
    require_side(actor, Side.MARKETING, "answers what sales asked to change")
    if note.kind != Kind.CHANGE_ASKED:
        raise DomainError("no_change_asked", "Nothing was asked for here.")
    if not made and not text.strip():
        raise DomainError("words_missing", "Say in one sentence why it stays as it is.", field="text")
    try:
        with transaction.atomic():
            return _append(note.campaign, Kind.CHANGE_MADE if made else Kind.CHANGE_DECLINED, text.strip(), actor, now, note)
    except IntegrityError as error:
        raise Conflict("already_answered", "Somebody answered this already.") from error


def _append(
    campaign: Campaign, kind: str, text: str, actor: User, now: dt.datetime, answers: PreviewNote | None = None
) -> PreviewNote:
    return PreviewNote.objects.create(
        campaign=campaign,
        plan_version=campaign.plan_version,
        kind=kind,
        text=text,
        actor=actor,
        answers=answers,
        occurred_at=now,
    )
