"""Whom a lead waits on and which of its promises presses: one rule for list, counts, board, file, API and My day.

A promise presses while it is neither done nor left out, belongs to the newest handoff of its lead, and can still be kept
or made good: once a lead is recycled or disqualified nobody has to call any more, and after a month nobody can recall a
lead well enough for feedback.
"""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from leads.models import Decision, Handoff, HandoffStanding, Obligation
from leads.obligations import soon

# Who acts next by where the newest handoff stands; a decided one leaves it to the stage.
WAITS_ON = {
    HandoffStanding.OPEN: "sales",
    HandoffStanding.RETURNED: "marketing",
    HandoffStanding.CONTESTED: "owner",
}
WAITING = {"sales": "Sales", "marketing": "Marketing", "owner": "Funnel owner"}
PAST, SOON, RUNNING, STILL = "past", "soon", "running", "paused"
PROMISE_STATES = {PAST: "Past promise", SOON: "Due soon", RUNNING: "Promise running", STILL: "Clock stands still"}
CALLS = (Obligation.Promise.S1, Obligation.Promise.S2)
NO_CALL = (Decision.RECYCLED, Decision.DISQUALIFIED)
# Feedback that fell due longer ago is history, for instance an import's. It stays missed; nobody is asked for it.
RECALLED_FOR = dt.timedelta(days=30)


def pressing(now: dt.datetime, lead_ids: Collection[int] | None = None) -> QuerySet[Obligation]:
    """What presses at an instant, of these leads or of all; the caller orders."""
    owed = Obligation.objects.filter(met_at__isnull=True, excluded="")
    owed = owed.exclude(promise=Obligation.Promise.S4, due_at__lte=now - RECALLED_FOR)
    if lead_ids is not None:
        owed = owed.filter(lead_id__in=lead_ids)
    newest = Handoff.objects.filter(lead_id=OuterRef("lead_id")).order_by("-entered_at", "-entry_id")
    given_up = Handoff.objects.filter(entry_id=OuterRef("entry_id"), decision__in=NO_CALL)
    owed = owed.annotate(newest=Subquery(newest.values("entry_id")[:1])).filter(entry_id=F("newest"))
    return owed.filter(~Q(promise__in=CALLS) | ~Exists(given_up))


def newest_handoffs(lead_ids: Collection[int]) -> dict[int, Handoff]:
    """The newest handoff of each of these leads that has one."""
    rows = Handoff.objects.filter(lead_id__in=lead_ids).order_by("entered_at", "entry_id")
    return {row.lead_id: row for row in rows}


def waits_on(whom: str, stages: Iterable) -> Q:
    """Leads that wait on a side, or on the funnel owner. `stages`: with `id`, `open` and `side`, as of today."""
    state = next(state for state, side in WAITS_ON.items() if side == whom)
    found = Q(pk__in=Handoff.objects.filter(state=state).values("lead_id"))
    own = [s.id for s in stages if s.open and s.side == whom]
    if own:
        held = Handoff.objects.filter(state__in=list(WAITS_ON)).values("lead_id")
        found |= Q(stage_id__in=own) & ~Q(pk__in=held)
    return found


def that_wait(stages: Iterable) -> Q:
    """Leads on which somebody has to act: on their way, or with a decision that is contested."""
    undecided = Handoff.objects.filter(state__in=list(WAITS_ON)).values("lead_id")
    return Q(stage_id__in=[s.id for s in stages if s.open]) | Q(pk__in=undecided)


def returned() -> Q:
    """Leads that marketing has back to complete."""
    return Q(pk__in=Handoff.objects.filter(state=HandoffStanding.RETURNED).values("lead_id"))


def with_promise(state: str, stages: Iterable, now: dt.datetime) -> Q:
    """Leads on their way of which a promise is past, due soon, running or paused at an instant.

    Asked lead by lead, after the stage: few leads are on their way, while missed promises add up over the years.
    """
    owed = pressing(now).filter(lead_id=OuterRef("pk"))
    match state:
        case "past":
            owed = owed.filter(due_at__lte=now)
        case "soon":
            near = Q()
            for promise in Obligation.Promise.values:
                near |= Q(promise=promise, due_at__lte=now + soon(promise))
            owed = owed.filter(near, due_at__gt=now)
        case "running":
            owed = owed.filter(due_at__gt=now)
        case _:
            owed = owed.filter(due_at__isnull=True)
    return Q(stage_id__in=[s.id for s in stages if s.open]) & Exists(owed)
