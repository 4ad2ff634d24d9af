"""Invitations to a review: a mail with a calendar file, its updates when time or length change, and its cancellation.

Each person is written once per calendar sequence. The file carries the same UID all along, so that the entry in their
calendar moves instead of standing there twice.
"""

import datetime as dt
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from icalendar import Calendar, Event, vCalAddress, vText

from accounts.models import User
from core.each import for_each
from core.mail import sender_address
from core.outbox import queue_message
from core.queries import calendar, organisation
from reviews.models import Review, ReviewParticipant

KIND = "Invitation to a review"
PREPARING = "reviews.tasks.prepare_reviews"  # the job that plans, invites and freezes


def invite_due(*, now: dt.datetime) -> int:
    """Write to everybody who has not yet got the newest time of a review that is ahead. Safe to run twice."""
    ahead = Review.objects.filter(state__in=(Review.State.PLANNED, Review.State.PREPARED), starts_at__gt=now)
    written: list[int] = []

    def write(review: Review) -> bool:
        written.append(invite(review=review, now=now))
        return bool(written[-1])

    for_each(ahead.select_related("series", "facilitator").order_by("id"), write, job=PREPARING, now=now)
    return sum(written)


def invite(*, review: Review, now: dt.datetime) -> int:
    """Write down the invitations, or the changed ones, of one review; returns how many."""
    with transaction.atomic():
        behind = review.participants.filter(invited_sequence=None) | review.participants.filter(
            invited_sequence__lt=review.calendar_sequence
        )
        rows = list(behind.select_related("user").order_by("id"))
        for row in rows:
            changed = row.invited_sequence is not None
            _write(review, row.user, _text(review, row, changed=changed), now, changed=changed)
        ReviewParticipant.objects.filter(id__in=[row.id for row in rows]).update(invited_sequence=review.calendar_sequence)
    return len(rows)


def uninvite(*, participant: ReviewParticipant, review: Review, now: dt.datetime) -> None:
    """Take an invitation back; who was never written gets no mail. The row goes, unless the review itself is cancelled."""
    if participant.invited_sequence is not None:
        # One higher than the last file, or a calendar would not take it.
        sequence = max(review.calendar_sequence, participant.invited_sequence + 1)
        queue_message(
            key=f"review:{review.pk}:{sequence}:{participant.user_id}:cancel",
            kind=KIND,
            to=participant.user.email,
            subject=f"Cancelled: {_title(review)}",
            text=_cancelled(review, participant.user),
            calendar=calendar_file(review, participant.user, method="CANCEL", sequence=sequence, now=now),
            now=now,
        )
    if review.state != Review.State.CANCELLED:
        participant.delete()


def calendar_file(review: Review, user: User, *, method: str, sequence: int, now: dt.datetime) -> str:
    """The iCalendar file for one person, in UTC so that no zone rules travel with it. METHOD is REQUEST or CANCEL."""
    event = Event()
    event.add("uid", f"{review.calendar_uid}@{_domain()}")
    event.add("sequence", sequence)
    event.add("dtstamp", now)
    event.add("dtstart", review.starts_at.astimezone(dt.UTC))
    event.add("dtend", (review.starts_at + dt.timedelta(minutes=review.minutes)).astimezone(dt.UTC))
    event.add("summary", _title(review))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    if method != "CANCEL":
        event.add("description", f"Both teams, the same frozen numbers. {_page(review)}".strip())
        if _page(review):
            event.add("url", _page(review))
    organizer = vCalAddress(f"MAILTO:{_organizer()}")
    organizer.params["CN"] = vText(organisation().name)
    event.add("organizer", organizer)
    attendee = vCalAddress(f"MAILTO:{user.email}")
    attendee.params["CN"] = vText(user.name or user.email)
    attendee.params["RSVP"] = vText("FALSE")
    event.add("attendee", attendee)
    found = Calendar()
    found.add("prodid", "-//Tandem//Joint review//EN")
    found.add("version", "2.0")
    found.add("method", method)
    found.add_component(event)
    return found.to_ical().decode()


def _organizer() -> str:
    """The sender's bare address: what is set up may be "Tandem <tandem@example.com>"."""
    return parseaddr(sender_address())[1]


def _domain() -> str:
    return _organizer().rpartition("@")[2]


def _write(review: Review, user: User, text: str, now: dt.datetime, *, changed: bool) -> None:
    queue_message(
        key=f"review:{review.pk}:{review.calendar_sequence}:{user.pk}",
        kind=KIND,
        to=user.email,
        subject=f"{'Changed: ' * changed}{_title(review)}, {_when(review)}",
        text=text,
        calendar=calendar_file(review, user, method="REQUEST", sequence=review.calendar_sequence, now=now),
        now=now,
    )


def _title(review: Review) -> str:
    return review.series.name


def _when(review: Review) -> str:
    """Local time of the series: Monday 7 September 2026, 10:00 (Europe/Berlin)."""
    local = review.starts_at.astimezone(_zone(review))
    return f"{local:%A} {local.day} {local:%B %Y}, {local:%H:%M} ({review.series.zone})"


def _zone(review: Review) -> dt.tzinfo:
    return ZoneInfo(review.series.zone)


def _page(review: Review) -> str:
    return f"{settings.SITE_URL}{reverse('review', args=[review.pk])}" if settings.SITE_URL else ""


def _text(review: Review, row: ReviewParticipant, *, changed: bool) -> str:
    user = row.user
    days = calendar()
    frozen = review.freeze_at.astimezone(days.zone_at(review.freeze_at))
    lines = [
        f"{user.name or user.email},",
        "",
        f"{'The time has changed. ' * changed}{_title(review)} takes place on {_when(review)}.",
        f"It lasts {review.minutes} minutes.",
        f"{review.facilitator.name or review.facilitator.email} facilitates."
        if review.facilitator_id != user.pk
        else "It is your turn to facilitate.",
        f"The numbers are frozen on {frozen:%A} at {frozen:%H:%M}, the same for both teams.",
        "",
        "Write your cards about the process before it, without a name. The calendar file is attached.",
    ]
    if _page(review):
        lines += ["", _page(review)]
    return "\n".join(lines) + "\n"


def _cancelled(review: Review, user: User) -> str:
    what = "does not take place" if review.state == Review.State.CANCELLED else "takes place without you"
    return f"{user.name or user.email},\n\n{_title(review)} on {_when(review)} {what}.\n"
