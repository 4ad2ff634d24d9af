"""My day: what a person wanted to do, most urgent first."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from core.queries import Calendar
from leads.models import NextStep
from leads.queries import open_steps

SHOWN = 100
_RELATED = ("lead__contact", "lead__company", "deal__company")


@dataclass(frozen=True)
class Day:
    """Steps by what they ask for now. `more`: further ones that are not listed."""

    overdue: list[NextStep]
    today: list[NextStep]
    soon: list[NextStep]  # the reminder's day has come
    later: list[NextStep]
    more: int
    done: list[NextStep]

    @property
    def due(self) -> int:
        return len(self.overdue) + len(self.today)

    @property
    def empty(self) -> bool:
        return not (self.overdue or self.today or self.soon or self.later)


def steps_due(user: User, today: dt.date) -> QuerySet[NextStep]:
    """What the header counts: due by today, or to be reminded of by today."""
    return open_steps(user).filter(Q(due_on__lte=today) | Q(remind_on__lte=today))


def read_day(user: User, days: Calendar, now: dt.datetime) -> Day:
    today = days.day_of(now)
    steps = list(open_steps(user).select_related(*_RELATED)[: SHOWN + 1])
    more = max(open_steps(user).count() - SHOWN, 0) if len(steps) > SHOWN else 0
    steps = steps[:SHOWN]
    ahead = [step for step in steps if step.due_on > today]
    done = NextStep.objects.filter(who=user, done_by=user, done_at__gte=days.start_of_day(today))
    return Day(
        overdue=[step for step in steps if step.due_on < today],
        today=[step for step in steps if step.due_on == today],
        soon=[step for step in ahead if step.remind_on and step.remind_on <= today],
        later=[step for step in ahead if not (step.remind_on and step.remind_on <= today)],
        more=more,
        done=list(done.select_related(*_RELATED).order_by("-done_at")[:20]),
    )
