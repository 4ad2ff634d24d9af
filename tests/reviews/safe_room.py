"""A running review with people in it, for the tests of the safe space, the word and the expectations."""

import datetime as dt

from accounts.models import Side
from reviews.models import FrozenNumber, Review, ReviewParticipant, ReviewSeries, Urn
from reviews.review_set import words_of
from reviews.services import new_secret, open_room, open_vote, show_cards, take_ballot, write_card
from tests.reviews.raising import NOW

TODAY = NOW.date()
SIDES = {
    "funnel_owner": Side.JOINT,
    "marketing_lead": Side.MARKETING,
    "colleague": Side.MARKETING,
    "sales_lead": Side.SALES,
    "member": Side.SALES,
}
CARDS = [
    "Leads of the fair lay a week before anybody called.",
    "Nobody knows who keeps the list of reference customers.",
    "The price list on the site is older than the one we send.",
]


def review_of(people, *, starts_at: dt.datetime = NOW, series: ReviewSeries | None = None, opened: bool = True) -> Review:
    """A review of one series that the funnel owner facilitates, with both teams invited; begun unless told otherwise."""
    series = series or ReviewSeries.objects.get_or_create(name="Weekly", at=dt.time(9), zone="Europe/Berlin")[0]
    review = Review.objects.create(
        series=series,
        period=starts_at.date() - dt.timedelta(days=starts_at.weekday()),
        starts_at=starts_at,
        freeze_at=starts_at,
        facilitator=people["funnel_owner"],
        state=Review.State.PREPARED,
        prepared_at=starts_at,
    )
    ReviewParticipant.objects.bulk_create(
        ReviewParticipant(review=review, user=people[who], side=side) for who, side in SIDES.items()
    )
    if opened:
        open_room(review=review, actor=people["funnel_owner"], now=starts_at)
    review.refresh_from_db()
    return review


def close(review: Review) -> None:
    Review.objects.filter(id=review.id).update(state=Review.State.CLOSED, closed_at=NOW)
    review.refresh_from_db()


def ballots(review: Review, people, *who: str) -> dict[str, str]:
    """A ballot taken by each of these people."""
    taken = {name: new_secret() for name in who}
    for name, secret in taken.items():
        take_ballot(review=review, user=people[name], secret=secret)
    return taken


def show(review: Review, people, sentences=tuple(CARDS)) -> dict[str, object]:
    """Cards that the review shows, by their words."""
    for sentence in sentences:
        write_card(series=review.series, sentence=sentence)
    show_cards(review=review, actor=people["funnel_owner"], today=TODAY)
    return {card.sentence: card for card in review.cards.all()}


def begin_vote(review: Review, people) -> Urn:
    open_vote(review=review, actor=people["funnel_owner"], now=NOW, today=TODAY)
    return Urn.objects.get(review=review, question=Urn.Question.CARDS)


def frozen(
    review: Review, *, key: str = "gross_profit", value: int | None = 100_00, unit: str = "money", state: str = "off"
):
    """A frozen number of a review."""
    return FrozenNumber.objects.create(
        review=review,
        position=review.frozen.count(),
        group=FrozenNumber.Group.NUMBER,
        side=Side.JOINT,
        key=key,
        metric=key,
        metric_version=1,
        label="Gross profit" if unit == "money" else "Accepted rate",
        scope="this quarter",
        params={},
        unit=unit,
        currency="EUR",
        value=value,
        words=words_of(value, unit, "EUR"),
        plan=200_00,
        plan_words=words_of(200_00, unit, "EUR"),
        state=state,
        answer={},
        versions=[1],
        as_of=review.freeze_at,
        generation=1,
        inputs=0,
        inputs_hash="0" * 64,
    )
