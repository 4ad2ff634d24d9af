"""Secret ballots: handed out to people, cast without them.

A ballot is 256 random bits that stay in one browser. Handing it out notes who got one; casting takes no actor and notes
what it says. Each keeps a keyed hash of its own (HMAC with the ballot as the key), so that neither table, nor both of them,
tells whose paper is whose: that takes the browser. Handing out and casting are two requests, so no transaction has both.
"""

import datetime as dt
import secrets

from django.db import IntegrityError, transaction

from accounts.models import User
from core.errors import Conflict, DomainError, NotAllowed
from reviews.ballot_queries import mark_of, register_mark
from reviews.models import HandedBallot, Paper, Review, ReviewParticipant, Urn
from reviews.services.nameless import one_at_a_time, write_anew
from reviews.spread import LEAST

# Of letters and digits: what new_secret makes. A shorter one could be guessed.
_LENGTH = 43


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def take_ballot(*, review: Review, user: User, secret: str) -> None:
    """Note that a person holds a ballot: the one in this browser. Again with the same ballot is no second one.

    NotAllowed for people who are not invited; Conflict if their ballot is in another browser, or the review is not running.
    """
    if len(secret) < _LENGTH:
        raise DomainError("no_ballot", "This browser keeps no ballot. Allow cookies for Tandem and try again.")
    refuse_unless_running(review)
    if not ReviewParticipant.objects.filter(review=review, user=user).exists():
        raise NotAllowed("not_invited", "Ballots are for those who are invited to this review.")
    mark = register_mark(secret, review)
    try:
        with transaction.atomic():
            handed, _ = HandedBallot.objects.get_or_create(review=review, user=user, defaults={"mark": mark})
    except IntegrityError as error:
        text = "This browser holds the ballot of somebody else. Each person votes on a device of their own."
        raise Conflict("ballot_of_another", text) from error
    if handed.mark != mark:
        raise Conflict(
            "ballot_elsewhere",
            "Your ballot is in the browser in which you took it. Nobody can hand out a second one, because nobody knows "
            "whether the first has been cast.",
        )


def open_urn(*, review: Review, question: Urn.Question, now: dt.datetime) -> Urn:
    """Begin to collect ballots. A question is asked once a review; asking again finds the same urn."""
    refuse_unless_running(review)
    return Urn.objects.get_or_create(review=review, question=question, defaults={"opened_at": now})[0]


def cast(*, review: Review, question: Urn.Question, secret: str, says: dict) -> None:
    """Put what a ballot says into the urn. Another word of the same ballot replaces the former one, until the count.

    Takes no actor: that is the promise. NotAllowed without a ballot of this review; Conflict if the urn is not open.
    """
    with transaction.atomic():
        one_at_a_time()
        # Closing a review counts its urns under the same lock: no paper may come into one after that.
        refuse_unless_running(review)
        urn = _open_one(review, question)
        if not HandedBallot.objects.filter(review=review, mark=register_mark(secret, review)).exists():
            raise NotAllowed("no_ballot", "Take your ballot first.")
        mark = mark_of(secret, review, question)
        papers = list(Paper.objects.filter(urn__review=review))
        paper = next((one for one in papers if (one.urn_id, one.mark) == (urn.id, mark)), None)
        if paper is None:
            paper = Paper(urn=urn, mark=mark)
            papers.append(paper)
        paper.says = says
        write_anew(papers)


def count(*, review: Review, question: Urn.Question, now: dt.datetime) -> list[dict] | None:
    """Close an urn, destroy its papers, and return what they said; None if there were too few to show.

    Conflict if the urn is not open.
    """
    with transaction.atomic():
        one_at_a_time()
        urn = _open_one(review, question)
        papers = Paper.objects.filter(urn=urn)
        said = [paper.says for paper in papers]
        enough = len(said) >= LEAST
        Urn.objects.filter(id=urn.id).update(counted_at=now, counted=len(said) if enough else None)
        papers.delete()
    return said if enough else None


def refuse_unless_running(review: Review) -> None:
    """Conflict before a review begins and after it is closed."""
    if not Review.objects.filter(id=review.id, state=Review.State.RUNNING).exists():
        raise Conflict("not_running", "This is done while the review is running.")


def _open_one(review: Review, question: Urn.Question) -> Urn:
    urn = Urn.objects.filter(review=review, question=question, counted_at=None).first()
    if urn is None:
        raise Conflict("urn_closed", "Ballots are not collected at the moment.")
    return urn
