"""Reads of mail copies and meetings for their pages."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Q

from accounts.models import User
from integrations.models import MailCopy, Meeting
from leads.queries import visible_leads

SHOWN = 20
LOOKED_BACK = dt.timedelta(days=30)


def copies_of(user: User) -> Sequence[MailCopy]:
    """The newest mails that came to a person's address."""
    return MailCopy.objects.filter(user=user).order_by("-received_at", "-id")[:SHOWN]


def meetings_of(user: User) -> Sequence[Meeting]:
    """What is booked and not held yet, soonest first, with leads that the person may open."""
    ahead = Meeting.objects.filter(entry__user=user, touch=None, ended_at=None)
    leads = visible_leads(user)
    ahead = ahead.filter(Q(lead__in=leads) | Q(lead__merged_into__in=leads))
    return ahead.select_related("entry", "lead__contact", "lead__company").order_by("due_at", "id")[:SHOWN]


def counts_since(now: dt.datetime) -> list[tuple[str, int]]:
    """What became of the copies of the last 30 days, in words, of all people together, most first."""
    rows = MailCopy.objects.filter(received_at__gt=now - LOOKED_BACK).values_list("outcome").annotate(n=Count("id"))
    return [(MailCopy.Outcome(outcome).label, n) for outcome, n in rows.order_by("-n", "outcome")]
