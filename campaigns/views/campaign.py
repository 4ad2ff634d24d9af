"""The page of one campaign and the forms of its plan."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Perm, requires
from campaigns.forms import CampaignForm, RespondForm
from campaigns.models import Campaign
from campaigns.pages.campaign import read_campaign
from campaigns.services import ensure_channel, plan_campaign, update_campaign
from campaigns.views.frame import Around, answer_form, around, posted, show
from core.queries import rates

_BOTH = ["GET", "HEAD", "POST"]


@require_safe
@requires(Perm.SEE_NUMBERS)
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    return show_campaign(request, pk, around())


def show_campaign(
    request: HttpRequest, pk: int, near: Around, *, refused: RespondForm | None = None, status: int = 200
) -> HttpResponse:
    """The page; with a refused answer of sales, its form as it was sent."""
    page = read_campaign(pk, user=request.user, today=near.today, rates=rates())
    if page is None:
        raise Http404
    context = {"page": page, "campaign": page.campaign, "return_url": _return_url(pk)}
    if page.may.respond:
        context["respond"] = refused or RespondForm(initial={"version": page.campaign.plan_version}, prefix_id="preview")
    return show(request, "campaigns/campaign.html", near, context, status=status)


def _return_url(pk: int) -> str:
    """Where the numbers of the campaign are, which a floor above this one knows."""
    try:
        return reverse("campaign_return", args=[pk])
    except NoReverseMatch:
        return ""


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def campaign_new(request: HttpRequest) -> HttpResponse:
    near, form = around(), CampaignForm(posted(request))

    def write(data: dict) -> str:
        made = plan_campaign(actor=request.user, **_values(data))
        return reverse("campaign", args=[made.pk])

    context = {"title": "A new campaign", "submit": "Plan it", "back": reverse("campaigns")}
    return answer_form(request, form, write, near, context)


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    campaign, near = get_object_or_404(Campaign.objects.select_related("channel"), pk=pk), around()
    initial = {name: getattr(campaign, name) for name in ("name", "starts_on", "ends_on", "brief")}
    initial |= {name: getattr(campaign, f"{name}_id") for name in ("marketing_owner", "sales_owner")}
    initial |= {"channel": campaign.channel or "", "version": campaign.plan_version}
    form = CampaignForm(posted(request), initial=initial)

    def write(data: dict) -> str:
        update_campaign(campaign=campaign, actor=request.user, version=data["version"], **_values(data))
        return reverse("campaign", args=[pk])

    intro = "Sales sees on the page that the plan changed since the preview." if campaign.preview_notes.exists() else ""
    context = {"title": f"The plan of {campaign}", "intro": intro, "submit": "Save the plan"}
    return answer_form(request, form, write, near, context | {"back": reverse("campaign", args=[pk])})


def _values(data: dict) -> dict:
    names = ("name", "marketing_owner", "sales_owner", "starts_on", "ends_on", "brief")
    channel = ensure_channel(name=data["channel"]) if data["channel"] else None
    return {name: data[name] for name in names} | {"channel": channel}
