"""What both teams raise, judge and review together: issues, the monthly sample, the meetings and their participants."""

from reviews.models.action import Action, ActionStep, Decision
from reviews.models.ballots import HandedBallot, Paper, ReviewRating, Urn
from reviews.models.charter import CharterLine, RideAlong
from reviews.models.expectations import Expectation
from reviews.models.frozen import FrozenChange, FrozenNumber, FrozenRows, Restatement, RestatementPart
from reviews.models.issue import Issue
from reviews.models.judging import Judgement, JudgingRound, SampledLead, Stratum
from reviews.models.minutes import Minutes
from reviews.models.review import Review, ReviewParticipant, ReviewSeries, SeriesMember
from reviews.models.room import GoodThing, ReviewIssue, RoomState
from reviews.models.safe_space import ProcessCard, Solution
from reviews.models.words import WordOfReview

__all__ = [
    "Action",
    "ActionStep",
    "CharterLine",
    "Decision",
    "Expectation",
    "FrozenChange",
    "FrozenNumber",
    "FrozenRows",
    "Minutes",
    "GoodThing",
    "HandedBallot",
    "Issue",
    "Judgement",
    "JudgingRound",
    "Paper",
    "ProcessCard",
    "Restatement",
    "RestatementPart",
    "Review",
    "ReviewIssue",
    "ReviewParticipant",
    "RideAlong",
    "ReviewRating",
    "ReviewSeries",
    "RoomState",
    "SampledLead",
    "SeriesMember",
    "Solution",
    "Stratum",
    "Urn",
    "WordOfReview",
]
