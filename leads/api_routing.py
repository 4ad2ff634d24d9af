"""REST endpoints of routing: the rules, and who got a lead when and why. To read."""

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from accounts.permissions import Perm
from leads.api_base import LeadsView, refusals
from leads.models import LeadEvent, Origin, RoutedHandoff, RoutingRule
from leads.pages.routing_words import reason_of
from leads.queries import visible_leads
from leads.routing_queries import routing_setup, standing_rules

READS = ("GET", "HEAD", "OPTIONS")


class RuleOutput(serializers.ModelSerializer):
    segment = serializers.CharField(source="segment.name", allow_null=True, default=None)
    region = serializers.CharField(source="region.name", allow_null=True, default=None)
    channel = serializers.CharField(source="channel.name", allow_null=True, default=None)
    tier = serializers.CharField(help_text="empty: any")
    origin = serializers.ChoiceField(choices=[("", "any"), *Origin.choices])
    team = serializers.CharField(source="team.name", allow_null=True, default=None, help_text="its reps of the day")
    people = serializers.SlugRelatedField(slug_field="email", many=True, read_only=True, help_text="instead of a team")
    method = serializers.ChoiceField(choices=RoutingRule.Method.choices)

    class Meta:
        model = RoutingRule
        fields = ["id", "position", "name", "segment", "region", "channel", "tier", "origin", "team", "people", "method"]
        read_only_fields = fields


class RoutingOutput(serializers.Serializer):
    """The rules are asked in their order; the first that fits and has somebody there gives the lead away."""

    on_since = serializers.DateTimeField(allow_null=True, help_text="null: switched off")
    fallback_team = serializers.CharField(
        source="fallback_team.name", allow_null=True, default=None, help_text="whose queue takes what the rules leave"
    )
    rules = RuleOutput(many=True)


class AssignmentOutput(serializers.ModelSerializer):
    """Given to a person, or put into a team's queue (no owner). `why` is null where people gave it away by hand."""

    owner = serializers.CharField(source="owner.email", allow_null=True, default=None)
    team = serializers.CharField(source="team.name", allow_null=True, default=None)
    by = serializers.CharField(source="actor.email", allow_null=True, default=None, help_text="null: routing, or an import")
    why = serializers.ChoiceField(source="routed.why", choices=RoutedHandoff.Why.choices, allow_null=True, default=None)
    rule = serializers.CharField(source="routed.rule_name", allow_null=True, default=None)
    handoff_id = serializers.IntegerField(source="routed.entry_id", allow_null=True, default=None)
    reason = serializers.SerializerMethodField(help_text="why, in words")
    taken_back = serializers.SerializerMethodField()

    class Meta:
        model = LeadEvent
        fields = [
            "id", "lead_id", "occurred_at", "recorded_at", "source", "owner", "team", "by", "why", "rule", "handoff_id",
            "reason", "taken_back",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_reason(self, event: LeadEvent) -> str | None:
        routed = getattr(event, "routed", None)
        return reason_of(routed) if routed is not None else None

    @extend_schema_field(serializers.BooleanField())
    def get_taken_back(self, event: LeadEvent) -> bool:
        return bool(event.voiding_events.all())


class RoutingRules(LeadsView):
    perms = dict.fromkeys(READS, Perm.SEE_NUMBERS)
    perm = Perm.SEE_NUMBERS

    @extend_schema(operation_id="routing_read", summary="The routing rules in their order", responses={200: RoutingOutput})
    def get(self, request):
        setup = routing_setup()
        body = {"on_since": setup.on_since, "fallback_team": setup.fallback_team, "rules": standing_rules()}
        return Response(RoutingOutput(body).data)


class LeadAssignments(LeadsView):
    perms = dict.fromkeys(READS, Perm.SEE_LEADS)

    @extend_schema(
        operation_id="lead_assignments_list",
        summary="Who got a lead when and why, newest first, of those merged into it too",
        parameters=[OpenApiParameter("page", int, OpenApiParameter.QUERY)],
        responses={200: AssignmentOutput(many=True), **refusals(404)},
    )
    def get(self, request, pk):
        lead = visible_leads(request.user).filter(pk=pk).first()
        if lead is None:
            raise exceptions.NotFound("Nothing is there, or you may not see it.")
        events = LeadEvent.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead), kind=LeadEvent.Kind.ASSIGNED)
        rows = events.select_related("owner", "team", "actor", "routed").prefetch_related("voiding_events")
        return self.paged(rows.order_by("-occurred_at", "-id"), AssignmentOutput)
