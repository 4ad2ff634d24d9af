"""Writes to people, teams, roles and tokens."""

import datetime as dt
import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import ApiToken, ConsoleEvent, Membership, Role, Side, Team, User
from accounts.queries import on_day, token_digest
from accounts.services.history import record_event
from core.errors import DomainError

_TEAM_ROLES = {Role.REP, Role.TEAM_LEAD}
_PEOPLE = ConsoleEvent.Area.PEOPLE


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
    with transaction.atomic():
        record_event(area=_PEOPLE, text=f"Added the team {name} ({Side(side).label}).", actor=actor)
        return Team.objects.create(name=name, side=side)


def retire_team(*, team: Team, today: dt.date, actor: User | None) -> None:
    """A team takes no new people. Refused while somebody is in it: leads would lose their team unseen."""
    with transaction.atomic():
        inside = Membership.objects.filter(team=team).exclude(until_day__lte=today).count()
        if inside:
            word = "person is" if inside == 1 else "people are"
            raise DomainError("team_in_use", f"{inside} {word} still in {team.name}. Give them another role first.")
        team.retired = True
        team.save(update_fields=["retired"])
        record_event(area=_PEOPLE, text=f"Retired the team {team.name}.", actor=actor)


def give_role(*, user: User, role: Role, from_day: dt.date, team: Team | None = None, actor: User | None) -> Membership:
    """Give a role from a day on. A new funnel owner ends the term of the one before on that day."""
    if role in _TEAM_ROLES and team is None:
        raise DomainError("team_missing", f"A {Role(role).label.lower()} belongs to a team.", field="team")
    if team is not None and team.retired:
        raise DomainError("team_retired", f"{team.name} is retired and takes nobody new.", field="team")
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
        where = f" in {team.name}" if team else ""
        record_event(area=_PEOPLE, text=f"{user} is {Role(role).label.lower()}{where} from {from_day}.", actor=actor)
        return Membership.objects.create(user=user, team=team, role=role, from_day=from_day)


def end_role(*, membership: Membership, until_day: dt.date, actor: User | None) -> None:
    """End a membership on a day (the first day without it)."""
    if until_day <= membership.from_day:
        raise DomainError("role_too_short", "A role ends after the day it began.", field="until_day")
    with transaction.atomic():
        if membership.role == Role.ADMINISTRATOR and not _other_administrators(membership.user, until_day):
            raise DomainError("last_administrator", "Somebody has to administer. Make another person administrator first.")
        membership.until_day = until_day
        membership.save(update_fields=["until_day"])
        text = f"{membership.user} is no longer {membership.get_role_display().lower()} from {until_day}."
        record_event(area=_PEOPLE, text=text, actor=actor)


def deactivate(*, user: User, actor: User | None) -> None:
    """Shut a person out at once: sessions and tokens stop working with the next request. History keeps the name."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        record_event(area=_PEOPLE, text=f"Deactivated {user}.", actor=actor)


def deactivate_person(*, user: User, today: dt.date, actor: User | None) -> None:
    """Deactivate from the console: never oneself, never the last administrator."""
    if actor is not None and user.id == actor.id:
        raise DomainError("not_yourself", "You can't deactivate yourself. Ask another administrator.")
    if _administers(user, today) and not _other_administrators(user, today):
        raise DomainError("last_administrator", "Somebody has to administer. Make another person administrator first.")
    deactivate(user=user, actor=actor)


def reactivate(*, user: User, actor: User | None) -> None:
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        record_event(area=_PEOPLE, text=f"Let {user} in again.", actor=actor)


def _administers(user: User, day: dt.date) -> bool:
    return Membership.objects.filter(on_day(day), user=user, role=Role.ADMINISTRATOR).exists()


def _other_administrators(user: User, day: dt.date) -> bool:
    others = Membership.objects.filter(on_day(day), role=Role.ADMINISTRATOR, user__is_active=True).exclude(user=user)
    return others.exists()


def create_token(*, user: User, name: str, actor: User | None) -> tuple[ApiToken, str]:
    """A new token and its secret, which is shown this once and never stored."""
    secret = f"tdm_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken.objects.create(user=user, name=name, prefix=secret[:8], digest=token_digest(secret))
        record_event(area=_PEOPLE, text=f"Created the token “{name}”, which acts as {user}.", actor=actor)
    return token, secret


def revoke_token(*, token: ApiToken, now: dt.datetime, actor: User | None) -> None:
    with transaction.atomic():
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        record_event(area=_PEOPLE, text=f"Revoked the token “{token.name}” of {token.user}.", actor=actor)
