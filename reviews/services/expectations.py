"""What each side expects of the other until the next review, and whether it came true."""

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from core.errors import Conflict, DomainError, NotAllowed
from reviews.expectation_queries import sides_to_speak_for
from reviews.models import Expectation, FrozenNumber, Review
from reviews.room_queries import may_steer
from reviews.services.ballots import refuse_unless_running
from reviews.services.nameless import one_at_a_time
from reviews.services.room import room_changed


def state_expectation(
    *,
    review: Review,
    side: str,
    actor: User,
    sentence: str = "",
    number: str = "",
    bound: str = "",
    target: int | None = None,
) -> Expectation:
    """A side says what it expects of the other: a sentence, a number, or both. Said anew it replaces.

    `number`: key of a frozen number of this review, held against `target` in the units of its value (`bound`: at least or
    at most). NotAllowed for those of the other side; Conflict if the review is not running; DomainError if it says nothing.
    """
    if side not in sides_to_speak_for(actor, review):
        raise NotAllowed("other_side", "Each side states its own expectation.")
    refuse_unless_running(review)
    said = {"sentence": sentence}
    if number:
        frozen = FrozenNumber.objects.filter(review=review, key=number).first()
        if frozen is None or target is None or bound not in Expectation.Bound.values:
            raise DomainError("number_unclear", "Say which number, and how much of it is expected.", field="target")
        said |= {"number": number, "number_label": frozen.label, "unit": frozen.unit, "currency": frozen.currency}
        said |= {"bound": bound, "target": target}
    if not sentence and not number:
        raise DomainError("nothing_said", "Write a sentence, or choose a number.", field="sentence")
    with transaction.atomic():
        one_at_a_time()
        Expectation.objects.filter(review=review, side=side).delete()
        stated = Expectation.objects.create(review=review, side=side, stated_by=actor, **said)
    room_changed(review)
    return stated


def mark_expectation(*, expectation: Expectation, review: Review, met: bool, actor: User) -> None:
    """Say at a later review of the series whether an expectation was met. While that review runs it may be corrected.

    NotAllowed for those who do not steer; Conflict if another review marked it, or it is not of an earlier one.
    """
    if not may_steer(actor, review):
        raise NotAllowed("not_facilitator", "The facilitator of this review does that.")
    refuse_unless_running(review)
    stated_at = expectation.review
    if stated_at.series_id != review.series_id or stated_at.starts_at >= review.starts_at:
        raise Conflict("not_earlier", "An expectation is marked at a later review of the same series.")
    free = Expectation.objects.filter(Q(marked_at=None) | Q(marked_at=review), id=expectation.id)
    if not free.update(met=met, marked_at=review, marked_by=actor):
        raise Conflict("marked", "Another review has marked this expectation.")
    room_changed(review)
