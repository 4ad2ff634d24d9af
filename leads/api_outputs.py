"""What the REST API answers: every field named. A lead's personal data is shown to those who may open the lead."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads.models import UTM, Arrival, Deal, Lead, Precision, Touch

OUTCOMES = ["created", "updated", "unchanged"]


class LeadOutput(serializers.ModelSerializer):
    name = serializers.CharField(source="contact.name", allow_null=True, read_only=True)
    email = serializers.CharField(source="contact.email", allow_null=True, read_only=True)
    phone = serializers.CharField(source="contact.phone", allow_null=True, read_only=True)
    company = serializers.CharField(source="company.name", allow_null=True, read_only=True)
    channel = serializers.CharField(source="channel.name", allow_null=True, read_only=True)
    campaign = serializers.CharField(source="campaign.name", allow_null=True, read_only=True)
    segment = serializers.CharField(source="segment.name", allow_null=True, read_only=True)
    region = serializers.CharField(source="region.name", allow_null=True, read_only=True)
    stage = serializers.CharField(source="stage.key", allow_null=True, read_only=True)
    owner = serializers.CharField(source="owner.email", allow_null=True, read_only=True)
    team = serializers.CharField(source="team.name", allow_null=True, read_only=True)
    origin = serializers.CharField(read_only=True)
    tags = serializers.SerializerMethodField(help_text="names, in the order of the alphabet")
    custom = serializers.DictField(read_only=True)
    score = serializers.IntegerField(
        allow_null=True,
        read_only=True,
        help_text="by the points of the agreement, where the version in force has any; else `given_score`",
    )
    given_score = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="what another system or a person gave; kept, whatever counts"
    )

    class Meta:
        model = Lead
        fields = [
            "id", "source", "external_id", "version", "name", "email", "phone", "company", "channel", "campaign",
            "segment", "region", "stage", "stage_since", "owner", "owner_id", "team", "origin", "tier", "score",
            "given_score", "tags", "custom", "created_at", "created_day",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_tags(self, lead: Lead) -> list[str]:
        return sorted((row.tag.name for row in lead.lead_tags.all()), key=str.casefold)


class DealOutput(serializers.ModelSerializer):
    lead = serializers.SerializerMethodField(help_text="id; null if the deal has none or it was merged")
    company = serializers.CharField(source="company.name", allow_null=True, read_only=True)
    channel = serializers.CharField(source="channel.name", allow_null=True, read_only=True)
    campaign = serializers.CharField(source="campaign.name", allow_null=True, read_only=True)
    segment = serializers.CharField(source="segment.name", allow_null=True, read_only=True)
    region = serializers.CharField(source="region.name", allow_null=True, read_only=True)
    owner = serializers.CharField(source="owner.email", allow_null=True, read_only=True)
    origin = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    status = serializers.CharField(read_only=True)
    closed_precision = serializers.CharField(read_only=True)
    amount_minor = serializers.IntegerField(source="amount", allow_null=True, read_only=True)
    cost_minor = serializers.IntegerField(source="cost", allow_null=True, read_only=True)
    custom = serializers.DictField(read_only=True)

    class Meta:
        model = Deal
        fields = [
            "id", "source", "external_id", "version", "name", "lead", "company", "channel", "campaign", "segment",
            "region", "owner", "owner_id", "origin", "kind", "status", "amount_minor", "cost_minor", "currency",
            "expected_close", "created_at", "created_day", "closed_at", "closed_day", "closed_precision", "custom",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_lead(self, deal: Deal) -> int | None:
        return (deal.lead.merged_into_id or deal.lead_id) if deal.lead_id else None


class LinkOutput(serializers.ModelSerializer):
    class Meta:
        model = Arrival
        fields = [*UTM, "page", "referrer"]
        read_only_fields = fields


class TouchOutput(serializers.ModelSerializer):
    contact_outcome = serializers.CharField(source="outcome", read_only=True)
    kind = serializers.CharField(read_only=True)
    side = serializers.CharField(read_only=True)
    channel = serializers.CharField(source="channel.name", allow_null=True, read_only=True)
    campaign = serializers.CharField(source="campaign.name", allow_null=True, read_only=True)
    content = serializers.CharField(source="content.name", allow_null=True, read_only=True)
    company = serializers.CharField(source="company.name", allow_null=True, read_only=True, help_text="without a lead")
    link = LinkOutput(source="arrival", allow_null=True, read_only=True)
    taken_back = serializers.SerializerMethodField(help_text="why it counts nowhere: internal, bot, or by hand")

    def get_taken_back(self, touch) -> str | None:
        void = getattr(touch, "voided_by", None)
        return (void.outcome or "by hand") if void else None

    class Meta:
        model = Touch
        fields = [
            "id", "source", "external_id", "lead_id", "company", "kind", "side", "channel", "campaign", "content",
            "contact_outcome", "occurred_at", "day", "link", "taken_back",
        ]  # fmt: skip
        read_only_fields = fields


class StageOutput(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    side = serializers.CharField()
    rank = serializers.IntegerField(allow_null=True)
    milestone = serializers.CharField(allow_null=True)
    definition = serializers.CharField()
    target_days = serializers.DecimalField(max_digits=6, decimal_places=1, allow_null=True)
    retired = serializers.BooleanField()


class AgreementOutput(serializers.Serializer):
    """The stages of the agreement in force today, in screen order, and the agreed reasons by use."""

    version = serializers.IntegerField()
    counting_version = serializers.IntegerField()
    from_day = serializers.DateField()
    signed = serializers.BooleanField(help_text="by both sides")
    stages = StageOutput(many=True)
    reasons = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))


class LeadTaken(LeadOutput):
    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)

    class Meta(LeadOutput.Meta):
        fields = ["outcome", *LeadOutput.Meta.fields]
        read_only_fields = fields


class DealTaken(DealOutput):
    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)

    class Meta(DealOutput.Meta):
        fields = ["outcome", *DealOutput.Meta.fields]
        read_only_fields = fields


class TouchTaken(TouchOutput):
    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)

    class Meta(TouchOutput.Meta):
        fields = ["outcome", *TouchOutput.Meta.fields]
        read_only_fields = fields


class StageChangeTaken(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    id = serializers.IntegerField(help_text="of the event")
    external_id = serializers.CharField(allow_null=True)
    to_stage = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    time_precision = serializers.ChoiceField(choices=Precision.choices)
    current_stage_changed = serializers.BooleanField(help_text="false for a move into the past that a later one covers")
    missing = serializers.ListField(
        child=serializers.CharField(),
        help_text="what the agreement asks for on entering this stage and the lead lacks: fields, lines of the rule",
    )
    lead = LeadOutput()


class ErrorItem(serializers.Serializer):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer):
    """RFC 9457 problem body."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ErrorItem(many=True, required=False)


class ItemResult(serializers.Serializer):
    index = serializers.IntegerField()
    status = serializers.IntegerField(help_text="as the item alone would have been answered")
    id = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(choices=[*OUTCOMES, "rejected"])
    external_id = serializers.CharField(allow_null=True)
    error = Problem(required=False)


class ItemResults(serializers.Serializer):
    results = ItemResult(many=True)
