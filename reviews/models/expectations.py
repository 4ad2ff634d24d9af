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
    number = models.CharField(
        max_length=80, blank=True, help_text="key of a frozen number of the review; empty for a sentence alone"
    )
    number_label = models.CharField(max_length=120, blank=True)
    unit = models.CharField(max_length=12, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    bound = models.CharField(max_length=5, choices=Bound, blank=True)
    target = models.BigIntegerField(null=True, blank=True, help_text="in the whole units of a frozen number's value")
    stated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(db_default=Now())
    met = models.BooleanField(null=True, blank=True, help_text="empty until the next review says so")
    marked_at = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    marked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "side"], name="reviews_one_expectation_a_side"),
            models.CheckConstraint(
                condition=models.Q(number="", bound="", target__isnull=True)
                | (~models.Q(number="") & ~models.Q(bound="") & models.Q(target__isnull=False)),
                name="reviews_number_expected_whole",
            ),
            models.CheckConstraint(condition=~models.Q(number="", sentence=""), name="reviews_expectation_says_something"),
            models.CheckConstraint(
                condition=models.Q(met__isnull=True, marked_at__isnull=True, marked_by__isnull=True)
                | models.Q(met__isnull=False, marked_at__isnull=False, marked_by__isnull=False),
                name="reviews_expectation_marked_whole",
            ),
        ]

    def __str__(self):
        return f"{self.side} at review {self.review_id}"
