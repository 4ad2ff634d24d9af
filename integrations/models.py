"""What comes from outside: imports on the page (the job row is what must not be lost; the broker carries hints only), and
contacts that are taken from mail copies and calendar entries, and forms of our own web sites.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel
from leads.models import ImportBatch, Lead, LeadEvent, Touch


class ImportJob(models.Model):
    """One uploaded file on its way through the five steps. `work` names what a runner has to do or is doing.

    A runner claims the row by a conditional update that raises `attempt` and sets a lease; whoever holds an older attempt
    can store nothing any more.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "In preparation"
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Imported"
        FAILED = "failed", "Stopped"
        UNDONE = "undone", "Undone"

    class Work(models.TextChoices):
        NONE = "", "nothing"
        SCAN = "scan", "reading the values"
        CHECK = "check", "checking every row"
        RUN = "run", "importing"
        UNDO = "undo", "undoing"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="imports")
    file_name = models.CharField(max_length=255, help_text="as the person called it; the stored file is called by the uuid")
    size = models.PositiveIntegerField()
    file_gone = models.BooleanField(default=False)
    entity = models.CharField(max_length=20)
    source = models.CharField(max_length=60)
    header = models.JSONField(default=list)
    fingerprint = models.CharField(max_length=64, blank=True)
    total = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=dict, help_text="the mapping file's content; empty until step 2")
    origin = models.CharField(max_length=120, blank=True, help_text="where the proposed mapping came from, in words")
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    work = models.CharField(max_length=5, choices=Work, blank=True, default="")
    step = models.PositiveSmallIntegerField(default=1, help_text="the furthest step reached, 1 to 5")
    left_out = models.JSONField(default=list, help_text="lines of possible doubles that a person decided to skip")
    questions = models.JSONField(null=True, help_text="values that need a decision; null until the file was read for them")
    preview = models.JSONField(null=True, help_text="counts and rows of the last check; null when the mapping changed since")
    done_rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    carried = models.JSONField(default=dict, help_text="rows that runs which died had stored")
    problem = models.TextField(blank=True)
    kept = models.JSONField(default=list, help_text="what an undo left as it is, with the reason")
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, related_name="+")
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # The sweeper: what waits for a runner or has lost its own.
            models.Index(fields=["lease_until"], name="integrations_job_open", condition=models.Q(work__gt="")),
            models.Index(fields=["actor", "-created_at"], name="integrations_job_by_person"),
        ]

    def __str__(self):
        return f"import of {self.file_name}"


class GuideMark(models.Model):
    """What the set-up guide can't read from the data: a step put off, a text read, the guide put away."""

    class Kind(models.TextChoices):
        SKIPPED = "skipped", "Put off"
        READ = "read", "Read"
        AWAY = "away", "Put away"

    step = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=7, choices=Kind)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return f"{self.step}: {self.kind}"


class SavedMapping(models.Model):
    """The mapping that worked last for files of one source with these headers."""

    source = models.CharField(max_length=60)
    entity = models.CharField(max_length=20)
    fingerprint = models.CharField(max_length=64)
    mapping = models.JSONField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "entity", "fingerprint"], name="integrations_saved_mapping_once")
        ]

    def __str__(self):
        return f"{self.entity} from {self.source}"


class ReplacedValue(models.Model):
    """What an import wrote over where no event tells the old value. Kept as long as the import can be undone."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=[("lead", "Lead"), ("contact", "Contact"), ("deal", "Deal")])
    object_id = models.BigIntegerField()
    field = models.CharField(max_length=40)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)

    class Meta:
        constraints = [
            # The first value before the import is the one that comes back.
            models.UniqueConstraint(fields=["batch", "kind", "object_id", "field"], name="integrations_replaced_once")
        ]

    def __str__(self):
        return f"{self.field} of {self.kind} {self.object_id}"


class CopyDoor(models.Model):
    """Row id 1: where mail copies arrive. Without it, or with an empty secret, nothing is taken by HTTP."""

    address = models.EmailField(max_length=120, help_text="log@copies.example.com; people get log+secret@copies.example.com")
    sealed_secret = models.TextField(blank=True, help_text="of the HTTP door, see core.sealing")
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self):
        return f"mail copies to {self.address}"


class CopyAddress(models.Model):
    """A person's own secret part of the copy address. A new one takes its place; the old one takes nothing any more."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="copy_addresses")
    token = models.CharField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(ended_at__isnull=True), name="integrations_one_copy_address"
            )
        ]

    def __str__(self):
        return f"copy address {self.pk}"


