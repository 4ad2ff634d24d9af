"""REST endpoints of handoffs: what waits, deciding, the dispute, contacts, feedback, pauses and exclusions."""

from collections.abc import Callable

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.response import Response

from accounts.permissions import Perm
from leads.api_base import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    WRITE_REFUSALS,
    Invalid,
    LeadsView,
    Page,
    checked,
    etag,
    if_match,
    object_body,
    refusals,
    run,
)
from leads.api_handoff_fields import (
    AnswerInput,
    ContactInput,
    ContactOutput,
    ContestInput,
    DecisionInput,
    DueTimeOutput,
    ExclusionInput,
    FeedbackInput,
    HandoffOutput,
    PauseInput,
    ResubmissionInput,
    RulingInput,
    StepOutput,
)
from leads.api_inputs import Input
from leads.handoff_queries import visible_handoffs, visible_obligations
from leads.models import Decision, Handoff, HandoffStanding, LeadEvent, Obligation
from leads.queries import visible_leads
from leads.services.clock import answer_request, ask_exclusion, pause
from leads.services.feedback import give_feedback, log_contact, read_feedback
from leads.services.handoffs import arbitrate, contest, decide, resubmit

_RELATED = ("lead", "agreement", "owner", "team", "decided_by")


def _handoffs(user) -> QuerySet[Handoff]:
    return visible_handoffs(user).select_related(*_RELATED)


def _one(rows: QuerySet, pk: int):
    row = rows.filter(pk=pk).first()
    if row is None:
        raise exceptions.NotFound("Nothing is there, or you may not see it.")
    return row


def _number(asked, name: str) -> int | None:
    text = asked.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid({name: "must be an id"})
    return int(text)


def _choice(asked, name: str, allowed) -> str | None:
    text = asked.get(name)
    if text is not None and text not in allowed:
        raise Invalid({name: f"use one of: {', '.join(allowed)}"})
    return text


def _query(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, description=description)


def _answer(pk: int) -> Response:
    """The handoff as it is after a step."""
    handoff = Handoff.objects.select_related(*_RELATED).get(pk=pk)
    return Response(HandoffOutput(handoff).data, headers={"ETag": etag(handoff.lead.version)})


class HandoffList(LeadsView):
    perms = dict.fromkeys(("GET", "HEAD", "OPTIONS"), Perm.SEE_LEADS)
    pagination_class = Page

    @extend_schema(
        operation_id="handoffs_list",
        summary="Handoffs of the leads you may open, newest first, 50 a page",
        parameters=[
            _query("state", ", ".join(HandoffStanding.values)),
            _query("decision", ", ".join(Decision.values)),
            _query("lead", "id of the lead"),
            OpenApiParameter("page", int, OpenApiParameter.QUERY),
        ],
        responses={200: HandoffOutput(many=True), **refusals(404, 422)},
    )
    def get(self, request):
        rows, asked = _handoffs(request.user), request.query_params
        if state := _choice(asked, "state", HandoffStanding.values):
            rows = rows.filter(state=state)
        if decision := _choice(asked, "decision", Decision.values):
            rows = rows.filter(decision=decision)
        if (lead := _number(asked, "lead")) is not None:
            rows = rows.filter(lead_id=lead)
        return self.paged(rows.order_by("-entered_at", "-entry_id"), HandoffOutput)


class HandoffDetail(LeadsView):
    perms = dict.fromkeys(("GET", "HEAD", "OPTIONS"), Perm.SEE_LEADS)

    @extend_schema(operation_id="handoffs_read", summary="One handoff", responses={200: HandoffOutput, **refusals(404)})
    def get(self, request, pk):
        handoff = _one(_handoffs(request.user), pk)
        return Response(HandoffOutput(handoff).data, headers={"ETag": etag(handoff.lead.version)})


class DueTimeList(LeadsView):
    perms = dict.fromkeys(("GET", "HEAD", "OPTIONS"), Perm.SEE_LEADS)
    pagination_class = Page

    @extend_schema(
        operation_id="due_times_list",
        summary="What is promised about the leads you may open, the earliest due time first, 50 a page",
        parameters=[
            _query("promise", ", ".join(Obligation.Promise.values)),
            _query("lead", "id of the lead"),
            _query("handoff", "id of the handoff"),
            _query("open", "yes: only what is neither done nor left out"),
            OpenApiParameter("page", int, OpenApiParameter.QUERY),
        ],
        responses={200: DueTimeOutput(many=True), **refusals(404, 422)},
    )
    def get(self, request):
        rows = visible_obligations(request.user).select_related("agreement", "team")
        asked = request.query_params
        if promise := _choice(asked, "promise", Obligation.Promise.values):
            rows = rows.filter(promise=promise)
        if (lead := _number(asked, "lead")) is not None:
            rows = rows.filter(lead_id=lead)
        if (handoff := _number(asked, "handoff")) is not None:
            rows = rows.filter(entry_id=handoff)
        if _choice(asked, "open", ["yes"]):
            rows = rows.filter(met_at__isnull=True, excluded="")
        return self.paged(rows.order_by("due_at", "id"), DueTimeOutput)


