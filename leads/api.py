"""REST endpoints of leads, deals and stage changes (of touches: api_touches). Views choose the service; inputs and outputs
stand beside.

Lookups start from visible_leads and visible_deals, so what a person may not see is not there for them (404).
"""

import datetime as dt
from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.permissions import Perm
from core.errors import DomainError
from core.queries import calendar
from funnel.book import load_book
from leads.api_base import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    WRITE_REFUSALS,
    Invalid,
    LeadsView,
    Page,
    checked,
    documented_write,
    etag,
    if_match,
    is_many,
    object_body,
    refusals,
    run,
    take_many,
)
from leads.api_inputs import (
    DealChange,
    DealInput,
    DealItems,
    LeadChange,
    LeadInput,
    LeadItems,
    StageChangeInput,
    StageChangeItems,
)
from leads.api_outputs import (
    AgreementOutput,
    DealOutput,
    DealTaken,
    LeadOutput,
    LeadTaken,
    StageChangeTaken,
)
from leads.entering import lacking
from leads.finding import find_leads, words_of
from leads.models import Deal, Lead
from leads.pages.stages import stages_today
from leads.projection import Context
from leads.queries import visible_deals, visible_leads
from leads.services.deal_intake import update_deal, upsert_deal
from leads.services.intake import Taken, take_move, update_lead, upsert_lead
from leads.waiting import PROMISE_STATES, WAITING, waits_on, with_promise

_LEAD_RELATED = ("contact", "company", "channel", "campaign", "segment", "region", "stage", "owner", "team")
_DEAL_RELATED = ("lead", "company", "channel", "campaign", "segment", "region", "owner")


def _leads(user) -> QuerySet[Lead]:
    return _with_all(visible_leads(user))


