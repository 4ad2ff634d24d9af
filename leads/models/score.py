"""What the worker still has to score, and how far it is. Hints may be lost; these rows are not."""

from django.db import models

from funnel.models import Agreement
from leads.models.lead import Lead


class ScoreNote(models.Model):
    """Something changed that the score of a lead may depend on. Written with the change, removed with the new score."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")

    def __str__(self):
        return f"lead {self.lead_id} to be scored"


class ScoreRun(models.Model):
    """All leads scored by a version as of a day: touches fade with the days, and a new version counts other points."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    last_lead = models.BigIntegerField(default=0, help_text="every lead up to this id is done")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "day"], name="leads_score_run_once")]

    def __str__(self):
        return f"scores of {self.day}"