class MailCopy(AppendOnlyModel):
    """A mail that came to a copy address, and what became of it: no subject, no text, no address of anybody.

    `digest` makes a delivery that is tried again the same one. `domains` are those of recipients whom no lead has.
    """

    class Outcome(models.TextChoices):
        LOGGED = "logged", "Logged"
        NO_LEAD = "no_lead", "No lead has this address"
        AUTOMATED = "automated", "Sent by a machine"
        OTHER_SENDER = "sender", "Not sent by the owner of the address"
        NOT_ALLOWED = "not_allowed", "The person logs no contacts"
        NO_MEETING = "no_meeting", "A calendar entry without you, or an older version of one"
        UNREADABLE = "unreadable", "Could not be read"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(max_length=250, blank=True)
    sent_at = models.DateTimeField(help_text="by its own date, if that is plausible")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=11, choices=Outcome)
    matched = models.PositiveIntegerField(default=0, help_text="leads on which it was logged")
    domains = models.CharField(max_length=250, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-received_at"], name="integrations_copy_by_person")]

    def __str__(self):
        return f"mail copy {self.pk}: {self.outcome}"


class CalendarEntry(AppendOnlyModel):
    """One version of a meeting in a person's calendar. The newest by (sequence, stamp) is what holds."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uid = models.CharField(max_length=200)
    occurrence = models.CharField(max_length=40, blank=True, help_text="of a series: which one of them")
    sequence = models.PositiveIntegerField(default=0)
    stamped_at = models.DateTimeField(help_text="when this version was written, by itself")
    cancelled = models.BooleanField(default=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "uid", "occurrence", "sequence", "stamped_at"], name="integrations_entry_version"
            )
        ]

    def __str__(self):
        return f"calendar entry {self.pk}"


class Meeting(models.Model):
    """What a calendar entry means for one lead: the pause that it brought, and the contact once it has taken place.

    Work in progress of the worker, not a fact: the facts are the pause and the touch. `ended_at`: replaced or called off.
    """

    entry = models.ForeignKey(CalendarEntry, on_delete=models.PROTECT, related_name="meetings")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    pause = models.ForeignKey(LeadEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    touch = models.ForeignKey(Touch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField(help_text="when it will have taken place")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="integrations_meeting_open",
                condition=models.Q(touch__isnull=True, ended_at__isnull=True),
            )
        ]
        constraints = [models.UniqueConstraint(fields=["entry", "lead"], name="integrations_meeting_once")]

    def __str__(self):
        return f"meeting with lead {self.lead_id}"


class CaptureSite(models.Model):
    """A web site of ours whose forms come here. The key names the site; it stands in its pages and is no secret."""

    name = models.CharField(max_length=80, unique=True)
    key = models.CharField(max_length=24, unique=True)
    origins = models.JSONField(default=list, help_text="such as https://www.example.com; forms of other pages are refused")
    thanks_url = models.CharField(max_length=300, blank=True, help_text="where a browser without scripts is sent")
    is_on = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return self.name


class CapturedForm(AppendOnlyModel):
    """A form that a site posted, and what became of it: no name, no address, none of its answers.

    `digest` makes a post that comes again the same one.
    """

    class Outcome(models.TextChoices):
        CREATED = "created", "A new lead"
        KNOWN = "known", "A touch of a known lead"
        HONEYPOT = "honeypot", "Filled the field that no human sees"
        BOT = "bot", "Sent by a machine"
        INTERNAL = "internal", "Sent by our own people"

    site = models.ForeignKey(CaptureSite, on_delete=models.PROTECT, related_name="forms")
    digest = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    page = models.CharField(max_length=300, blank=True, help_text="path of the page with the form")
    consent = models.BooleanField(default=False, help_text="whether the visitor had agreed to be remembered")

    class Meta:
        indexes = [models.Index(fields=["site", "-received_at"], name="integrations_form_by_site")]

    def __str__(self):
        return f"form {self.pk}: {self.outcome}"


class CaptureTrouble(models.Model):
    """Posts of a site that were refused: why, and how often. Never what was in them."""

    class Why(models.TextChoices):
        ORIGIN = "origin", "Came from a page that is not on the list"
        OFF = "off", "The site is switched off"
        UNREADABLE = "unreadable", "Could not be read"
        EMAIL = "email", "Has no e-mail address"
        LIMIT = "limit", "Too many in a short time"
        NOT_READY = "not_ready", "The stages are not set up yet"

    site = models.ForeignKey(CaptureSite, on_delete=models.CASCADE, related_name="troubles")
    why = models.CharField(max_length=10, choices=Why)
    detail = models.CharField(max_length=200, blank=True, help_text="the origin that was refused")
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "why", "detail"], name="integrations_trouble_once")]

    def __str__(self):
        return f"{self.why} of {self.site_id}"


class CaptureCount(models.Model):
    """How many posts came in a span of time, by site and by visitor. A visitor is a keyed hash that ends with the span."""

    key = models.CharField(max_length=64)
    span = models.DateTimeField(help_text="when it began")
    posts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "span"], name="integrations_capture_count_once")]
        # What is over is deleted.
        indexes = [models.Index(fields=["span"], name="integrations_count_over")]

    def __str__(self):
        return f"{self.posts} from {self.span}"
