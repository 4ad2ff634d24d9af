"""What happened: leads, deals and touches as append-only events, and the projections that are rebuilt from them.

Stage changes have one door: leads.services.move_lead. Projections are written by leads.projection alone.
"""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Team, User
from campaigns.models import Campaign, Channel, Content
from core.append_only import AppendOnlyModel
from funnel.models import Agreement, Region, Segment, Stage


class Precision(models.TextChoices):
    INSTANT = "instant", "to the second"
    DAY = "day", "to the day"
    UNKNOWN = "unknown", "time unknown"


class Origin(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"
    PARTNER = "partner", "Partner"
    CUSTOMER = "customer", "Customer"


class ImportBatch(models.Model):
    """One run of one file: who, what, how far, with which result."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    entity = models.CharField(max_length=20)
    source = models.CharField(max_length=60)
    file_name = models.CharField(max_length=255)
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    counts = models.JSONField(default=dict)
    rejects_file = models.CharField(max_length=255, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"{self.file_name} ({self.entity})"


class Company(models.Model):
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True)
    custom = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["name"], name="leads_company_by_name")]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="leads_company_identity")]

    def __str__(self):
        return self.name


class Contact(models.Model):
    """The personal data of one human. Everything else refers to it by id, so erasure empties one row."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["email"], name="leads_contact_by_email")]

    def __str__(self):
        return self.name or self.email or f"contact {self.pk}"


# The leads that lists show: neither part of another one nor taken out.
_STANDING = models.Q(merged_into__isnull=True, voided=False)


class Lead(models.Model):
    """One person's interest in buying. Attributes are facts; stage, owner, team and times are projections of the events.

    `version` rises with every write: a writer who saw an older one lost the race.
    """

    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True)
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.MARKETING)
    tier = models.CharField(max_length=20, blank=True)
    given_score = models.IntegerField(null=True, blank=True, help_text="what another system or a person gave")
    score = models.IntegerField(null=True, blank=True, help_text="the one that counts, written by leads.services.scoring")
    custom = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)
    # Projections, written by leads.projection.
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, blank=True)
    stage_since = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="leads")
    created_at = models.DateTimeField(null=True, blank=True)
    created_day = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_leads")
    voided = models.BooleanField(default=False)
    clock_skew = models.BooleanField(default=False, help_text="created after a later event; placed before it (DQ5)")
    source_missing = models.BooleanField(default=False, help_text="had neither channel nor campaign at creation (DQ1)")

    class Meta:
        indexes = [
            # The counts of the views, and the columns of the board: everything they ask for stands in the index.
            models.Index(fields=["stage", "stage_since", "owner"], name="leads_list_by_stage", condition=_STANDING),
            # The list, newest first, any page of it.
            models.Index(fields=["-created_at", "-id"], name="leads_list_newest", condition=_STANDING),
        ]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="leads_lead_identity")]

    def __str__(self):
        return f"lead {self.pk}"


class Note(AppendOnlyModel):
    """Free text by a person. Kept apart from events because it may hold personal data."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"note {self.pk} on lead {self.lead_id}"


class LeadEvent(AppendOnlyModel):
    """Something that happened to a lead. The id is the global sequence; times are valid time and knowledge time."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        MOVED = "moved", "Moved"
        ASSIGNED = "assigned", "Assigned"
        AMENDED = "amended", "Corrected"
        MERGED = "merged", "Merged"
        LEAD_VOIDED = "lead_voided", "Taken out"
        VOIDED = "voided", "Event taken back"
        # Steps of a handoff (leads.handoffs).
        ACCEPTED = "accepted", "Accepted"
        RETURNED = "returned", "Returned"
        RESUBMITTED = "resubmitted", "Handed over again"
        CONTESTED = "contested", "Contested"
        ARBITRATED = "arbitrated", "Arbitrated"
        FEEDBACK = "feedback", "Feedback"
        FEEDBACK_READ = "feedbackread", "Feedback read"
        PAUSED = "paused", "Clock paused"
        WAIVED = "waived", "Exclusion asked for"
        CONSENTED = "consented", "Answered"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    from_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    field = models.CharField(max_length=40, blank=True)
    old = models.CharField(max_length=200, blank=True)
    new = models.CharField(max_length=200, blank=True)
    target = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="voiding_events")
    other_lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    about = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="the handoff's opening event, or the request that is answered",
    )
    until = models.DateTimeField(null=True, blank=True, help_text="end of a pause, or when a recycled lead may come again")
    reason = models.CharField(max_length=40, blank=True, help_text="key of an agreed reason")
    note = models.ForeignKey(Note, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    occurred_at = models.DateTimeField()
    time_precision = models.CharField(max_length=7, choices=Precision, default=Precision.INSTANT)
    recorded_at = models.DateTimeField(db_default=Now())
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=300, null=True, blank=True)
    import_batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            # What both sides said lately: My day and the digest.
            models.Index(
                fields=["occurred_at"],
                name="leads_event_said",
                condition=models.Q(about__isnull=False),
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="leads_event_identity")]

    def __str__(self):
        return f"{self.kind} of lead {self.lead_id}"


