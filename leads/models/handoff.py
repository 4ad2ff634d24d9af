"""Handoffs and what both sides owe about them: projections of the lead's events, and the notices that were given."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Team, User
from funnel.models import Agreement
from leads.models.lead import Lead, LeadEvent, Precision


class Decision(models.TextChoices):
    """What sales says about a handoff: exactly one of these."""

    ACCEPTED = "accepted", "Accepted"
    RETURNED = "returned", "Returned"
    RECYCLED = "recycled", "Recycled"
    DISQUALIFIED = "disqualified", "Disqualified"


class HandoffStanding(models.TextChoices):
    """Where a handoff stands, and so who acts next."""

    OPEN = "open", "Waits for sales"
    RETURNED = "returned", "Waits for marketing"
    CONTESTED = "contested", "Waits for the funnel owner"
    DECIDED = "decided", "Decided"
    ARBITRATED = "arbitrated", "Decided by the funnel owner"


class Handoff(models.Model):
    """One entry of a lead into the MQL stage, given to sales, until decided. Known by the event that opened the stay.

    Written only by leads.projection. Owner and team are those who had it when it was decided, or have it now.
    """

    entry = models.OneToOneField(LeadEvent, on_delete=models.PROTECT, primary_key=True, related_name="+")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+", db_index=False)
    entered_at = models.DateTimeField()
    entered_day = models.DateField()
    precision = models.CharField(max_length=7, choices=Precision)
    assigned_at = models.DateTimeField(null=True, blank=True, help_text="first given to a person of sales")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=HandoffStanding)
    decision = models.CharField(max_length=12, choices=Decision, blank=True)
    first_decision = models.CharField(max_length=12, choices=Decision, blank=True, help_text="before an arbitration")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    reason = models.CharField(max_length=40, blank=True)
    recycled_until = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True, help_text="since when marketing has it")
    contested_at = models.DateTimeField(null=True, blank=True)
    ruled_at = models.DateTimeField(null=True, blank=True)
    feedback_at = models.DateTimeField(null=True, blank=True)
    feedback_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "entered_at"],
                name="leads_handoff_waiting",
                condition=models.Q(state__in=["open", "returned", "contested"]),
            ),
            # The rollup reads whole days.
            models.Index(fields=["entered_day"], name="leads_handoff_by_day"),
            # What was decided lately: My day and the digest.
            models.Index(fields=["decided_at"], name="leads_handoff_decided"),
        ]

    def __str__(self):
        return f"handoff of lead {self.lead_id} on {self.entered_day}"


class Obligation(models.Model):
    """What is owed about one handoff under one promise: from when, until when, and when it was done.

    Written only by leads.projection. Whether it was kept, missed or is at risk follows from the times and the clock, so
    nothing here goes out of date. `due_at` is empty while the clock stands still.
    """

    class Promise(models.TextChoices):
        ROUTING = "routing", "Given to a person"
        S1 = "S1", "First contact"
        S2 = "S2", "Persistence"
        S3 = "S3", "Decision with reason"
        S4 = "S4", "Feedback"

    entry = models.ForeignKey(LeadEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="obligations")
    promise = models.CharField(max_length=7, choices=Promise)
    agreement = models.ForeignKey(
        Agreement,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="the version that was in force at the entry",
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    due_day = models.DateField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    paused_seconds = models.PositiveIntegerField(default=0, help_text="working time in which the clock stood still")
    excluded = models.CharField(max_length=12, blank=True, help_text="reason to which both teams agreed")
    late_logged = models.BooleanField(default=False, help_text="done in time or not, it was logged two days later or more")

    class Meta:
        indexes = [
            # The worker asks for what is due soon and not done; lists ask by lead.
            models.Index(
                fields=["due_at"], name="leads_obligation_open", condition=models.Q(met_at__isnull=True, excluded="")
            ),
            models.Index(fields=["due_day"], name="leads_obligation_by_day"),
        ]
        constraints = [models.UniqueConstraint(fields=["entry", "promise"], name="leads_obligation_once")]

    def __str__(self):
        return f"{self.promise} of lead {self.lead_id}, due {self.due_at}"


class PromiseCheck(models.Model):
    """Row id 1: who gives notices holds its lock; and the hours with which the due times were last brought in line."""

    hours_digest = models.CharField(max_length=64, blank=True)

    def __str__(self):
        return f"promises by hours {self.hours_digest[:8]}"


class Notice(models.Model):
    """That somebody was told of a due time once: before it as a reminder, after it as an escalation."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", "Due soon"
        ESCALATION = "escalation", "Past due"

    entry = models.ForeignKey(LeadEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+", db_index=False)
    promise = models.CharField(max_length=7, choices=Obligation.Promise)
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="notices")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="when a mail was written about it, or none was needed")

    class Meta:
        indexes = [
            # What waits to go out by mail, and what a person has not seen: few rows of many.
            models.Index(fields=["user"], name="leads_notice_to_mail", condition=models.Q(mailed_at__isnull=True)),
            models.Index(fields=["user", "due_at"], name="leads_notice_unseen", condition=models.Q(seen_at__isnull=True)),
        ]
        constraints = [
            # A due time that moves (a pause, a reassignment) is a new one to be told of.
            models.UniqueConstraint(fields=["entry", "promise", "kind", "due_at"], name="leads_notice_once"),
        ]

    def __str__(self):
        return f"{self.kind} for {self.promise} of lead {self.lead_id}"
