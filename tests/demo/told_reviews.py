"""What the demo's reviews must hold, for the test of the demo command."""

import datetime as dt

from core.models import OutgoingMessage
from reviews.action_queries import overdue_actions
from reviews.history_queries import trends
from reviews.models import (
    Action,
    CharterLine,
    Expectation,
    FrozenNumber,
    Minutes,
    ProcessCard,
    RestatementPart,
    Review,
    RideAlong,
    WordOfReview,
)
from reviews.services.freezing import reproduced


def reviews_are_told(now: dt.datetime) -> None:
    """Twelve that were held, whole and in order, and the next one ready to begin."""
    held = Review.objects.filter(state=Review.State.CLOSED)
    assert held.count() == 12
    minutes = list(Minutes.objects.order_by("review__starts_at"))
    assert len(minutes) == 12
    assert all(one.body["numbers"] and one.body["promises"] and one.body["decisions"] for one in minutes)
    assert all(one.rating_count >= 6 for one in minutes)
    # the numbers are those that were known then
    last = FrozenNumber.objects.filter(review__state=Review.State.CLOSED).order_by("-review__starts_at", "position").first()
    assert reproduced(last)
    assert RestatementPart.objects.filter(restatement__found_for__isnull=False).exists()
    # it gets better, and not everything is done
    rating, on_time, _ = trends()
    assert (rating.direction, on_time.values[-1] is not None) == (1, True)
    assert set(Action.objects.values_list("state", flat=True)) == {"open", "done", "dropped"}
    assert overdue_actions(now.date()).exists()
    assert set(Expectation.objects.values_list("met", flat=True)) == {True, False, None}
    assert WordOfReview.objects.exclude(outcome="").count() == 12
    # the next one
    coming = Review.objects.get(state=Review.State.PREPARED)
    assert coming.starts_at > now > coming.freeze_at
    assert coming.frozen.exists()
    assert ProcessCard.objects.filter(review=None).count() == 3
    # the charter, and ride-alongs behind and ahead
    assert set(CharterLine.objects.values_list("subject", flat=True)) == set(CharterLine.Subject.values)
    assert RideAlong.objects.filter(done_on=None).exists()
    assert RideAlong.objects.exclude(done_on=None).exists()
    # nobody gets mail of the story
    assert not OutgoingMessage.objects.exists()
