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
from reviews.services.room import (
    drop_number,
    mark_here,
    open_room,
    raise_number,
    room_changed,
    say_good_thing,
    steer_room,
)

__all__ = [
    "Shown",
    "answer_issue",
    "change_judges",
    "close_round",
    "draw_round",
    "draw_when_due",
    "drop_number",
    "judge_lead",
    "mark_here",
    "open_room",
    "raise_issue",
    "raise_number",
    "room_changed",
    "say_good_thing",
    "settle",
    "steer_room",
    "unseal",
]
