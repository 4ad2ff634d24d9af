"""Who gets a lead that enters MQL: the rules as they are, every change of them, and every lead they gave away."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Team, User
from campaigns.models import Channel
from core.append_only import AppendOnlyModel
from funnel.models import Region, Segment
from leads.models.lead import Lead, LeadEvent, Origin


class Routing(models.Model):
    """Row id 1: since when the rules are on, and whose queue takes what they leave. Who routes holds its lock."""

    on_since = models.DateTimeField(null=True, blank=True, help_text="empty: switched off")
    fallback_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="leads_one_routing")]

    def __str__(self):
        return f"routing on since {self.on_since}"


class RoutingRule(models.Model):
    """Leads of this segment, region, channel, tier and origin (empty: any) go to these people. The first that fits counts.

    A team stands for its reps of the day. A removed rule stays, because leads were given away under it.
    """

    class Method(models.TextChoices):
        ROUND_ROBIN = "round_robin", "In turn"
        LOAD = "load", "Fewest open handoffs"

    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField()
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tier = models.CharField(max_length=20, blank=True)
    origin = models.CharField(max_length=9, choices=Origin, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    people = models.ManyToManyField(User, blank=True, related_name="+")
    method = models.CharField(max_length=11, choices=Method, default=Method.ROUND_ROBIN)
    last_person = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="who had the last one under it"
    )
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self):
        return self.name


class RoutingChange(AppendOnlyModel):
    """Who changed the rules, when, from what to what. Values are words, so that the log reads without other tables."""

    class Act(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        MOVED = "moved", "Moved"
        REMOVED = "removed", "Removed"
        SWITCHED = "switched", "Switched"
        QUEUE = "queue", "Queue changed"

    rule = models.ForeignKey(RoutingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="changes")
    act = models.CharField(max_length=8, choices=Act)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.act} rule {self.rule_id}"


class RoutedHandoff(AppendOnlyModel):
    """Why a handoff went where it went: one row for each assignment that routing made, or that took it from a queue."""

    class Why(models.TextChoices):
        DEAL = "deal", "Has an open deal with the company"
        AGAIN = "again", "Had this lead before"
        COMPANY = "company", "Has another lead of the company"
        TURN = "turn", "Next in turn"
        LOAD = "load", "Fewest open handoffs"
        NO_RULE = "no_rule", "No rule fits"
        NOBODY = "nobody", "Nobody is there"
        TAKEN = "taken", "Taken from the queue"

    event = models.OneToOneField(
        LeadEvent, on_delete=models.PROTECT, related_name="routed", help_text="the assignment that this explains"
    )
    entry = models.ForeignKey(LeadEvent, on_delete=models.PROTECT, related_name="+", help_text="the handoff")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+", db_index=False)
    why = models.CharField(max_length=7, choices=Why)
    rule = models.ForeignKey(RoutingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rule_name = models.CharField(max_length=80, blank=True, help_text="as it was then")
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False, help_text="whose queue"
    )
    present = models.PositiveIntegerField(null=True, blank=True, help_text="people of the rule who were there")
    load = models.PositiveIntegerField(null=True, blank=True, help_text="open handoffs of the person before this one")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["recorded_at"], name="leads_routed_newest")]

    def __str__(self):
        return f"lead {self.lead_id}: {self.why}"
