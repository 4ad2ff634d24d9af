"""The word of a review: what both teams mean by it, tried on one lead."""

from django.db import models

from accounts.models import User
from funnel.models import Agreement
from leads.models import Lead
from reviews.models.review import Review


class WordOfReview(models.Model):
    """One term, its meanings as they were read, and how both teams answered. The outcome is an example of the definition."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, primary_key=True, related_name="word")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+", help_text="version that was read")
    key = models.SlugField(max_length=40, help_text="of the glossary's term, the same in every version")
    word = models.CharField(max_length=60)
    marketing_meaning = models.TextField(blank=True)
    sales_meaning = models.TextField(blank=True)
    agreed_meaning = models.TextField(blank=True)
    stage_key = models.SlugField(
        max_length=40, blank=True, help_text="of the stage that the word names; empty for other words"
    )
    lead = models.ForeignKey(
        Lead,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="the example; only a stage has one",
    )
    # All four are empty until the ballots are counted, and stay so where there were too few to show.
    marketing_yes = models.PositiveSmallIntegerField(null=True, blank=True)
    marketing_no = models.PositiveSmallIntegerField(null=True, blank=True)
    sales_yes = models.PositiveSmallIntegerField(null=True, blank=True)
    sales_no = models.PositiveSmallIntegerField(null=True, blank=True)
    yes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="of both teams and those who stand for both")
    no = models.PositiveSmallIntegerField(null=True, blank=True)
    settled = models.BooleanField(null=True, blank=True, help_text="what both teams say now: does the word fit the lead?")
    outcome = models.CharField(max_length=300, blank=True, help_text="why, as an example beside the definition")
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settled_on = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["key"], name="reviews_word_by_key")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(settled_on__isnull=True) | ~models.Q(outcome=""), name="reviews_word_settled_in_words"
            )
        ]

    def __str__(self):
        return f"{self.word} at review {self.review_id}"
