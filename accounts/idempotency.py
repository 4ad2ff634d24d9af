"""Idempotency-Key on writes: a repeated request gets the first answer and counts once.

Contract (docs/api.md): the same key with the same request replays status and body; with another request 422; while the
first still runs 409 with Retry-After. What was refused (4xx) wrote nothing and is not kept, so the key stays free.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable

from django.db import transaction
from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.models import IdempotentRequest
from accounts.services import InFlight, claim_request, release_claim, store_answer
from core.errors import DomainError
from core.json_body import read_body
from core.problems import problem_handler

_KEPT_HEADERS = ("ETag", "Location")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answer_once(request, work: Callable[[], Response]) -> HttpResponse:
    """Run `work` at most once per Idempotency-Key. Its writes and the stored answer commit together or not at all."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return work()
    if not _KEY.fullmatch(key):
        raise DomainError(
            "idempotency_key_invalid",
            "An Idempotency-Key has 1 to 255 printable ASCII characters without spaces.",
            field="Idempotency-Key",
        )
    try:
        claim = claim_request(user=request.user, key=key, digest=_digest(request), now=dt.datetime.now(dt.UTC))
        if claim.status is not None:
            return _replay(claim)
        return _run(claim, work)
    except InFlight as error:
        answer = problem_handler(error, {})
        answer["Retry-After"] = "1"
        return answer


def _run(claim: IdempotentRequest, work: Callable[[], Response]) -> HttpResponse:
    try:
        with transaction.atomic():
            answer = work()
            body = JSONRenderer().render(answer.data).decode()
            headers = {name: answer[name] for name in _KEPT_HEADERS if name in answer}
            store_answer(claim=claim, status=answer.status_code, headers=headers, body=body)
    except BaseException:
        # Nothing was written. If this release is lost too, the claim runs out by itself.
        release_claim(claim=claim)
        raise
    return answer


def _replay(row: IdempotentRequest) -> HttpResponse:
    answer = HttpResponse(row.body, status=row.status, content_type="application/json")
    for name, value in row.headers.items():
        answer[name] = value
    answer["Idempotent-Replayed"] = "true"
    return answer


def _digest(request) -> str:
    """What makes two requests the same: method, path with its query, body."""
    head = f"{request.method}\n{request.get_full_path()}\n".encode()
    return hashlib.sha256(head + read_body(request._request)).hexdigest()
