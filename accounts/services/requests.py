"""Writes of the API's Idempotency-Key: claims and stored answers."""

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.models import IdempotentRequest, User
from core.errors import Conflict, DomainError

# How long a repeated request gets the first answer again.
IDEMPOTENCY_KEPT = dt.timedelta(hours=24)
# After this a run without an answer counts as dead (its process was killed) and the next one takes over.
CLAIM_LASTS = dt.timedelta(seconds=60)


class InFlight(Conflict):
    """The first request with this key is still being worked on."""

    def __init__(self):
        super().__init__("request_in_flight", "A request with this Idempotency-Key is still running. Ask again shortly.")


def claim_request(*, user: User, key: str, digest: str, now: dt.datetime) -> IdempotentRequest:
    """Claim a key for one run, or return the row that already holds an answer (`status` set).

    The claim is committed before the work begins, so that others see it; the answer is stored by the work's own
    transaction (`store_answer`). InFlight while another run holds the claim; DomainError if the key was used for
    another request.
    """
    row = IdempotentRequest.objects.filter(user=user, key=key).first()
    if row is not None and row.created_at <= now - IDEMPOTENCY_KEPT:
        IdempotentRequest.objects.filter(id=row.id).delete()
        row = None
    if row is None:
        try:
            with transaction.atomic():
                return IdempotentRequest.objects.create(user=user, key=key, digest=digest, claimed_at=now, created_at=now)
        except IntegrityError:
            row = IdempotentRequest.objects.filter(user=user, key=key).first()
            if row is None:  # the other run failed and let go of the key in this very moment
                raise InFlight from None
    if row.digest != digest:
        raise DomainError(
            "idempotency_key_reused", "This Idempotency-Key was used for another request.", field="Idempotency-Key"
        )
    if row.status is not None:
        return row
    free = IdempotentRequest.objects.filter(
        id=row.id, attempt=row.attempt, status__isnull=True, claimed_at__lte=now - CLAIM_LASTS
    )
    if not free.update(attempt=row.attempt + 1, claimed_at=now):
        raise InFlight
    row.attempt += 1
    return row


def store_answer(*, claim: IdempotentRequest, status: int, headers: dict, body: str) -> None:
    """Keep the answer with the work that it speaks of. InFlight if the claim was taken over: the caller rolls back."""
    mine = IdempotentRequest.objects.filter(id=claim.id, attempt=claim.attempt, status__isnull=True)
    if not mine.update(status=status, headers=headers, body=body):
        raise InFlight


def release_claim(*, claim: IdempotentRequest) -> None:
    """Let go of a key whose run wrote nothing, so that a corrected request may use it."""
    IdempotentRequest.objects.filter(id=claim.id, attempt=claim.attempt, status__isnull=True).delete()


def purge_idempotent_requests(*, now: dt.datetime) -> int:
    """Forget answers after their time; they hold personal data. Returns how many."""
    return IdempotentRequest.objects.filter(created_at__lte=now - IDEMPOTENCY_KEPT).delete()[0]
