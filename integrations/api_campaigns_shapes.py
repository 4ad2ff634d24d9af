"""What the endpoints of campaigns, content and spend take in and answer."""

import re
from decimal import Decimal

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.models import Campaign, Content, Spend
from core.money import exponent, is_currency, to_minor
from leads.api_inputs import (
    MAX_ITEMS,
    ChoiceField,
    DayField,
    IdentityInput,
    Input,
    NameField,
    OwnerField,
    TextField,
    WholeField,
)
from leads.api_outputs import OUTCOMES

_SIGNED_AMOUNT = re.compile(r"-?\d{1,16}(\.\d{1,6})?")
_MAX_ID = 2**63 - 1


@extend_schema_field({"type": "string", "pattern": r"^-?\d{1,16}(\.\d{1,6})?$", "example": "1200.50"})
class SignedAmountField(serializers.Field):
    """Major units as text, so that no float comes near money; a credit note is below zero."""

    def to_internal_value(self, data):
        text = data.strip() if isinstance(data, str) else ""
        if not (text.isascii() and _SIGNED_AMOUNT.fullmatch(text)):
            raise serializers.ValidationError('must be text such as "1200.50"')
        return Decimal(text)


class CampaignChange(Input):
    name = TextField(max_length=160, required=False)
    channel = NameField(max_length=120, help_text="by name; made if it is new")
    marketing_owner = OwnerField(required=False, allow_null=True)
    sales_owner = OwnerField(required=False, allow_null=True)
    starts_on = DayField(required=False, allow_null=True)
    ends_on = DayField(required=False, allow_null=True)
    brief = TextField(max_length=8_000, required=False, allow_blank=True)
    contents = serializers.ListField(
        child=TextField(max_length=160),
        required=False,
        max_length=200,
        help_text="names of its pieces of content, all of them",
    )
    plan_version = WholeField(required=False, min_value=1, help_text="as you read it; another one since then is a 412")


class CampaignInput(CampaignChange, IdentityInput):
    name = TextField(max_length=160)


class CampaignItems(Input):
    items = CampaignInput(many=True, max_length=MAX_ITEMS)


class ContentChange(Input):
    name = TextField(max_length=160, required=False)
    owner = OwnerField(required=False, allow_null=True)
    link = serializers.URLField(max_length=500, required=False, allow_blank=True)
    how_to_use = TextField(max_length=8_000, required=False, allow_blank=True)
    ready_on = DayField(required=False, allow_null=True)

    def validate_link(self, value):
        if value and not value.startswith(("https://", "http://")):
            raise serializers.ValidationError("must be a web address")
        return value


class ContentInput(ContentChange):
    name = TextField(max_length=160, help_text="its identity: sent again, it counts once")


class ContentItems(Input):
    items = ContentInput(many=True, max_length=MAX_ITEMS)


class SpendInput(IdentityInput):
    amount = SignedAmountField()
    currency = TextField(max_length=3)
    service_from = DayField()
    service_to = DayField(help_text="included; the amount is spread evenly over the days")
    status = ChoiceField(choices=Spend.Status.choices, required=False)
    kind = ChoiceField(
        choices=Spend.Kind.choices, required=False, help_text="all but programme are cost of no campaign and no channel"
    )
    label = TextField(max_length=160, required=False, allow_blank=True)
    campaign = NameField(max_length=160, help_text="by name; made if it is new")
    campaign_id = WholeField(required=False, min_value=1, max_value=_MAX_ID)
    channel = NameField(max_length=120, help_text="by name; without it that of the campaign")

    def validate_currency(self, value):
        if not is_currency(value):
            raise serializers.ValidationError("must be three capital letters such as EUR")
        return value

    def validate(self, data):
        amount, currency = data["amount"], data["currency"]
        if amount.scaleb(exponent(currency)) != amount.scaleb(exponent(currency)).to_integral_value():
            raise serializers.ValidationError({"amount": f"{currency} has {exponent(currency)} decimals"})
        try:
            data["amount"] = to_minor(amount, currency)
        except ValueError as error:
            raise serializers.ValidationError({"amount": str(error)}) from error
        if not data["amount"]:
            raise serializers.ValidationError({"amount": "is not zero; a line that no longer holds is taken back"})
        if data["service_to"] < data["service_from"]:
            raise serializers.ValidationError({"service_to": "lies before service_from"})
        return data


class SpendItems(Input):
    items = SpendInput(many=True, max_length=MAX_ITEMS)


class CampaignOutput(serializers.ModelSerializer):
    channel = serializers.CharField(source="channel.name", allow_null=True, read_only=True)
    marketing_owner = serializers.CharField(source="marketing_owner.email", allow_null=True, read_only=True)
    sales_owner = serializers.CharField(source="sales_owner.email", allow_null=True, read_only=True)
    contents = serializers.SlugRelatedField("name", many=True, read_only=True)
    preview = serializers.CharField(read_only=True, help_text="none, waits, changed, change_asked or seen")

    class Meta:
        model = Campaign
        fields = [
            "id", "source", "external_id", "name", "channel", "marketing_owner", "sales_owner", "starts_on", "ends_on",
            "brief", "contents", "plan_version", "preview",
        ]  # fmt: skip
        read_only_fields = fields


class ContentOutput(serializers.ModelSerializer):
    owner = serializers.CharField(source="owner.email", allow_null=True, read_only=True)
    campaigns = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Content
        fields = ["id", "name", "owner", "link", "how_to_use", "ready_on", "campaigns"]
        read_only_fields = fields


class SpendOutput(serializers.ModelSerializer):
    campaign = serializers.CharField(source="campaign.name", allow_null=True, read_only=True)
    channel = serializers.CharField(source="channel.name", allow_null=True, read_only=True)
    amount_minor = serializers.IntegerField(source="amount", read_only=True)
    status = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    taken_back = serializers.SerializerMethodField(help_text="a line that was taken back counts nowhere")

    class Meta:
        model = Spend
        fields = [
            "id", "source", "external_id", "campaign_id", "campaign", "channel", "label", "amount_minor", "currency",
            "service_from", "service_to", "status", "kind", "taken_back",
        ]  # fmt: skip
        read_only_fields = fields

    def get_taken_back(self, line: Spend) -> bool:
        return hasattr(line, "voided_by")


class CampaignTaken(CampaignOutput):
    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)

    class Meta(CampaignOutput.Meta):
        fields = ["outcome", *CampaignOutput.Meta.fields]
        read_only_fields = fields


class ContentTaken(ContentOutput):
    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)

    class Meta(ContentOutput.Meta):
        fields = ["outcome", *ContentOutput.Meta.fields]
        read_only_fields = fields


class SpendTaken(SpendOutput):
    outcome = serializers.ChoiceField(choices=OUTCOMES, read_only=True)

    class Meta(SpendOutput.Meta):
        fields = ["outcome", *SpendOutput.Meta.fields]
        read_only_fields = fields
