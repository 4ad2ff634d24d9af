"""Notices of due times by mail: what was written down for a person goes out in one mail, once, in working hours."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from core.each import for_each
from core.outbox import queue_message
from core.queries import Calendar, calendar
from core.templatetags.display import day_words
from funnel.business_time import BusinessClock
from funnel.queries import working_schedules
from leads.models import Notice, PromiseCheck
from leads.notice_queries import TOLD_FOR, Told, still_open

# As many leads as a mail names; My day has the rest.
NAMED = 30
# People who are written to in one run; the next run goes on.
PEOPLE_AT_ONCE = 500
_MOMENT = dt.timedelta(minutes=1)


def mail_notices(*, now: dt.datetime) -> int:
    """Write a mail for everybody of whom notices wait, while the team that it is about works. Returns how many mails.

    Safe to run twice, also at once: notices are claimed together with their mail, under the lock of those who write them.
    """
    waiting = Notice.objects.filter(mailed_at__isnull=True, user__isnull=False, due_at__gt=now - TOLD_FOR)
    found = list(waiting.order_by("user_id", "team_id").values_list("user_id", "team_id").distinct())
    hours = working_schedules({team for _, team in found} | {None})
    teams: dict[int, list[int | None]] = {}
    for user_id, team_id in found:
        if _works(hours[team_id], now):
            teams.setdefault(user_id, []).append(team_id)
    people = User.objects.in_bulk(list(teams)[:PEOPLE_AT_ONCE])
    days = calendar()
    return for_each(
        [person for _, person in sorted(people.items())],
        lambda person: _mail(person, teams[person.pk], days, now),
        job="leads.tasks.mail_notices",
        now=now,
    )


def _works(hours: BusinessClock, now: dt.datetime) -> bool:
    """Whether it is working time, its last moment included: what falls due at the end of a day is told then."""
    return any(True for _ in hours.pieces(now - _MOMENT, now + _MOMENT))


def _mail(person: User, teams: list[int | None], days: Calendar, now: dt.datetime) -> bool:
    with transaction.atomic():
        # Of two workers at once the second one waits here, and then finds that all was claimed.
        PromiseCheck.objects.select_for_update().get_or_create(id=1)
        rows = Notice.objects.filter(user=person, mailed_at__isnull=True, due_at__gt=now - TOLD_FOR)
        rows = [row for row in rows.order_by("due_at", "id") if row.team_id in teams]
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=now)
        if not rows or not person.is_active or not person.reminders_by_mail:
            return False
        # Since it was written down it may have been done, or the lead be somebody else's to see.
        told = still_open(person, rows, now)
        if not told:
            return False
        return queue_message(
            key=f"notices:{person.pk}:{rows[0].pk}",
            kind="Due times",
            to=person.email,
            subject=_subject(told),
            text=_text(told, person, days, now),
            now=now,
        )


def _subject(told: list[Told]) -> str:
    late = sum(one.late for one in told)
    soon = len(told) - late
    parts = [f"{late} past promise"] * bool(late) + [f"{soon} due soon"] * bool(soon)
    return "Promises: " + ", ".join(parts)


def _text(told: list[Told], person: User, days: Calendar, now: dt.datetime) -> str:
    lines = [f"{person.name or person.email},", ""]
    for title, late in (("Past promise:", True), ("Due soon:", False)):
        part = [one for one in told if one.late == late]
        if part:
            lines += [title, *(line for one in part[:NAMED] for line in _line(one, days, now))]
            lines += [f"- and {len(part) - NAMED} more"] * (len(part) > NAMED) + [""]
    lines.append("All of it is in Tandem under My day; there you can switch these mails off.")
    if settings.SITE_URL:
        lines.append(settings.SITE_URL + reverse("my_day"))
    return "\n".join(lines) + "\n"


def _line(one: Told, days: Calendar, now: dt.datetime) -> list[str]:
    who = ", ".join(str(part) for part in (one.lead.contact, one.lead.company) if part) or str(one.lead)
    owner = f", with {one.lead.owner}" if one.lead.owner else ", with nobody yet"
    lines = [f"- {one.promise}: {who}{owner}, due {moment_words(one.due_at, days, now)}"]
    return [*lines, f"  {settings.SITE_URL}{reverse('lead', args=[one.lead.pk])}"] if settings.SITE_URL else lines


def moment_words(at: dt.datetime, days: Calendar, now: dt.datetime) -> str:
    """An instant in the company's time: today 13:00, 27 Aug 09:00."""
    return f"{day_words(days.day_of(at), days.day_of(now))} {at.astimezone(days.zone_at(at)):%H:%M}"
