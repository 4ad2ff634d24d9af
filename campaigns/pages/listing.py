"""The list of campaigns: filters in the address, 50 rows a page, each with its budget and its preview."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.http import QueryDict

from accounts.models import User
from campaigns.budget import Budget, budgets_of
from campaigns.models import Campaign, Channel
from campaigns.queries import Preview, standing_lines, with_preview
from core.queries import Rates

PAGE = 50
WHEN = {"": "All", "running": "Running", "coming": "Coming", "ended": "Ended", "undated": "Without dates"}
PREVIEWS = {
    Preview.NONE: ("Not previewed", "", False),
    Preview.WAITS: ("Sales looks next", "sales", False),
    Preview.CHANGED: ("Changed since sales looked", "sales", False),
    Preview.CHANGE_ASKED: ("Change asked for", "marketing", False),
    Preview.SEEN: ("Seen by sales", "", True),
}


@dataclass(frozen=True)
class Filters:
    """What the address asks for."""

    when: str = ""
    words: str = ""
    channel: int | None = None
    mine: bool = False

    @property
    def any(self) -> bool:
        return bool(self.when or self.words or self.channel or self.mine)


@dataclass(frozen=True)
class Row:
    campaign: Campaign
    when: str
    budget: Budget | None  # None: no cost line at all
    preview: tuple[str, str, bool]

    @property
    def scale(self) -> int:
        return max(self.budget.planned or 0, self.budget.bound or 0, 1) if self.budget else 1


@dataclass(frozen=True)
class Listing:
    rows: list[Row]
    found: int
    page: int
    pages: int
    tabs: list[tuple[str, str, int]]


def filters_in(params: QueryDict) -> Filters:
    """Filters of an address; what makes no sense is left out."""
    channel, when = params.get("channel", ""), params.get("when", "")
    number = int(channel) if channel.isascii() and channel.isdecimal() and len(channel) < 19 else None
    return Filters(
        when=when if when in WHEN else "",
        words=params.get("q", "").replace("\x00", "").strip()[:200],
        channel=number,
        mine=params.get("owner") == "me",
    )


def narrowed(campaigns: QuerySet[Campaign], filters: Filters, user: User) -> QuerySet[Campaign]:
    """By words, channel and owner; the time is another matter."""
    if filters.words:
        campaigns = campaigns.filter(Q(name__icontains=filters.words) | Q(channel__name__icontains=filters.words))
    if filters.channel is not None:
        campaigns = campaigns.filter(channel_id=filters.channel)
    if filters.mine:
        campaigns = campaigns.filter(Q(marketing_owner=user) | Q(sales_owner=user))
    return campaigns


def _times(today: dt.date) -> dict[str, Q]:
    return {
        "": Q(),
        "running": Q(starts_on__lte=today) & (Q(ends_on__gte=today) | Q(ends_on__isnull=True)),
        "coming": Q(starts_on__gt=today),
        "ended": Q(ends_on__lt=today),
        "undated": Q(starts_on__isnull=True, ends_on__isnull=True) | Q(starts_on__isnull=True, ends_on__gte=today),
    }


def when_of(campaign: Campaign, today: dt.date) -> str:
    """running, coming, ended or undated."""
    if campaign.ends_on is not None and campaign.ends_on < today:
        return "ended"
    if campaign.starts_on is None:
        return "undated"
    return "coming" if campaign.starts_on > today else "running"


def list_campaigns(filters: Filters, *, user: User, today: dt.date, rates: Rates, page: int) -> Listing:
    """A page of campaigns, what starts last first, with a count for each time."""
    of_all, times = narrowed(Campaign.objects.all(), filters, user), _times(today)
    tabs = [(key, word, of_all.filter(times[key]).count()) for key, word in WHEN.items()]
    found = next(n for key, _, n in tabs if key == filters.when)
    pages = max((found + PAGE - 1) // PAGE, 1)
    page = min(page, pages)
    asked = with_preview(of_all.filter(times[filters.when])).select_related("channel", "marketing_owner", "sales_owner")
    first = F("starts_on").asc() if filters.when == "coming" else F("starts_on").desc(nulls_last=True)
    rows = list(asked.order_by(first, "name", "id")[(page - 1) * PAGE : page * PAGE])
    lines = standing_lines().filter(campaign_id__in=[row.pk for row in rows])
    budgets = budgets_of(lines, rates=rates, today=today)
    shown = [Row(row, when_of(row, today), budgets.get(row.pk), PREVIEWS[Preview(row.preview)]) for row in rows]
    return Listing(shown, found, page, pages, tabs)


def channels() -> list[Channel]:
    """Channels that some campaign uses, for the filter."""
    return list(Channel.objects.filter(campaign__isnull=False).distinct().order_by("name"))


def near_pages(page: int, pages: int) -> list[int | None]:
    """Page numbers to show; None is a gap."""
    shown = sorted({1, page - 1, page, page + 1, pages} & set(range(1, pages + 1)))
    found: list[int | None] = []
    for number in shown:
        if found and found[-1] is not None and number > found[-1] + 1:
            found.append(None)
        found.append(number)
    return found
