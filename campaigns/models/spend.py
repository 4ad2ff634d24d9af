"""What campaigns cost."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from campaigns.models.campaign import Campaign, Channel
from core.append_only import AppendOnlyModel


class Spend(AppendOnlyModel):
    """A cost line over its service days (both inclusive). A correction voids the old line and adds a new one.

    Planned lines are the budget. What is ordered is committed, and becomes invoiced by a line that takes its place, so
    no cost stands there twice. What a campaign costs is programme cost; people, tools, commissions and other cost of
    marketing and sales are of no campaign: they are in what a new customer costs, and in no campaign's return.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        COMMITTED = "committed", "Committed"
        INVOICED = "invoiced", "Invoiced"

    class Kind(models.TextChoices):
        PROGRAMME = "programme", "Programme"
        PEOPLE = "people", "People"
        TOOLS = "tools", "Tools"
        COMMISSIONS = "commissions", "Commissions"
        OTHER = "other", "Other"

    kind = models.CharField(
        max_length=11, choices=Kind, default=Kind.PROGRAMME, help_text="only programme cost is of a campaign or channel"
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    label = models.CharField(max_length=160, blank=True, default="", help_text="what for, in a few words")
    amount = models.BigIntegerField(help_text="minor units; zero in a row that only voids")
    currency = models.CharField(max_length=3)
    service_from = models.DateField()
    service_to = models.DateField()
    status = models.CharField(max_length=9, choices=Status, default=Status.INVOICED)
    voids = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="voided_by")
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    import_batch = models.BigIntegerField(null=True, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["source", "external_id"], name="campaigns_spend_identity")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(service_to__gte=models.F("service_from")),
                name="campaigns_spend_days_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="programme") | models.Q(campaign__isnull=True, channel__isnull=True),
                name="campaigns_spend_of_all_campaigns",
            ),
        ]

    def __str__(self):
        return f"{self.amount} {self.currency} minor, {self.service_from} to {self.service_to}"
