"""The joint review: its series, each meeting, and who is invited."""

import uuid

from django.db import models
from django.db.models.functions import Now

from accounts.models import Side, User


class ReviewSeries(models.Model):
    """When both teams meet. A change moves the planned meetings; held ones stay as they were."""

    class Cadence(models.TextChoices):
        WEEKLY = "weekly", "Weekly"
        MONTHLY = "monthly", "Monthly, all hands"

    class Week(models.IntegerChoices):
        FIRST = 1, "First"
        SECOND = 2, "Second"
        THIRD = 3, "Third"
        FOURTH = 4, "Fourth"
        LAST = 5, "Last"

    name = models.CharField(max_length=80, unique=True)
    cadence = models.CharField(max_length=7, choices=Cadence, default=Cadence.WEEKLY)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday, 6 is Sunday")
    week_of_month = models.PositiveSmallIntegerField(
        choices=Week, default=Week.FIRST, help_text="which such weekday of the month; a weekly series does not use it"
    )
    at = models.TimeField(help_text="local time in the series' zone")
    zone = models.CharField(max_length=64, help_text="IANA name")
    minutes = models.PositiveSmallIntegerField(default=50)
    freeze_minutes = models.PositiveSmallIntegerField(
        default=180, help_text="the numbers are frozen so many minutes before the start"
    )
    active = models.BooleanField(default=True)
    members = models.ManyToManyField(User, through="SeriesMember", related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "review series"
        constraints = [
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="reviews_series_on_a_weekday"),
            models.CheckConstraint(
                condition=models.Q(week_of_month__gte=1, week_of_month__lte=5), name="reviews_series_in_a_week"
            ),
            models.CheckConstraint(condition=models.Q(minutes__gte=10), name="reviews_series_lasts"),
        ]

    def __str__(self):
        return self.name


class SeriesMember(models.Model):
    """Somebody who is invited to every meeting of a series."""

    series = models.ForeignKey(ReviewSeries, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    can_facilitate = models.BooleanField(default=False, help_text="takes a turn, alternating between the teams")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "user"], name="reviews_member_once")]

    def __str__(self):
        return f"{self.user_id} in {self.series_id}"


class Review(models.Model):
    """One meeting. It stands for one week (or month) of its series, so planning it twice makes one."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        PREPARED = "prepared", "Prepared"
        RUNNING = "running", "Running"
        CLOSED = "closed", "Closed"
        CANCELLED = "cancelled", "Cancelled"

    series = models.ForeignKey(ReviewSeries, on_delete=models.PROTECT, related_name="reviews", db_index=False)
    period = models.DateField(help_text="Monday of its week, or first day of its month")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=50)
    freeze_at = models.DateTimeField(help_text="its numbers use what was recorded until then")
    facilitator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    prepared_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    changes_since = models.DateField(
        null=True, blank=True, help_text="changes are told since the end of this day; set when it is prepared"
    )
    calendar_uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    calendar_sequence = models.PositiveIntegerField(default=0, help_text="SEQUENCE: grows when time or place change")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "period"], name="reviews_one_a_period"),
            models.UniqueConstraint(fields=["series", "starts_at"], name="reviews_one_at_a_time"),
            models.CheckConstraint(
                condition=models.Q(freeze_at__lte=models.F("starts_at")), name="reviews_frozen_before_it_starts"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="prepared") | models.Q(prepared_at__isnull=False),
                name="reviews_prepared_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(closed_at__isnull=False), name="reviews_closed_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "freeze_at"], name="reviews_review_due"),
            models.Index(fields=["-starts_at"], name="reviews_review_newest"),
        ]

    def __str__(self):
        return f"{self.series} {self.period}"


class ReviewParticipant(models.Model):
    """Who is invited to a meeting, for which side, and who came."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="participants", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=9, choices=Side, default=Side.JOINT, help_text="of their team on that day")
    invited_sequence = models.PositiveIntegerField(
        null=True, blank=True, help_text="the last calendar sequence they were written; empty before the invitation"
    )
    came_at = models.DateTimeField(null=True, blank=True, help_text="when they first opened the running review")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="reviews_participant_once")]

    def __str__(self):
        return f"{self.user_id} at {self.review_id}"
