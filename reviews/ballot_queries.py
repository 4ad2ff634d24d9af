"""Reads of ballots: who may cast, whether this browser has, how many have. Never what a paper says."""

import hashlib
import hmac
from dataclasses import dataclass

from accounts.models import User
from reviews.models import HandedBallot, Paper, Review, ReviewParticipant, Urn


def mark_of(secret: str, review: Review, purpose: str) -> str:
    """The keyed hash of a ballot for one purpose. Marks of two purposes cannot be laid side by side without the ballot."""
    return hmac.new(secret.encode(), f"{review.id}:{purpose}".encode(), hashlib.sha256).hexdigest()


def register_mark(secret: str, review: Review) -> str:
    return mark_of(secret, review, "register")


@dataclass(frozen=True)
class Polling:
    """Where a question of a review stands for one browser. `handed` and `cast` count ballots of everybody.

    `elsewhere`: this person's ballot is in another browser. `counted`: how many papers there were, None if too few to show.
    """

    asked: bool
    open: bool
    invited: bool
    holds: bool
    elsewhere: bool
    mine: bool
    handed: int
    cast: int
    counted: int | None


def polling(review: Review, question: Urn.Question, user: User, secret: str) -> Polling:
    urn = Urn.objects.filter(review=review, question=question).first()
    running = urn is not None and urn.counted_at is None
    handed = dict(HandedBallot.objects.filter(review=review).values_list("user_id", "mark"))
    holds = bool(secret) and handed.get(user.id) == register_mark(secret, review)
    marks = set(Paper.objects.filter(urn=urn).values_list("mark", flat=True)) if running else set()
    return Polling(
        asked=urn is not None,
        open=running,
        invited=ReviewParticipant.objects.filter(review=review, user=user).exists(),
        holds=holds,
        elsewhere=user.id in handed and not holds,
        mine=holds and mark_of(secret, review, question) in marks,
        handed=len(handed),
        cast=len(marks),
        counted=urn.counted if urn is not None else None,
    )
