"""What the steps of the safe space, the word and the expectations show."""

import datetime as dt
from uuid import UUID

from django.http import HttpRequest

from accounts.models import Side, User
from core.queries import calendar
from reviews.ballot_cookie import secret_of
from reviews.ballot_queries import mark_of, polling
from reviews.card_queries import cards_shown, issues_looked_into, own_paper, takes_cards
from reviews.expectation_queries import (
    expectations_of,
    expectations_to_mark,
    numbers_to_expect,
    sides_to_speak_for,
    what_came,
)
from reviews.expectation_words import words_of_expectation
from reviews.forms_safe_space import CardForm, ExpectationForm, TakeUpForm, WordOutcomeForm
from reviews.judging_queries import lead_facts, marketing_touches
from reviews.models import Review, Urn, WordOfReview
from reviews.parts import Screen
from reviews.room_queries import BOTH_SIDES, may_steer
from reviews.word_queries import due_words, openable, word_of

# A wall has room for so many cards; phones show them all.
ON_WALL = 18
SHOWN_TOUCHES = 5
SHOWN_OPEN_ISSUES = 4
A_WEEK = dt.timedelta(days=7)
_OTHER = {Side.MARKETING: Side.SALES, Side.SALES: Side.MARKETING}


def _today() -> dt.date:
    return calendar().day_of(dt.datetime.now(dt.UTC))


def _poll(request: HttpRequest, review: Review, question: Urn.Question) -> dict:
    secret = secret_of(request, review)
    poll = polling(review, question, request.user, secret)
    says = own_paper(review, question, mark_of(secret, review, question)) if poll.mine else None
    return {"poll": poll, "says": says or {}}


def process(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """The cards: written, shown, voted on, taken up."""
    cards = cards_shown(review)
    asked = _poll(request, review, Urn.Question.CARDS)
    poll = asked["poll"]
    stage = "voting" if poll.open else "counted" if poll.asked else "shown" if cards else "writing"
    steers = screen == "steer" and may_steer(request.user, review)
    running = review.state == Review.State.RUNNING
    if stage == "writing" and review.state == Review.State.CLOSED:
        stage = "none"
    choosing = steers and running and (stage == "counted" or (stage == "shown" and len(cards) == 1))
    older = issues_looked_into(before=review.starts_at)
    return asked | {
        "stage": stage,
        "running": running,
        "takes_cards": takes_cards(review),
        "cards": cards[:ON_WALL] if screen == "wall" else cards,
        "more_cards": max(0, len(cards) - ON_WALL) if screen == "wall" else 0,
        "chosen": [UUID(card) for card in asked["says"].get("cards", [])],
        "most_votes": max((card.votes or 0 for card in cards), default=0),
        "taken": [card for card in cards if card.taken_up_id and card.taken_up.owner_id],
        "card_form": CardForm() if screen != "wall" else None,
        "take_up": [(card, _take_up_form(review, card)) for card in cards] if choosing else [],
        "older": list(older[:SHOWN_OPEN_ISSUES]),
        "older_number": older.count(),
    }


def _take_up_form(review: Review, card) -> TakeUpForm:
    issue = card.taken_up
    start = {"card": card.id, "fix_on": _today() + A_WEEK}
    if issue is not None and issue.owner_id:
        start |= {"owner": issue.owner_id, "fix_on": issue.fix_on}
    return TakeUpForm(initial=start, people=people_to_ask(review), prefix_id=f"take-{card.id}")


def people_to_ask(review: Review):
    """Who can look into an issue: those who are invited to the review and work here."""
    return User.objects.filter(id__in=review.participants.values("user"), is_active=True).order_by("name", "id")


def words(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """The word: what each team means, the example, the answers and what was agreed."""
    word, today = word_of(review), _today()
    asked = _poll(request, review, Urn.Question.WORD)
    found = asked | {
        "word": word,
        "due": [],
        "facts": [],
        "touches": [],
        "lead_open": False,
        "rows": [],
        "outcome_form": None,
    }
    if word is None and review.state == Review.State.CLOSED:
        return found | {"stage": "none"}
    if word is None:
        due = due_words(review, today)
        return found | {"due": due, "proposed": due[0] if due else None, "stage": "ahead"}
    if word.lead is not None:
        found |= {
            "facts": lead_facts(word.lead),
            "touches": marketing_touches(word.lead)[:SHOWN_TOUCHES],
            "lead_open": word.lead_id in openable([word], request.user),
        }
    start = {"stands": {True: "yes", False: "no"}.get(word.settled), "outcome": word.outcome}
    return found | {
        "stage": "asked" if asked["poll"].open else "counted",
        "rows": spread_rows(word),
        "outcome_form": WordOutcomeForm(initial=start),
    }


def spread_rows(word: WordOfReview) -> list[dict]:
    """The answers as rows of dots: each team where both are shown apart, else all together. Empty where too few answered."""
    if word.yes is None:
        return []
    if word.marketing_yes is None:
        return [_dots("joint", word.yes, word.no)]
    return [_dots(side, getattr(word, f"{side}_yes"), getattr(word, f"{side}_no")) for side in BOTH_SIDES]


def _dots(side: str, yes: int, no: int) -> dict:
    return {"side": side, "yes": yes, "no": no, "dots": [True] * yes + [False] * no}


def expectations(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """What was expected last time and whether it came, then what each side expects until the next review."""
    before = list(expectations_to_mark(review))
    came = what_came(before, review)
    running = review.state == Review.State.RUNNING
    speaks = sides_to_speak_for(request.user, review) if screen != "wall" and running else []
    return {
        "before": [{"one": one, "words": words_of_expectation(one), "came": came.get(one.id)} for one in before],
        "may_mark": screen == "steer" and running and may_steer(request.user, review),
        "sides": [
            {
                "side": Side(side),
                "other": _OTHER[Side(side)],
                "one": one,
                "words": words_of_expectation(one) if one else "",
                "form": expectation_form(review, side, one) if side in speaks else None,
            }
            for side, one in expectations_of(review).items()
        ],
    }


def expectation_form(review: Review, side: str, one=None, data=None) -> ExpectationForm:
    """The form of one side, with what it has stated so far."""
    numbers = [(number.key, f"{number.label}, now {number.words}") for number in numbers_to_expect(review)]
    start = {"side": side, "bound": "least"}
    if one is not None:
        start |= {"sentence": one.sentence}
    return ExpectationForm(data, initial=start, numbers=numbers, prefix_id=f"expect-{side}")
