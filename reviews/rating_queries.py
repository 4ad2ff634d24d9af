"""How reviews were rated. Only counted ratings are read, and only where three ballots or more were cast."""

from collections.abc import Iterable
from dataclasses import dataclass

from reviews.models import Review, ReviewRating


@dataclass(frozen=True)
class Rating:
    """`counts[0]` is how many said 1, `counts[9]` how many said 10."""

    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float:
        return sum(value * number for value, number in enumerate(self.counts, start=1)) / self.n


def rating_of(review: Review) -> Rating | None:
    """None before the count, and where too few rated it."""
    return ratings_of([review]).get(review.id)


def ratings_of(reviews: Iterable[Review]) -> dict[int, Rating]:
    """By review id, in one query; reviews without a rating to show are left out."""
    rows = ReviewRating.objects.filter(review__in=list(reviews), counts__isnull=False)
    return {row.review_id: Rating(tuple(row.counts)) for row in rows}
