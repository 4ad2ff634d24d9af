"""What the endpoints of handoffs take in and answer: every field named and bounded."""

import datetime as dt

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads.api_inputs import ChoiceField, DayField, Input, MomentField, NameField, TextField, WholeField
from leads.handoffs import MEETING, REOPENED, WAIVER
from leads.models import CONTACT_KINDS, Decision, Handoff, HandoffStanding, Obligation, Touch
from leads.obligations import standing
from leads.services.clock import EXCLUSIONS
from leads.services.feedback import EVIDENCE, FITS, MOMENTS, OUTCOMES

_TEXT = 5_000
_WAITS_FOR = {
    HandoffStanding.OPEN: "sales",
    HandoffStanding.RETURNED: "marketing",
    HandoffStanding.CONTESTED: "funnel_owner",
}
STANDINGS = ["open", "at_risk", "kept", "missed", "paused", "excluded"]


class DecisionInput(Input):
    decision = ChoiceField(choices=Decision.choices)
    reason = NameField(max_length=40, help_text="key of an agreed reason; needed unless accepted")
    note = NameField(max_length=_TEXT, help_text="needed when returned")
    until = DayField(required=False, allow_null=True, help_text="needed when recycled: from this day on it may come again")
    version = WholeField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="of the lead as you saw it, like If-Match"
    )


class ResubmissionInput(Input):
    note = NameField(max_length=_TEXT)


class ContestInput(Input):
    text = TextField(max_length=_TEXT)


class RulingInput(Input):
    ruling = ChoiceField(choices=[*Decision.choices, (REOPENED, "The return does not stand")])
    text = TextField(max_length=_TEXT, help_text="kept as an example beside the definition")
    reason = NameField(max_length=40, help_text="of a ruling that recycles or disqualifies")
    until = DayField(required=False, allow_null=True)


class FeedbackInput(Input):
    moment = ChoiceField(choices=list(MOMENTS.items()))
    fit = ChoiceField(choices=list(FITS.items()))
    reason = NameField(max_length=40, help_text="key of an agreed reason")
    text = NameField(max_length=_TEXT)


class PauseInput(Input):
    kind = ChoiceField(choices=[(MEETING, "Meeting booked with the lead"), (WAIVER, "Agreed by both teams")])
    start = MomentField(help_text="at most 24 hours back")
    until = serializers.DateTimeField()
    text = NameField(max_length=_TEXT, help_text="needed for a waiver")


class ExclusionInput(Input):
    promise = ChoiceField(choices=Obligation.Promise.choices)
    reason = ChoiceField(choices=list(EXCLUSIONS.items()))
    text = NameField(max_length=_TEXT)


class AnswerInput(Input):
    agreed = serializers.BooleanField()


class ContactInput(Input):
    kind = ChoiceField(choices=[(kind.value, kind.label) for kind in CONTACT_KINDS])
    outcome = ChoiceField(choices=list(OUTCOMES.items()), required=False)
    occurred_at = MomentField(required=False, help_text="default: now")
    evidence = ChoiceField(choices=[(name, name) for name in EVIDENCE], default="api")
    external_id = NameField(max_length=300, help_text="the evidence's own id: sent again, it counts once")


class HandoffOutput(serializers.ModelSerializer):
    id = serializers.IntegerField(
        source="entry_id", read_only=True, help_text="of the event with which the lead became an MQL"
    )
    version = serializers.IntegerField(source="lead.version", read_only=True, help_text="of the lead, for If-Match")
    waits_for = serializers.SerializerMethodField(help_text="sales, marketing, funnel_owner, or empty when it is decided")
    agreement = serializers.IntegerField(
        source="agreement.number", read_only=True, help_text="version in force at the entry"
    )
    owner = serializers.CharField(source="owner.email", allow_null=True, read_only=True)
    team = serializers.CharField(source="team.name", allow_null=True, read_only=True)
    state = serializers.ChoiceField(choices=HandoffStanding.choices, read_only=True)
    decision = serializers.CharField(read_only=True)
    first_decision = serializers.CharField(read_only=True)
    decided_by = serializers.CharField(source="decided_by.email", allow_null=True, read_only=True)

    class Meta:
        model = Handoff
        fields = [
            "id", "lead_id", "version", "state", "waits_for", "agreement", "entered_at", "entered_day", "assigned_at",
            "owner", "team", "decision", "first_decision", "decided_at", "decided_by", "reason", "recycled_until",
            "returned_at", "contested_at", "ruled_at", "feedback_at", "feedback_read_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_waits_for(self, handoff: Handoff) -> str:
        return _WAITS_FOR.get(handoff.state, "")


class DueTimeOutput(serializers.ModelSerializer):
    handoff = serializers.IntegerField(source="entry_id", read_only=True)
    promise = serializers.ChoiceField(choices=Obligation.Promise.choices, read_only=True)
    label = serializers.CharField(source="get_promise_display", read_only=True)
    agreement = serializers.IntegerField(source="agreement.number", read_only=True)
    team = serializers.CharField(source="team.name", allow_null=True, read_only=True)
    standing = serializers.SerializerMethodField()
    excluded = serializers.CharField(read_only=True)

    class Meta:
        model = Obligation
        fields = [
            "handoff", "lead_id", "promise", "label", "agreement", "team", "started_at", "due_at", "due_day", "met_at",
            "standing", "paused_seconds", "excluded", "late_logged",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=STANDINGS))
    def get_standing(self, one: Obligation) -> str:
        return standing(one, self.context.get("now") or dt.datetime.now(dt.UTC))


class StepOutput(serializers.Serializer):
    """A step that the other team answers, or that was said."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    handoff = HandoffOutput()


class ContactOutput(serializers.ModelSerializer):
    kind = serializers.CharField(read_only=True)
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Touch
        fields = ["id", "lead_id", "kind", "outcome", "occurred_at", "evidence", "external_id"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_evidence(self, touch: Touch) -> str:
        return next((name for name, source in EVIDENCE.items() if source == touch.source), "api")
