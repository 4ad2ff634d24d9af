"""Reads of campaigns that several callers share."""

import datetime as dt
from enum import StrEnum

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from campaigns.models import Campaign, PreviewNote, Spend


def told_apart() -> QuerySet[Campaign]:
    """Campaigns with `word`: the name, and the source's own id behind it where several campaigns carry that name.

    Two tools may each send a “Spring webinar”: numbers by campaign must not show two rows that nobody can tell apart.
    """
    namesake = Campaign.objects.filter(name=OuterRef("name")).exclude(id=OuterRef("id"))
    foreign_id = Concat(F("name"), Value(" ("), F("source"), Value(" "), F("external_id"), Value(")"))
    return Campaign.objects.annotate(
        word=Case(When(Exists(namesake), external_id__isnull=False, then=foreign_id), default=F("name"))
    )


class Preview(StrEnum):
    """How the preview of a campaign stands. Whose turn it is follows from it."""

    NONE = "none"
    WAITS = "waits"  # marketing asked, sales has not looked
    CHANGED = "changed"  # sales looked at an earlier plan
    CHANGE_ASKED = "change_asked"  # marketing has not answered yet
    SEEN = "seen"


def with_preview(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Campaigns with `preview`: one of Preview."""
    notes = PreviewNote.objects.filter(campaign=OuterRef("pk"))
    looked = notes.filter(kind__in=(PreviewNote.Kind.SEEN, PreviewNote.Kind.COMMENT, PreviewNote.Kind.CHANGE_ASKED))
    return campaigns.annotate(
        preview=Case(
            When(
                Exists(notes.filter(kind=PreviewNote.Kind.CHANGE_ASKED, answer__isnull=True)),
                then=Value(Preview.CHANGE_ASKED.value),
            ),
            When(Exists(looked.filter(plan_version=OuterRef("plan_version"))), then=Value(Preview.SEEN.value)),
            When(Exists(looked), then=Value(Preview.CHANGED.value)),
            When(Exists(notes.filter(kind=PreviewNote.Kind.ASKED)), then=Value(Preview.WAITS.value)),
            default=Value(Preview.NONE.value),
        )
    )


def launches(first: dt.date, stop: dt.date) -> QuerySet[Campaign]:
    """Campaigns that start on a day of [first, stop), soonest first, each with `preview`."""
    return with_preview(Campaign.objects.filter(starts_on__gte=first, starts_on__lt=stop)).order_by(
        "starts_on", "name", "id"
    )


def running_between(first: dt.date, stop: dt.date) -> QuerySet[Campaign]:
    """Campaigns with a day in [first, stop). One without a last day runs on."""
    return Campaign.objects.filter(Q(ends_on__gte=first) | Q(ends_on__isnull=True), starts_on__lt=stop)


def standing_lines() -> QuerySet[Spend]:
    """Cost lines that count: not voided, and not the rows that void."""
    return Spend.objects.filter(voids__isnull=True, voided_by__isnull=True)
