"""Writes of the review."""

from reviews.services.action_reminders import remind_of_actions
from reviews.services.actions import (
    agree_action,
    drop_action,
    finish_action,
    hand_action,
    move_action,
    reopen_action,
)
from reviews.services.ballots import new_secret, take_ballot
from reviews.services.cadence import Settings, call_off, hand_over, move, plan_due, set_active, set_series
from reviews.services.charter import call_off_ride, finish_ride, plan_ride, write_line
from reviews.services.closing import close_review, take_back_decision, write_decision
from reviews.services.expectations import mark_expectation, state_expectation
from reviews.services.freezing import freeze, reproduced, restate
from reviews.services.inviting import invite_due
from reviews.services.issues import Shown, answer_issue, raise_issue, unseal
from reviews.services.judging import (
    change_judges,
    close_round,
    draw_round,
    draw_when_due,
    judge_lead,
    settle,
)
from reviews.services.preparing import prepare, prepare_due, restate_due
from reviews.services.rating import count_ratings, rate
from reviews.services.room import (
    drop_number,
    mark_here,
    open_room,
    raise_number,
    room_changed,
    say_good_thing,
    steer_room,
)
from reviews.services.safe_space import count_votes, open_vote, show_cards, solve_issue, take_up, vote, write_card
from reviews.services.words import answer_word, ask_word, count_word, settle_word

__all__ = [
    "Settings",
    "call_off",
    "freeze",
    "hand_over",
    "invite_due",
    "move",
    "plan_due",
    "prepare",
    "prepare_due",
    "reproduced",
    "restate",
    "restate_due",
    "set_active",
    "set_series",
    "agree_action",
    "call_off_ride",
    "close_review",
    "drop_action",
    "finish_action",
    "finish_ride",
    "hand_action",
    "move_action",
    "plan_ride",
    "remind_of_actions",
    "reopen_action",
    "take_back_decision",
    "write_decision",
    "write_line",
    "answer_word",
    "ask_word",
    "count_ratings",
    "count_votes",
    "count_word",
    "mark_expectation",
    "new_secret",
    "open_vote",
    "rate",
    "settle_word",
    "show_cards",
    "solve_issue",
    "state_expectation",
    "take_ballot",
    "take_up",
    "vote",
    "write_card",
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
