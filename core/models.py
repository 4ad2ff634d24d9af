"""The organisation, its zones and rates, and the notes that say which numbers went stale."""

from django.db import models
from django.db.models.functions import Now

from core.append_only import AppendOnlyModel


class Organisation(models.Model):
    """The one company of this installation (row id 1)."""

    class Visibility(models.TextChoices):
        ALL = "all", "everybody sees all leads"
        TEAM = "team", "people see their team's leads"
        OWN = "own", "people see their own leads"

    name = models.CharField(max_length=120)
    week_start = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday, 6 is Sunday")
    fiscal_year_start = models.PositiveSmallIntegerField(default=1, help_text="month, 1 to 12")
    base_currency = models.CharField(max_length=3, default="EUR")
    lead_visibility = models.CharField(max_length=4, choices=Visibility, default=Visibility.ALL)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="core_one_organisation"),
            models.CheckConstraint(condition=models.Q(week_start__lte=6), name="core_week_start_is_a_weekday"),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start__gte=1, fiscal_year_start__lte=12),
                name="core_fiscal_start_is_a_month",
            ),
        ]

    def __str__(self):
        return self.name


class CompanyZone(models.Model):
    """The calendar zone from a local day on. A change starts in the future, so stored days never change."""

    from_day = models.DateField(unique=True)
    tz = models.CharField(max_length=64, help_text="IANA name")

    def __str__(self):
        return f"{self.tz} from {self.from_day}"


class MailSettings(models.Model):
    """The mail server that the console names (row id 1). Without it the installation's EMAIL_URL holds.

    The password is stored sealed and never leaves this table but to that server: no page, log or history shows it.
    """

    class Security(models.TextChoices):
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS from the start"
        NONE = "none", "None (only within your own network)"

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(max_length=8, choices=Security, default=Security.STARTTLS)
    user_name = models.CharField(max_length=254, blank=True)
    sealed_password = models.CharField(max_length=1_000, blank=True, help_text="see core.sealing")
    sender = models.CharField(max_length=254)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_one_mail_server")]

    def __str__(self):
        return f"{self.host}:{self.port}"


class ExchangeRate(AppendOnlyModel):
    """Units of the base currency for one unit of `currency` on `day`; a later row of the same day wins."""

    currency = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=9)
    source = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["currency", "day", "id"], name="core_rate_lookup")]

    def __str__(self):
        return f"{self.currency} {self.rate} on {self.day}"


class Maintenance(models.Model):
    """A row here lets its own transaction past the append-only triggers; see core.maintenance."""

    reason = models.CharField(max_length=60)


class StaleNote(models.Model):
    """What the rollup must recompute: one lead's rows of one day, or (lead null) everything of that day.

    Written in the same transaction as the change. There is no uniqueness, so writers never wait for each other; the
    worker deletes exactly the ids it read.
    """

    lead_id = models.BigIntegerField(null=True)
    day = models.DateField()
    noted_at = models.DateTimeField(db_default=Now(), help_text="how long numbers have been behind is told from the oldest")

    def __str__(self):
        return f"{self.lead_id or 'all leads'} on {self.day}"


class OutgoingMessage(models.Model):
    """A mail that is to go out: a row first, so that it outlives broker, mail server and worker; see core.outbox.

    Once it is sent, address, text and calendar file are emptied: nobody needs them any more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Given up"
        UNCLEAR = "unclear", "Sent or not, nobody knows"

    key = models.CharField(max_length=120, unique=True, help_text="what it is about: the same is written once")
    kind = models.CharField(max_length=30, help_text="shown on the health page, so nothing personal")
    to = models.EmailField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    calendar = models.TextField(blank=True, help_text="a calendar file (iCalendar) that goes with it")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=60, blank=True, help_text="class of the last error")

    class Meta:
        # What is due, for the task that sends.
        indexes = [models.Index(fields=["state", "next_try_at"], name="core_message_due")]

    def __str__(self):
        return f"{self.kind} {self.pk}"


class Heartbeat(models.Model):
    """When a part of the machinery was last seen alive."""

    class Part(models.TextChoices):
        WORKER = "worker", "Worker"
        BEAT = "beat", "Clock (beat)"

    part = models.CharField(max_length=6, choices=Part, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self):
        return f"{self.part} at {self.seen_at}"


class TaskFailure(models.Model):
    """A job that ended with an error: which, and how often. Never the error's text, which may hold anything."""

    task = models.CharField(max_length=100)
    error = models.CharField(max_length=60, help_text="class of the error")
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "error"], name="core_failure_once")]

    def __str__(self):
        return f"{self.error} in {self.task}"
