"""What sales asks marketing for, from a lead or a deal, and what became of it."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from campaigns.models import Content
from core.append_only import AppendOnlyModel
from leads.models.deal import Deal
from leads.models.lead import Lead, Touch


class ContentRequest(models.Model):
    """A piece of content that sales needs. Where it stands; each step of the way is a ContentRequestStep.

    Written only by leads.services.content_requests. `version` goes up with every step.
    """

    class State(models.TextChoices):
        OPEN = "open", "Waits for an answer"
        PROMISED = "promised", "Promised"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Declined"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="content_requests")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, null=True, blank=True, related_name="content_requests")
    need = models.CharField(max_length=500)
    wanted_by = models.DateField(null=True, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True, help_text="the day that marketing promised it for")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    how_to_use = models.TextField(blank=True)
    why_not = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            # My day of marketing: what waits for an answer or was promised.
            models.Index(
                fields=["owner", "due_on"],
                name="leads_request_waiting",
                condition=models.Q(state__in=["open", "promised"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lead__isnull=False, deal__isnull=True) | models.Q(lead__isnull=True, deal__isnull=False),
                name="leads_request_of_a_lead_or_a_deal",
            ),
        ]

    def __str__(self):
        return self.need


class ContentRequestStep(AppendOnlyModel):
    """One step of a request. No words of people here, so that erasing a request's text keeps the counts true."""

    class Kind(models.TextChoices):
        ASKED = "asked", "Asked for"
        PROMISED = "promised", "Promised"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Declined"
        USED = "used", "Used"

    request = models.ForeignKey(ContentRequest, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    touch = models.OneToOneField(Touch, on_delete=models.PROTECT, null=True, blank=True, related_name="content_request_step")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.kind} of content request {self.request_id}"
