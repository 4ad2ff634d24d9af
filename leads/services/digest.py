"""The digest of a team: at 08:30 on its working days each member gets the team's morning and their own part of it."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from accounts.models import Side, Team, User
from core.each import for_each
from core.models import OutgoingMessage
from core.outbox import queue_message
from core.queries import Calendar, calendar
from core.templatetags.display import day_words
from funnel.book import Book, load_book
from funnel.models import StageKind
from funnel.queries import working_hours
from leads.digest_queries import ANSWERED_BY, AT, Entry, Morning, leads_of, members, read_morning
from leads.models import Lead
from leads.queries import visible_leads
from leads.services.telling import moment_words

# Nobody needs the morning's list in the afternoon: if the worker was down until then, the day goes without.
UNTIL = dt.time(12)
NAMED = 20  # of one's own, in each list


def send_digests(*, now: dt.datetime) -> int:
    """Write down the digests that are due, and return how many. Safe to run twice: one per team, person and day.

    A worker that was down at 08:30 writes them when it is back, as of 08:30, until noon.
    """
    days = calendar()
    local = now.astimezone(days.zone_at(now))
    if not AT <= local.time() < UNTIL:
        return 0
    book = load_book()
    if not book:  # no stage is agreed yet, so nothing is on its way
        return 0
    teams = Team.objects.filter(side__in=(Side.MARKETING, Side.SALES), retired=False).order_by("id")
    return sum(_send_to(team, local.date(), book, days, now) for team in teams)


def _send_to(team: Team, day: dt.date, book: Book, days: Calendar, now: dt.datetime) -> int:
    if not working_hours(team_id=team.pk).is_working_day(day):
        return 0
    people = [person for person in members(team, day) if person.digest_by_mail]
    keys = {_key(team, day, person): person for person in people}
    written = OutgoingMessage.objects.filter(key__in=list(keys)).values_list("key", flat=True)
    for key in written:
        del keys[key]
    if not keys:
        return 0
    on_their_way = [stage.id for stage in book.on(day).stages.values() if stage.kind == StageKind.PATH]
    morning = read_morning(team, day, days, on_their_way=on_their_way)
    if not morning:
        return 0
    return for_each(
        keys.items(), lambda one: _write(one[0], one[1], morning, days, now), job="leads.tasks.send_digests", now=now
    )


def _key(team: Team, day: dt.date, person: User) -> str:
    return f"digest:{day}:{team.pk}:{person.pk}"


def _write(key: str, person: User, morning: Morning, days: Calendar, now: dt.datetime) -> bool:
    return queue_message(
        key=key,
        kind="Digest of the team",
        to=person.email,
        subject=_subject(morning),
        text=_text(person, morning, days),
        now=now,
    )


def _subject(morning: Morning) -> str:
    due, late, answered = (len(part) for part in (morning.due, morning.late, morning.answered))
    return f"{morning.team.name} today: {due} due, {late} late, {answered} answered"


def _text(person: User, morning: Morning, days: Calendar) -> str:
    other = ANSWERED_BY[Side(morning.team.side)]
    address = f"{reverse('my_day_team', args=[morning.team.pk])}?day={morning.day}"
    page = f"{settings.SITE_URL}{address}" if settings.SITE_URL else ""
    lists = (
        ("Due today", "due", morning.due),
        ("Late", "late", morning.late),
        (f"Answered by {other} since {moment_words(morning.since, days, morning.at)}", "answered", morning.answered),
    )
    leads = leads_of([one for _, _, part in lists for one in part if one.whose == person.pk], visible_leads(person))
    lines = [f"{person.name or person.email},", ""]
    lines += [
        f"{morning.team.name} on {morning.day.day} {morning.day:%B}, as of {moment_words(morning.at, days, morning.at)}.",
        "",
    ]
    for title, anchor, part in lists:
        lines += _part(title, f"{page}#{anchor}" if page else "", part, person, leads, days, morning)
    lines.append("What you have to do now is in Tandem under My day; there you can switch this mail off.")
    if settings.SITE_URL:
        lines.append(settings.SITE_URL + reverse("my_day"))
    return "\n".join(lines) + "\n"


def _part(
    title: str,
    link: str,
    part: Sequence[Entry],
    person: User,
    leads: dict[int, Lead],
    days: Calendar,
    morning: Morning,
) -> list[str]:
    own = [one for one in part if one.whose == person.pk and (one.lead_id is None or one.lead_id in leads)]
    lines = [f"{title}: {len(part)}" + (f", yours: {len(own)}" if own else "")]
    lines += [f"- {_line(one, leads, days, morning)}" for one in own[:NAMED]]
    lines += [f"- and {len(own) - NAMED} more"] * (len(own) > NAMED)
    return [*lines, *([f"  {link}"] if link and part else []), ""]


def _line(one: Entry, leads: dict[int, Lead], days: Calendar, morning: Morning) -> str:
    lead = leads.get(one.lead_id)
    who = ", ".join(str(x) for x in (lead.contact, lead.company) if x) or str(lead) if lead else ""
    if one.at is None:
        return f"{one.what}{f' ({who})' if who else ''}, {day_words(one.day, morning.day)}"
    return f"{one.what}: {who}, {moment_words(one.at, days, morning.at)}"
