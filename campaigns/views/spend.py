"""Cost lines: entered, replaced by another one, taken back. No line is ever changed."""

from decimal import Decimal

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from campaigns.budget import budget_of
from campaigns.forms import SpendForm
from campaigns.models import Campaign, Spend
from campaigns.pages.listing import PAGE, near_pages
from campaigns.queries import standing_lines
from campaigns.services import record_spend, void_spend
from campaigns.views.frame import Around, answer_form, around, back_to, id_in, page_number, posted, show
from core.errors import DomainError
from core.money import exponent
from core.queries import rates

_BOTH = ["GET", "HEAD", "POST"]


@require_safe
@requires(Perm.SEE_NUMBERS)
def spend(request: HttpRequest) -> HttpResponse:
    """All lines that count, the newest service first; `of=none`: programme cost of no campaign, unallocated in numbers;
    `of=company`: people, tools, commissions and other cost, which are of no campaign."""
    near = around()
    lines = standing_lines()
    tabs = {
        "": lines,
        "none": lines.filter(campaign=None, kind=Spend.Kind.PROGRAMME),
        "company": lines.exclude(kind=Spend.Kind.PROGRAMME),
    }
    of = request.GET.get("of", "")
    of = of if of in tabs else ""
    shown = tabs[of]
    pages = Paginator(shown.select_related("campaign", "channel").order_by("-service_from", "-id"), PAGE)
    page = pages.get_page(page_number(request))
    context = {
        "page": page,
        "near": near_pages(page.number, pages.num_pages),
        "of": of,
        "query": f"of={of}" if of else "",
        "counts": [rows.count() for rows in tabs.values()],
        "sums": _sums(shown, near),
    }
    return show(request, "campaigns/spend.html", near, context)


def _sums(lines: QuerySet[Spend], near: Around):
    return budget_of(lines.iterator(chunk_size=2_000), rates=rates(), today=near.today)


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def spend_new(request: HttpRequest) -> HttpResponse:
    """A new line; `campaign` in the address names its campaign."""
    near = around()
    campaign = Campaign.objects.filter(pk=id_in(request.GET.get("campaign"))).first()
    initial = {"currency": near.company.base_currency, "status": Spend.Status.PLANNED}
    if campaign is not None:
        initial |= {"campaign": campaign.pk, "service_from": campaign.starts_on, "service_to": campaign.ends_on}
    back = back_to(request, reverse("campaign", args=[campaign.pk]) if campaign else reverse("spend"))

    def write(data: dict) -> str:
        record_spend(actor=request.user, **_values(data))
        return back

    title = f"A cost of {campaign}" if campaign else "A cost line"
    return answer_form(
        request,
        SpendForm(posted(request), initial=initial),
        write,
        near,
        {"title": title, "submit": "Enter it", "back": back},
    )


@require_http_methods(_BOTH)
@requires(Perm.PLAN_CAMPAIGNS)
def spend_replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Another line takes the place of this one: a correction, or the invoice of an order (`status=invoiced`)."""
    line, near = get_object_or_404(standing_lines().select_related("campaign"), pk=pk), around()
    initial = {name: getattr(line, name) for name in ("label", "currency", "status", "kind", "service_from", "service_to")}
    initial |= {"amount": _major(line), "campaign": line.campaign_id, "channel": _own_channel(line)}
    invoice = request.GET.get("status") == Spend.Status.INVOICED
    if invoice:
        initial["status"] = Spend.Status.INVOICED
    back = back_to(request, reverse("campaign", args=[line.campaign_id]) if line.campaign_id else reverse("spend"))

    def write(data: dict) -> str:
        # What came from elsewhere keeps its identity, so that its next import finds this line.
        record_spend(actor=request.user, replaces=line, source=line.source, external_id=line.external_id, **_values(data))
        return back

    context = {
        "title": "The invoice of an order" if invoice else "Correct a cost line",
        "intro": "The line before is taken back and stays in the record; this one takes its place.",
        "submit": "Enter the invoice" if invoice else "Replace it",
        "back": back,
    }
    return answer_form(request, SpendForm(posted(request), initial=initial), write, near, context)


@require_POST
@requires(Perm.PLAN_CAMPAIGNS)
def spend_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line back; the row stays, and another one says that it no longer counts."""
    line = get_object_or_404(Spend.objects.filter(voids__isnull=True), pk=pk)
    try:
        void_spend(spend=line, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(back_to(request, reverse("campaign", args=[line.campaign_id]) if line.campaign_id else reverse("spend")))


def _values(data: dict) -> dict:
    names = ("label", "currency", "status", "kind", "service_from", "service_to", "campaign", "channel")
    return {name: data[name] for name in names} | {"amount": data["minor"]}


def _major(line: Spend) -> Decimal:
    return Decimal(line.amount).scaleb(-exponent(line.currency))


def _own_channel(line: Spend) -> int | None:
    """The channel where it is another one than the campaign's."""
    of_campaign = line.campaign.channel_id if line.campaign_id else None
    return line.channel_id if line.channel_id != of_campaign else None
