"""What campaigns, channels and content earned: all of them, one of them, where the models differ, and one deal's ledger."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from accounts.queries import standing
from campaigns.models import Campaign, Channel
from core.csv_out import csv_answer
from metrics.campaign_returns import campaign_returns
from metrics.content_returns import COUNTS, MET, content_of, leads_met
from metrics.credit_words import CONVENTION, words_of
from metrics.customer_returns import new_customers
from metrics.deals_behind import SOURCED, STANDINGS, TOUCHED, WON, deals_behind
from metrics.return_counts import STEPS
from metrics.returns_frame import (
    ALL,
    ReturnFrame,
    model_choices,
    names_of,
    periods,
    read_grain,
    read_return_frame,
)
from metrics.returns_models import comparison, fitted, ledger_page, visible_deal
from metrics.returns_pages import (
    below_break_even,
    campaigns_of_channel,
    feedback_of,
    months_of,
    one_page,
    overview,
)
from metrics.series import Snapshot, current

DRAWER, PAGE = 10, 50
EXPORT_LIMIT = 200_000
GRAIN_WORDS = {"campaign": "Campaigns", "channel": "Channels", "content": "Content"}


@require_safe
@requires(Perm.SEE_NUMBERS)
def returns(request: HttpRequest) -> HttpResponse:
    """All campaigns, channels or pieces of content: cost, what they brought, and the return with its interval."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    frame, by = _frame(request, snapshot), read_grain(request.GET.get("by"))
    context = {"page": overview(snapshot, frame, by), "by": by, "steps": STEPS}
    context["customers"] = new_customers(snapshot, frame.period, today=_today(snapshot))
    context["explain_customer"] = frame.explain_url("cost_per_customer")
    context["explain_programme"] = frame.explain_url("programme_cost_per_customer")
    return _show(request, "metrics/returns/overview.html", snapshot, frame, context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def return_models(request: HttpRequest) -> HttpResponse:
    """Where the models of credit disagree, and why."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    frame, by = _frame(request, snapshot), read_grain(request.GET.get("by"))
    context = {"page": comparison(snapshot, frame, by), "by": by}
    return _show(request, "metrics/returns/models.html", snapshot, frame, context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def return_fitted(request: HttpRequest) -> HttpResponse:
    """The data-driven models: a part of the comparison that takes some seconds, so it comes after the page."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    frame = _frame(request, snapshot)
    part = bool(request.headers.get("HX-Request"))
    template = f"metrics/returns/{'fitted' if part else 'fitted_page'}.html"
    return _show(request, template, snapshot, frame, {"fits": fitted(snapshot, sales=frame.sales)})


@require_safe
@requires(Perm.SEE_NUMBERS)
def campaign_return(request: HttpRequest, pk: int) -> HttpResponse:
    """What a campaign earned: a part of its page for htmx, a page of its own otherwise."""
    campaign = get_object_or_404(Campaign.objects.select_related("channel"), pk=pk)
    context = {"title": str(campaign), "under": campaign.channel, "back": reverse("campaign", args=[pk])}
    return _one(request, "campaign", campaign.pk, context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def channel_return(request: HttpRequest, pk: int) -> HttpResponse:
    """What a channel earned, with its campaigns."""
    channel = get_object_or_404(Channel, pk=pk)
    return _one(request, "channel", channel.pk, {"title": str(channel), "back": f"{reverse('returns')}?by=channel"})


def _one(request: HttpRequest, by: str, key: int, context: dict) -> HttpResponse:
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    # A campaign is judged over its whole life, a channel over the last year, unless somebody asks otherwise.
    frame = _frame(request, snapshot, **({"usual": ALL} if by == "campaign" else {}))
    page = one_page(snapshot, frame, by, key)
    context |= {"page": page, "by": by, "key": key, "here": reverse(f"{by}_return", args=[key])}
    if page is not None:
        context["feedback"] = feedback_of(snapshot, frame.period, Q(**{f"lead__{by}_id": key}))
        context["content"] = content_of(snapshot, frame, by, key)
        context["months"] = months_of(snapshot, frame, by, key)
        context["campaigns"] = campaigns_of_channel(snapshot, frame, key) if by == "channel" else []
    part = bool(request.headers.get("HX-Request"))
    template = "metrics/returns/one_part.html" if part else "metrics/returns/one.html"
    return _show(request, template, snapshot, frame, context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def return_deals(request: HttpRequest) -> HttpResponse:
    """The deals behind what a row earned: a drawer for htmx, a page of its own otherwise."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    frame, asked = _frame(request, snapshot, usual=ALL), _asked(request)
    drawer = bool(request.headers.get("HX-Request"))
    number = _number(request.GET.get("page"))
    limit, offset = (DRAWER, 0) if drawer else (PAGE, (number - 1) * PAGE)
    found = deals_behind(
        snapshot, frame.period, request.user, **asked, model=frame.model, sales=frame.sales, offset=offset, limit=limit
    )
    mine = found.total - found.hidden
    row = None
    if asked["content"] is None:
        row = campaign_returns(snapshot, frame.period, by=asked["by"], sales=frame.sales).row(asked["key"])
    context = {
        "found": found,
        "asked": asked,
        "counted": asked["standing"] in (TOUCHED, SOURCED),
        "row": row,
        "earned": row.returns.get(frame.model) if row else None,
        "name": _name(asked),
        "address": f"{reverse('return_deals')}?{_query(frame, asked)}",
        "csv": f"{reverse('return_deals_csv')}?{_query(frame, asked)}",
        "page_number": number,
        "pages": max((mine + PAGE - 1) // PAGE, 1),
    }
    return _show(request, f"metrics/returns/{'deals' if drawer else 'deals_page'}.html", snapshot, frame, context)


@require_safe
@requires(Perm.SEE_LEADS)
def return_deals_csv(request: HttpRequest) -> HttpResponse:
    """The same deals as CSV: those that this reader may open."""
    snapshot = current()
    frame, asked = _frame(request, snapshot, usual=ALL), _asked(request)
    found = deals_behind(
        snapshot, frame.period, request.user, **asked, model=frame.model, sales=frame.sales, limit=EXPORT_LIMIT
    )
    scope = f"{_name(asked)}: {words_of(frame.model).label}, {frame.label}"
    lines = [[f"{scope}; {found.total} deals, {found.hidden} not shown to you"]]
    lines.append(["deal", "name", "company", "day", "booked", "share", "currency"])
    lines += [[d.deal, d.name, d.company, d.day, d.whole, d.share, snapshot.currency] for d in found.rows]
    return csv_answer("deals-behind", lines)


@require_safe
@requires(Perm.SEE_NUMBERS)
def return_content_leads(request: HttpRequest) -> HttpResponse:
    """The leads that a piece of content counts: a drawer for htmx, a page of its own otherwise."""
    snapshot = current()
    if not snapshot.book:
        return render(request, "metrics/empty.html")
    frame, asked = _frame(request, snapshot, usual=ALL), _asked_leads(request)
    drawer = bool(request.headers.get("HX-Request"))
    number = _number(request.GET.get("page"))
    limit, offset = (DRAWER, 0) if drawer else (PAGE, (number - 1) * PAGE)
    found = leads_met(snapshot, frame.period, request.user, **asked, offset=offset, limit=limit)
    query = _query(frame, asked)
    context = {
        "found": found,
        "asked": asked,
        "what": COUNTS[asked["count"]],
        "name": _name(asked),
        "address": f"{reverse('return_content_leads')}?{query}",
        "csv": f"{reverse('return_content_leads_csv')}?{query}",
        "page_number": number,
        "pages": max((found.total - found.hidden + PAGE - 1) // PAGE, 1),
    }
    template = f"metrics/returns/{'content_leads' if drawer else 'content_leads_page'}.html"
    return _show(request, template, snapshot, frame, context)


@require_safe
@requires(Perm.SEE_LEADS)
def return_content_leads_csv(request: HttpRequest) -> HttpResponse:
    """The same leads as CSV: those that this reader may open."""
    snapshot = current()
    if not snapshot.book:
        raise Http404
    frame, asked = _frame(request, snapshot, usual=ALL), _asked_leads(request)
    found = leads_met(snapshot, frame.period, request.user, **asked, limit=EXPORT_LIMIT)
    scope = f"{_name(asked)}: {COUNTS[asked['count']]}, {frame.label}"
    lines = [[f"{scope}; {found.total} leads, {found.hidden} not shown to you"]]
    lines.append(["lead", "name", "company", "met", "reached_sql", "stage", "owner"])
    for row in found.rows:
        stage = row["stage"].name if row["stage"] else ""
        lines.append([row["lead"], row["name"], row["company"], row["met"], row["reached"], stage, row["owner"]])
    return csv_answer("leads-behind", lines)


@require_safe
@requires(Perm.SEE_LEADS)
def deal_credit(request: HttpRequest, pk: int) -> HttpResponse:
    """One deal's ledger: each touch, each model's share, adding up to what was booked."""
    deal = visible_deal(request.user, pk)
    if deal is None:
        raise Http404
    snapshot = current()
    frame = _frame(request, snapshot)
    context = {"deal": deal, "page": ledger_page(snapshot, deal, request.user, sales=frame.sales)}
    return _show(request, "metrics/returns/ledger.html", snapshot, frame, context)


@require_safe
@requires(Perm.WORK_LEADS)
def my_campaigns(request: HttpRequest) -> HttpResponse:
    """A section of My day: the reader's campaigns that are surely below break-even."""
    snapshot = current()
    frame = _frame(request, snapshot)
    mine = Campaign.objects.filter(Q(marketing_owner=request.user) | Q(marketing_owner=None)).values_list("id", flat=True)
    lines = below_break_even(snapshot, frame, set(mine)) if snapshot.book else []
    return _show(request, "metrics/returns/my_campaigns.html", snapshot, frame, {"lines": lines})


# --- addresses ------------------------------------------------------------------------------------------------------------


def _today(snapshot: Snapshot) -> dt.date:
    return snapshot.calendar.day_of(dt.datetime.now(dt.UTC))


def _frame(request: HttpRequest, snapshot: Snapshot, **usual: str) -> ReturnFrame:
    return read_return_frame(snapshot, request.GET, today=_today(snapshot), **usual)


def _asked(request: HttpRequest) -> dict:
    """Which row's deals an address asks for; unknown words fall back."""
    return {
        "by": read_grain(request.GET.get("by")),
        "key": _key(request.GET.get("id", "")) or 0,
        "content": _key(request.GET.get("content", "")),
        "standing": asked if (asked := request.GET.get("standing")) in STANDINGS else WON,
        "measure": "revenue" if request.GET.get("measure") == "revenue" else "profit",
    }


def _asked_leads(request: HttpRequest) -> dict:
    """Which count of a piece of content an address asks for; unknown words fall back."""
    return {
        "by": "channel" if request.GET.get("by") == "channel" else "campaign",
        "key": _key(request.GET.get("id", "")) or 0,
        "content": _key(request.GET.get("content", "")) or 0,
        "count": asked if (asked := request.GET.get("count")) in COUNTS else MET,
    }


def _key(text: str) -> int | None:
    signless = text.removeprefix("-")
    return int(text) if signless.isascii() and signless.isdecimal() and len(signless) < 10 else None


def _query(frame: ReturnFrame, asked: dict) -> str:
    kept = {name: value for name, value in asked.items() if name != "key" and value is not None}
    return frame.query(id=asked["key"], **kept)


def _name(asked: dict) -> str:
    """The row that is asked for, and the piece of its content where one is."""
    row, piece = names_of(asked["by"], [asked["key"]]).get(asked["key"], ""), asked["content"]
    return row if piece is None else f"{names_of('content', [piece]).get(piece, '')}, {row}"


def _number(text: str | None) -> int:
    text = text or "1"
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:7]) else 1


def _period_words(snapshot: Snapshot, frame: ReturnFrame, today: dt.date) -> list[tuple[str, str]]:
    found = [(value, label) for value, label, _ in periods(snapshot, today)]
    return found if frame.choice in dict(found) else [(frame.choice, frame.label), *found]


def _show(request: HttpRequest, template: str, snapshot: Snapshot, frame: ReturnFrame, context: dict) -> HttpResponse:
    today = _today(snapshot)
    zone: ZoneInfo = snapshot.calendar.zone_on(today)
    shared = {
        "frame": frame,
        "query": frame.query(),
        "model": words_of(frame.model),
        "models": model_choices(snapshot),
        "periods": _period_words(snapshot, frame, today),
        "grains": GRAIN_WORDS,
        "currency": snapshot.currency,
        "convention": CONVENTION,
        "half_life": snapshot.rules.half_life,
        "written_at": snapshot.written_at,
        "zone": zone,
        "today": today,
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, template, shared | context)
