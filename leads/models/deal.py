"""The money record: deals, their events and what is projected from them."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Team, User
from campaigns.models import Campaign, Channel
from core.append_only import AppendOnlyModel
from funnel.models import Region, Segment
from leads.models.lead import Company, Contact, ImportBatch, Lead, Origin, Precision


class Deal(models.Model):
    """The money record: a projection of its events but for its name, company, kind, term and predecessor."""

    class Kind(models.TextChoices):
        NEW = "new", "New business"
        EXPANSION = "expansion", "Expansion"
        RENEWAL = "renewal", "Renewal"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    name = models.CharField(max_length=200, blank=True)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.NEW)
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.MARKETING)
    term_start = models.DateField(null=True, blank=True)
    term_end = models.DateField(null=True, blank=True)
    renews = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="renewals")
    expected_close = models.DateField(null=True, blank=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, null=True, blank=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=0)
    # Projections. Amounts in minor units of `currency`; base_* in the base currency, null without a dated rate.
    status = models.CharField(max_length=4, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(null=True, blank=True)
    created_day = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_day = models.DateField(null=True, blank=True)
    closed_precision = models.CharField(max_length=7, choices=Precision, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    cost = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    base_amount = models.BigIntegerField(null=True, blank=True)
    base_cost = models.BigIntegerField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="deals")
    voided = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["created_day"], name="leads_deal_by_day")]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="leads_deal_identity")]

    def __str__(self):
        return self.name or f"deal {self.pk}"


class DealContact(models.Model):
    """Who plays which part in a deal."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="people")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="deal_roles")
    role = models.CharField(max_length=40, default="contact")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "contact"], name="leads_deal_contact_once")]

    def __str__(self):
        return f"{self.contact_id} as {self.role}"


class DealEvent(AppendOnlyModel):
    """Something that happened to a deal. `base` is the amount converted at the rate of the event's day, frozen here."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        AMOUNT = "amount", "Amount set"
        COST = "cost", "Cost set"
        OWNER = "owner", "Owner set"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        REOPENED = "reopened", "Reopened"
        CREDITED = "credited", "Credited"
        CANCELLED = "cancelled", "Cancelled"
        CONVERTED = "converted", "Converted"
        VOIDED = "voided", "Event taken back"
        DEAL_VOIDED = "deal_voided", "Taken out"

    # Reason of a conversion that follows an amount or a cost; one that follows a late rate has none.
    FOLLOWS = "follows"

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=11, choices=Kind)
    amount = models.BigIntegerField(null=True, blank=True, help_text="minor units: of the deal, cost or credit")
    currency = models.CharField(max_length=3, blank=True)
    base_amount = models.BigIntegerField(null=True, blank=True)
    base_cost = models.BigIntegerField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=40, blank=True)
    target = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="voiding_events")
    occurred_at = models.DateTimeField()
    time_precision = models.CharField(max_length=7, choices=Precision, default=Precision.INSTANT)
    recorded_at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=60, default="tandem")
    external_id = models.CharField(max_length=300, null=True, blank=True)
    import_batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="leads_deal_event_identity")]

    def __str__(self):
        return f"{self.kind} of deal {self.deal_id}"


class DealSpan(models.Model):
    """A stretch in which an open deal had one amount: a projection, written only by leads.projection."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="spans")
    from_day = models.DateField()
    until_day = models.DateField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    base_amount = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["from_day"], name="leads_span_by_day")]
        constraints = [models.UniqueConstraint(fields=["deal", "from_day"], name="leads_span_once_a_day")]

    def __str__(self):
        return f"deal {self.deal_id} from {self.from_day}"


class DealCredit(models.Model):
    """A credit or cancellation of a won deal, posted on its own day: a projection, written only by leads.projection."""

    event = models.OneToOneField(DealEvent, on_delete=models.PROTECT, primary_key=True)
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="credits")
    day = models.DateField()
    amount = models.BigIntegerField(help_text="minor units, negative")
    base_amount = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["day"], name="leads_credit_by_day")]

    def __str__(self):
        return f"credit of deal {self.deal_id} on {self.day}"
