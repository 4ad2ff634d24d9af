"""The list and the calendar of campaigns."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from campaigns.models import Campaign
from campaigns.pages.calendar import SPANS, read_sheet
from campaigns.pages.listing import channels, filters_in, list_campaigns, near_pages
from campaigns.views.frame import around, page_number, show
from core.errors import DomainError
from core.periods import parse_day
from core.queries import rates


@require_safe
@requires(Perm.SEE_NUMBERS)
def campaigns(request: HttpRequest) -> HttpResponse:
    near, filters = around(), filters_in(request.GET)
    listing = list_campaigns(filters, user=request.user, today=near.today, rates=rates(), page=page_number(request))
    context = {"listing": listing, "filters": filters, "channels": channels(), "query": _query(request, "page")}
    context |= {"near": near_pages(listing.page, listing.pages), "around_tabs": _query(request, "page", "when")}
    context["kept"] = [("when", filters.when)] if filters.when else []
    context["nothing_yet"] = not filters.any and not listing.found
    return show(request, "campaigns/list.html", near, context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def calendar(request: HttpRequest) -> HttpResponse:
    """A month or a quarter; `from` is any day of it."""
    near, filters = around(), filters_in(request.GET)
    span = request.GET.get("span") if request.GET.get("span") in SPANS else "quarter"
    sheet = read_sheet(
        span,
        _day(request.GET.get("from", ""), near.today),
        filters,
        user=request.user,
        today=near.today,
        week_start=near.company.week_start,
        year_start=near.company.fiscal_year_start,
    )
    context = {"sheet": sheet, "spans": SPANS, "filters": filters, "channels": channels()}
    context |= {"around_span": _query(request, "span"), "around_from": _query(request, "from")}
    context["kept"] = [("span", span), ("from", sheet.first.isoformat())]
    context["nothing_yet"] = not sheet.count and not Campaign.objects.exists()
    return show(request, "campaigns/calendar.html", near, context)


def _day(text: str, today):
    try:
        day = parse_day(text) if text else today
    except DomainError:
        return today
    return day if 1990 <= day.year <= 2200 else today


def _query(request: HttpRequest, *without: str) -> str:
    """The address's filters without some of them, for links that change these."""
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    return query.urlencode()
