"""What the steps with frozen content show: the numbers, what changed since the last review, the promises of both sides."""

from django.http import HttpRequest

from accounts.models import Side
from reviews.drawn_waterfall import drawn
from reviews.frozen_queries import changes_since_last, frozen_numbers, frozen_promises, restatements_shown_at
from reviews.models import Review
from reviews.parts import Screen
from reviews.room_queries import BOTH_SIDES, may_steer, raised_numbers

MOST_RESTATED = 3  # the page of the review before has all of them


def numbers(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """Each number with the one word that counts now, and which of them are on the list of issues."""
    rows = _with_issues(review, frozen_numbers(review))
    return {"rows": rows, "off": sum(row["row"].state == "off" for row in rows)} | _acts(request, review, screen)


def changes(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """The waterfalls since the last review, and which of its numbers are known differently today."""
    restated = list(restatements_shown_at(review))
    return {
        "falls": [drawn(fall) for fall in changes_since_last(review)],
        "restated": restated[:MOST_RESTATED],
        "more_restated": max(0, len(restated) - MOST_RESTATED),
    }


def promises(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """Both sides beside each other, in columns of the same size."""
    rows = _with_issues(review, frozen_promises(review))
    sides = [{"side": Side(side), "rows": [one for one in rows if one["row"].side == side]} for side in BOTH_SIDES]
    return {"sides": sides, "any": bool(rows)} | _acts(request, review, screen)


def _with_issues(review: Review, rows) -> list[dict]:
    raised = raised_numbers(review)
    return [{"row": row, "issue": raised.get(row.id)} for row in rows]


def _acts(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """Whether this screen has the button that makes an issue of a number: the remote of a running review."""
    running = review.state == Review.State.RUNNING
    return {"may_raise": screen == "steer" and running and may_steer(request.user, review)}
