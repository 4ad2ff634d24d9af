"""REST endpoints of campaigns, content and spend. Everybody who sees numbers reads them; those who plan write."""

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.permissions import Perm
from campaigns.models import Campaign, Content, Spend
from campaigns.queries import standing_lines, with_preview
from campaigns.services import take_campaign, take_content, take_spend, void_spend
from integrations.api_campaigns_shapes import (
    CampaignChange,
    CampaignInput,
    CampaignItems,
    CampaignOutput,
    CampaignTaken,
    ContentChange,
    ContentInput,
    ContentItems,
    ContentOutput,
    ContentTaken,
    SpendInput,
    SpendItems,
    SpendOutput,
    SpendTaken,
)
from leads.api_base import (
    IDEMPOTENCY_KEY,
    WRITE_REFUSALS,
    LeadsView,
    Page,
    checked,
    documented_write,
    is_many,
    object_body,
    refusals,
    run,
    take_many,
)

_READ = dict.fromkeys(("GET", "HEAD", "OPTIONS"), Perm.SEE_NUMBERS)


class CampaignsView(LeadsView):
    """Base of these endpoints: strict JSON in, problems out, rights of the plan."""

    perm = Perm.SEE_NUMBERS
    # Lists take rows, what is named is changed; what answers nothing asks for no further right.
    perms = _READ | {"POST": Perm.PLAN_CAMPAIGNS}


def _campaigns() -> QuerySet[Campaign]:
    rows = with_preview(Campaign.objects.select_related("channel", "marketing_owner", "sales_owner"))
    return rows.prefetch_related(Prefetch("contents", Content.objects.order_by("name"))).order_by("-id")


def _contents() -> QuerySet[Content]:
    rows = Content.objects.select_related("owner")
    return rows.prefetch_related(Prefetch("campaigns", Campaign.objects.order_by("name"))).order_by("name")


def _lines() -> QuerySet[Spend]:
    return Spend.objects.filter(voids__isnull=True).select_related("campaign", "channel", "voided_by")


def _row(rows: QuerySet, pk: int):
    found = rows.filter(pk=pk).first()
    if found is None:
        raise exceptions.NotFound("Nothing is there.")
    return found


def _write(request, shape, take, answer):
    """One object or many, once per Idempotency-Key; `answer` is that of a single one."""

    def one(item, _context):
        taken = take(data=checked(shape, item), actor=request.user)
        return taken, taken.row.pk

    def work() -> Response:
        if is_many(request):
            return take_many(request, one)
        taken, pk = one(object_body(request), None)
        return answer(taken, pk, 201 if taken.outcome == "created" else 200)

    return run(request, work)


def _stored(taken, row, output, status: int, route: str) -> Response:
    headers = {"Location": reverse(route, args=[row.pk])}
    return Response({"outcome": taken.outcome, **output(row).data}, status=status, headers=headers)


def _campaign_answer(taken, pk: int, status: int = 200) -> Response:
    return _stored(taken, _campaigns().get(pk=pk), CampaignOutput, status, "api-campaign")


def _content_answer(taken, pk: int, status: int = 200) -> Response:
    return _stored(taken, _contents().get(pk=pk), ContentOutput, status, "api-content")


def _spend_answer(taken, pk: int, status: int = 200) -> Response:
    return _stored(taken, _lines().get(pk=pk), SpendOutput, status, "api-spend-line")


class CampaignList(CampaignsView):
    pagination_class = Page

    @extend_schema(
        operation_id="campaigns_list",
        summary="Campaigns, newest first, 50 a page",
        parameters=[OpenApiParameter("page", int, OpenApiParameter.QUERY)],
        responses={200: CampaignOutput(many=True), **refusals(404)},
    )
    def get(self, request):
        return self.paged(_campaigns(), CampaignOutput)

    @documented_write(
        summary="Enter campaigns, or change those that are known",
        one=CampaignInput,
        many=CampaignItems,
        answer=CampaignTaken,
        created="Entered.",
    )
    def post(self, request):
        return _write(request, CampaignInput, take_campaign, _campaign_answer)


