"""What all endpoints of leads share: bodies, versions as ETags, one object or many, problem bodies, a busy database."""

import json
import re
from collections.abc import Callable

from django.db import OperationalError, connection, transaction
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import exceptions, pagination, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import answer_once
from accounts.permissions import Perm
from core.errors import DomainError
from core.json_body import JSONBodyParser, read_body
from core.problems import problem_handler
from core.queries import calendar
from leads.api_inputs import MAX_ITEMS
from leads.api_outputs import ItemResults, Problem
from leads.projection import Context
from leads.services.intake import Taken

READ_AND_WRITE = {
    "GET": Perm.SEE_LEADS,
    "HEAD": Perm.SEE_LEADS,
    "OPTIONS": Perm.SEE_LEADS,
    "POST": Perm.WORK_LEADS,
    "PATCH": Perm.WORK_LEADS,
}
# Deadlock, serialisation failure, a lock or a connection slot that did not come free in time.
_BUSY = {"40P01", "40001", "55P03", "53300"}
_ETAG = re.compile(r'"(\d{1,10})"')

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="up to 255 characters; kept for 24 hours"
)
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description='the ETag you read, such as "3"')


class Busy(DomainError):
    """The database could not take the write now; it may be sent again."""

    status = 503

    def __init__(self):
        super().__init__("busy", "The database is busy. Nothing was written; repeat the request.")


class Invalid(exceptions.ValidationError):
    """The body was read, but fields are missing or wrong."""

    status_code = 422


def refusals(*statuses: int) -> dict:
    """The problem bodies of an endpoint, for the schema; 401 and 403 belong to all."""
    words = {
        400: "The request could not be read.",
        401: "Not signed in.",
        403: "Your role does not allow this.",
        404: "Nothing is there, or you may not see it.",
        406: "Answers are JSON.",
        409: "Somebody else was first, or the same request is still running.",
        412: "The version in If-Match is not the current one.",
        413: "The body is too large.",
        415: "Bodies are JSON.",
        422: "Fields are missing or wrong, or a rule refuses it.",
        503: "The database is busy; repeat the request.",
    }
    return {status: OpenApiResponse(Problem, words[status]) for status in sorted({401, 403, 406, *statuses})}


WRITE_REFUSALS = refusals(400, 404, 409, 412, 413, 415, 422, 503)


class Page(pagination.PageNumberPagination):
    page_size = 50


class LeadsView(APIView):
    """Base of the endpoints: strict JSON in, problems out."""

    perm = Perm.SEE_LEADS
    perms = READ_AND_WRITE
    parser_classes = [JSONBodyParser]

    def initial(self, request, *args, **kwargs):
        # First, so that the size is checked before anything parses the body.
        read_body(request._request)
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc):
        if isinstance(exc, OperationalError) and is_busy(exc):
            answer = problem_handler(Busy(), {})
            answer["Retry-After"] = "1"
            return answer
        return super().handle_exception(exc)

    def paged(self, rows, serializer) -> Response:
        page = Page()
        return page.get_paginated_response(serializer(page.paginate_queryset(rows, self.request, view=self), many=True).data)


def is_busy(error: OperationalError) -> bool:
    return getattr(error.__cause__, "pgcode", None) in _BUSY or "database is locked" in str(error)


def object_body(request) -> dict:
    body = request.data
    if not isinstance(body, dict):
        raise exceptions.ParseError("The body must be a JSON object.", code="body_not_an_object")
    return body


def checked(serializer_class, body) -> dict:
    """The body's cleaned values, or 422 with every field that is wrong."""
    if not isinstance(body, dict):
        raise Invalid({"": "must be an object"})
    serializer = serializer_class(data=body, context={"calendar": calendar()})
    try:
        serializer.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        raise Invalid(error.detail) from error
    return dict(serializer.validated_data)


def if_match(request) -> int | None:
    """The version that If-Match names; None without one."""
    header = request.headers.get("If-Match", "").strip()
    if header in ("", "*"):
        return None
    found = _ETAG.fullmatch(header)
    if found is None:
        raise exceptions.ParseError('If-Match must be one ETag as it was answered, such as "3".', code="if_match_invalid")
    return int(found[1])


def etag(version: int) -> str:
    return f'"{version}"'


def is_many(request) -> bool:
    return "items" in object_body(request)


def take_many(request, take: Callable[[object, Context], tuple[Taken, int]]) -> Response:
    """Take each item by itself; `take` returns what became of it and its id. One bad item leaves the others alone."""
    if request.headers.get("If-Match"):
        raise exceptions.ParseError("If-Match goes with one object; give each item its version.", code="if_match_invalid")
    body = object_body(request)
    items = body["items"]
    if unknown := set(body) - {"items"}:
        raise Invalid({"items": f"stands alone, without {len(unknown)} other fields"})
    if not isinstance(items, list) or not 0 < len(items) <= MAX_ITEMS:
        raise Invalid({"items": f"must be a list of 1 to {MAX_ITEMS} objects"})
    context = Context()
    return Response({"results": [_result(index, item, take, context) for index, item in enumerate(items)]}, status=207)


def _result(index: int, item, take, context: Context) -> dict:
    external_id = item.get("external_id") if isinstance(item, dict) else None
    plain = isinstance(external_id, str) and external_id.isprintable() and len(external_id) <= 300
    result = {"index": index, "external_id": external_id if plain else None}
    try:
        taken, pk = _take_one(item, take, context)
    except (DomainError, exceptions.APIException) as error:
        refused = json.loads(problem_handler(error, {}).content)
        return {**result, "status": refused["status"], "id": None, "outcome": "rejected", "error": refused}
    return {**result, "status": 201 if taken.outcome == "created" else 200, "id": pk, "outcome": taken.outcome}


def _take_one(item, take, context: Context) -> tuple[Taken, int]:
    """One item in its own transaction. Inside the one of an Idempotency-Key a busy database undoes all of it; without
    a key the items before stay, so this one alone is tried again and at last refused."""
    for chance in (True, True, False):
        try:
            with transaction.atomic():
                return take(item, context)
        except OperationalError as error:
            if connection.in_atomic_block or not is_busy(error):
                raise
            if not chance:
                raise Busy from error
    raise AssertionError("the last round returns or raises")


def run(request, work: Callable[[], Response]):
    """Answer once per Idempotency-Key. What lost a deadlock wrote nothing and is tried again, twice."""
    for chance in (True, True, False):
        try:
            return answer_once(request, work)
        except OperationalError as error:
            if not (chance and is_busy(error)) or connection.in_atomic_block:
                raise
    raise AssertionError("the last round returns or raises")


def documented_write(*, summary: str, one, many, answer, created: str):
    """The schema of a POST that takes one object or many."""
    body = PolymorphicProxySerializer(
        component_name=f"{one.__name__.removesuffix('Input')}OrItems", serializers=[one, many], resource_type_field_name=None
    )
    return extend_schema(
        summary=summary,
        request=body,
        parameters=[IDEMPOTENCY_KEY],
        responses={
            201: OpenApiResponse(answer, created),
            200: OpenApiResponse(answer, "Known by its identity: updated or unchanged."),
            207: OpenApiResponse(ItemResults, "One result for each item, in their order."),
            **WRITE_REFUSALS,
        },
    )
