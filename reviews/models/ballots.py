"""Secret ballots of a review. The register knows who was handed one, the urns know what was cast, and nothing joins them.

A ballot is a random secret in one browser. The register and each urn keep different keyed hashes of it, so that whoever
reads both tables without the browser cannot tell which paper is whose. docs/security.md says what that rests on.
"""

import uuid

from django.db import models

from accounts.models import User
from reviews.models.review import Review


class HandedBallot(models.Model):
    """This person was handed a ballot for this review. It holds no time, and says nothing of whether they cast it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    mark = models.CharField(max_length=64, help_text="keyed hash of the ballot, for the register alone")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "user"], name="reviews_one_ballot_each"),
            models.UniqueConstraint(fields=["review", "mark"], name="reviews_ballot_is_known"),
        ]

    def __str__(self):
        return f"ballot at review {self.review_id}"


class Urn(models.Model):
    """Where one question of a review is answered by ballot. Counted once; the papers are gone afterwards."""

    class Question(models.TextChoices):
        CARDS = "cards", "Which cards come first"
        WORD = "word", "Does the word fit the example"
        RATING = "rating", "How good was the review"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="urns", db_index=False)
    question = models.CharField(max_length=6, choices=Question)
    opened_at = models.DateTimeField()
    counted_at = models.DateTimeField(null=True, blank=True)
    counted = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="how many papers there were; empty while open, and where there were too few"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "question"], name="reviews_one_urn_a_question")]

    def __str__(self):
        return f"{self.question} of review {self.review_id}"


class Paper(models.Model):
    """What one ballot says. Without person and time; all papers of a review are written anew, shuffled, with each one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    urn = models.ForeignKey(Urn, on_delete=models.CASCADE, related_name="papers", db_index=False)
    mark = models.CharField(max_length=64, help_text="keyed hash of the ballot, for this urn alone")
    says = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["urn", "mark"], name="reviews_one_paper_a_ballot")]

    def __str__(self):
        return f"paper in {self.urn_id}"


class ReviewRating(models.Model):
    """How the people in the room rated a review, once counted: how many said 1, 2 … 10. None where too few did."""

    review = models.OneToOneField(Review, on_delete=models.CASCADE, primary_key=True, related_name="rating")
    counts = models.JSONField(null=True, help_text="ten numbers, for the values 1 to 10; empty below three ballots")

    def __str__(self):
        return f"rating of review {self.review_id}"
