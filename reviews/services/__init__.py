"""Writes of the review."""

from reviews.services.ballots import new_secret, take_ballot
from reviews.services.expectations import mark_expectation, state_expectation
from reviews.services.issues import Shown, answer_issue, raise_issue, unseal
from reviews.services.judging import (
    change_judges,
    close_round,
    draw_round,
    draw_when_due,
    judge_lead,
    settle,
)
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
