"""The numbers of a review as they were when they were frozen, and what later knowledge makes of them. Written once."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Side
from core.append_only import AppendOnlyModel
from funnel.models import Agreement
from reviews.models.review import Review

_STATES = [("on", "On plan"), ("off", "Off plan"), ("", "No plan")]


class FrozenNumber(AppendOnlyModel):
    """One metric of the review set at the freeze instant: the question, its answer and what both rest on.

    `value` and `plan` are whole numbers: minor units of money, counts, millionths of a share, thousandths of a day or
    minute (reviews.review_set.UNITS). The answer keeps the exact figures.
    """

    class Group(models.TextChoices):
        NUMBER = "number", "Number"
        PROMISE = "promise", "Promise"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="frozen", db_index=False)
    position = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=7, choices=Group)
    side = models.CharField(max_length=9, choices=Side, help_text="the team that answers for it")
    key = models.CharField(max_length=80, help_text="the same number in every review of a series")
    metric = models.CharField(max_length=60)
    metric_version = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=120)
    sentence = models.CharField(max_length=400, blank=True, help_text="of a promise, as it was agreed")
    scope = models.CharField(max_length=500, help_text="the question in words")
    params = models.JSONField(help_text="parameters of the question, with explicit days")
    unit = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    value = models.BigIntegerField(null=True, help_text="empty where it is not defined")
    words = models.CharField(max_length=80, help_text="the value as shown")
    plan = models.BigIntegerField(null=True)
    plan_words = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=3, choices=_STATES, blank=True)
    answer = models.JSONField(help_text="the whole answer, with its interval and what is unknown")
    line = models.JSONField(null=True, help_text="of a promise: promised, measured, attainment and its counts")
    versions = models.JSONField(help_text="versions of the definition behind the value")
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, null=True, related_name="+", help_text="the last version known at the time"
    )
    as_of = models.DateTimeField(help_text="it uses what was recorded until then")
    generation = models.BigIntegerField(help_text="of the facts it was read from")
    inputs = models.PositiveIntegerField(help_text="rows behind the value")
    inputs_hash = models.CharField(max_length=64, help_text="SHA-256 of these rows and the question")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "position"], name="reviews_frozen_at_a_place"),
            models.UniqueConstraint(fields=["review", "key"], name="reviews_frozen_once"),
        ]

    def __str__(self):
        return f"{self.key} of review {self.review_id}"


class FrozenRows(AppendOnlyModel):
    """The rows behind a frozen number, packed (reviews.frozen_rows): its hash is theirs, its list is they."""

    number = models.OneToOneField(FrozenNumber, on_delete=models.PROTECT, primary_key=True, related_name="rows")
    payload = models.BinaryField()


class FrozenChange(AppendOnlyModel):
    """One box of the waterfall since the review before: so many leads or so much money came or went."""

    class Measure(models.TextChoices):
        LEADS = "leads", "Open leads"
        AMOUNT = "amount", "Open amount"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="changes", db_index=False)
    measure = models.CharField(max_length=6, choices=Measure)
    position = models.PositiveSmallIntegerField()
    box = models.CharField(max_length=12, help_text="key in reviews.waterfall.BOXES")
    number = models.PositiveIntegerField(help_text="how many leads or deals")
    change = models.BigIntegerField(help_text="what it adds: leads, or base minor units; of both ends the balance")
    unknown = models.PositiveIntegerField(default=0, help_text="deals in it without a known amount")
    ids = models.BinaryField(help_text="ids of these leads or deals, packed (reviews.frozen_rows)")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "measure", "box"], name="reviews_box_once"),
        ]

    def __str__(self):
        return f"{self.measure} {self.box} of review {self.review_id}"


class Restatement(AppendOnlyModel):
    """A frozen value and the answer to the same question later. The parts add up to the difference."""

    number = models.ForeignKey(FrozenNumber, on_delete=models.PROTECT, related_name="restatements")
    found_for = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,
        null=True,
        related_name="restatements_shown",
        help_text="the later review that shows it; empty if it was found between two",
    )
    value = models.BigIntegerField(null=True, help_text="in the units of the frozen value; empty where it is not defined")
    words = models.CharField(max_length=80)
    inputs_hash = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "found_for"], name="reviews_restated_once_for_a_review"),
        ]

    def __str__(self):
        return f"restatement of {self.number_id}"


class RestatementPart(AppendOnlyModel):
    """What one cause did to a frozen value, and the very leads."""

    class Cause(models.TextChoices):
        DEFINITION = "definition", "Definition"
        LATE = "late", "Recorded late"
        CORRECTION = "correction", "Correction"
        CURRENCY = "currency", "Currency rate"
        MERGE = "merge", "Merge"
        DELETION = "deletion", "Taken out"

    restatement = models.ForeignKey(Restatement, on_delete=models.PROTECT, related_name="parts", db_index=False)
    cause = models.CharField(max_length=10, choices=Cause)
    difference = models.BigIntegerField(null=True, help_text="empty where one of both values is not defined")
    items = models.CharField(max_length=5, choices=[("lead", "Leads"), ("deal", "Deals")])
    number = models.PositiveIntegerField(help_text="how many leads or deals")
    ids = models.BinaryField(help_text="ids of these leads or deals, packed (reviews.frozen_rows)")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["restatement", "cause"], name="reviews_cause_once")]

    def __str__(self):
        return f"{self.cause} of restatement {self.restatement_id}"
