"""Criteria of a version: when a lead may enter a stage."""

from django.db import models

from funnel.models.agreement import Agreement, Stage


class StageRule(models.Model):
    """The entry rule of a stage in one version (funnel.criteria). Stages without a row take every lead."""

    class Then(models.TextChoices):
        ASK = "ask", "is checked when somebody moves a lead there"
        PROPOSE = "propose", "is checked, and leads that newly meet it are proposed"
        MOVE = "move", "is checked, and leads that newly meet it are moved by Tandem"

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="entry_rules")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    rule = models.JSONField(help_text="funnel.criteria.write_rule")
    then = models.CharField(max_length=7, choices=Then, default=Then.ASK)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "stage"], name="funnel_rule_once_a_stage")]

    def __str__(self):
        return f"entry into {self.stage}"
