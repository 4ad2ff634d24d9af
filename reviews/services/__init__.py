"""Writes of the review."""

from reviews.services.issues import Shown, answer_issue, raise_issue, unseal
from reviews.services.judging import (
    change_judges,
    close_round,
    draw_round,
    draw_when_due,
    judge_lead,
    settle,
)

__all__ = [
    "Shown",
    "answer_issue",
    "change_judges",
    "close_round",
    "draw_round",
    "draw_when_due",
    "judge_lead",
    "raise_issue",
    "settle",
    "unseal",
]
