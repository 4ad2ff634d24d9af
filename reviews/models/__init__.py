"""What both teams raise and judge together: issues with numbers, and the monthly sample that two judges read."""

from reviews.models.issue import Issue
from reviews.models.judging import Judgement, JudgingRound, SampledLead, Stratum

__all__ = ["Issue", "Judgement", "JudgingRound", "SampledLead", "Stratum"]
