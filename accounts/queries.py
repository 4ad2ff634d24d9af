"""Reads of people, teams and rights."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import ApiToken, Membership, Role, Side, Team, User
from accounts.permissions import PERSON_FIGURES_SCOPE, ROLE_PERMS, Perm
from core.queries import calendar


@dataclass(frozen=True)
class Standing:
    """What a person is today: roles, teams and the rights that follow."""

    roles: frozenset[Role]
    team_ids: frozenset[int]
    led_team_ids: frozenset[int]
    sides: frozenset[Side]
    perms: frozenset[Perm]

    @property
    def figures_scope(self) -> str:
        """Whose single figures this person may see: none, self, team or all."""
        order = ["none", "self", "team", "all"]
        return max((PERSON_FIGURES_SCOPE[role] for role in self.roles), key=order.index, default="none")


def today_for(now: dt.datetime) -> dt.date:
    return calendar().day_of(now)


def on_day(day: dt.date) -> Q:
    """Memberships in force on a day."""
    return Q(from_day__lte=day) & (Q(until_day__isnull=True) | Q(until_day__gt=day))


def standing(user: User) -> Standing:
    """The person's rights today. Read once per request and kept on the user object."""
    known = getattr(user, "_standing", None)
    if known is None:
        rows = []
        if user.is_active:
            day = today_for(dt.datetime.now(dt.UTC))
            rows = list(Membership.objects.filter(on_day(day), user=user).values_list("role", "team_id", "team__side"))
        roles = frozenset(Role(role) for role, _, _ in rows)
        known = user._standing = Standing(
            roles=roles,
            team_ids=frozenset(team for _, team, _ in rows if team),
            led_team_ids=frozenset(team for role, team, _ in rows if team and role == Role.TEAM_LEAD),
            sides=frozenset(Side(side) for _, _, side in rows if side),
            perms=frozenset().union(*(ROLE_PERMS[role] for role in roles)),
        )
    return known


def led_sides(user: User) -> frozenset[Side]:
    """The sides this person may sign for: those whose teams they lead today."""
    led = standing(user).led_team_ids
    sides = Team.objects.filter(id__in=led, retired=False).values_list("side", flat=True) if led else ()
    return frozenset(Side(side) for side in sides) - {Side.JOINT}


def leads_of_sides(sides: Iterable[Side], now: dt.datetime) -> list[User]:
    """The active people who lead a team of these sides on the day of `now`, each once."""
    leading = Membership.objects.filter(
        on_day(today_for(now)), role=Role.TEAM_LEAD, team__side__in=list(sides), team__retired=False
    )
    return list(User.objects.filter(id__in=leading.values("user"), is_active=True).order_by("id"))


def has_perm(user: User, perm: Perm) -> bool:
    return perm in standing(user).perms


def funnel_owner() -> User | None:
    """The one person who answers for the whole funnel today."""
    day = today_for(dt.datetime.now(dt.UTC))
    row = Membership.objects.filter(on_day(day), role=Role.FUNNEL_OWNER).select_related("user").order_by("-from_day").first()
    return row.user if row else None


def token_digest(secret: str) -> str:
    """SHA-256 is enough: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def user_of_token(secret: str) -> User | None:
    """The active user a token acts as, or None."""
    token = (
        ApiToken.objects.filter(digest=token_digest(secret), revoked_at__isnull=True, user__is_active=True)
        .select_related("user")
        .first()
    )
    return token.user if token else None


class TeamHistory:
    """Which team a person was in on a day, read once for bulk work."""

    def __init__(self, rows: list[tuple[int, int, dt.date, dt.date | None]]):
        self._rows: dict[int, list[tuple[dt.date, dt.date | None, int]]] = {}
        for user_id, team_id, from_day, until_day in rows:
            self._rows.setdefault(user_id, []).append((from_day, until_day, team_id))

    def team_of(self, user_id: int | None, day: dt.date) -> int | None:
        """Team id on that day; before the first membership the first team counts (imports carry older history)."""
        spans = self._rows.get(user_id, [])
        for from_day, until_day, team_id in reversed(spans):
            if from_day <= day and (until_day is None or day < until_day):
                return team_id
        return spans[0][2] if spans and day < spans[0][0] else None

    def on_every_day(self, user_id: int) -> set[int | None]:
        """The teams that some day may give: one for most people, more for those who changed or left."""
        spans = self._rows.get(user_id, [])
        found: set[int | None] = {team_id for *_, team_id in spans}
        return found if len(spans) == 1 and spans[0][1] is None else found | {None}


def team_history() -> TeamHistory:
    rows = Membership.objects.filter(team__isnull=False).order_by("from_day", "id")
    return TeamHistory(list(rows.values_list("user_id", "team_id", "from_day", "until_day")))


def team_digest() -> str:
    """Changes with every membership of a team that begins, ends or is altered."""
    rows = Membership.objects.filter(team__isnull=False).order_by("id")
    found = list(rows.values_list("id", "user_id", "team_id", "from_day", "until_day"))
    return hashlib.sha256(repr(found).encode()).hexdigest()
