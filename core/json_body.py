"""JSON bodies as the REST API reads them: what can't be read is the caller's mistake, never a crash."""

import json

from django.core.exceptions import RequestDataTooBig
from rest_framework import exceptions
from rest_framework.parsers import BaseParser


class PayloadTooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is too large. Send fewer items at a time."
    default_code = "body_too_large"


def read_body(request) -> bytes:
    """The raw body within DATA_UPLOAD_MAX_MEMORY_SIZE, or 413. Read before anybody looks at request.POST."""
    try:
        return request.body
    except RequestDataTooBig as error:
        raise PayloadTooLarge from error


class JSONBodyParser(BaseParser):
    """Strict UTF-8 JSON: no NaN, no infinite or endless numbers, no nesting that would exhaust the stack."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        body = read_body(parser_context["request"]._request)
        try:
            return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
        except RecursionError as error:
            raise exceptions.ParseError("The JSON is nested too deeply.", code="json_invalid") from error
        except ValueError as error:
            raise exceptions.ParseError("The body is not valid JSON in UTF-8.", code="json_invalid") from error


def _refuse(word: str):
    raise ValueError(word)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value
