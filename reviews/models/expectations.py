"""What each side expects of the other until the next review."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Side, User
from reviews.models.review import Review


class Expectation(models.Model):
    """One side's expectation of the other, stated at a review and marked at the next one. It belongs to the side."""

    class Bound(models.TextChoices):
        LEAST = "least", "at least"
        MOST = "most", "at most"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="expectations", db_index=False)
    side = models.CharField(
        max_length=9, choices=[(side.value, side.label) for side in (Side.MARKETING, Side.SALES)], help_text="that expects"
    )
    sentence = models.CharField(max_length=200, blank=True, help_text="empty where a number says it all")
    metric = models.CharField(max_length=60, blank=True, help_text="the number that is expected; empty for a sentence alone")
    bound = models.CharField(max_length=5, choices=Bound, blank=True)
    target = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="in the metric's unit: shares 0-1, money in minor units",
    )
    stated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(db_default=Now())
    met = models.BooleanField(null=True, blank=True, help_text="empty until the next review says so")
    marked_at = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    marked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "side"], name="reviews_one_expectation_a_side"),
            models.CheckConstraint(
                condition=models.Q(metric="", bound="", target__isnull=True)
                | (~models.Q(metric="") & ~models.Q(bound="") & models.Q(target__isnull=False)),
                name="reviews_number_expected_whole",
            ),
            models.CheckConstraint(condition=~models.Q(metric="", sentence=""), name="reviews_expectation_says_something"),
            models.CheckConstraint(
                condition=models.Q(met__isnull=True, marked_at__isnull=True, marked_by__isnull=True)
                | models.Q(met__isnull=False, marked_at__isnull=False, marked_by__isnull=False),
                name="reviews_expectation_marked_whole",
            ),
        ]

    def __str__(self):
        return f"{self.side} at review {self.review_id}"
