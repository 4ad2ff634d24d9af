"""What the check-in shows."""

from django.http import HttpRequest

from accounts.models import Side
from reviews.models import Review
from reviews.parts import Screen
from reviews.room_queries import good_things, sides_for_good_thing


def checkin(request: HttpRequest, review: Review, screen: Screen) -> dict:
    """One good thing per team, and the field for those who may say it."""
    mine = sides_for_good_thing(request.user, review) if screen != "wall" else []
    said = good_things(review)
    return {"teams": [{"side": Side(side), "said": said[side], "mine": side in mine} for side in said]}
