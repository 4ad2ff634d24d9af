"""The word of a review: asked with one lead, answered by ballot, settled in a sentence beside the definition."""

import datetime as dt

from django.db import transaction

from accounts.models import Side, User
from core.errors import Conflict, DomainError, NotAllowed
from leads.models import Lead
from reviews.models import Review, Urn, WordOfReview
from reviews.room_queries import BOTH_SIDES, may_steer
from reviews.services.ballots import cast, count, open_urn, refuse_unless_running
from reviews.services.nameless import one_at_a_time
from reviews.services.room import room_changed
from reviews.spread import spread
from reviews.word_queries import due_words, example_lead


def ask_word(*, review: Review, key: str, actor: User, now: dt.datetime, today: dt.date) -> WordOfReview:
    """Ask both teams about a word of the agreement in force: `key` is its term's. Asking again changes nothing.

    DomainError if there is no such word.
    """
    _refuse_others(review, actor)
    refuse_unless_running(review)
    found = next((one for one in due_words(review, today) if one.term.key == key), None)
    if found is None:
        raise DomainError("word_unknown", "The agreement has no such word.", field="key")
    lead: Lead | None = example_lead(found.stage, today) if found.stage else None
    with transaction.atomic():
        one_at_a_time()
        word, new = WordOfReview.objects.get_or_create(
            review=review,
            defaults={
                "agreement_id": found.term.agreement_id,
                "key": key,
                "word": found.term.word,
                "marketing_meaning": found.term.marketing_meaning,
                "sales_meaning": found.term.sales_meaning,
                "agreed_meaning": found.term.agreed_meaning,
                "stage_key": found.stage.key if found.stage else "",
                "lead": lead,
            },
        )
        if new:
            open_urn(review=review, question=Urn.Question.WORD, now=now)
    room_changed(review)
    return word


def answer_word(*, review: Review, secret: str, side: str, yes: bool) -> None:
    """Answer with this browser's ballot, for a side ("joint" for those who stand for both). Takes no actor.

    A further answer replaces the former one until the count.
    """
    says = {"side": side if side in BOTH_SIDES else Side.JOINT.value, "yes": yes}
    cast(review=review, question=Urn.Question.WORD, secret=secret, says=says)


def count_word(*, review: Review, actor: User, now: dt.datetime) -> None:
    """Show how both teams answered (reviews.spread). Nothing where fewer than three answered."""
    _refuse_others(review, actor)
    tally_word(review=review, now=now)
    room_changed(review)


def tally_word(*, review: Review, now: dt.datetime) -> None:
    """Write the counted answers beside the word. Conflict if nobody is being asked."""
    with transaction.atomic():
        said = count(review=review, question=Urn.Question.WORD, now=now)
        if said is not None:
            WordOfReview.objects.filter(review=review).update(**spread(said))


def settle_word(*, review: Review, stands: bool, outcome: str, actor: User, today: dt.date) -> None:
    """Say what both teams agreed: does the word fit the lead, or does its meaning stand. An example of the definition.

    A further call corrects the former one while the review runs. DomainError without a sentence or before the count.
    """
    _refuse_others(review, actor)
    refuse_unless_running(review)
    if not outcome:
        raise DomainError("outcome_missing", "Say in a sentence why, so that it can serve as an example.", field="outcome")
    if not Urn.objects.filter(review=review, question=Urn.Question.WORD, counted_at__isnull=False).exists():
        raise Conflict("not_counted", "Count the answers first.")
    WordOfReview.objects.filter(review=review).update(settled=stands, outcome=outcome, settled_by=actor, settled_on=today)
    room_changed(review)


def _refuse_others(review: Review, actor: User) -> None:
    if not may_steer(actor, review):
        raise NotAllowed("not_facilitator", "The facilitator of this review does that.")
