"""What is raised for the joint review. Issues are about the process, and nothing here says who raised one."""

import uuid

from django.db import models

from accounts.models import User


class Issue(models.Model):
    """Something looks wrong with a number. Nameless by construction; docs/security.md says what that rests on.

    There is no author and no time but the day. The id is random, and reviews.services writes all issues that wait for
    an answer anew, in random order, with every further one, so that neither ids nor places in the file tell an order.
    The generation of the number is left out on purpose: with it the half minute in which somebody wrote could be told.
    """

    class Wrong(models.TextChoices):
        HIGH = "high", "The value looks too high"
        LOW = "low", "The value looks too low"
        MISSING = "missing", "Leads or deals are missing"
        FOREIGN = "foreign", "Leads or deals are in it that do not belong"
        RULE = "rule", "The definition does not fit"
        OTHER = "other", "Something else"

    class Decision(models.TextChoices):
        EXPLAINED = "explained", "Explained: the number is right"
        CORRECTED = "corrected", "The data was corrected"
        REVIEW = "review", "Goes to the next review"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    day = models.DateField(help_text="company day on which it was raised; shown to people from the next day on")
    metric = models.CharField(max_length=60)
    question = models.CharField(max_length=2000, help_text="query of the explain page: stages, days and filters")
    scope = models.CharField(max_length=500, help_text="the question in words, as shown")
    value = models.CharField(max_length=80, help_text="the value in words, as shown")
    versions = models.JSONField(default=list, help_text="counting versions of the agreement behind the value")
    wrong = models.CharField(max_length=7, choices=Wrong)
    sentence = models.CharField(max_length=300)
    decision = models.CharField(max_length=9, choices=Decision, blank=True, help_text="empty while it waits")
    answer = models.CharField(max_length=500, blank=True)
    # The one who answers is known: it is the funnel owner's task.
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision="", answered_on__isnull=True)
                | (~models.Q(decision="") & models.Q(answered_on__isnull=False)),
                name="reviews_issue_answered_on_a_day",
            ),
        ]

    def __str__(self):
        return f"issue with {self.metric}"
