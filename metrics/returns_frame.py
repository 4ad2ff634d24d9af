"""What the pages of return share: the period, the model, and the words of campaigns, channels and content."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from campaigns.models import Campaign, Channel, Content
from campaigns.queries import told_apart
from core.periods import Period, date_of
from metrics.campaign_returns import GRAINS, NONE_NAMED, SALES_SOURCED, UNATTRIBUTED
from metrics.credit import models_of
from metrics.credit_words import model_in, words_of
from metrics.dashboard import records_from, year_to
from metrics.frame import period_choices
from metrics.segments import UNKNOWN_DAY
from metrics.series import Snapshot

ALL, YEAR = "all", "365d"
# Which rows stand for something that can be named, and pages of their own.
PAGES = {"campaign": "campaign_return", "channel": "channel_return"}
_NOBODY = {UNATTRIBUTED: "No touch known", SALES_SOURCED: "Started by sales, no touch of marketing"}
_NONE = {
    "campaign": "Without a campaign",
    "channel": "Without a channel",
    "content": "Without a piece of content",
}


@dataclass(frozen=True)
class ReturnFrame:
    """A page's period up to today, its model, and whether what sales did is among the touches."""

    choice: str
    label: str
    period: Period
    model: str
    sales: bool = False

    def query(self, **more: str | int) -> str:
        """The frame as the query string of a page of return."""
        kept = {"period": self.choice, "model": self.model} | ({"sales": "1"} if self.sales else {})
        return urlencode(kept | more)

    def deals_url(self, by: str, key: int, **more: str) -> str:
        """The deals behind what a row earned."""
        return f"{reverse('return_deals')}?{self.query(by=by, id=key, **more)}"

    def content_url(self, by: str, key: int, content: int, count: str) -> str:
        """The leads that a piece of content of a row counts."""
        return f"{reverse('return_content_leads')}?{self.query(by=by, id=key, content=content, count=count)}"

    def page_url(self, by: str, key: int) -> str:
        """The page of a row; none where the row stands for nothing that has one."""
        return f"{reverse(PAGES[by], args=[key])}?{self.query()}" if by in PAGES and key > 0 else ""

    def explain_url(self, metric: str, **more: str) -> str:
        """The explanation of a metric that counts leads, in this period."""
        span = {"from": self.period.start.isoformat(), "to": self.period.end.isoformat()}
        return f"{reverse('explain', args=[metric])}?{urlencode(span | more)}"

    @property
    def days(self) -> int:
        return self.period.days


def periods(snapshot: Snapshot, today: dt.date) -> list[tuple[str, str, Period]]:
    """The last 365 days, all that is recorded, and the periods of the dashboard: value, label, days up to today."""
    end = today + dt.timedelta(days=1)
    first = min(_first_day(snapshot) or today, today)
    found = [(YEAR, "Last 365 days", year_to(end)), (ALL, "All that is recorded", Period(first, end))]
    return found + [(value, label, Period(p.start, min(p.end, end))) for value, label, p in period_choices(snapshot, today)]


def read_return_frame(snapshot: Snapshot, params: Mapping[str, str], *, today: dt.date, usual: str = YEAR) -> ReturnFrame:
    """The frame in an address; unknown values fall back, so that old links still open."""
    asked = params.get("period", "")
    choices = {value: (value, label, period) for value, label, period in periods(snapshot, today)}
    value, label, period = choices.get(asked) or _year_in(asked, today) or choices[usual]
    model = model_in(params.get("model"), models_of(snapshot.rules))
    return ReturnFrame(value, label, period, model, params.get("sales") == "1")


def _first_day(snapshot: Snapshot) -> dt.date | None:
    """The first day of which anything is known, cost lines too: money is often spent before the first lead comes."""
    spent = [date_of(day) for day in snapshot["spend"].days if day != UNKNOWN_DAY][:1]
    known = records_from(snapshot)
    return min([*spent, *([known] if known else [])], default=None)


def year_choice(end: dt.date, today: dt.date) -> tuple[str, str, Period]:
    """The 365 days before a day as a period of an address: the dashboard's card of an earlier quarter leads there."""
    if end > today:
        return YEAR, "Last 365 days", year_to(today + dt.timedelta(days=1))
    last = end - dt.timedelta(days=1)
    return f"{YEAR}-{end.isoformat()}", f"365 days to {last.day} {last:%b %Y}", year_to(end)


def _year_in(text: str, today: dt.date) -> tuple[str, str, Period] | None:
    try:
        return year_choice(dt.date.fromisoformat(text.removeprefix(f"{YEAR}-")), today) if text.startswith(YEAR) else None
    except ValueError:
        return None


def read_grain(text: str | None) -> str:
    return text if text in GRAINS else GRAINS[0]


def names_of(by: str, keys: Iterable[int]) -> dict[int, str]:
    """Words of rows: the name, or what stands in its place where nothing is named. One query."""
    keys = set(keys)
    real = [key for key in keys if key > 0]
    match by:
        case "campaign":
            rows = told_apart().filter(id__in=real).values_list("id", "word")
        case "channel":
            rows = Channel.objects.filter(id__in=real).values_list("id", "name")
        case _:
            rows = Content.objects.filter(id__in=real).values_list("id", "name")
    return {NONE_NAMED: _NONE[by]} | _NOBODY | dict(rows)


def channels_of(campaigns: Iterable[int]) -> dict[int, int | None]:
    """The channel of each of these campaigns."""
    return dict(Campaign.objects.filter(id__in=list(campaigns)).values_list("id", "channel_id"))


def model_choices(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(name, words_of(name).label) for name in models_of(snapshot.rules)]
