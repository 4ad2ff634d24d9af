"""What the parts Actions and Close show."""

import datetime as dt

from django.http import HttpRequest

from accounts.permissions import Perm
from accounts.queries import has_perm
from reviews.action_queries import Entry, actions_for, today_now
from reviews.ballot_cookie import secret_of
from reviews.ballot_queries import polling
from reviews.charter_queries import charter
from reviews.forms_actions import ActionForm, ChangeForm, DecisionForm
from reviews.models import Decision, Review, Urn
from reviews.parts import Screen
from reviews.rating_queries import rating_of
from reviews.services.rating import HIGHEST, LOWEST

# Lines of a list that fit the wall; the others are counted there and stand on the page of actions.
ON_THE_WALL = 6


def actions(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """Open actions with the longest overdue first, what ended since the last review, new ones and decisions."""
    today = today_now()
    found = actions_for(review, reader=request.user, today=today)
    wall = screen == "wall"
    may_add = not wall and has_perm(request.user, Perm.WORK_LEADS)
    return {
        "actions": found,
        "carried": [
            {"entry": entry, "drop": _drop_form(entry, today) if entry.may_change and not wall else None}
            for entry in (found.carried[:ON_THE_WALL] if wall else found.carried)
        ],
        "agreed": found.agreed[-ON_THE_WALL:] if wall else found.agreed,
        "more": len(found.carried) - ON_THE_WALL if wall else 0,
        "done": sum(entry.action.state == "done" for entry in found.ended),
        "dropped": sum(entry.action.state == "dropped" for entry in found.ended),
        "decisions": _decisions(review),
        "form": ActionForm(today=today, review=review, initial={"owner": request.user.pk}) if may_add else None,
        "decision_form": DecisionForm(),
    }


def _drop_form(entry: Entry, today: dt.date) -> ChangeForm:
    seen = {"seen": entry.action.steps_taken}
    return ChangeForm(act="drop", today=today, key=entry.action.pk, initial=seen)


def _decisions(review: Review) -> list[Decision]:
    return list(Decision.objects.filter(review=review, taken_back=False).order_by("id"))


def charter_part(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """How both teams work together: shown, not discussed."""
    return {"charter": charter(None, today_now())}


def close(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """How good the review was, by ballot, and the end of it."""
    poll = polling(review, Urn.Question.RATING, request.user, secret_of(request, review))
    found = actions_for(review, reader=None, today=today_now())
    return {
        "poll": poll,
        "values": range(LOWEST, HIGHEST + 1),
        "rating": rating_of(review),
        "decided": len(_decisions(review)),
        "agreed": len(found.agreed),
        "running": review.state == Review.State.RUNNING,
    }
