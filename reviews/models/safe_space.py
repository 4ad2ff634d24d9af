"""The safe space: cards about the process, written before the review and shown in it all at once."""

import uuid

from django.db import models

from accounts.models import User
from reviews.models.issue import Issue
from reviews.models.review import Review, ReviewSeries
from reviews.models.room import ReviewIssue


class ProcessCard(models.Model):
    """What somebody wrote for the review of a series. Nameless by construction: no author, no time, not even a day.

    The id is random, and reviews.services writes all cards that wait in the box anew, in random order, with every further
    one, so that neither ids nor places in the file tell an order.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(ReviewSeries, on_delete=models.PROTECT, related_name="cards", db_index=False)
    review = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cards",
        help_text="which showed it; empty before",
    )
    sentence = models.CharField(max_length=300)
    about = models.ForeignKey(
        Issue, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="the issue with a number that this card stands for",
    )  # fmt: skip
    votes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="empty before the count")
    taken_up = models.ForeignKey(
        ReviewIssue, on_delete=models.PROTECT, null=True, blank=True, related_name="cards", help_text="what it became"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "sentence"], condition=models.Q(review__isnull=True), name="reviews_card_once_in_the_box"
            ),
            models.UniqueConstraint(
                fields=["review", "about"], condition=models.Q(about__isnull=False), name="reviews_issue_on_one_card"
            ),
        ]

    def __str__(self):
        return "card"


class Solution(models.Model):
    """How an issue of a review was solved. Written after the meeting: in it, issues are described."""

    issue = models.OneToOneField(ReviewIssue, on_delete=models.PROTECT, primary_key=True, related_name="solution")
    sentence = models.CharField(max_length=500)
    found_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    found_on = models.DateField()

    def __str__(self):
        return f"solution of issue {self.issue_id}"
