"""Writes to people, teams and tokens."""

import datetime as dt
import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import ApiToken, IdempotentRequest, Membership, Role, Side, Team, User
from accounts.queries import token_digest
from core.errors import Conflict, DomainError

_TEAM_ROLES = {Role.REP, Role.TEAM_LEAD}

# How long a repeated request gets the first answer again.
IDEMPOTENCY_KEPT = dt.timedelta(hours=24)
# After this a run without an answer counts as dead (its process was killed) and the next one takes over.
CLAIM_LASTS = dt.timedelta(seconds=60)


def add_person(*, email: str, name: str, password: str | None, actor: User | None) -> User:
    """Create a person. Without a password they cannot sign in yet. DomainError if the address is taken or weak."""
    user = User(email=email.strip().lower(), name=name.strip())
    if password is None:
        user.set_unusable_password()
    else:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise DomainError("password_weak", " ".join(error.messages), field="password") from error
        user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise DomainError("email_taken", f"{user.email} is already a person here.", field="email") from error
    return user


def add_team(*, name: str, side: Side, actor: User | None) -> Team:
    if Team.objects.filter(name=name).exists():
        raise DomainError("team_exists", f"There is already a team called {name}.", field="name")
    return Team.objects.create(name=name, side=side)


def give_role(*, user: User, role: Role, from_day: dt.date, team: Team | None = None, actor: User | None) -> Membership:
    """Give a role from a day on. A new funnel owner ends the term of the one before on that day."""
    if role in _TEAM_ROLES and team is None:
        raise DomainError("team_missing", f"A {Role(role).label.lower()} belongs to a team.", field="team")
    with transaction.atomic():
        if role == Role.FUNNEL_OWNER:
            for current in Membership.objects.filter(role=Role.FUNNEL_OWNER, until_day__isnull=True):
                if current.from_day >= from_day:
                    raise DomainError(
                        "owner_later",
                        "The present funnel owner begins later than that day.",
                        field="from_day",
                    )
                current.until_day = from_day
                current.save(update_fields=["until_day"])
        return Membership.objects.create(user=user, team=team, role=role, from_day=from_day)


def end_role(*, membership: Membership, until_day: dt.date, actor: User | None) -> None:
    """End a membership on a day (the first day without it)."""
    if until_day <= membership.from_day:
        raise DomainError("role_too_short", "A role ends after the day it began.", field="until_day")
    membership.until_day = until_day
    membership.save(update_fields=["until_day"])


def deactivate(*, user: User, actor: User | None) -> None:
    """Shut a person out at once: sessions and tokens stop working with the next request. History keeps the name."""
    user.is_active = False
    user.save(update_fields=["is_active"])


def create_token(*, user: User, name: str, actor: User | None) -> tuple[ApiToken, str]:
    """A new token and its secret, which is shown this once and never stored."""
    secret = f"tdm_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(user=user, name=name, prefix=secret[:8], digest=token_digest(secret))
    return token, secret


def revoke_token(*, token: ApiToken, now: dt.datetime, actor: User | None) -> None:
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])


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
