"""Open work by person, for the one who helps and reassigns; by team for everybody else. Alphabetical, never ranked."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Q

from accounts.models import Membership, Side, Team, User
from accounts.queries import on_day, standing
from leads.models import Lead
from leads.pages.filters import Surroundings
from leads.waiting import PAST, waits_on, with_promise

_COUNTED = ("leads", "waiting", "past")


@dataclass
class Work:
    """Leads on their way, those of them that wait on this side, and those past a promise."""

    leads: int = 0
    waiting: int = 0
    past: int = 0

    def add(self, other: "Work") -> None:
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class PersonWork:
    user: User | None  # None: nobody has them yet
    work: Work
    here: bool  # is in the team today


@dataclass
class TeamWork:
    """A team's total; `people` as far as the reader may see single figures."""

    team: Team
    total: Work
    people: list[PersonWork] = field(default_factory=list)


def read_teams(around: Surroundings) -> list[TeamWork]:
    """Every team with its total, equal for everybody; own people only for those who lead them, oneself for a rep."""
    teams = {team.id: team for team in Team.objects.order_by("name")}
    found = {team.id: TeamWork(team, Work()) for team in teams.values()}
    by_person = _work(around)
    for (team_id, _), work in by_person.items():
        if team_id in found:
            found[team_id].total.add(work[_side(teams[team_id])])
    names = {user.id: user for user in User.objects.filter(id__in={owner for _, owner in by_person if owner})}
    for team_id in found:
        found[team_id].people = _people(teams[team_id], by_person, names, around)
    return [one for one in found.values() if not one.team.retired or one.total.leads]


def _side(team: Team) -> str:
    return Side.MARKETING if team.side == Side.MARKETING else Side.SALES


def _work(around: Surroundings) -> dict[tuple[int | None, int | None], dict[str, Work]]:
    """Counts by team and owner, for each side."""
    stages = around.stages.values()
    rows = (
        Lead.objects.filter(merged_into__isnull=True, voided=False)
        .order_by()
        .values("team_id", "owner_id")
        .annotate(
            leads=Count("id", filter=Q(stage_id__in=[s.id for s in stages if s.open])),
            sales=Count("id", filter=waits_on(Side.SALES, stages)),
            marketing=Count("id", filter=waits_on(Side.MARKETING, stages)),
            past=Count("id", filter=with_promise(PAST, stages, around.now)),
        )
    )
    found = {}
    for row in rows:
        found[row["team_id"], row["owner_id"]] = {
            side: Work(row["leads"], row[side], row["past"]) for side in (Side.SALES, Side.MARKETING)
        }
    return found


def _people(team: Team, by_person, names: dict[int, User], around: Surroundings) -> list[PersonWork]:
    person = standing(around.user)
    match person.figures_scope:
        case "all":
            shown = True
        case "team":
            shown = team.id in person.led_team_ids
        case _:
            shown = False
    members = _members(team, around.today) if shown else {}
    if not shown and person.figures_scope != "none" and team.id in person.team_ids:
        members = {around.user.id: around.user}
    own: dict[int | None, Work] = defaultdict(Work)
    for (team_id, owner_id), work in by_person.items():
        if team_id == team.id and (shown or owner_id in members):
            own[owner_id] = work[_side(team)]
    people = {**members, **{i: names[i] for i in own if i is not None}}
    rows = [PersonWork(user, own[i], i in members) for i, user in people.items() if i in members or own[i].leads]
    rows.sort(key=lambda row: str(row.user).casefold())
    if own[None].leads:
        rows.append(PersonWork(None, own[None], True))
    return rows


def _members(team: Team, today: dt.date) -> dict[int, User]:
    rows = Membership.objects.filter(on_day(today), team=team, user__is_active=True).select_related("user")
    return {row.user_id: row.user for row in rows}
