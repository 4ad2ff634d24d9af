"""The charter of both teams: who is the point person for what, how often they meet, what each is rewarded for."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.append_only import AppendOnlyModel


class CharterLine(AppendOnlyModel):
    """One line of the charter from a day on. The newest that has begun holds; the older ones are its history."""

    class Subject(models.TextChoices):
        CONTENT = "content", "Point person for content"
        FEEDBACK = "feedback", "Point person for feedback"
        LIAISON_MARKETING = "liaison_marketing", "Trusted liaison in marketing"
        LIAISON_SALES = "liaison_sales", "Trusted liaison in sales"
        CADENCE = "cadence", "How often both teams meet"
        INCENTIVES_MARKETING = "incentives_marketing", "What marketing is rewarded for"
        INCENTIVES_SALES = "incentives_sales", "What sales is rewarded for"

    subject = models.CharField(max_length=20, choices=Subject)
    person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.CharField(max_length=500, blank=True)
    from_day = models.DateField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) | ~models.Q(words=""), name="reviews_charter_says_something"
            ),
        ]

    def __str__(self):
        return f"{self.subject} from {self.from_day}"


class RideAlong(models.Model):
    """A marketer goes along on a sales call: planned, then done, with what they learned, or called off."""

    marketer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=200, help_text="which call or visit")
    planned_for = models.DateField()
    done_on = models.DateField(null=True, blank=True)
    learned = models.CharField(max_length=500, blank=True, help_text="what marketing takes from it, in a sentence")
    called_off = models.BooleanField(default=False)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(called_off=True, done_on__isnull=False), name="reviews_ride_done_or_called_off"
            ),
            models.CheckConstraint(condition=~models.Q(marketer=models.F("seller")), name="reviews_ride_of_two_people"),
        ]
        indexes = [models.Index(fields=["-planned_for"], name="reviews_ride_newest")]

    def __str__(self):
        return f"ride-along {self.planned_for}"
