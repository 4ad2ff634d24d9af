"""The rollup: packed day segments, and one row that says which generation is current and who may write the next."""

import secrets

from django.db import models


def new_epoch() -> int:
    """A number that no other rollup has had; a wipe adds one."""
    return secrets.randbelow(2**30) + 1


class Segment(models.Model):
    """All facts of one kind on one company day, packed (metrics.segments). Derived: it can always be rebuilt."""

    kind = models.CharField(max_length=10)
    day = models.DateField()
    generation = models.BigIntegerField(db_index=True)
    payload = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "day"], name="metrics_segment_once")]

    def __str__(self):
        return f"{self.kind} {self.day}"


class RollupState(models.Model):
    """Row id 1: the current generation and the writer's lease."""

    generation = models.BigIntegerField(default=0)
    written_at = models.DateTimeField(null=True, blank=True)
    # Another database, or a wipe, is another epoch: readers drop what they hold instead of waiting for a higher generation.
    epoch = models.PositiveIntegerField(default=new_epoch)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Who was in which team when the projections were last brought in line with it.
    teams_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="metrics_one_rollup_state")]

    def __str__(self):
        return f"generation {self.generation}"
