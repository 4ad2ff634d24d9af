"""Reminders of actions by mail: the working day before the due day, then once a week while an action is overdue."""

import datetime as dt
from collections import defaultdict

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import User
from core.outbox import queue_message
from core.periods import working_days
from core.queries import calendar
from core.templatetags.display import day_words
from reviews.action_queries import open_actions
from reviews.models import Action

# By the company's clock, on working days: nobody is reminded in the night or at the weekend.
FROM_HOUR = 7
AGAIN_AFTER = dt.timedelta(days=7)
_FRIDAY = 4


def remind_of_actions(*, now: dt.datetime) -> int:
    """Remind the owners of what is due by the next working day or overdue. Safe to run twice.

    Returns how many mails were written down; the outbox sends them.
    """
    days = calendar()
    today = days.day_of(now)
    if now.astimezone(days.zone_at(now)).hour < FROM_HOUR or today.weekday() > _FRIDAY:
        return 0
    soon = Q(due_on__gte=today, due_on__lte=_next_working_day(today)) & (Q(reminded_for=None) | ~Q(reminded_for=F("due_on")))
    late = Q(due_on__lt=today) & (Q(overdue_told_on=None) | Q(overdue_told_on__lte=today - AGAIN_AFTER))
    whose: dict[int, list[Action]] = defaultdict(list)
    for action in open_actions().filter(soon | late):
        whose[action.owner_id].append(action)
    return sum(_remind_owner(found[0].owner, found, now, today) for _, found in sorted(whose.items()))


def _next_working_day(today: dt.date) -> dt.date:
    day = today + dt.timedelta(days=1)
    while working_days(today, day) == 0:
        day += dt.timedelta(days=1)
    return day


def _remind_owner(owner: User, actions: list[Action], now: dt.datetime, today: dt.date) -> bool:
    """One mail for all that presses on one person."""
    with transaction.atomic():
        claimed = [action for action in actions if _claim(action, today)]
        if not claimed or not owner.is_active or not owner.reminders_by_mail:
            return False
        return queue_message(
            key=f"actions:{owner.pk}:{today}:{claimed[0].pk}",
            kind="Reminder of actions",
            to=owner.email,
            subject=_subject(claimed),
            text=_text(claimed, owner, today),
            now=now,
        )


def _claim(action: Action, today: dt.date) -> bool:
    """The row count says whether another run was first."""
    rows = Action.objects.filter(pk=action.pk, state=Action.State.OPEN, due_on=action.due_on)
    if action.due_on < today:
        return bool(rows.filter(overdue_told_on=action.overdue_told_on).update(overdue_told_on=today))
    return bool(rows.filter(reminded_for=action.reminded_for).update(reminded_for=action.due_on))


def _subject(actions: list[Action]) -> str:
    return f"Action: {actions[0].what}" if len(actions) == 1 else f"{len(actions)} actions of yours are due"


def _text(actions: list[Action], owner: User, today: dt.date) -> str:
    lines = [f"{owner.name or owner.email},", "", "these actions of the joint review are yours:", ""]
    for action in actions:
        late = (today - action.due_on).days
        when = f"{late} day{'s' if late > 1 else ''} overdue" if late > 0 else f"due {day_words(action.due_on, today)}"
        lines.append(f"- {action.what} ({when}; it answers: {action.about})")
        if settings.SITE_URL:
            lines.append(f"  {settings.SITE_URL}{reverse('review_action', args=[action.pk])}")
    lines += ["", "Done, another day, or no longer needed: say so there, and the next review knows."]
    lines.append("These mails can be switched off in Tandem under My day.")
    if settings.SITE_URL:
        lines.append(settings.SITE_URL + reverse("my_day"))
    return "\n".join(lines) + "\n"
