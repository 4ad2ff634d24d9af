"""The room of a running review: where it is, what each team is glad of, and what goes on its list of issues."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Side, User
from core.append_only import AppendOnlyModel
from reviews.models.frozen import FrozenNumber
from reviews.models.review import Review


class RoomState(models.Model):
    """What every open screen follows. Written by reviews.services.room alone, each time under the version it saw.

    `content` counts what else there is to see anew (a vote ended, an action was added): reviews.services.room.room_changed.
    """

    review = models.OneToOneField(Review, on_delete=models.CASCADE, primary_key=True, related_name="room")
    step = models.CharField(max_length=12, help_text="name of a step of reviews.parts")
    running_since = models.DateTimeField(null=True, help_text="empty while the clock of the part is paused")
    used_seconds = models.JSONField(default=dict, help_text="by part, without the time since running_since")
    more_minutes = models.JSONField(default=dict, help_text="minutes added to a part, by part")
    blank = models.BooleanField(default=False, help_text="the wall shows nothing")
    version = models.PositiveIntegerField(default=1)
    content = models.PositiveIntegerField(default=1)

    def __str__(self):
        return f"{self.step} of review {self.review_id}"


class GoodThing(AppendOnlyModel):
    """One good thing of a team, to begin with. Saying it anew is a further row; the last one counts."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="good_things")
    side = models.CharField(max_length=9, choices=[(side.value, side.label) for side in (Side.MARKETING, Side.SALES)])
    sentence = models.CharField(max_length=140, blank=True)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.side} at review {self.review_id}"


class ReviewIssue(models.Model):
    """What both teams will look into: a number that was off plan, or a card that was voted for.

    It says what is, not what to do: the owner looks into it until `fix_on`. Nothing tells whose card it was.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="issues", db_index=False)
    number = models.OneToOneField(FrozenNumber, on_delete=models.PROTECT, null=True, blank=True, related_name="issue")
    metric = models.CharField(max_length=60, blank=True, help_text="of the number off plan; empty for a card")
    sentence = models.CharField(max_length=300, help_text="the number in words, or the card's text")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    fix_on = models.DateField(null=True, blank=True, help_text="until when the owner brings a way to solve it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "sentence"], name="reviews_issue_once_a_review"),
        ]

    def __str__(self):
        return self.sentence
