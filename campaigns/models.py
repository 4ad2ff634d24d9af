"""Channels, campaigns and what was spent on them."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel


class Channel(models.Model):
    """How people find the company: a dimension of every number."""

    name = models.CharField(max_length=120, unique=True)

    def __str__(self):
        return self.name


class Campaign(models.Model):
    name = models.CharField(max_length=160)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    marketing_owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sales_owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="campaigns_campaign_identity"),
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(external_id__isnull=True),
                name="campaigns_campaign_name_once",
            ),
        ]

    def __str__(self):
        return self.name


class Content(models.Model):
    """A piece of content, with the person who answers for it."""

    name = models.CharField(max_length=160, unique=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self):
        return self.name


class Spend(AppendOnlyModel):
    """A cost line over its service days (both inclusive). A correction voids the old line and adds a new one."""

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        COMMITTED = "committed", "Committed"
        INVOICED = "invoiced", "Invoiced"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
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
        ]

    def __str__(self):
        return f"{self.amount} {self.currency} minor, {self.service_from} to {self.service_to}"
