"""How people came to a touch, what the words of links mean here, and which touches are nobody's interest in buying."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from campaigns.models import Campaign, Channel, Content
from core.append_only import AppendOnlyModel
from leads.models.lead import Touch

# The words of a link, in the order in which people know them.
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class Arrival(AppendOnlyModel):
    """The link that led to a touch: its words as they were, the page it led to, the site it stood on.

    The words are kept whatever they mean; `UtmRule` says what that is. Nothing here names a person, and no address is kept.
    """

    touch = models.OneToOneField(Touch, on_delete=models.PROTECT, primary_key=True, related_name="arrival")
    utm_source = models.CharField(max_length=150, blank=True)
    utm_medium = models.CharField(max_length=150, blank=True)
    utm_campaign = models.CharField(max_length=150, blank=True)
    utm_term = models.CharField(max_length=150, blank=True)
    utm_content = models.CharField(max_length=150, blank=True)
    page = models.CharField(max_length=300, blank=True, help_text="path of the page, without its query")
    referrer = models.CharField(max_length=200, blank=True, help_text="host of the site before")
    agent = models.CharField(max_length=300, blank=True, help_text="what the browser or mail scanner calls itself")

    def __str__(self):
        return f"arrival of touch {self.touch_id}"


class UtmRule(models.Model):
    """What words of links mean here. An empty word is any; of several rules the most exact one that names a target holds."""

    utm_source = models.CharField(max_length=150, blank=True)
    utm_medium = models.CharField(max_length=150, blank=True)
    utm_campaign = models.CharField(max_length=150, blank=True)
    utm_content = models.CharField(max_length=150, blank=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["utm_source", "utm_medium", "utm_campaign", "utm_content"], name="leads_utm_rule_once"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__isnull=False)
                | models.Q(campaign__isnull=False)
                | models.Q(content__isnull=False),
                name="leads_utm_rule_says_something",
            ),
        ]

    def __str__(self):
        return " · ".join(getattr(self, name) for name in UTM if getattr(self, name, "")) or "any link"


class FilterRule(models.Model):
    """Touches of our own people and of machines: they are kept, taken back, and count nowhere."""

    class Kind(models.TextChoices):
        DOMAIN = "domain", "E-mail domain"
        AGENT = "agent", "Part of the browser's name"
        SITE = "site", "Referring site"
        NETWORK = "network", "Network address (forms only)"

    class Reason(models.TextChoices):
        INTERNAL = "internal", "Our own people"
        BOT = "bot", "A machine"

    kind = models.CharField(max_length=7, choices=Kind)
    value = models.CharField(max_length=150)
    reason = models.CharField(max_length=8, choices=Reason)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="leads_filter_rule_once")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.value}"


class FilterRun(AppendOnlyModel):
    """Somebody had the rules applied to touches of the past. The taken-back rows carry its number in their external id."""

    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    run_at = models.DateTimeField(db_default=Now())
    taken_back = models.PositiveIntegerField()

    def __str__(self):
        return f"filter run {self.pk}: {self.taken_back}"
