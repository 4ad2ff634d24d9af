"""The rollup: packed day segments, and one row that says which generation is current and who may write the next."""

import secrets

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel
from funnel.models import Agreement, Stage
from leads.models import Deal


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
    # The agreed margins and the rules of credit by which what was won is posted.
    credit_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="metrics_one_rollup_state")]

    def __str__(self):
        return f"generation {self.generation}"


class CreditRules(AppendOnlyModel):
    """A version of how the credit for deals is shared. The newest one is in force; earlier ones say what was posted when."""

    class Policy(models.TextChoices):
        CONTACT = "contact", "People with a part in the deal"
        ACCOUNT = "account", "Everybody of the company"

    policy = models.CharField(max_length=7, choices=Policy, default=Policy.CONTACT)
    lookback = models.PositiveSmallIntegerField(default=365, help_text="days before the deal was opened")
    half_life = models.PositiveSmallIntegerField(default=30, help_text="days, for time decay")
    # The company's own weights in 10,000ths, which sum to 10,000; all zero where it has set none.
    first = models.PositiveSmallIntegerField(default=0)
    creation = models.PositiveSmallIntegerField(default=0)
    opening = models.PositiveSmallIntegerField(default=0)
    closing = models.PositiveSmallIntegerField(default=0)
    other = models.PositiveSmallIntegerField(default=0)
    spread_unallocated = models.BooleanField(default=False)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"rules of credit {self.pk}"


class CreditPosting(AppendOnlyModel):
    """What a deal's touches earned, or by how much that changed: all postings of a deal add up to its ledger of today.

    `lines`: model -> [[touch or 0, revenue, gross profit], ...] in minor units of the base currency; 0: no touch earned it.
    A money that is not known is posted when it becomes known. `revenue` and `profit` are the sums of each model.
    """

    class Reason(models.TextChoices):
        CLOSED = "closed", "The deal was won"
        AMOUNT = "amount", "The amount or cost changed"
        TOUCHES = "touches", "A touch was added, changed or taken back"
        RULES = "rules", "The rules of credit changed"
        REVERSED = "reversed", "The deal is not won any more"

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=8, choices=Reason)
    rules = models.ForeignKey(CreditRules, on_delete=models.PROTECT, null=True, related_name="+")
    revenue = models.BigIntegerField()
    profit = models.BigIntegerField()
    lines = models.JSONField()
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.reason} of deal {self.deal_id}: {self.revenue}"


class Backtest(models.Model):
    """A draft tried on history (metrics.backtest): what was asked, how far it is, what came out. No number rests on it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="backtests")
    before = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="+")
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    from_day = models.DateField()
    to_day = models.DateField()
    split_day = models.DateField(help_text="the first day of the time in which the rule is tested")
    horizon = models.PositiveSmallIntegerField(help_text="days for which leads are followed")
    brought_in = models.BooleanField(default=True, help_text="leads that were brought in with their history count")
    as_of = models.DateTimeField(help_text="when it was asked: nothing later is looked at")
    asked = models.CharField(max_length=64, help_text="digest of both versions' rules and points")
    # What the first look found: how old leads were at their entry (microseconds), and the last lead there is.
    age = models.BigIntegerField(null=True, blank=True)
    last_lead = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    result = models.JSONField(null=True, blank=True, help_text="metrics.backtest.summed_up")
    inputs = models.CharField(max_length=64, blank=True, help_text="digest of all judged rows")
    worker = models.CharField(max_length=32, blank=True)
    worked_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"backtest {self.pk} of {self.agreement}"


class BacktestPart(models.Model):
    """The judged leads from one id on, packed (metrics.backtest.ROW). Written once; a run that goes on reads it."""

    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="parts")
    first_lead = models.BigIntegerField()
    rows = models.BinaryField()
    left_out = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["backtest", "first_lead"], name="metrics_backtest_part_once")]

    def __str__(self):
        return f"leads from {self.first_lead} of {self.backtest}"
