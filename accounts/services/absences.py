"""Writes to absences: days on which a person gets no new leads."""

import datetime as dt

from accounts.models import Absence, User
from accounts.presence import people_to_enter_for
from core.errors import DomainError, NotAllowed

LONGEST = dt.timedelta(days=366)


def enter_absence(*, user: User, from_day: dt.date, to_day: dt.date, today: dt.date, actor: User) -> Absence:
    """Note that a person is away, both days included. The same again changes nothing.

    NotAllowed unless it is one's own, the actor leads the person's team, or administers.
    """
    _require_right(user, today, actor)
    if to_day < from_day:
        raise DomainError("absence_backwards", "The last day comes before the first.", field="to_day")
    if to_day < today:
        raise DomainError("absence_over", "These days are over.", field="to_day")
    if to_day - from_day >= LONGEST:
        raise DomainError("absence_too_long", "Enter at most a year at once.", field="to_day")
    return Absence.objects.get_or_create(user=user, from_day=from_day, to_day=to_day, defaults={"created_by": actor})[0]


def end_absence(*, absence: Absence, today: dt.date, actor: User) -> None:
    """The person is there again from today on. Days that are over stay as they were; what has not begun goes."""
    _require_right(absence.user, today, actor)
    if absence.to_day < today:
        raise DomainError("absence_over", "These days are over.")
    yesterday = today - dt.timedelta(days=1)
    same = Absence.objects.filter(user_id=absence.user_id, from_day=absence.from_day, to_day=yesterday)
    if absence.from_day >= today or same.exists():
        Absence.objects.filter(pk=absence.pk).delete()
    else:
        Absence.objects.filter(pk=absence.pk).update(to_day=yesterday)


def _require_right(user: User, today: dt.date, actor: User) -> None:
    if not people_to_enter_for(actor, today).filter(pk=user.pk).exists():
        raise NotAllowed("absence_of_others", "The person, their team's lead or an administrator enters this.")
