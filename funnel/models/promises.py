"""What each side promises the other in one version of the agreement. A version without a line promises nothing."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now

from funnel.models.agreement import Agreement

WHOLE = 10_000  # basis points of one


class PromiseKey(models.TextChoices):
    M1 = "M1", "MQL volume"
    M2 = "M2", "MQL value"
    M3 = "M3", "Completeness of context"
    M4 = "M4", "Quality"
    S1 = "S1", "First contact"
    S2 = "S2", "Persistence"
    S3 = "S3", "Decision with reason"
    S4 = "S4", "Feedback"


class Promise(models.Model):
    """One measurable line. Without a tier it holds for every lead whose tier has no line of its own.

    Which fields a line uses: S1 `seconds` of working time; S2 `attempts` on `distinct_days` within `days` working days;
    S3 and S4 `days`; M1 `volume` entries a month, of which at most `cap` of the target counts; M2 `amount` in base minor
    units a month; all but M1 and M2 a `share` of the cases. Shares are in basis points.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="promises")
    key = models.CharField(max_length=2, choices=PromiseKey)
    tier = models.CharField(max_length=20, blank=True)
    share = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(WHOLE)])
    seconds = models.PositiveIntegerField(null=True, blank=True)
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(null=True, blank=True)
    distinct_days = models.PositiveSmallIntegerField(null=True, blank=True)
    volume = models.PositiveIntegerField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    cap = models.PositiveIntegerField(null=True, blank=True)
    floor = models.PositiveSmallIntegerField(default=8_000, help_text="below this attainment the promise is broken outright")
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "key", "tier"], name="funnel_promise_once_a_version"),
            models.CheckConstraint(condition=models.Q(floor__lte=WHOLE), name="funnel_promise_floor_at_most_all"),
        ]

    def __str__(self):
        return f"{self.key} {self.tier}".strip()


class LeadValue(models.Model):
    """What one MQL of a tier is worth in base minor units, fixed with the version that both sides sign.

    `gross_profit` is the share of MQLs that were won times the mean gross profit of a won deal; `basis` says in words
    which leads it was computed from, or that somebody typed it.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="lead_values")
    tier = models.CharField(max_length=20, blank=True)
    gross_profit = models.BigIntegerField()
    revenue = models.BigIntegerField(null=True, blank=True)
    basis = models.CharField(max_length=200, blank=True)
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "tier"], name="funnel_lead_value_once_a_version")]

    def __str__(self):
        return f"{self.tier or 'no tier'}: {self.gross_profit}"


class HandoffField(models.TextChoices):
    """What marketing can be asked to know about a lead before it is handed over."""

    NAME = "name", "Name"
    EMAIL = "email", "E-mail address"
    PHONE = "phone", "Telephone"
    COMPANY = "company", "Company"
    SEGMENT = "segment", "Segment"
    REGION = "region", "Region"
    CHANNEL = "channel", "Channel"
    CAMPAIGN = "campaign", "Campaign"
    TIER = "tier", "Tier"
    SCORE = "score", "Score"
    NEED = "need", "Need, in a sentence"


class RequiredField(models.Model):
    """A field that a handoff must bring along; M3 counts how many are there."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="required_fields")
    field = models.CharField(max_length=10, choices=HandoffField)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "field"], name="funnel_required_field_once")]

    def __str__(self):
        return self.get_field_display()


class Terms(models.Model):
    """How the promises are measured in one version: what stops the clock, and what silence means."""

    class Undecided(models.TextChoices):
        LEFT_OUT = "left_out", "is left out of the quality that marketing promised"
        ACCEPTED = "accepted", "counts as accepted"

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="terms")
    undecided = models.CharField(max_length=8, choices=Undecided, default=Undecided.LEFT_OUT)
    contest_days = models.PositiveSmallIntegerField(default=5, help_text="working days in which a decision may be contested")
    routing_seconds = models.PositiveIntegerField(null=True, blank=True, default=900, help_text="working time to a person")
    pause_returned = models.BooleanField(default=True)
    pause_meeting = models.BooleanField(default=True)
    meeting_days = models.PositiveSmallIntegerField(default=10, help_text="working days that a booked meeting may pause")
    pause_waiver = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement"], name="funnel_terms_once_a_version")]

    def __str__(self):
        return f"terms of {self.agreement}"
