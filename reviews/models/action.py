"""What a review leaves behind: decisions, and actions with one owner and one date, carried until they are ended."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel
from reviews.models.issue import Issue
from reviews.models.review import Review
from reviews.models.room import ReviewIssue


class Action(models.Model):
    """Something that one person does by one day. Owner, day and state are those of its last step.

    Only reviews.services.actions writes here, and every change is an ActionStep too.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"

    what = models.CharField(max_length=300)
    about = models.CharField(max_length=300, help_text="the number or issue that it answers, in words")
    metric = models.CharField(max_length=60, blank=True, help_text="the number's metric, if it answers a number")
    question = models.CharField(max_length=2000, blank=True, help_text="query of the explain page of that number")
    issue = models.ForeignKey(
        Issue, on_delete=models.PROTECT, null=True, blank=True, related_name="actions", help_text="raised from a number"
    )
    review_issue = models.ForeignKey(
        ReviewIssue, on_delete=models.PROTECT, null=True, blank=True, related_name="actions", help_text="of a review's list"
    )
    review = models.ForeignKey(
        Review, on_delete=models.PROTECT, null=True, blank=True, related_name="actions", help_text="where it was agreed"
    )
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    agreed_on = models.DateField()
    first_due_on = models.DateField(help_text="the day that was agreed first: on time means by then")
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    ended_at = models.DateTimeField(null=True, blank=True)
    steps_taken = models.PositiveIntegerField(
        default=0, help_text="how many steps there are; a change names the last it saw"
    )
    reminded_for = models.DateField(null=True, blank=True, help_text="the due day of the last reminder before it")
    overdue_told_on = models.DateField(null=True, blank=True, help_text="the day of the last reminder after it")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at__isnull=True)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="reviews_action_ended_once",
            ),
        ]
        # The list, My day's count and the reminders ask for what is open, soonest first.
        indexes = [models.Index(fields=["state", "due_on"], name="reviews_action_due")]

    def __str__(self):
        return self.what


class ActionStep(AppendOnlyModel):
    """What became of an action, step by step; after it the action has this owner and this day."""

    class Kind(models.TextChoices):
        AGREED = "agreed", "Agreed"
        MOVED = "moved", "New date"
        HANDED = "handed", "New owner"
        DONE = "done", "Done"
        DROPPED = "dropped", "Dropped"
        REOPENED = "reopened", "Open again"

    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    day = models.DateField(help_text="company day on which it happened")
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.kind} {self.action_id}"


class Decision(models.Model):
    """What both teams decided in a review. Before the close it can be taken back; afterwards the minutes keep it."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="decisions")
    sentence = models.CharField(max_length=300)
    about = models.CharField(max_length=300, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())
    taken_back = models.BooleanField(default=False)

    def __str__(self):
        return self.sentence
