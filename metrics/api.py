"""REST: metrics and the leads behind them. The same objects as the pages and the command line."""

import datetime as dt

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import Perm
from core.errors import DomainError
from metrics.answers import ask, snapshot_for
from metrics.definitions import METRICS
from metrics.listing import list_behind
from metrics.questions import PARAMETERS, NotApplicable, metric_named, read_question, reader_of

MAX_PAGE = 1_000


class MetricSerializer(serializers.Serializer):
    """A declaration."""

    key = serializers.CharField()
    spec = serializers.CharField()
    label = serializers.CharField()
    words = serializers.CharField()
    formula = serializers.CharField()
    unit = serializers.CharField()
    basis = serializers.CharField()
    owner = serializers.CharField()
    version = serializers.IntegerField()


class AnswerSerializer(serializers.Serializer):
    """An answer; keys that do not apply are left out. Money is in minor units, shares are 0 to 1."""

    key = serializers.CharField()
    status = serializers.ChoiceField(
        choices=["ok", "partial", "mixed", "immature", "suppressed", "undefined", "not_applicable"]
    )
    value = serializers.FloatField(allow_null=True)
    numerator = serializers.IntegerField(required=False)
    denominator = serializers.IntegerField(required=False)
    n = serializers.IntegerField(required=False)
    open = serializers.IntegerField(required=False)
    unknown = serializers.IntegerField(required=False)
    estimated = serializers.IntegerField(required=False)
    excluded = serializers.DictField(child=serializers.IntegerField(), required=False)
    why = serializers.CharField(required=False, help_text="where there is no value to give: what is missing")
    unit = serializers.CharField()
    currency = serializers.CharField(required=False)
    basis = serializers.CharField()
    horizon = serializers.IntegerField(required=False)
    interval = serializers.ListField(child=serializers.FloatField(), required=False)
    definition_version = serializers.ListField(child=serializers.IntegerField(), required=False)
    as_of = serializers.CharField(allow_null=True, required=False)
    versions = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="one row per counting version, where a rate mixes them"
    )
    quantiles = serializers.DictField(required=False)
    curve = serializers.ListField(child=serializers.DictField(), required=False)
    series = serializers.ListField(child=serializers.DictField(), required=False)


class ListingSerializer(serializers.Serializer):
    """A page of the rows behind a number."""

    count = serializers.IntegerField(help_text="all rows behind the number")
    hidden = serializers.IntegerField(help_text="rows that the reader may not open")
    next = serializers.IntegerField(allow_null=True, help_text="offset of the next page")
    results = serializers.ListField(child=serializers.DictField())


_ASKING = [
    OpenApiParameter(name, OpenApiTypes.STR, required=False, many=name not in ("from", "to", "at", "by", "as_of"))
    for name in PARAMETERS
]


class MetricList(APIView):
    perm = Perm.SEE_NUMBERS

    @extend_schema(responses=MetricSerializer(many=True), operation_id="metrics_list")
    def get(self, request):
        """Every declared metric."""
        return Response(MetricSerializer(list(METRICS.values()), many=True).data)


class MetricAnswer(APIView):
    perm = Perm.SEE_NUMBERS

    @extend_schema(responses=AnswerSerializer, parameters=_ASKING)
    def get(self, request, key):
        """One metric for a period, a cohort or a day. The total is the same for every reader."""
        params = {name: request.query_params.getlist(name) for name in request.query_params}
        return Response(ask(key, params, reader=reader_of(request.user)))


class MetricLeads(APIView):
    perm = Perm.SEE_LEADS

    @extend_schema(
        responses=ListingSerializer,
        parameters=[*_ASKING, OpenApiParameter("offset", OpenApiTypes.INT), OpenApiParameter("limit", OpenApiTypes.INT)],
    )
    def get(self, request, key):
        """Exactly the rows behind the number, less those that the reader may not open (`hidden` says how many)."""
        metric_named(key)
        params = {name: request.query_params.getlist(name) for name in request.query_params}
        offset = _bounded(params.pop("offset", ["0"])[0], "offset", 0, 10**9)
        limit = _bounded(params.pop("limit", ["50"])[0], "limit", 1, MAX_PAGE)
        snapshot = snapshot_for(params)
        now = dt.datetime.now(dt.UTC)
        try:
            question = read_question(key, params, snapshot=snapshot, now=now, reader=reader_of(request.user))
        except NotApplicable:
            return Response({"count": 0, "hidden": 0, "next": None, "results": []})
        found = list_behind(snapshot, question, request.user, offset=offset, limit=limit)
        reached = offset + len(found.rows)
        more = reached < found.total - found.hidden
        return Response(
            {"count": found.total, "hidden": found.hidden, "next": reached if more else None, "results": found.rows}
        )


def _bounded(text: str, name: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not low <= int(text) <= high:
        raise DomainError("number_invalid", f"{name} is a whole number from {low} to {high}.", field=name)
    return int(text)
