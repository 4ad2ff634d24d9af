"""Channels, campaigns and the content that they use."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel


class Channel(models.Model):
    """How people find the company: a dimension of every number."""

    name = models.CharField(max_length=120, unique=True)

    def __str__(self):
        return self.name


class Content(models.Model):
    """A piece of content, with the person who answers for it and how sales uses it."""

    name = models.CharField(max_length=160, unique=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    link = models.URLField(max_length=500, blank=True)
    how_to_use = models.TextField(blank=True)
    ready_on = models.DateField(null=True, blank=True, help_text="the day from which it can be used")

    def __str__(self):
        return self.name


class Campaign(models.Model):
    """A plan that both teams see. `plan_version` is raised with every change of what a preview looks at."""

    name = models.CharField(max_length=160)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    marketing_owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sales_owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    brief = models.TextField(blank=True)
    contents = models.ManyToManyField(Content, blank=True, related_name="campaigns")
    plan_version = models.PositiveIntegerField(default=1)

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


class ChannelChange(models.Model):
    """A campaign has another channel since then, so its touches that name none of their own count for that one.

    Written in the transaction of the change. Whoever keeps the numbers notes the days of those touches and takes the row
    away. There is no uniqueness, so writers never wait for each other.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"another channel of campaign {self.campaign_id}"


class PreviewNote(AppendOnlyModel):
    """What was said about a campaign's plan before its launch, and about which version of the plan.

    Marketing asks for the preview; sales has seen it, comments, or asks for a change; marketing answers a change once.
    """

    class Kind(models.TextChoices):
        ASKED = "asked", "Preview asked for"
        SEEN = "seen", "Seen"
        COMMENT = "comment", "Comment"
        CHANGE_ASKED = "change_asked", "Change asked for"
        CHANGE_MADE = "change_made", "Changed"
        CHANGE_DECLINED = "change_declined", "Stays as it is"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="preview_notes")
    plan_version = models.PositiveIntegerField()
    kind = models.CharField(max_length=15, choices=Kind)
    text = models.TextField(blank=True)
    answers = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="answer")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            # How a campaign's preview stands: lists read the newest notes of each.
            models.Index(fields=["campaign", "kind", "plan_version"], name="campaigns_preview_state"),
        ]

    def __str__(self):
        return f"{self.kind} of campaign {self.campaign_id}, version {self.plan_version}"
