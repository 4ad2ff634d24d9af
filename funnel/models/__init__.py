"""What both teams agreed, in versions that both sides sign, and when they work."""

from funnel.models.agreement import (
    Agreement,
    GlossaryTerm,
    Milestone,
    Reason,
    Region,
    Segment,
    SegmentMargin,
    Signature,
    Stage,
    StageInVersion,
    StageKind,
    StageTransition,
    Target,
)
from funnel.models.calendars import CalendarWindow, Holiday, WorkingCalendar
from funnel.models.comments import Comment, Refusal
from funnel.models.criteria import StageRule
from funnel.models.promises import (
    WHOLE,
    HandoffField,
    LeadValue,
    Promise,
    PromiseKey,
    RequiredField,
    Terms,
)
from funnel.models.score import PointsTable

__all__ = [
    "WHOLE",
    "Agreement",
    "CalendarWindow",
    "Comment",
    "GlossaryTerm",
    "HandoffField",
    "Holiday",
    "LeadValue",
    "Milestone",
    "PointsTable",
    "Promise",
    "PromiseKey",
    "Reason",
    "Refusal",
    "Region",
    "RequiredField",
    "Segment",
    "SegmentMargin",
    "Signature",
    "Stage",
    "StageInVersion",
    "StageKind",
    "StageRule",
    "StageTransition",
    "Target",
    "Terms",
    "WorkingCalendar",
]
