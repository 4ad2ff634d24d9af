"""Where a ballot is kept: a cookie of one browser, for one review, gone after a day. The server keeps none."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from reviews.models import Review
from reviews.services.ballots import new_secret

_NAME = "tandem_ballot"
# Long enough for the longest review, short enough that nobody can be asked for it a week later.
_SECONDS = 24 * 3600


def secret_of(request: HttpRequest, review: Review) -> str:
    """This browser's ballot; empty if it has none."""
    return request.COOKIES.get(f"{_NAME}_{review.id}", "")


def offer_ballot(request: HttpRequest, response: HttpResponse, review: Review) -> None:
    """Give a browser without a ballot a fresh one. It counts for nothing before its person takes it, and so a repeated
    request to take it finds the same ballot."""
    if secret_of(request, review):
        return
    response.set_cookie(
        f"{_NAME}_{review.id}",
        new_secret(),
        max_age=_SECONDS,
        path=f"/review/{review.id}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
