"""My day about content and campaigns: requests that wait for marketing, answers for sales, previews for both."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from campaigns.models import Campaign
from campaigns.pages.listing import PREVIEWS
from campaigns.queries import Preview, with_preview
from leads.models import ContentRequest, ContentRequestStep
from leads.pages.filters import Surroundings
from leads.pages.my_day import Section, fold, section_of
from leads.request_queries import visible_requests, waiting_for

State = ContentRequest.State
# How long an answer that nobody used stays in the list of the one who asked.
ANSWERED_FOR = dt.timedelta(days=14)


@dataclass(frozen=True)
class RequestRow:
    """A request for content: to be answered by marketing, or to be used by sales."""

    kind: str
    key: int
    asked: ContentRequest
    due_at: dt.datetime | None = None
    late: bool = False
    first: bool = False


@dataclass(frozen=True)
class PreviewRow:
    """A campaign whose preview waits for this person."""

    key: int
    name: str
    words: str
    kind: str = "preview"
    due_at: None = None


def content_to_answer(around: Surroundings) -> Section | None:
    """What waits for this marketer: by the promised day, else by the day that sales needs it, else today."""
    days, rows = around.calendar, {row.pk: row for row in waiting_for(around.user)}
    until = days.end_of_day(around.today)

    def due(row: ContentRequest) -> dt.datetime:
        day = row.due_on if row.state == State.PROMISED else row.wanted_by
        return days.end_of_day(day or around.today) - dt.timedelta(seconds=1)

    def make(keys: Sequence[int]) -> list[RequestRow]:
        return [RequestRow("content", pk, rows[pk], due(rows[pk]), late=due(rows[pk]) < around.now) for pk in keys]

    found = [(pk, due(row)) for pk, row in rows.items()]
    return section_of("content", "Content", found, make, until=until, sub="Sales asked for it")


def content_to_use(around: Surroundings) -> Section | None:
    """What marketing answered to this person and has not been used yet, newest first."""
    used = ContentRequestStep.objects.filter(kind=ContentRequestStep.Kind.USED).values("request_id")
    asked = visible_requests(around.user).filter(asked_by=around.user, state__in=(State.ANSWERED, State.DECLINED))
    rows = list(
        asked.filter(answered_at__gte=around.now - ANSWERED_FOR).exclude(pk__in=used).order_by("-answered_at", "-id")
    )

    def make(some: Sequence[ContentRequest]) -> list[RequestRow]:
        return [RequestRow("content_answered", row.pk, row) for row in some]

    return fold("content", "Content", rows, make, sub="Marketing answered what you asked for", presses=False)


def previews_for(around: Surroundings, side: str) -> Section | None:
    """Campaigns of this person's whose preview waits for their side, and that have not ended."""
    turn = (Preview.WAITS, Preview.CHANGED) if side == "sales" else (Preview.CHANGE_ASKED,)
    mine = Campaign.objects.filter(Q(ends_on__gte=around.today) | Q(ends_on__isnull=True))
    mine = mine.filter(**{f"{side}_owner": around.user})
    rows = (
        with_preview(mine).filter(preview__in=turn).order_by("starts_on", "name", "id").values_list("id", "name", "preview")
    )

    def make(some: Sequence[tuple]) -> list[PreviewRow]:
        return [PreviewRow(pk, name, PREVIEWS[Preview(state)][0]) for pk, name, state in some]

    sub = "Look at the campaign before it starts" if side == "sales" else "Sales asked for a change before it starts"
    return fold("preview", "Preview", list(rows), make, sub=sub, presses=False)
