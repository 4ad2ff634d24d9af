"""The monthly blind sample: of the same leads a marketer and a salesperson say whether they qualify (metrics-spec Q7)."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel
from funnel.models import Agreement
from leads.models import Lead


class Stratum(models.TextChoices):
    """What the lead was when the sample was drawn. Judges do not see it."""

    MQL = "mql", "MQL"
    NEAR = "near", "nearly MQL"
    BELOW = "below", "the other leads"


class JudgingRound(models.Model):
    """The sample of one month's leads. While it is open nobody reads the other side's answers."""

    month = models.DateField(unique=True, help_text="first day of the month in which the leads were created")
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="+", help_text="the version whose definition is judged"
    )
    seed = models.BigIntegerField(help_text="the draw can be repeated with it")
    marketing_judge = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sales_judge = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    drawn_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(marketing_judge=models.F("sales_judge")), name="reviews_two_judges_are_two"
            ),
        ]

    def __str__(self):
        return f"sample of {self.month:%B %Y}"


class SampledLead(models.Model):
    """A lead of the sample at its place in the random order. How a split was settled stands here: an example by then."""

    round = models.ForeignKey(JudgingRound, on_delete=models.PROTECT, related_name="sampled", db_index=False)
    position = models.PositiveSmallIntegerField()
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=5, choices=Stratum)
    settled = models.BooleanField(null=True, blank=True, help_text="what the review says: does it qualify?")
    sentence = models.CharField(max_length=300, blank=True, help_text="why, as an example beside the definition")
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settled_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "position"], name="reviews_one_lead_at_a_place"),
            models.UniqueConstraint(fields=["round", "lead"], name="reviews_lead_once_a_sample"),
        ]

    def __str__(self):
        return f"lead {self.lead_id} in {self.round}"


class Judgement(AppendOnlyModel):
    """What one judge says of one lead. Changing one's mind is a further row; the last one counts."""

    sampled = models.ForeignKey(SampledLead, on_delete=models.PROTECT, related_name="judgements")
    side = models.CharField(max_length=9, choices=[("marketing", "Marketing"), ("sales", "Sales")])
    judge = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    qualifies = models.BooleanField()
    sentence = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.side} on {self.sampled_id}"
