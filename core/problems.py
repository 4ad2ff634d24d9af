"""REST errors as RFC 9457 problem bodies; a DomainError keeps its code, field and status."""

from django.http import JsonResponse
from rest_framework import exceptions
from rest_framework.views import exception_handler

from core.errors import DomainError


def problem(status: int, code: str, detail: str, *, errors: list | None = None) -> JsonResponse:
    """An application/problem+json answer outside DRF's own error path."""
    body = {
        "type": "about:blank",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type="application/problem+json")


def problem_handler(error, context):
    """DRF's exception handler: same bodies for framework errors and for ours; anything else stays a 500."""
    if isinstance(error, DomainError):
        errors = [{"field": error.field, "code": error.code, "message": error.message}] if error.field else None
        return problem(error.status, error.code, error.message, errors=errors)
    response = exception_handler(error, context)
    if response is None:
        return None
    code, detail, errors = "request_invalid", "The request could not be read.", None
    if isinstance(error, exceptions.ValidationError):
        detail = "Some fields are missing or wrong."
        errors = _flatten(error.get_full_details())
    elif isinstance(error, exceptions.APIException):
        code = error.get_codes() if isinstance(error.get_codes(), str) else code
        detail = str(error.detail)
    else:
        code, detail = {
            404: ("not_found", "Nothing is there, or you may not see it."),
            403: ("not_allowed", "You may not do that."),
        }.get(response.status_code, (code, detail))
    answer = problem(response.status_code, code, detail, errors=errors)
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in response:
            answer[header] = response[header]
    return answer


def _flatten(details, path: str = "") -> list[dict]:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        return [{"field": path, "code": str(details["code"]), "message": str(details["message"])}]
    if isinstance(details, dict):
        return [item for key, value in details.items() for item in _flatten(value, f"{path}.{key}" if path else str(key))]
    if isinstance(details, list):
        return [item for value in details for item in _flatten(value, path)]
    return [{"field": path, "code": "invalid", "message": str(details)}]
