"""What both teams raise, judge and review together: issues, the monthly sample, the meetings and their participants."""

from reviews.models.action import Action, ActionStep, Decision
from reviews.models.charter import CharterLine, JointVisit
from reviews.models.frozen import FrozenChange, FrozenNumber, FrozenRows, Restatement, RestatementPart
from reviews.models.issue import Issue
from reviews.models.judging import Judgement, JudgingRound, SampledLead, Stratum
from reviews.models.minutes import Minutes
from reviews.models.review import Review, ReviewParticipant, ReviewSeries, SeriesMember
from reviews.models.room import GoodThing, ReviewIssue, RoomState

__all__ = [
    "Action",
    "ActionStep",
    "CharterLine",
    "Decision",
    "FrozenChange",
    "FrozenNumber",
    "FrozenRows",
    "JointVisit",
    "Minutes",
    "GoodThing",
    "Issue",
    "Judgement",
    "JudgingRound",
    "Restatement",
    "RestatementPart",
    "Review",
    "ReviewIssue",
    "ReviewParticipant",
    "ReviewSeries",
    "RoomState",
    "SampledLead",
    "SeriesMember",
    "Stratum",
]
