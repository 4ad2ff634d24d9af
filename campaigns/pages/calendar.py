"""The calendar of campaigns and content: a month or a quarter, a bar per campaign, both owners beside it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Prefetch

from accounts.models import User
from campaigns.models import Campaign, Content
from campaigns.pages.listing import PREVIEWS, Filters, narrowed
from campaigns.queries import Preview, running_between, with_preview
from core.periods import add_months, next_start, start_of
from core.templatetags.display import day_words

SPANS = {"month": "Month", "quarter": "Quarter"}
# More bars than this on one sheet are not read; the filters make fewer of them.
MOST = 300


@dataclass(frozen=True)
class Tick:
    at: str  # percent of the width
    word: str
    line: bool  # begins a part of the span


@dataclass(frozen=True)
class Piece:
    """A piece of content that becomes ready within the span."""

    content: Content
    at: str


@dataclass(frozen=True)
class Bar:
    campaign: Campaign
    left: str
    width: str
    before: bool  # begins before the span
    after: bool  # goes on after it
    words: str
    pieces: list[Piece]
    preview: tuple[str, str, bool]


@dataclass(frozen=True)
class Sheet:
    span: str
    first: dt.date
    stop: dt.date
    before: dt.date  # first day of the span before
    title: str
    ticks: list[Tick]
    today: str  # percent, "" if today is not within
    groups: list[tuple[str, list[Bar]]]
    count: int
    hidden: int
    undated: int


def read_sheet(
    span: str, around: dt.date, filters: Filters, *, user: User, today: dt.date, week_start: int, year_start: int
) -> Sheet:
    """The month or the fiscal quarter around a day, campaigns by channel and then by their start."""
    first = start_of(around, span, week_start=week_start, year_start=year_start)
    stop = next_start(first, span)
    rows = with_preview(narrowed(running_between(first, stop), filters, user))
    rows = rows.select_related("channel", "marketing_owner", "sales_owner").prefetch_related(
        Prefetch("contents", Content.objects.filter(ready_on__gte=first, ready_on__lt=stop).order_by("ready_on", "name"))
    )
    count = rows.count()
    groups: dict[str, list[Bar]] = {}
    for row in rows.order_by("channel__name", "starts_on", "name", "id")[:MOST]:
        groups.setdefault(str(row.channel or "Without a channel"), []).append(_bar(row, first, stop, today))
    return Sheet(
        span=span,
        first=first,
        stop=stop,
        before=add_months(first, -1 if span == "month" else -3),
        title=_title(span, first, stop),
        ticks=_ticks(span, first, stop, week_start),
        today=_percent(today, first, stop) if first <= today < stop else "",
        groups=sorted(groups.items(), key=lambda group: group[0].casefold()),
        count=count,
        hidden=max(count - MOST, 0),
        undated=narrowed(Campaign.objects.filter(starts_on__isnull=True), filters, user).count(),
    )


def _title(span: str, first: dt.date, stop: dt.date) -> str:
    if span == "month":
        return f"{first:%B %Y}"
    last = stop - dt.timedelta(days=1)
    return f"{first:%B} to {last:%B %Y}" if first.year == last.year else f"{first:%B %Y} to {last:%B %Y}"


def _percent(day: dt.date, first: dt.date, stop: dt.date) -> str:
    return f"{(day - first).days / (stop - first).days * 100:.3f}%"


def _ticks(span: str, first: dt.date, stop: dt.date, week_start: int) -> list[Tick]:
    """The weeks of a month, the months of a quarter."""
    if span == "quarter":
        months = [add_months(first, n) for n in range(3)]
        return [Tick(_percent(day, first, stop), f"{day:%b}", line=True) for day in months]
    day, found = start_of(first, "week", week_start=week_start), []
    while day < stop:
        if day >= first:
            found.append(Tick(_percent(day, first, stop), f"{day.day} {day:%b}", line=True))
        day = next_start(day, "week")
    return found


def _bar(campaign: Campaign, first: dt.date, stop: dt.date, today: dt.date) -> Bar:
    begins = max(campaign.starts_on, first)
    ends = min(campaign.ends_on + dt.timedelta(days=1), stop) if campaign.ends_on else stop
    whole = (stop - first).days
    pieces = [Piece(content, _percent(content.ready_on, first, stop)) for content in campaign.contents.all()]
    until = f"to {day_words(campaign.ends_on, today)}" if campaign.ends_on else "open end"
    return Bar(
        campaign=campaign,
        left=_percent(begins, first, stop),
        width=f"{max((ends - begins).days, 1) / whole * 100:.3f}%",
        before=campaign.starts_on < first,
        after=campaign.ends_on is None or campaign.ends_on >= stop,
        words=f"{day_words(campaign.starts_on, today)} {until}",
        pieces=pieces,
        preview=PREVIEWS[Preview(campaign.preview)],
    )