def _with_all(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """What a lead's answer names, in two queries for any number of leads."""
    return leads.select_related(*_LEAD_RELATED).prefetch_related("lead_tags__tag")


def _deals(user) -> QuerySet[Deal]:
    return visible_deals(user).select_related(*_DEAL_RELATED)


def row_or_404(rows: QuerySet, pk: int):
    row = rows.filter(pk=pk).first()
    if row is None:
        raise exceptions.NotFound("Nothing is there, or you may not see it.")
    return row


def status_of(taken: Taken) -> int:
    return 201 if taken.outcome == "created" else 200


def take(request, one: Callable[[object, Context], tuple[Taken, int]], answer: Callable[[Taken, int], Response]):
    """Take one object or many, once per Idempotency-Key; `answer` is that of a single one."""

    def work() -> Response:
        if is_many(request):
            return take_many(request, one)
        return answer(*one(object_body(request), Context()))

    return run(request, work)


def _stored(taken: Taken, row, output, route: str) -> Response:
    """What became of a lead or a deal: the row as it stands now, its version and its address."""
    headers = {"ETag": etag(row.version), "Location": reverse(route, args=[row.pk])}
    return Response({"outcome": taken.outcome, **output(row).data}, status=status_of(taken), headers=headers)


def _query(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, description=description)


def _listed(serializer):
    """The shape of a page of rows."""
    return {200: serializer(many=True), **refusals(404)}


class LeadList(LeadsView):
    pagination_class = Page  # for the schema: answers are pages

    @extend_schema(
        operation_id="leads_list",
        summary="Leads you may open, newest first, 50 a page",
        parameters=[
            _query("stage", "key of the current stage"),
            _query("owner", "e-mail address or id"),
            _query("channel", "name"),
            _query("tag", "name, whatever its capitals"),
            _query("waiting", f"whom it waits on: {', '.join(WAITING)}"),
            _query("promise", f"of a lead on its way: {', '.join(PROMISE_STATES)}"),
            _query("q", "part of a name, e-mail address or company, or an external id"),
            OpenApiParameter("page", int, OpenApiParameter.QUERY),
        ],
        responses={**_listed(LeadOutput), **refusals(422)},
    )
    def get(self, request):
        return self.paged(_filtered(_leads(request.user), request.query_params), LeadOutput)

    @documented_write(
        summary="Create leads or bring known ones up to date",
        one=LeadInput,
        many=LeadItems,
        answer=LeadTaken,
        created="Created.",
    )
    def post(self, request):
        def one(item, context: Context) -> tuple[Taken, int]:
            taken = upsert_lead(data=checked(LeadInput, item), actor=request.user, context=context)
            return taken, taken.row.id

        def answer(taken: Taken, pk: int) -> Response:
            return _stored(taken, _with_all(Lead.objects).get(id=pk), LeadOutput, "api-lead")

        return take(request, one, answer)


def _filtered(leads: QuerySet[Lead], asked) -> QuerySet[Lead]:
    if stage := asked.get("stage"):
        leads = leads.filter(stage__key=stage)
    if channel := asked.get("channel"):
        leads = leads.filter(channel__name=channel)
    if tag := asked.get("tag"):
        leads = leads.filter(lead_tags__tag__name__iexact=tag)
    if owner := asked.get("owner"):
        is_id = owner.isascii() and owner.isdecimal() and len(owner) < 19
        leads = leads.filter(owner_id=int(owner)) if is_id else leads.filter(owner__email__iexact=owner)
    now = dt.datetime.now(dt.UTC)
    stages = stages_today(calendar().day_of(now)).values() if "waiting" in asked or "promise" in asked else ()
    if whom := _one_of(asked, "waiting", WAITING):
        leads = leads.filter(waits_on(whom, stages))
    if state := _one_of(asked, "promise", PROMISE_STATES):
        leads = leads.filter(with_promise(state, stages, now))
    leads = find_leads(leads, words_of(asked.get("q")))
    return leads.order_by("-created_at", "-id")


def _one_of(asked, name: str, allowed) -> str | None:
    text = asked.get(name)
    if text is not None and text not in allowed:
        raise Invalid({name: f"use one of: {', '.join(allowed)}"})
    return text


class LeadDetail(LeadsView):
    @extend_schema(
        operation_id="leads_read", summary="One lead; its version is the ETag", responses={200: LeadOutput, **refusals(404)}
    )
    def get(self, request, pk):
        return _lead_answer(row_or_404(_leads(request.user), pk))

    @extend_schema(
        operation_id="leads_change",
        summary="Change attributes and owner of a lead",
        request=LeadChange,
        parameters=[IDEMPOTENCY_KEY, IF_MATCH],
        responses={200: LeadOutput, **WRITE_REFUSALS},
    )
    def patch(self, request, pk):
        def work() -> Response:
            lead = row_or_404(_leads(request.user), pk)
            data = checked(LeadChange, object_body(request))
            update_lead(lead=lead, data=data, actor=request.user, expected_version=if_match(request))
            return _lead_answer(_with_all(Lead.objects).get(id=pk))

        return run(request, work)


def _lead_answer(lead: Lead) -> Response:
    return Response(LeadOutput(lead).data, headers={"ETag": etag(lead.version)})


class DealList(LeadsView):
    @extend_schema(
        operation_id="deals_list",
        summary="Deals you may open, newest first, 50 a page",
        parameters=[
            _query("status", "open, won or lost"),
            _query("lead", "id of the lead"),
            OpenApiParameter("page", int, OpenApiParameter.QUERY),
        ],
        responses=_listed(DealOutput),
    )
    def get(self, request):
        deals, asked = _deals(request.user), request.query_params
        if status := asked.get("status"):
            deals = deals.filter(status=status)
        if lead := asked.get("lead"):
            if not (lead.isascii() and lead.isdecimal() and len(lead) < 19):
                raise Invalid({"lead": "must be the id of a lead"})
            deals = deals.filter(Q(lead_id=int(lead)) | Q(lead__merged_into_id=int(lead)))
        return self.paged(deals.order_by("-created_at", "-id"), DealOutput)

    @documented_write(
        summary="Open deals or bring known ones up to date",
        one=DealInput,
        many=DealItems,
        answer=DealTaken,
        created="Created.",
    )
    def post(self, request):
        def one(item, context: Context) -> tuple[Taken, int]:
            taken = upsert_deal(data=checked(DealInput, item), actor=request.user, context=context)
            return taken, taken.row.id

        def answer(taken: Taken, pk: int) -> Response:
            return _stored(taken, Deal.objects.select_related(*_DEAL_RELATED).get(id=pk), DealOutput, "api-deal")

        return take(request, one, answer)


class DealDetail(LeadsView):
    @extend_schema(
        operation_id="deals_read", summary="One deal; its version is the ETag", responses={200: DealOutput, **refusals(404)}
    )
    def get(self, request, pk):
        return _deal_answer(row_or_404(_deals(request.user), pk))

    @extend_schema(
        operation_id="deals_change",
        summary="Change a deal: amount, cost, owner; win, lose or reopen it",
        request=DealChange,
        parameters=[IDEMPOTENCY_KEY, IF_MATCH],
        responses={200: DealOutput, **WRITE_REFUSALS},
    )
    def patch(self, request, pk):
        def work() -> Response:
            deal = row_or_404(_deals(request.user), pk)
            data = checked(DealChange, object_body(request))
            version = if_match(request)
            update_deal(deal=deal, data=data, actor=request.user, context=Context(), expected_version=version)
            return _deal_answer(Deal.objects.select_related(*_DEAL_RELATED).get(id=pk))

        return run(request, work)


def _deal_answer(deal: Deal) -> Response:
    return Response(DealOutput(deal).data, headers={"ETag": etag(deal.version)})


class StageChangeList(LeadsView):
    perms = {"OPTIONS": Perm.SEE_LEADS, "POST": Perm.WORK_LEADS}

    @extend_schema(parameters=[IF_MATCH])
    @documented_write(
        summary="Move leads to a stage",
        one=StageChangeInput,
        many=StageChangeItems,
        answer=StageChangeTaken,
        created="Moved.",
    )
    def post(self, request):
        def one(item, context: Context) -> tuple[Taken, int]:
            taken = take_move(data=checked(StageChangeInput, item), actor=request.user, context=context)
            return taken, taken.row.id

        def work() -> Response:
            if is_many(request):
                return take_many(request, one)
            data, context = checked(StageChangeInput, object_body(request)), Context()
            version = if_match(request)
            if version is not None:
                data["version"] = version
            taken = take_move(data=data, actor=request.user, context=context)
            return _move_answer(taken, data, context)

        return run(request, work)


def _move_answer(taken: Taken, data: dict, context: Context) -> Response:
    event = taken.row
    version = context.book.by_id.get(event.agreement_id) or context.book.newest
    lead = Lead.objects.select_related(*_LEAD_RELATED).get(id=event.lead.merged_into_id or event.lead_id)
    day = context.calendar.day_of(event.occurred_at)
    body = {
        "outcome": taken.outcome,
        "id": event.id,
        "external_id": data.get("external_id"),
        "to_stage": version.stages[event.to_stage_id].key,
        "occurred_at": event.occurred_at,
        "time_precision": event.time_precision,
        "current_stage_changed": taken.current_stage_changed,
        "missing": lacking(lead, event.to_stage_id, version, dt.datetime.now(dt.UTC), day),
        "lead": lead,
    }
    return Response(StageChangeTaken(body).data, status=status_of(taken), headers={"ETag": etag(lead.version)})


class StageList(LeadsView):
    perm = Perm.SEE_NUMBERS
    perms = {}

    @extend_schema(
        operation_id="stages_read",
        summary="The stages and reasons of the agreement in force today",
        responses={200: AgreementOutput, **refusals(422)},
    )
    def get(self, request):
        book = load_book()
        if not book:
            raise DomainError("agreement_missing", "The stages are not set up yet.")
        version = book.on(Context(book=book).calendar.day_of(dt.datetime.now(dt.UTC)))
        body = {
            "version": version.number,
            "counting_version": version.counting_version,
            "from_day": version.from_day,
            "signed": version.signed,
            "stages": sorted(version.stages.values(), key=lambda stage: stage.position),
            "reasons": version.reasons,
        }
        return Response(AgreementOutput(body).data)
