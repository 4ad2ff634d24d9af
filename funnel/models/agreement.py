"""What both teams agreed: stages, reasons, targets and margins, in versions that both sides sign.

A stage is an identity for ever. What it is called, where it stands and what it means belong to a version. Facts keep the
version they happened under, and no change of a version rewrites a fact.
"""

from django.db import models
from django.db.models.functions import Coalesce, Now

from accounts.models import Side, User


class Segment(models.Model):
    """A market segment: a dimension of every number."""

    name = models.CharField(max_length=120, unique=True)

    def __str__(self):
        return self.name


class Region(models.Model):
    name = models.CharField(max_length=120, unique=True)

    def __str__(self):
        return self.name


class Agreement(models.Model):
    """One version of what both teams agreed. `counting_version` rises only when what is counted changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PROPOSED = "proposed", "Proposed"
        IN_FORCE = "in_force", "In force"
        SUPERSEDED = "superseded", "Superseded"

    number = models.PositiveIntegerField(unique=True)
    counting_version = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    from_day = models.DateField(null=True, blank=True, help_text="first company day on which it holds")
    note = models.TextField(blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True, help_text="since when both teams are asked")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    trial_until = models.DateField(
        null=True, blank=True, help_text="last day of a version that the funnel owner put in force without one side's yes"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["from_day"],
                condition=models.Q(state__in=["in_force", "superseded"]),
                name="funnel_one_agreement_a_day",
            ),
        ]

    def __str__(self):
        return f"v{self.number}"


class Signature(models.Model):
    """One side's yes. A version without both says “not agreed yet” beside every number."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=9, choices=Side)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "side"], name="funnel_one_signature_a_side"),
            models.CheckConstraint(condition=models.Q(side__in=["marketing", "sales"]), name="funnel_sides_that_sign"),
        ]

    def __str__(self):
        return f"{self.agreement} signed by {self.side}"


class Stage(models.Model):
    """The identity of a stage: never renamed, never deleted."""

    key = models.SlugField(max_length=40, unique=True)

    def __str__(self):
        return self.key


class StageKind(models.TextChoices):
    PATH = "path", "On the way"
    DETOUR = "detour", "Detour (not now)"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    OUT = "out", "Out"


class Milestone(models.TextChoices):
    START = "start", "Start"
    MQL = "mql", "MQL"
    SAL = "sal", "SAL"
    SQL = "sql", "SQL"
    OPPORTUNITY = "opportunity", "Opportunity"
    WON = "won", "Won"


class StageInVersion(models.Model):
    """What a stage is called and means in one version. Ranks order the path; Won has the highest."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="stages")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="versions")
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(help_text="order on screens")
    kind = models.CharField(max_length=6, choices=StageKind)
    side = models.CharField(max_length=9, choices=Side, help_text="the team that answers for it")
    milestone = models.CharField(max_length=11, choices=Milestone, null=True, blank=True)
    definition = models.TextField(blank=True)
    target_days = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    retired = models.BooleanField(default=False, help_text="takes no new leads; history stays")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "stage"], name="funnel_stage_once_a_version"),
            models.UniqueConstraint(fields=["agreement", "rank"], name="funnel_rank_once_a_version"),
            models.UniqueConstraint(fields=["agreement", "milestone"], name="funnel_milestone_once_a_version"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["path", "won"], rank__isnull=False)
                | models.Q(kind__in=["detour", "lost", "out"], rank__isnull=True),
                name="funnel_ranks_only_on_the_path",
            ),
        ]

    def __str__(self):
        return f"{self.name} ({self.agreement})"


class Reason(models.Model):
    """An agreed reason for a backward, lost, recycled or disqualified move, by version."""

    class Use(models.TextChoices):
        RETURN = "return", "Back to an earlier stage"
        RECYCLE = "recycle", "Recycled"
        DISQUALIFY = "disqualify", "Disqualified"
        LOST = "lost", "Lost"

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="reasons")
    use = models.CharField(max_length=10, choices=Use)
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "use", "key"], name="funnel_reason_once_a_version")]

    def __str__(self):
        return self.label


class Target(models.Model):
    """The plan: a value a metric should reach in a month, for all or for one segment. Money in base minor units."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="targets")
    metric = models.CharField(max_length=40)
    month = models.DateField(help_text="first day of the month")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, blank=True)
    value = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "agreement",
                "metric",
                "month",
                Coalesce("segment", 0),
                Coalesce("stage", 0),
                name="funnel_target_once",
            )
        ]

    def __str__(self):
        return f"{self.metric} {self.month:%Y-%m}: {self.value}"


class SegmentMargin(models.Model):
    """The agreed gross margin that stands in for a missing cost, from a day on; no segment means all others."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="margins")
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    from_day = models.DateField()
    basis_points = models.PositiveSmallIntegerField(help_text="gross profit per 10,000 of amount")

    class Meta:
        constraints = [
            models.UniqueConstraint("agreement", Coalesce("segment", 0), "from_day", name="funnel_margin_once_a_day"),
            models.CheckConstraint(condition=models.Q(basis_points__lte=10_000), name="funnel_margin_at_most_all"),
        ]

    def __str__(self):
        return f"{self.basis_points / 100:.1f} % from {self.from_day}"


class StageTransition(models.Model):
    """A move the version forbids. Everything not listed is allowed, so a new stage never locks leads in."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="forbidden_moves")
    from_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    to_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "from_stage", "to_stage"], name="funnel_forbidden_move_once")
        ]

    def __str__(self):
        return f"{self.from_stage} ↛ {self.to_stage}"


class GlossaryTerm(models.Model):
    """A word both teams use: what each of them means by it, and what they agreed that it means."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="words")
    key = models.SlugField(max_length=40)
    word = models.CharField(max_length=60)
    marketing_meaning = models.TextField(blank=True)
    sales_meaning = models.TextField(blank=True)
    agreed_meaning = models.TextField(blank=True)
    not_words = models.CharField(max_length=200, blank=True, help_text="words that are not used for it")
    examples = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agreement", "key"], name="funnel_word_once_a_version")]

    def __str__(self):
        return self.word
