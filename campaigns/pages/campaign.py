"""The page of one campaign: its plan, its content, what sales says about it, and its budget against what it costs."""

import datetime as dt
from dataclasses import dataclass

from accounts.models import Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm
from accounts.sides import acts_for
from campaigns.budget import Budget, budget_of
from campaigns.models import Campaign, Content, PreviewNote, Spend
from campaigns.pages.listing import PREVIEWS, when_of
from campaigns.queries import Preview, standing_lines, with_preview
from core.queries import Rates

Kind = PreviewNote.Kind
# Cost lines that are not folded away.
IN_SIGHT = 8


@dataclass(frozen=True)
class Note:
    """One thing that was said in the preview. `older`: about an earlier plan; `waits`: marketing has not answered it."""

    note: PreviewNote
    side: str
    answer: PreviewNote | None
    older: bool
    waits: bool


@dataclass(frozen=True)
class May:
    """What this person may do here."""

    plan: bool
    ask: bool
    respond: bool
    answer: bool


@dataclass(frozen=True)
class CampaignPage:
    campaign: Campaign
    when: str
    state: Preview
    preview: tuple[str, str, bool]
    notes: list[Note]
    contents: list[Content]
    lines: list[Spend]
    budget: Budget | None
    scale: int
    may: May

    @property
    def newest(self) -> list[Spend]:
        return self.lines[:IN_SIGHT]

    @property
    def older(self) -> list[Spend]:
        return self.lines[IN_SIGHT:]


def read_campaign(campaign_id: int, *, user: User, today: dt.date, rates: Rates) -> CampaignPage | None:
    """Everything of the plan; None if there is no such campaign."""
    related = ("channel", "marketing_owner", "sales_owner")
    campaign = with_preview(Campaign.objects.select_related(*related)).filter(pk=campaign_id).first()
    if campaign is None:
        return None
    lines = list(standing_lines().filter(campaign=campaign).select_related("channel").order_by("-service_from", "-id"))
    budget = budget_of(lines, rates=rates, today=today) if lines else None
    state = Preview(campaign.preview)
    return CampaignPage(
        campaign=campaign,
        when=when_of(campaign, today),
        state=state,
        preview=PREVIEWS[state],
        notes=_notes(campaign),
        contents=list(campaign.contents.select_related("owner").order_by("ready_on", "name")),
        lines=lines,
        budget=budget,
        scale=max(budget.planned or 0, budget.bound or 0, 1) if budget else 1,
        may=_may(user, campaign, state),
    )


def _may(user: User, campaign: Campaign, state: Preview) -> May:
    plans = has_perm(user, Perm.PLAN_CAMPAIGNS)
    marketing, sales = acts_for(user, Side.MARKETING), acts_for(user, Side.SALES)
    return May(
        plan=plans,
        ask=plans and marketing and state in (Preview.NONE, Preview.CHANGED),
        respond=plans and sales,
        answer=plans and marketing,
    )


_BY_MARKETING = frozenset({Kind.ASKED, Kind.CHANGE_MADE, Kind.CHANGE_DECLINED})


def _notes(campaign: Campaign) -> list[Note]:
    """Newest first; an answer stands below what it answers, not in a line of its own."""
    rows = list(campaign.preview_notes.select_related("actor").order_by("-occurred_at", "-id"))
    answers = {row.answers_id: row for row in rows if row.answers_id}
    return [
        Note(
            note=row,
            side="marketing" if row.kind in _BY_MARKETING else "sales",
            answer=answers.get(row.pk),
            older=row.plan_version < campaign.plan_version,
            waits=row.kind == Kind.CHANGE_ASKED and row.pk not in answers,
        )
        for row in rows
        if row.answers_id is None
    ]