class HandoffStep(LeadsView):
    """Base of the endpoints that take one step of a handoff: they name their input and the service that takes it."""

    perms = {"OPTIONS": Perm.SEE_LEADS, "POST": Perm.WORK_LEADS}
    body: type[Input]

    def take(self, request, handoff: Handoff, data: dict):
        raise NotImplementedError

    def post(self, request, pk):
        def work() -> Response:
            handoff = _one(_handoffs(request.user), pk)
            return self.answer(handoff, self.take(request, handoff, checked(self.body, object_body(request))))

        return run(request, work)

    def answer(self, handoff: Handoff, taken) -> Response:
        return _answer(handoff.pk)


class AskingStep(HandoffStep):
    """A step that has an id of its own, by which the other team answers it."""

    def answer(self, handoff: Handoff, taken: LeadEvent) -> Response:
        now = Handoff.objects.select_related(*_RELATED).get(pk=handoff.pk)
        return Response(StepOutput({"id": taken.id, "kind": taken.kind, "handoff": now}).data)


def _step(summary: str, body: type[Input], answer=HandoffOutput, parameters=()) -> Callable:
    """The schema of a class whose POST takes one step."""
    post = extend_schema(
        summary=summary,
        request=body,
        parameters=[IDEMPOTENCY_KEY, *parameters],
        responses={200: OpenApiResponse(answer, "As it is now; a repeated step changes nothing."), **WRITE_REFUSALS},
    )
    return extend_schema_view(post=post)


def _text(data: dict, name: str) -> str:
    return data.get(name) or ""


@_step("Accept, return, recycle or disqualify", DecisionInput, parameters=[IF_MATCH])
class DecisionStep(HandoffStep):
    body = DecisionInput

    def take(self, request, handoff, data):
        seen = if_match(request)
        decide(
            handoff=handoff,
            decision=data["decision"],
            actor=request.user,
            reason=_text(data, "reason"),
            note=_text(data, "note"),
            until=data.get("until"),
            expected_version=data.get("version") if seen is None else seen,
        )


@_step("Hand a returned lead over again, complete", ResubmissionInput)
class ResubmissionStep(HandoffStep):
    body = ResubmissionInput

    def take(self, request, handoff, data):
        resubmit(handoff=handoff, actor=request.user, note=_text(data, "note"))


@_step("Contest a decision of the other team", ContestInput)
class ContestStep(HandoffStep):
    body = ContestInput

    def take(self, request, handoff, data):
        contest(handoff=handoff, actor=request.user, text=data["text"])


@_step("End a dispute, as the funnel owner", RulingInput)
class RulingStep(HandoffStep):
    body = RulingInput

    def take(self, request, handoff, data):
        arbitrate(
            handoff=handoff,
            ruling=data["ruling"],
            actor=request.user,
            text=data["text"],
            reason=_text(data, "reason"),
            until=data.get("until"),
        )


@_step("Tell marketing what the lead was", FeedbackInput)
class FeedbackStep(HandoffStep):
    body = FeedbackInput

    def take(self, request, handoff, data):
        give_feedback(
            handoff=handoff,
            moment=data["moment"],
            fit=data["fit"],
            actor=request.user,
            reason=_text(data, "reason"),
            text=_text(data, "text"),
        )


@_step("Say that marketing has read the feedback", Input)
class FeedbackReadStep(HandoffStep):
    body = Input

    def take(self, request, handoff, data):
        read_feedback(handoff=handoff, actor=request.user)


@_step("Pause the response clock: a meeting at once, a waiver once the other team agrees", PauseInput, StepOutput)
class PauseStep(AskingStep):
    body = PauseInput

    def take(self, request, handoff, data):
        return pause(
            handoff=handoff,
            kind=data["kind"],
            start=data["start"].at,
            until=data["until"],
            actor=request.user,
            text=_text(data, "text"),
        )


@_step("Ask the other team to leave a promise out of the count", ExclusionInput, StepOutput)
class ExclusionStep(AskingStep):
    body = ExclusionInput

    def take(self, request, handoff, data):
        return ask_exclusion(
            handoff=handoff,
            promise=data["promise"],
            reason=data["reason"],
            actor=request.user,
            text=_text(data, "text"),
        )


@_step("Agree to a pause or an exclusion, or not, as the other team's lead", AnswerInput, StepOutput)
class RequestAnswer(AskingStep):
    body = AnswerInput

    def post(self, request, pk, request_id):
        def work() -> Response:
            handoff = _one(_handoffs(request.user), pk)
            asked = _one(LeadEvent.objects.filter(about_id=handoff.pk), request_id)
            data = checked(AnswerInput, object_body(request))
            return self.answer(handoff, answer_request(request=asked, actor=request.user, agreed=data["agreed"]))

        return run(request, work)


@_step("Log a contact of sales with its evidence: only this stops the response clock", ContactInput, ContactOutput)
class LeadContacts(LeadsView):
    perms = {"OPTIONS": Perm.SEE_LEADS, "POST": Perm.WORK_LEADS}

    def post(self, request, pk):
        def work() -> Response:
            lead = _one(visible_leads(request.user), pk)
            data = checked(ContactInput, object_body(request))
            moment = data.get("occurred_at")
            touch = log_contact(
                lead=lead,
                kind=data["kind"],
                actor=request.user,
                outcome=_text(data, "outcome"),
                occurred_at=moment and moment.at,
                evidence=data["evidence"],
                external_id=data.get("external_id"),
            )
            return Response(ContactOutput(touch).data)

        return run(request, work)
