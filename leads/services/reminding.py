"""Reminders of next steps: once each, by mail to those who want it. In the app they show without any job (My day)."""

import datetime as dt
from collections import defaultdict

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from core.each import for_each
from core.outbox import queue_message
from core.queries import calendar
from core.templatetags.display import day_words
from leads.models import NextStep
from leads.queries import open_steps

# By the company's clock: nobody is reminded in the night.
FROM_HOUR = 7
MOST_AT_ONCE = 1_000
_RELATED = ("lead__contact", "lead__company", "deal")


def remind(*, now: dt.datetime) -> int:
    """Remind of every step whose reminder is due. Safe to run twice: a step is claimed together with its mail.

    Returns how many mails were written down; the outbox sends them.
    """
    days = calendar()
    today = days.day_of(now)
    if now.astimezone(days.zone_at(now)).hour < FROM_HOUR:
        return 0
    waiting = NextStep.objects.filter(
        done_at__isnull=True, reminded_at__isnull=True, remind_on__lte=today, who__isnull=False
    )
    whose: dict[int, list[int]] = defaultdict(list)
    for pk, user_id in waiting.order_by("remind_on", "id").values_list("id", "who_id")[:MOST_AT_ONCE]:
        whose[user_id].append(pk)
    people = User.objects.in_bulk(list(whose))
    return for_each(
        sorted(whose.items()),
        lambda one: _remind_person(people[one[0]], one[1], now, today),
        job="leads.tasks.remind",
        now=now,
    )


def _remind_person(person: User, ids: list[int], now: dt.datetime, today: dt.date) -> bool:
    """One mail for all that is due at once."""
    with transaction.atomic():
        # The row count says whether another run was first.
        claimed = [pk for pk in ids if NextStep.objects.filter(id=pk, reminded_at__isnull=True).update(reminded_at=now)]
        if not claimed or not person.is_active or not person.reminders_by_mail:
            return False
        steps = list(open_steps(person).filter(id__in=claimed).select_related(*_RELATED))
        if not steps:
            return False
        return queue_message(
            key=f"step:{steps[0].id}",
            kind="Reminder of next steps",
            to=person.email,
            subject=_subject(steps),
            text=_text(steps, person, today),
            now=now,
        )


def _subject(steps: list[NextStep]) -> str:
    return f"Next step: {steps[0].what}" if len(steps) == 1 else f"{len(steps)} next steps are due"


def _text(steps: list[NextStep], person: User, today: dt.date) -> str:
    lines = [f"{person.name or person.email},", "", "you wanted to be reminded:", ""]
    for step in steps:
        lines.append(f"- {day_words(step.due_on, today)}: {step.what} ({_about(step)})")
        if settings.SITE_URL:
            lines.append(f"  {settings.SITE_URL}{address_of(step)}")
    lines += ["", "All your next steps are in Tandem under My day; there you can switch these mails off."]
    if settings.SITE_URL:
        lines.append(settings.SITE_URL + reverse("my_day"))
    return "\n".join(lines) + "\n"


def _about(step: NextStep) -> str:
    """Whom or what a step is about."""
    if step.deal_id:
        return str(step.deal)
    return ", ".join(str(part) for part in (step.lead.contact, step.lead.company) if part) or str(step.lead)


def address_of(step: NextStep) -> str:
    if step.deal_id:
        return reverse("deal", args=[step.deal_id])
    return reverse("lead", args=[step.lead.merged_into_id or step.lead_id])
