"""How a version scores leads."""

from django.db import models

from funnel.models.agreement import Agreement


class PointsTable(models.Model):
    """The points table of a version (funnel.score). In versions without a row the score is what other systems say."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="points_tables")
    table = models.JSONField(help_text="funnel.score.write_table")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement"], name="funnel_points_once_a_version")]

    def __str__(self):
        return f"points of {self.agreement}"