class StageEntry(models.Model):
    """A stay in a stage: a projection of the lead's effective timeline. Identified by the event that opened it.

    Written only by leads.projection. Owner and team are those at entry; other dimensions are the lead's.
    """

    class Exit(models.TextChoices):
        ADVANCE = "advance", "On"
        BACK = "back", "Back"
        LOST = "lost", "Lost"
        OUT = "out", "Out"
        DETOUR = "detour", "Detour"

    opening_event = models.OneToOneField(LeadEvent, on_delete=models.PROTECT, primary_key=True)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="entries")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(help_text="0 for the first stay of the lead")
    entry_no = models.PositiveIntegerField(help_text="1 for the first stay in this stage")
    entered_at = models.DateTimeField()
    entered_day = models.DateField()
    entered_precision = models.CharField(max_length=7, choices=Precision)
    left_at = models.DateTimeField(null=True, blank=True)
    left_day = models.DateField(null=True, blank=True)
    left_precision = models.CharField(max_length=7, choices=Precision, blank=True)
    exit_kind = models.CharField(max_length=7, choices=Exit, blank=True)
    next_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")
    first_contact_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # The rollup reads whole days and whole leads; nothing else reads this table in bulk.
        indexes = [models.Index(fields=["entered_day"], name="leads_entry_by_day")]

    def __str__(self):
        return f"lead {self.lead_id} in {self.stage_id} from {self.entered_day}"


class Touch(AppendOnlyModel):
    """A marketing touch or a sales activity: one table for both sides. A void is a further row.

    `company`: the account of a touch that has no lead; with one, the account is the lead's company. How somebody came
    stands beside it (leads.models.Arrival).
    """

    class Kind(models.TextChoices):
        VISIT = "visit", "Visit"
        FORM = "form", "Form"
        EMAIL = "email", "Automated mail"
        AD = "ad", "Ad"
        EVENT = "event", "Event"
        WEBINAR = "webinar", "Webinar"
        CONTENT = "content", "Content"
        CALL = "call", "Call"
        PERSONAL_EMAIL = "personal_email", "Personal mail"
        MEETING = "meeting", "Meeting"
        CONVERSATION = "conversation", "Conversation"
        OTHER = "other", "Other"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    side = models.CharField(max_length=9, choices=[("marketing", "Marketing"), ("sales", "Sales")])
    kind = models.CharField(max_length=14, choices=Kind)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, null=True, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField()
    day = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now())
    voids = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="voided_by")
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=300, null=True, blank=True)
    import_batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["day"], name="leads_touch_by_day")]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="leads_touch_identity")]

    def __str__(self):
        return f"{self.kind} of lead {self.lead_id}"


# What counts as a first contact: a person of sales tried to reach or talked to the lead (product.md, V8).
CONTACT_KINDS = (Touch.Kind.CALL, Touch.Kind.PERSONAL_EMAIL, Touch.Kind.MEETING, Touch.Kind.CONVERSATION)
