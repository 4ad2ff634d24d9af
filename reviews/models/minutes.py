"""The minutes of a closed review: written once, so that the link to them always shows the same."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel
from reviews.models.review import Review


class Minutes(AppendOnlyModel):
    """What was frozen, decided and agreed. The page is drawn from `body`; `text` is the Markdown file and is searched."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="written_minutes")
    body = models.JSONField(help_text="reviews.minutes.Body as plain data")
    text = models.TextField()
    # Shares and counts that the trends draw; empty where a review had none.
    rating_count = models.PositiveSmallIntegerField(default=0)
    rating_sum = models.PositiveIntegerField(default=0)
    actions_due = models.PositiveIntegerField(default=0, help_text="actions whose first day lay since the review before")
    actions_on_time = models.PositiveIntegerField(default=0)
    promises_closed = models.PositiveIntegerField(default=0)
    promises_kept = models.PositiveIntegerField(default=0)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "minutes"

    def __str__(self):
        return f"minutes of {self.review_id}"
