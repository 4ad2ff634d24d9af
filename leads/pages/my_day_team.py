"""The page that the digest links to: the team's three lists of a morning, and what became of them since."""

import datetime as dt
from dataclasses import dataclass

from accounts.models import Role, Side, Team, User
from accounts.queries import standing
from leads.digest_queries import ANSWERED_BY, Entry, leads_of, read_morning
from leads.models import Lead
from leads.pages.filters import Surroundings
from leads.pages.my_day import on_the_way
from leads.queries import visible_deals, visible_leads

SHOWN = 200
_STAND_FOR_BOTH = frozenset({Role.FUNNEL_OWNER, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Line:
    entry: Entry
    lead: Lead | None
    owner: str  # only for those who help and reassign
    mine: bool


@dataclass(frozen=True)
class MorningList:
    key: str
    title: str
    empty: str
    total: int
    lines: list[Line]
    hidden: int  # on leads and deals that this reader may not open
    more: int


def may_see_morning(user: User, team: Team) -> bool:
    """A team's people, and those who answer for the whole funnel."""
    return team.pk in standing(user).team_ids or bool(standing(user).roles & _STAND_FOR_BOTH)


def morning_lists(team: Team, day: dt.date, around: Surroundings) -> list[MorningList]:
    """The lists as of that morning, one's own lines first."""
    morning = read_morning(team, day, around.calendar, on_their_way=on_the_way(around))
    other = ANSWERED_BY[Side(team.side)]
    all_of_them = [*morning.due, *morning.late, *morning.answered]
    leads = leads_of(all_of_them, visible_leads(around.user))
    asked = {one.step.deal_id for one in all_of_them if one.lead_id is None}
    deals = set(visible_deals(around.user).filter(pk__in=asked).values_list("pk", flat=True))
    names = _names(team, around.user)
    parts = (
        ("due", "Due today", "Nothing was due on that day.", morning.due),
        ("late", "Late", "Nothing was late.", morning.late),
        ("answered", f"Answered by {other}", f"No answer by {other} since the morning before.", morning.answered),
    )
    found = []
    for key, title, empty, entries in parts:
        may_open = [one for one in entries if (one.lead_id in leads if one.lead_id else one.step.deal_id in deals)]
        lines = [_line(one, leads, names, around.user) for one in may_open]
        lines.sort(key=lambda line: not line.mine)
        hidden = len(entries) - len(lines)
        found.append(MorningList(key, title, empty, len(entries), lines[:SHOWN], hidden, max(len(lines) - SHOWN, 0)))
    return found


def _line(one: Entry, leads: dict[int, Lead], names: dict[int, str], user: User) -> Line:
    return Line(one, leads.get(one.lead_id), names.get(one.whose, ""), one.whose == user.pk)


def _names(team: Team, user: User) -> dict[int, str]:
    """The people of the team by name, for its lead and for those who answer for the funnel; nobody's for others."""
    if standing(user).figures_scope != "all" and team.pk not in standing(user).led_team_ids:
        return {}
    people = User.objects.filter(memberships__team=team).distinct()
    return {person.pk: str(person) for person in people}
