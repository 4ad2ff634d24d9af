"""The writes of this app. Keyword-only, the actor always named; callers import from here."""

from campaigns.services.campaigns import ensure_campaign, ensure_channel, plan_campaign, update_campaign
from campaigns.services.content import describe_content, ensure_content, put_content, take_content_out
from campaigns.services.intake import TakenRow, take_campaign, take_content, take_spend
from campaigns.services.previews import answer_change, ask_for_preview, respond_to_preview
from campaigns.services.spend import record_spend, void_spend

__all__ = [
    "TakenRow",
    "answer_change",
    "ask_for_preview",
    "describe_content",
    "ensure_campaign",
    "ensure_channel",
    "ensure_content",
    "plan_campaign",
    "put_content",
    "record_spend",
    "respond_to_preview",
    "take_campaign",
    "take_content",
    "take_content_out",
    "take_spend",
    "update_campaign",
    "void_spend",
]
