"""Invitations: a link that lets one person in, once, within a week."""

import datetime as dt
import secrets

from django.db import transaction

from accounts.models import ConsoleEvent, Invite, Role, Team, User
from accounts.queries import token_digest
from accounts.services.history import record_event
from accounts.services.people import add_person, give_role
from core.errors import DomainError

LASTS = dt.timedelta(days=7)
_PEOPLE = ConsoleEvent.Area.PEOPLE


def invite_person(*, email: str, role: Role, team: Team | None, now: dt.datetime, actor: User | None) -> tuple[Invite, str]:
    """A new invitation and the secret of its link, which is never stored. An open one for the same address ends."""
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        raise DomainError("email_taken", f"{email} is already a person here.", field="email")
    if role in (Role.REP, Role.TEAM_LEAD) and team is None:
        raise DomainError("team_missing", f"A {Role(role).label.lower()} belongs to a team.", field="team")
    if team is not None and team.retired:
        raise DomainError("team_retired", f"{team.name} is retired and takes nobody new.", field="team")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Invite.objects.filter(email=email, used_at__isnull=True, revoked_at__isnull=True).update(revoked_at=now)
        invite = Invite.objects.create(
            email=email,
            role=role,
            team=team,
            digest=token_digest(secret),
            created_by=actor,
            created_at=now,
            expires_at=now + LASTS,
        )
        record_event(area=_PEOPLE, text=f"Invited {email} as {Role(role).label.lower()}.", actor=actor)
    return invite, secret


def revoke_invite(*, invite: Invite, now: dt.datetime, actor: User | None) -> None:
    with transaction.atomic():
        if not Invite.objects.filter(id=invite.id, used_at__isnull=True).update(revoked_at=now):
            raise DomainError("invite_used", f"{invite.email} has already used the invitation.")
        record_event(area=_PEOPLE, text=f"Took back the invitation of {invite.email}.", actor=actor)


def open_invite(secret: str, *, now: dt.datetime) -> Invite | None:
    """The invitation behind a link, while it can be used."""
    return Invite.objects.filter(
        digest=token_digest(secret), used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    ).first()


def accept_invite(*, secret: str, name: str, password: str, now: dt.datetime, today: dt.date) -> User:
    """Make the invited person. Of two who open the same link at once only one gets in."""
    gone = DomainError(
        "invite_gone", "This invitation has been used, taken back or is older than 7 days. Ask for a new one."
    )
    with transaction.atomic():
        invite = open_invite(secret, now=now)
        # The claim is a conditional update: its row count says who was first.
        if invite is None or not Invite.objects.filter(id=invite.id, used_at__isnull=True).update(used_at=now):
            raise gone
        user = add_person(email=invite.email, name=name, password=password, actor=None)
        Invite.objects.filter(id=invite.id).update(user=user)
        give_role(user=user, role=Role(invite.role), team=invite.team, from_day=today, actor=invite.created_by)
        record_event(area=_PEOPLE, text=f"{user} accepted the invitation.", actor=user)
    return user
