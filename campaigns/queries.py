"""Reads of campaigns that several callers share."""

from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Concat

from campaigns.models import Campaign


def told_apart() -> QuerySet[Campaign]:
    """Campaigns with `word`: the name, and the source's own id behind it where several campaigns carry that name.

    Two tools may each send a “Spring webinar”: numbers by campaign must not show two rows that nobody can tell apart.
    """
    namesake = Campaign.objects.filter(name=OuterRef("name")).exclude(id=OuterRef("id"))
    foreign_id = Concat(F("name"), Value(" ("), F("source"), Value(" "), F("external_id"), Value(")"))
    return Campaign.objects.annotate(
        word=Case(When(Exists(namesake), external_id__isnull=False, then=foreign_id), default=F("name"))
    )
