"""Who of sales is there on a day: leads are given to nobody else."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Absence, Membership, Role, Side, User
from accounts.permissions import Perm
from accounts.queries import has_perm, on_day, standing

_WORKERS = (Role.REP, Role.TEAM_LEAD)


@dataclass(frozen=True)
class SalesPeople:
    """The people of sales of one day: active, and rep or lead of a team of sales. Who is away is told day by day.

    `team_of`: each one's team. `reps`: the reps of each team, by id. `away`: spans of first and last day by person.
    """

    team_of: Mapping[int, int]
    reps: Mapping[int, tuple[int, ...]]
    away: Mapping[int, tuple[tuple[dt.date, dt.date], ...]]

    @property
    def everybody(self) -> frozenset[int]:
        return frozenset(self.team_of)

    def present(self, day: dt.date) -> frozenset[int]:
        """Those who are not away on a day of the company's calendar."""
        return frozenset(
            person for person in self.everybody if not any(first <= day <= last for first, last in self.away.get(person, ()))
        )


def sales_people(day: dt.date) -> SalesPeople:
    """Read at once: two queries, however many people there are."""
    rows = Membership.objects.filter(
        on_day(day), role__in=_WORKERS, team__side=Side.SALES, team__retired=False, user__is_active=True
    ).order_by("from_day", "id")
    team_of: dict[int, int] = {}
    reps: dict[int, set[int]] = defaultdict(set)
    for user_id, team_id, role in rows.values_list("user_id", "team_id", "role"):
        team_of.setdefault(user_id, team_id)
        if role == Role.REP:
            reps[team_id].add(user_id)
    away: dict[int, list[tuple[dt.date, dt.date]]] = defaultdict(list)
    spans = Absence.objects.filter(user_id__in=team_of).order_by("id")
    for user_id, first, last in spans.values_list("user_id", "from_day", "to_day"):
        away[user_id].append((first, last))
    return SalesPeople(
        team_of=team_of,
        reps={team_id: tuple(sorted(people)) for team_id, people in reps.items()},
        away={user_id: tuple(spans) for user_id, spans in away.items()},
    )


def people_to_enter_for(user: User, day: dt.date) -> QuerySet[User]:
    """Whose absences a person may enter: their own, those of the teams they lead, everybody's for administrators."""
    people = User.objects.filter(is_active=True)
    if has_perm(user, Perm.ADMINISTER):
        working = Membership.objects.filter(on_day(day), role__in=_WORKERS).values("user_id")
        return people.filter(id__in=working) | people.filter(id=user.id)
    led = standing(user).led_team_ids
    inside = Membership.objects.filter(on_day(day), team_id__in=led).values("user_id")
    return people.filter(id__in=inside) | people.filter(id=user.id)
