"""What people plan and keep for themselves, and work on many leads. None of it is a fact, so all of it may change."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from leads.models.deal import Deal
from leads.models.lead import Lead


class NextStep(models.Model):
    """What somebody will do next about a lead or a deal, by a day. Done ones stay, with who did them and when."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="next_steps")
    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, null=True, blank=True, related_name="next_steps")
    what = models.CharField(max_length=200)
    due_on = models.DateField()
    remind_on = models.DateField(null=True, blank=True, help_text="from this day on it is shown as due soon")
    who = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="next_steps")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text="when the reminder went to the person, by mail or not"
    )
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            # Work lists: what is open for a person, by day.
            models.Index(fields=["who", "due_on"], name="leads_step_open", condition=models.Q(done_at__isnull=True)),
            # Reminders that have not gone out.
            models.Index(
                fields=["remind_on"],
                name="leads_step_remind",
                condition=models.Q(done_at__isnull=True, reminded_at__isnull=True, remind_on__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lead__isnull=False, deal__isnull=True) | models.Q(lead__isnull=True, deal__isnull=False),
                name="leads_step_of_a_lead_or_a_deal",
            ),
        ]

    def __str__(self):
        return f"{self.what} by {self.due_on}"


class SavedView(models.Model):
    """Filters and order of the lead list under a name, for one person."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="leads_view_name_once")]

    def __str__(self):
        return self.name


class BulkJob(models.Model):
    """One act on many leads: what was asked for, and how far it is. Each lead is an item of its own."""

    class Act(models.TextChoices):
        ASSIGN = "assign", "Assign"
        MOVE = "move", "Move"
        TAG = "tag", "Tag"

    actor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bulk_jobs")
    act = models.CharField(max_length=6, choices=Act)
    params = models.JSONField(default=dict, help_text="ids, reason and note as leads.services.many takes them")
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    worked_at = models.DateTimeField(db_default=Now(), help_text="when the last items were done")
    finished_at = models.DateTimeField(null=True, blank=True)
    stopped = models.BooleanField(default=False, help_text="a person asked for it")

    class Meta:
        indexes = [
            # The sweeper: what is not finished.
            models.Index(fields=["worked_at"], name="leads_bulk_open", condition=models.Q(finished_at__isnull=True)),
        ]

    def __str__(self):
        return f"{self.act} {self.total} leads"


class BulkItem(models.Model):
    """One lead of a bulk job. `trouble` says why it was left as it was; an item that waits has no `done_at`."""

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="items")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            # The next ones to do.
            models.Index(fields=["job", "id"], name="leads_bulk_waiting", condition=models.Q(done_at__isnull=True)),
        ]

    def __str__(self):
        return f"lead {self.lead_id} of job {self.job_id}"
