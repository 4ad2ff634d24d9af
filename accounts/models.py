"""People, teams and what a person may do when."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from core.append_only import AppendOnlyModel


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username):
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in with an e-mail address. Rights come from memberships, see accounts.permissions."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    reminders_by_mail = models.BooleanField(default=True, help_text="reminders of next steps and due times come by mail too")
    digest_by_mail = models.BooleanField(default=True, help_text="the team's digest comes by mail every working morning")
    created_at = models.DateTimeField(db_default=Now())

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(models.functions.Lower("email"), name="accounts_user_email_once")]

    def __str__(self):
        return self.name or self.email

    # Django's own admin pages ask these. Nobody but an administrator gets in; what may be changed is said in admin.py.
    @property
    def is_staff(self) -> bool:
        today = timezone.localdate()
        running = models.Q(until_day__isnull=True) | models.Q(until_day__gt=today)
        return self.is_active and self.memberships.filter(running, role=Role.ADMINISTRATOR, from_day__lte=today).exists()

    def has_perm(self, perm, obj=None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label) -> bool:
        return self.is_staff


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"
    JOINT = "joint", "Both teams"


class Team(models.Model):
    name = models.CharField(max_length=120, unique=True)
    side = models.CharField(max_length=9, choices=Side)
    retired = models.BooleanField(default=False)

    def __str__(self):
        return self.name


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    FUNNEL_OWNER = "funnel_owner", "Funnel owner"
    TEAM_LEAD = "team_lead", "Team lead"
    REP = "rep", "Rep"
    VIEWER = "viewer", "Viewer (read only)"


class Membership(models.Model):
    """A role from a day on until (excluding) another. A lead's team at an event is its owner's team on that day."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=13, choices=Role)
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until_day__isnull=True) | models.Q(until_day__gt=models.F("from_day")),
                name="accounts_membership_lasts",
            ),
            models.CheckConstraint(
                condition=~models.Q(role__in=["team_lead", "rep"]) | models.Q(team__isnull=False),
                name="accounts_team_roles_have_a_team",
            ),
            # Exactly one funnel owner answers at a time (product.md row 3).
            models.UniqueConstraint(
                fields=["role"],
                condition=models.Q(role="funnel_owner", until_day__isnull=True),
                name="accounts_one_funnel_owner",
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.get_role_display()}"


class Absence(models.Model):
    """Calendar days of the company on which a person gets no new leads, the last one included. No reason is asked for."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    from_day = models.DateField()
    to_day = models.DateField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["to_day", "from_day"], name="accounts_absence_by_day")]
        constraints = [
            models.CheckConstraint(condition=models.Q(to_day__gte=models.F("from_day")), name="accounts_absence_lasts"),
            models.UniqueConstraint(fields=["user", "from_day", "to_day"], name="accounts_absence_once"),
        ]

    def __str__(self):
        return f"{self.user_id} away {self.from_day} to {self.to_day}"


class ApiToken(models.Model):
    """A secret for machines; only its SHA-256 is kept. It acts as its user."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12, help_text="shown so that a person can tell tokens apart")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"{self.name} ({self.prefix}…)"


class Invite(models.Model):
    """A way in for one person: a link that works once, for a week. Only the SHA-256 of its secret is kept."""

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=13, choices=Role)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self):
        return f"invitation {self.pk}"


class ConsoleEvent(AppendOnlyModel):
    """Who changed what in the console, in words. The agreement's own tables hold the values."""

    class Area(models.TextChoices):
        AGREEMENT = "agreement", "Agreement"
        PEOPLE = "people", "People"
        ORGANISATION = "organisation", "Organisation"

    area = models.CharField(max_length=12, choices=Area)
    text = models.TextField()
    version = models.PositiveIntegerField(null=True, blank=True, help_text="number of the agreement's version")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["-recorded_at"], name="accounts_console_newest")]

    def __str__(self):
        return self.text


class IdempotentRequest(models.Model):
    """A write that a client may repeat under its Idempotency-Key, and what the first run answered.

    `status` is empty while the first run works. `attempt` fences: a run whose claim was taken over can store nothing.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    attempt = models.PositiveIntegerField(default=1)
    claimed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="accounts_idempotent_by_age")]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="accounts_idempotent_key_once")]

    def __str__(self):
        return f"request {self.pk} of user {self.user_id}"