class CampaignDetail(CampaignsView):
    perms = _READ | {"PATCH": Perm.PLAN_CAMPAIGNS}

    @extend_schema(operation_id="campaigns_read", summary="One campaign", responses={200: CampaignOutput, **refusals(404)})
    def get(self, request, pk):
        return Response(CampaignOutput(_row(_campaigns(), pk)).data)

    @extend_schema(
        operation_id="campaigns_change",
        summary="Change a campaign's plan; only the fields that are present",
        request=CampaignChange,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: CampaignTaken, **WRITE_REFUSALS},
    )
    def patch(self, request, pk):
        def work() -> Response:
            data = checked(CampaignChange, object_body(request))
            return _campaign_answer(take_campaign(data=data, actor=request.user, campaign=_row(_campaigns(), pk)), pk)

        return run(request, work)


class ContentList(CampaignsView):
    pagination_class = Page

    @extend_schema(
        operation_id="contents_list",
        summary="Pieces of content by name, 50 a page",
        parameters=[OpenApiParameter("page", int, OpenApiParameter.QUERY)],
        responses={200: ContentOutput(many=True), **refusals(404)},
    )
    def get(self, request):
        return self.paged(_contents(), ContentOutput)

    @documented_write(
        summary="Describe pieces of content",
        one=ContentInput,
        many=ContentItems,
        answer=ContentTaken,
        created="Entered.",
    )
    def post(self, request):
        return _write(request, ContentInput, take_content, _content_answer)


class ContentDetail(CampaignsView):
    perms = _READ | {"PATCH": Perm.PLAN_CAMPAIGNS}

    @extend_schema(
        operation_id="contents_read", summary="One piece of content", responses={200: ContentOutput, **refusals(404)}
    )
    def get(self, request, pk):
        return Response(ContentOutput(_row(_contents(), pk)).data)

    @extend_schema(
        operation_id="contents_change",
        summary="Describe a piece of content anew; only the fields that are present",
        request=ContentChange,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: ContentTaken, **WRITE_REFUSALS},
    )
    def patch(self, request, pk):
        def work() -> Response:
            data = checked(ContentChange, object_body(request))
            return _content_answer(take_content(data=data, actor=request.user, content=_row(_contents(), pk)), pk)

        return run(request, work)


class SpendList(CampaignsView):
    pagination_class = Page

    @extend_schema(
        operation_id="spend_list",
        summary="Cost lines that count, the newest service first, 50 a page",
        parameters=[
            OpenApiParameter("campaign", int, OpenApiParameter.QUERY, description="id of a campaign"),
            OpenApiParameter("page", int, OpenApiParameter.QUERY),
        ],
        responses={200: SpendOutput(many=True), **refusals(404)},
    )
    def get(self, request):
        rows = standing_lines().select_related("campaign", "channel", "voided_by").order_by("-service_from", "-id")
        asked = request.query_params.get("campaign", "")
        if asked:
            known = asked.isascii() and asked.isdecimal() and len(asked) < 19
            rows = rows.filter(campaign_id=int(asked)) if known else rows.none()
        return self.paged(rows, SpendOutput)

    @documented_write(
        summary="Record cost lines; sent again with other figures, a line takes the place of the one before",
        one=SpendInput,
        many=SpendItems,
        answer=SpendTaken,
        created="Recorded.",
    )
    def post(self, request):
        return _write(request, SpendInput, take_spend, _spend_answer)


class SpendLine(CampaignsView):
    perms = _READ

    @extend_schema(
        operation_id="spend_read",
        summary="One cost line, also one that was taken back",
        responses={200: SpendOutput, **refusals(404)},
    )
    def get(self, request, pk):
        return Response(SpendOutput(_row(_lines(), pk)).data)


class SpendVoid(CampaignsView):
    """A cost line is never changed: it is taken back, and the right one recorded."""

    perms = {"OPTIONS": Perm.SEE_NUMBERS, "POST": Perm.PLAN_CAMPAIGNS}

    @extend_schema(
        operation_id="spend_void",
        summary="Take a cost line back, so that it counts nowhere; twice is refused",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: SpendOutput, **WRITE_REFUSALS},
    )
    def post(self, request, pk):
        def work() -> Response:
            void_spend(spend=_row(_lines(), pk), actor=request.user)
            return Response(SpendOutput(_lines().get(pk=pk)).data)

        return run(request, work)
