"""What the REST API takes in: every field named, cleaned and bounded here; unknown ones are refused."""

import datetime as dt
import re
from decimal import Decimal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Side
from core.money import MAX_MINOR, is_currency
from core.queries import Calendar
from core.text import clean_text
from leads.links import host_of, path_of
from leads.models import UTM, Deal, Origin, Precision, Touch
from leads.services.bulk import FUTURE_LIMIT
from leads.services.intake import Moment
from leads.services.tags import MAX_TAGS

MAX_ITEMS = 500
_MAX_ID = 2**63 - 1
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_AMOUNT = re.compile(r"\d{1,16}(\.\d{1,6})?")
_FIRST_YEAR = 1970
# What deals, filters and web forms cause themselves; nobody else may sign so.
_RESERVED_SOURCES = {"deal", "filter", "capture"}


class TextField(serializers.CharField):
    """Text through core.text.clean_text; only text is text."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            raise serializers.ValidationError("must be text", code="invalid")
        try:
            value = clean_text(data, max_length=self.max_length)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="text_invalid") from error
        if not value and not self.allow_blank:
            raise serializers.ValidationError("must not be empty", code="blank")
        return value

    def run_validation(self, data=serializers.empty):
        # CharField would look at blanks before the type is known.
        return serializers.Field.run_validation(self, data)


class NameField(TextField):
    """The name of a channel, campaign and the like; an empty one clears, as null does."""

    def __init__(self, **kwargs):
        super().__init__(required=False, allow_null=True, allow_blank=True, **kwargs)

    def to_internal_value(self, data):
        return super().to_internal_value(data) or None

    def run_validators(self, value):
        if value is not None:  # what is cleared has no length
            super().run_validators(value)


class WholeField(serializers.IntegerField):
    """A JSON integer; no text, no boolean, no fraction."""

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("must be a whole number", code="invalid")
        return data


class ChoiceField(serializers.ChoiceField):
    def to_internal_value(self, data):
        # The refusal does not echo what was sent: that may be anything.
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"use one of: {', '.join(self.choices)}", code="invalid_choice")
        return data


@extend_schema_field(OpenApiTypes.STR)
class MomentField(serializers.Field):
    """ISO 8601 with offset, or without (company zone), or a bare date (known to the day)."""

    def to_internal_value(self, data):
        text = data.strip() if isinstance(data, str) else ""
        if not _ISO.fullmatch(text):
            raise serializers.ValidationError("must be a time such as 2026-03-05T14:00:00Z or a day such as 2026-03-05")
        calendar: Calendar = self.context["calendar"]
        try:
            value = dt.datetime.fromisoformat(text)
            if len(text) == 10:
                moment = Moment(calendar.start_of_day(value.date()), Precision.DAY)
            else:
                value = value if value.tzinfo else value.replace(tzinfo=calendar.zone_on(value.date()))
                moment = Moment(value.astimezone(dt.UTC))
        except (ValueError, OverflowError) as error:
            raise serializers.ValidationError("is not a date of the calendar") from error
        if moment.at.year < _FIRST_YEAR:
            raise serializers.ValidationError(f"lies before {_FIRST_YEAR}")
        if moment.at > dt.datetime.now(dt.UTC) + FUTURE_LIMIT:
            raise serializers.ValidationError("lies in the future", code="in_the_future")
        return moment


class DayField(serializers.DateField):
    def to_internal_value(self, data):
        if not isinstance(data, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", data):
            raise serializers.ValidationError("must be a day such as 2026-03-05")
        value = super().to_internal_value(data)
        if not _FIRST_YEAR <= value.year <= 2200:
            raise serializers.ValidationError("is out of range")
        return value


@extend_schema_field({"type": "string", "pattern": r"^\d{1,16}(\.\d{1,6})?$", "example": "61200.00"})
class AmountField(serializers.Field):
    """Major units as text, so that no float comes near money; whole numbers may be numbers."""

    def to_internal_value(self, data):
        text = data.strip() if isinstance(data, str) else str(data) if type(data) is int and 0 <= data <= MAX_MINOR else ""
        if not (text.isascii() and _AMOUNT.fullmatch(text)):
            raise serializers.ValidationError('must be text such as "61200.00", zero or more')
        return Decimal(text)


@extend_schema_field({"oneOf": [{"type": "string", "format": "email"}, {"type": "integer"}], "nullable": True})
class OwnerField(serializers.Field):
    """A person, by e-mail address or id."""

    def to_internal_value(self, data):
        if type(data) is int and 0 < data <= _MAX_ID:
            return data
        if isinstance(data, str) and "@" in data:
            return _clean(data, 254)
        raise serializers.ValidationError("must be a person's e-mail address or id")


@extend_schema_field({"type": "object", "additionalProperties": {}})
class CustomField(serializers.Field):
    """Own fields: up to 50 keys with plain values. Present keys are set, null removes one."""

    def to_internal_value(self, data):
        if not isinstance(data, dict) or len(data) > 50:
            raise serializers.ValidationError("must be an object with at most 50 keys")
        return {_clean(key, 60) or "-": self._value(key, value) for key, value in data.items()}

    def _value(self, key: str, value):
        if isinstance(value, str):
            return _clean(value, 2_000)
        if value is None or isinstance(value, bool) or (isinstance(value, int | float) and abs(value) <= 2**53):
            return value
        raise serializers.ValidationError("holds text, numbers up to 2^53, true, false and null only")


def _clean(text: str, max_length: int) -> str:
    try:
        return clean_text(text, max_length=max_length)
    except ValueError as error:
        raise serializers.ValidationError(str(error), code="text_invalid") from error


class Input(serializers.Serializer):
    """Refuses fields that it does not name: a misspelt one would be lost without a word."""

    def to_internal_value(self, data):
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))[:20]
            if unknown:
                names = {str(name).encode("ascii", "backslashreplace").decode()[:60]: name for name in unknown}
                raise serializers.ValidationError(
                    {name: serializers.ErrorDetail("is not a field here", code="unknown") for name in names}
                )
        return super().to_internal_value(data)


class IdentityInput(Input):
    source = TextField(max_length=60, default="api", help_text="the system that the id belongs to")
    external_id = NameField(max_length=200, help_text="with source the record's identity: sent again, it counts once")

    def validate_source(self, value):
        if value in _RESERVED_SOURCES:
            raise serializers.ValidationError("is reserved", code="reserved")
        return value


class LeadChange(Input):
    """Attributes of a lead. Only the fields that are present are changed; null clears."""

    name = NameField(max_length=200)
    email = NameField(max_length=254)
    phone = NameField(max_length=60)
    company = NameField(max_length=200, help_text="by name; a new one is created")
    channel = NameField(max_length=120, help_text="by name; a new one is created")
    campaign = NameField(max_length=160, help_text="by name; a new one is created")
    segment = NameField(max_length=120, help_text="by name; a new one is created")
    region = NameField(max_length=120, help_text="by name; a new one is created")
    owner = OwnerField(required=False, allow_null=True, help_text="e-mail address or id of an active person")
    team = NameField(max_length=120, help_text="an existing team, by name")
    score = WholeField(
        required=False,
        allow_null=True,
        min_value=-1_000_000,
        max_value=1_000_000,
        help_text="kept as `given_score`; counts only while the version in force has no points of its own",
    )
    tier = NameField(max_length=20)
    origin = ChoiceField(choices=Origin.choices, required=False)
    tags = serializers.ListField(
        child=TextField(max_length=40),
        required=False,
        allow_null=True,
        max_length=MAX_TAGS,
        help_text="exactly these tags; new ones are created, null or [] takes all off",
    )
    custom = CustomField(required=False)

    def validate_email(self, value):
        if value is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            raise serializers.ValidationError("is not an e-mail address")
        return value and value.lower()


class LinkInput(Input):
    """The words of the link by which somebody came, as they stood in it. What they mean, the console says."""

    utm_source = NameField(max_length=150)
    utm_medium = NameField(max_length=150)
    utm_campaign = NameField(max_length=150)
    utm_term = NameField(max_length=150)
    utm_content = NameField(max_length=150)
    page = NameField(max_length=300, help_text="path of the page it led to; its query is dropped")
    referrer = NameField(max_length=300, help_text="site it stood on; only the host is kept")

    def validate_page(self, value):
        return path_of(value or "") or None

    def validate_referrer(self, value):
        return host_of(value or "") or None


class LeadInput(LeadChange, LinkInput, IdentityInput):
    created_at = MomentField(required=False, help_text="default: now")
    stage = NameField(max_length=40, help_text="key of the first stage; default: where the funnel starts")


class LeadReference(IdentityInput):
    """Names a lead by its id here, or by its id in the source."""

    lead = WholeField(required=False, allow_null=True, min_value=1, max_value=_MAX_ID, help_text="id of the lead")
    lead_external_id = NameField(max_length=200, help_text="id of the lead in the source")

    def validate(self, attrs):
        if attrs.get("lead") is not None and attrs.get("lead_external_id"):
            raise serializers.ValidationError({"lead": "give lead or lead_external_id, not both"})
        return attrs


class StageChangeInput(LeadReference):
    to_stage = TextField(max_length=40, help_text="key of the stage")
    occurred_at = MomentField(required=False, help_text="default: now")
    reason = NameField(max_length=40, help_text="key of an agreed reason, where the move needs one")
    note = NameField(max_length=5_000)
    version = WholeField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="of the lead as you saw it, like If-Match"
    )

    def validate(self, attrs):
        attrs = super().validate(attrs)
        if attrs.get("lead") is None and not attrs.get("lead_external_id"):
            raise serializers.ValidationError({"lead": "give lead or lead_external_id"})
        return attrs


class TouchInput(LinkInput, LeadReference):
    email = NameField(max_length=254, help_text="instead of lead: the newest lead of this address at that time")
    kind = ChoiceField(choices=Touch.Kind.choices)
    side = ChoiceField(
        choices=[(Side.MARKETING.value, "Marketing"), (Side.SALES.value, "Sales")],
        required=False,
        help_text="default: sales for calls, personal mails, meetings and conversations",
    )
    occurred_at = MomentField(required=False, help_text="default: now")
    channel = NameField(max_length=120)
    campaign = NameField(max_length=160)
    content = NameField(max_length=160)
    company = NameField(max_length=200, help_text="the account, by name, of a touch without a lead; a new one is created")
    user_agent = NameField(max_length=300, help_text="what the browser or mail scanner called itself; machines are filtered")
    contact_outcome = NameField(max_length=40, help_text="how the call or meeting went")

    def validate(self, attrs):
        attrs = super().validate(attrs)
        named = ("lead", "lead_external_id", "email", "channel", "campaign", "company", *UTM)
        if not any(attrs.get(name) for name in named):
            raise serializers.ValidationError({"lead": "give a lead, an e-mail address, a company, a campaign or a channel"})
        if attrs.get("company") and any(attrs.get(name) for name in ("lead", "lead_external_id", "email")):
            raise serializers.ValidationError({"company": "a touch of a lead belongs to the company of the lead"})
        attrs["agent"] = attrs.pop("user_agent", None)
        if attrs.get("email"):
            attrs["email"] = attrs["email"].lower()
        return attrs


class DealChange(Input):
    """What may change of a deal. Only the fields that are present are changed."""

    name = NameField(max_length=200)
    company = NameField(max_length=200)
    channel = NameField(max_length=120)
    campaign = NameField(max_length=160)
    segment = NameField(max_length=120)
    region = NameField(max_length=120)
    origin = ChoiceField(choices=Origin.choices, required=False)
    kind = ChoiceField(choices=Deal.Kind.choices, required=False)
    owner = OwnerField(required=False, allow_null=True)
    amount = AmountField(required=False, allow_null=True, help_text="major units as text")
    amount_minor = WholeField(required=False, allow_null=True, min_value=0, max_value=MAX_MINOR)
    cost = AmountField(required=False, allow_null=True, help_text="major units as text")
    cost_minor = WholeField(required=False, allow_null=True, min_value=0, max_value=MAX_MINOR)
    status = ChoiceField(choices=["open", "won", "lost", "reopened"], required=False, help_text="reopened: as open")
    closed_at = MomentField(required=False, allow_null=True, help_text="of a won or lost deal")
    reason = NameField(max_length=40, help_text="of a lost deal")
    expected_close = DayField(required=False, allow_null=True)
    custom = CustomField(required=False)

    def validate_status(self, value):
        return "open" if value == "reopened" else value

    def validate(self, attrs):
        attrs = super().validate(attrs)
        for name in ("amount", "cost"):
            if attrs.get(name) is not None and attrs.get(f"{name}_minor") is not None:
                raise serializers.ValidationError({name: f"give {name} or {name}_minor, not both"})
        return attrs


class DealInput(DealChange, LeadReference):
    currency = NameField(max_length=3, help_text="ISO 4217; default: the base currency")
    created_at = MomentField(required=False, help_text="default: now")

    def validate_currency(self, value):
        if value is not None and not is_currency(value):
            raise serializers.ValidationError("is not a currency code such as EUR")
        return value


class LeadItems(Input):
    items = serializers.ListField(child=LeadInput(), max_length=MAX_ITEMS)


class DealItems(Input):
    items = serializers.ListField(child=DealInput(), max_length=MAX_ITEMS)


class TouchItems(Input):
    items = serializers.ListField(child=TouchInput(), max_length=MAX_ITEMS)


class StageChangeItems(Input):
    items = serializers.ListField(child=StageChangeInput(), max_length=MAX_ITEMS)
