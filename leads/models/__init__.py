"""What happened: leads, deals and touches as append-only events, and the projections that are rebuilt from them."""

from leads.models.arrival import UTM, Arrival, FilterRule, FilterRun, UtmRule
from leads.models.content_request import ContentRequest, ContentRequestStep
from leads.models.deal import Deal, DealContact, DealCredit, DealEvent, DealSpan
from leads.models.handoff import Decision, Handoff, HandoffStanding, Notice, Obligation, PromiseCheck
from leads.models.lead import (
    CONTACT_KINDS,
    Company,
    Contact,
    ImportBatch,
    Lead,
    LeadEvent,
    Note,
    Origin,
    Precision,
    StageEntry,
    Touch,
)
from leads.models.routing import RoutedHandoff, Routing, RoutingChange, RoutingRule
from leads.models.score import ScoreNote, ScoreRun
from leads.models.tag import LeadTag, Tag
from leads.models.work import BulkItem, BulkJob, NextStep, SavedView

__all__ = [
    "CONTACT_KINDS",
    "UTM",
    "Arrival",
    "BulkItem",
    "BulkJob",
    "Company",
    "Contact",
    "ContentRequest",
    "ContentRequestStep",
    "Deal",
    "DealContact",
    "DealCredit",
    "DealEvent",
    "DealSpan",
    "Decision",
    "FilterRule",
    "FilterRun",
    "Handoff",
    "HandoffStanding",
    "ImportBatch",
    "Lead",
    "LeadEvent",
    "LeadTag",
    "NextStep",
    "Note",
    "Notice",
    "Obligation",
    "Origin",
    "Precision",
    "PromiseCheck",
    "RoutedHandoff",
    "Routing",
    "RoutingChange",
    "RoutingRule",
    "SavedView",
    "ScoreNote",
    "ScoreRun",
    "StageEntry",
    "Tag",
    "Touch",
    "UtmRule",
]
