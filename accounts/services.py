"""Writes to people, teams and tokens."""

import datetime as dt
import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import ApiToken, Membership, Role, Side, Team, User
from accounts.queries import token_digest
from core.errors import DomainError

_TEAM_ROLES = {Role.REP, Role.TEAM_LEAD}


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
