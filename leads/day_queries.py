"""What waits for one person: one rule for My day, the number beside it, the mails and the digest."""

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet

from accounts.models import Membership, Side, User
from accounts.queries import on_day, standing
from core.queries import Calendar
from leads.handoff_queries import visible_handoffs
from leads.models import ContentRequest, Handoff, HandoffStanding, Lead, LeadEvent, NextStep, Obligation
from leads.queries import open_steps, visible_leads
from leads.request_queries import waiting_for
from leads.waiting import pressing

Promise = Obligation.Promise
CALL = "call"
_ON_ITS_WAY = (Promise.S1, Promise.S2, Promise.S3)


def own_leads(user: User) -> QuerySet[Lead]:
    """The leads that a person owns and may open."""
    return visible_leads(user).filter(owner=user)


def owed_about(leads: QuerySet[Lead], *, on_their_way: Collection[int], now: dt.datetime) -> QuerySet[Obligation]:
    """What sales owes about these leads and can still do, whenever it is due; a clock that stands still waits for nobody.

    `on_their_way`: ids of the stages of the path. Elsewhere a lead only waits for feedback.
    """
    running = Q(promise__in=_ON_ITS_WAY, lead__stage_id__in=on_their_way)
    return pressing(now, leads.values("id")).filter(running | Q(promise=Promise.S4), due_at__isnull=False)


def steps_due(user: User, today: dt.date) -> QuerySet[NextStep]:
    """A person's next steps that are due today or late."""
    return open_steps(user).filter(due_on__lte=today)


def marketers(today: dt.date) -> list[int]:
    """Everybody who is in a team of marketing today."""
    rows = Membership.objects.filter(on_day(today), team__side=Side.MARKETING)
    return sorted(set(rows.values_list("user_id", flat=True)))


def cares_for(user: User, marketing: Collection[int], prefix: str = "") -> Q:
    """Handoffs that are a marketer's: of a campaign they own or handed over by them; and those that are nobody else's."""
    owner, giver = f"{prefix}lead__campaign__marketing_owner", f"{prefix}entry__actor"
    nobody = Q(**{f"{owner}__isnull": True}) & ~Q(**{f"{giver}__in": list(marketing)})
    nobody |= Q(**{f"{owner}__isnull": True, f"{giver}__isnull": True})
    return Q(**{owner: user}) | Q(**{giver: user}) | nobody


def to_complete(user: User, marketing: Collection[int]) -> QuerySet[Handoff]:
    """Returned leads that wait for this marketer, the longest first."""
    found = visible_handoffs(user).filter(cares_for(user, marketing), state=HandoffStanding.RETURNED)
    return found.order_by("returned_at", "entry_id")


def is_marketing(user: User) -> bool:
    return Side.MARKETING in standing(user).sides


def due_count(user: User, *, on_their_way: Collection[int], days: Calendar, now: dt.datetime) -> int:
    """What is due today or late for a person: the number beside My day."""
    today = days.day_of(now)
    owed = owed_about(own_leads(user), on_their_way=on_their_way, now=now).filter(due_at__lt=days.end_of_day(today))
    things = {thing_owed(entry, promise) for entry, promise in owed.values_list("entry_id", "promise")}
    found = len(things) + steps_due(user, today).count()
    if not is_marketing(user):
        return found
    return found + to_complete(user, marketers(today)).count() + content_due(user, today).count()


def content_due(user: User, today: dt.date) -> QuerySet[ContentRequest]:
    """Requests by sales that this marketer answers today or is late with; without any day they are due at once."""
    asked, promised = Q(due_on=None), Q(due_on__lte=today)
    at_once = asked & (Q(wanted_by=None) | Q(wanted_by__lte=today))
    return waiting_for(user).filter(at_once | promised)


def thing_owed(entry_id: int, promise: str) -> tuple[str, int]:
    """What has to be done about a handoff: a first contact and the attempts after it are one call to make."""
    return (CALL if promise in (Promise.S1, Promise.S2) else promise, entry_id)


def steps_said(kinds: Collection[str], since: dt.datetime, until: dt.datetime) -> QuerySet[LeadEvent]:
    """Steps of handoffs of these kinds that were said in [since, until) and stand."""
    return LeadEvent.objects.filter(
        about__isnull=False, kind__in=list(kinds), occurred_at__gte=since, occurred_at__lt=until, voiding_events__isnull=True
    )
