"""Writes to issues.

Raising one takes no actor: that is the promise. There is no limit per person either, because any count of a person's
issues, under whatever hash, could be laid beside the rows by whoever can read both. The one limit is per day and for
the company as a whole.
"""

import datetime as dt
from dataclasses import asdict, dataclass

from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.models import User
from core.errors import Conflict, DomainError
from reviews.models import Issue
from reviews.services.nameless import one_at_a_time, write_anew

MOST_A_DAY = 50
_SIGNER = Signer(salt="reviews.issue")


@dataclass(frozen=True)
class Shown:
    """A number as somebody saw it: the question with explicit days, in words, its value in words, the versions behind it."""

    metric: str
    question: str
    scope: str
    value: str
    versions: list[int]

    def seal(self) -> str:
        """Carried by the form, so that the issue quotes what was on the screen. Holds no time and nothing of the reader."""
        return _SIGNER.sign_object(asdict(self))


def unseal(text: str) -> Shown:
    """DomainError if the form's number was altered."""
    try:
        return Shown(**_SIGNER.unsign_object(text))
    except (BadSignature, TypeError, ValueError) as error:
        raise DomainError("number_altered", "The number got lost on the way. Open its explanation again.") from error


def raise_issue(*, shown: Shown, wrong: Issue.Wrong, sentence: str, today: dt.date) -> None:
    """Put an issue among the others. The same words about the same number on the same day count once: a second click."""
    with transaction.atomic():
        one_at_a_time()
        issue = Issue(day=today, wrong=wrong, sentence=sentence, **asdict(shown))
        of_today = Issue.objects.filter(day=today)
        if of_today.filter(metric=shown.metric, question=shown.question, wrong=wrong, sentence=sentence).exists():
            return
        if of_today.count() >= MOST_A_DAY:
            raise DomainError("box_full", f"{MOST_A_DAY} issues were raised today, which is the most. Try again tomorrow.")
        write_anew([*Issue.objects.filter(decision=""), issue])


def answer_issue(*, issue: Issue, decision: Issue.Decision, answer: str, actor: User, today: dt.date) -> None:
    """Say what became of an issue. Explained and corrected need a sentence. Conflict if somebody answered first."""
    if decision != Issue.Decision.REVIEW and not answer:
        raise DomainError("answer_missing", "Say in a sentence what it was, so that everybody can follow.", field="answer")
    with transaction.atomic():
        one_at_a_time()
        claimed = Issue.objects.filter(id=issue.id, decision="").update(
            decision=decision, answer=answer, answered_by=actor, answered_on=today
        )
        if not claimed:
            raise Conflict("answered", "This issue has been answered meanwhile.")
