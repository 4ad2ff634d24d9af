"""Reads of what sales asked marketing for. A person sees the requests of the leads and deals that they may open."""

from django.db.models import Q, QuerySet

from accounts.models import User
from leads.models import ContentRequest, Deal, Lead
from leads.queries import visible_deals, visible_leads

WAITING = (ContentRequest.State.OPEN, ContentRequest.State.PROMISED)
_RELATED = ("lead__contact", "lead__company", "deal__company", "asked_by", "owner", "content__owner")


def visible_requests(user: User) -> QuerySet[ContentRequest]:
    """Requests of visible leads and deals; those of a merged lead are its survivor's."""
    leads = visible_leads(user)
    theirs = Q(lead__in=leads) | Q(lead__merged_into__in=leads) | Q(deal__in=visible_deals(user))
    return ContentRequest.objects.filter(theirs).select_related(*_RELATED)


def requests_of_lead(lead: Lead, merged: list[int]) -> QuerySet[ContentRequest]:
    """All requests of a lead and of those merged into it, newest first."""
    rows = ContentRequest.objects.filter(lead_id__in=[lead.pk, *merged]).select_related(*_RELATED)
    return rows.order_by("-asked_at", "-id")


def requests_of_deal(deal: Deal) -> QuerySet[ContentRequest]:
    return ContentRequest.objects.filter(deal=deal).select_related(*_RELATED).order_by("-asked_at", "-id")


def waiting_for(user: User) -> QuerySet[ContentRequest]:
    """What waits for this marketer: promised by them, and what nobody has answered for yet."""
    return visible_requests(user).filter(Q(owner=user) | Q(owner=None), state__in=WAITING)
