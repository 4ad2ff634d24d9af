"""The three lists of a team's morning, as of an instant: due today, late, answered by the other side.

The mail and the page that it links to read them here, with the same instant, so a number and its list agree however much
was done since.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Membership, Side, Team, User
from accounts.queries import on_day
from core.queries import Calendar
from funnel.queries import working_hours
from leads.day_queries import steps_said
from leads.models import Decision, Handoff, HandoffStanding, Lead, LeadEvent, NextStep, Obligation

AT = dt.time(8, 30)
# What fell due longer ago is told by the numbers, not every morning.
LATE_FOR = dt.timedelta(days=30)
_LONGEST_WEEKEND = dt.timedelta(days=14)
Kind = LeadEvent.Kind
_CALLS = (Obligation.Promise.S1, Obligation.Promise.S2)
_ASKED = {Side.SALES: (Kind.RESUBMITTED, Kind.CONTESTED, Kind.ARBITRATED), Side.MARKETING: (Kind.FEEDBACK, Kind.RETURNED)}


# Whose answers a team waits for; of contested decisions the funnel owner says how they end.
ANSWERED_BY = {Side.SALES: "marketing or the funnel owner", Side.MARKETING: "sales"}


@dataclass(frozen=True)
class Entry:
    """A line of a list. `whose`: the person it is up to, None if nobody in particular. `at`: when it is due or was said;
    `day` alone where a day is all that is known."""

    what: str
    at: dt.datetime | None
    day: dt.date
    whose: int | None
    lead_id: int | None
    late: bool = False
    step: NextStep | None = None


@dataclass(frozen=True)
class Morning:
    team: Team
    day: dt.date
    at: dt.datetime
    since: dt.datetime  # the morning before
    due: list[Entry]
    late: list[Entry]
    answered: list[Entry]

    def __bool__(self):
        return bool(self.due or self.late or self.answered)


def morning_of(day: dt.date, days: Calendar) -> dt.datetime:
    """08:30 of a day by the company's clock."""
    return dt.datetime.combine(day, AT, days.zone_on(day)).astimezone(dt.UTC)


def members(team: Team, day: dt.date) -> list[User]:
    """The people of a team on a day."""
    rows = Membership.objects.filter(on_day(day), team=team, user__is_active=True)
    return list(User.objects.filter(pk__in=rows.values("user_id")).order_by("id"))


def read_morning(team: Team, day: dt.date, days: Calendar, *, on_their_way: Collection[int]) -> Morning:
    """`on_their_way`: ids of the stages of the path. As many queries for a large team as for a small one."""
    at = morning_of(day, days)
    since = morning_of(_working_day_before(team, day), days)
    people = [user.pk for user in members(team, day)]
    owed = [*_steps(people, at, day)]
    owed += _promises(team, at, days, on_their_way) if team.side == Side.SALES else _returned(people, at, days)
    return Morning(
        team=team,
        day=day,
        at=at,
        since=since,
        due=_in_order(one for one in owed if not one.late),
        late=_in_order(one for one in owed if one.late),
        answered=_in_order(_answers(team, people, since, at, days)),
    )


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.day, one.at is None, one.at, one.lead_id or 0, one.what))


def _working_day_before(team: Team, day: dt.date) -> dt.date:
    hours, before = working_hours(team_id=team.pk), day - dt.timedelta(days=1)
    first = before - _LONGEST_WEEKEND
    while before > first and not hours.is_working_day(before):
        before -= dt.timedelta(days=1)
    return before


def _open_at(at: dt.datetime, done: str) -> Q:
    return Q(**{f"{done}__isnull": True}) | Q(**{f"{done}__gt": at})


def _steps(people: Collection[int], at: dt.datetime, day: dt.date) -> list[Entry]:
    """Next steps of the team's people that were open then, due by that day."""
    rows = NextStep.objects.filter(_open_at(at, "done_at"), who_id__in=people, due_on__lte=day, created_at__lte=at)
    rows = rows.exclude(lead__voided=True).select_related("lead", "deal")
    return [
        Entry(step.what, None, step.due_on, step.who_id, step.lead_id, late=step.due_on < day, step=step) for step in rows
    ]


def _promises(team: Team, at: dt.datetime, days: Calendar, on_their_way: Collection[int]) -> list[Entry]:
    """What the team owed at that instant and could still do: due by the end of the day, or late."""
    rows = Obligation.objects.filter(
        _open_at(at, "met_at"),
        excluded="",
        team=team,
        started_at__lte=at,
        due_at__gt=at - LATE_FOR,
        due_at__lt=days.end_of_day(days.day_of(at)),
        lead__voided=False,
        lead__merged_into=None,
    ).exclude(promise=Obligation.Promise.ROUTING)
    handoffs = Handoff.objects.filter(entry_id__in=rows.values("entry_id"))
    decided = {
        entry: decision
        for entry, decision, when in handoffs.values_list("entry_id", "decision", "decided_at")
        if when is not None and when <= at
    }
    found = []
    for one in rows.select_related("lead"):
        gone = decided.get(one.entry_id) in (Decision.RECYCLED, Decision.DISQUALIFIED)
        if one.promise in _CALLS and gone:
            continue
        late = one.due_at <= at
        # Late, and still to be made good: while the lead was on its way, or waits for feedback.
        moved_since = one.lead.stage_since is not None and one.lead.stage_since > at
        on_its_way = moved_since or one.lead.stage_id in on_their_way
        if late and one.promise != Obligation.Promise.S4 and not on_its_way:
            continue
        found.append(Entry(one.get_promise_display(), one.due_at, one.due_day, one.lead.owner_id, one.lead_id, late=late))
    return found


def _returned(people: Collection[int], at: dt.datetime, days: Calendar) -> list[Entry]:
    """Returned leads that waited for marketing at that instant, also those that were completed since."""
    now_back = Q(state=HandoffStanding.RETURNED, returned_at__lte=at)
    since = steps_said((Kind.RESUBMITTED,), at, at + dt.timedelta(days=1)).values("about_id")
    rows = Handoff.objects.filter(now_back | Q(entry_id__in=since), lead__voided=False).select_related(
        "lead__campaign", "entry"
    )
    return [
        Entry("Returned: complete it", row.returned_at, days.day_of(at), giver_of(row, people), row.lead_id)
        for row in rows
        if _is_of(row, people)
    ]


def giver_of(handoff: Handoff, people: Collection[int]) -> int | None:
    """Whose handoff it is on marketing's side: the campaign's owner, else who handed it over."""
    campaign = handoff.lead.campaign
    owner = campaign.marketing_owner_id if campaign else None
    giver = owner or handoff.entry.actor_id
    return giver if giver in people else None


def _is_of(handoff: Handoff, people: Collection[int]) -> bool:
    """Of a team: one of its people answers for it, or nobody in particular does."""
    campaign = handoff.lead.campaign
    return giver_of(handoff, people) is not None or not (campaign and campaign.marketing_owner_id)


def _answers(team: Team, people: Collection[int], since: dt.datetime, at: dt.datetime, days: Calendar) -> list[Entry]:
    events = steps_said(_ASKED[Side(team.side)], since, at)
    if team.side == Side.SALES:
        rows = events.filter(lead__team=team, lead__voided=False).select_related("lead")
        return [
            Entry(row.get_kind_display(), row.occurred_at, days.day_of(row.occurred_at), row.lead.owner_id, row.lead_id)
            for row in rows
        ]
    said = {row.about_id: row for row in events.order_by("id")}
    decided = Q(decided_at__gte=since, decided_at__lt=at)
    rows = Handoff.objects.filter(decided | Q(entry_id__in=list(said)), lead__voided=False)
    found = []
    for row in rows.select_related("lead__campaign", "entry"):
        if _is_of(row, people):
            event = said.get(row.pk)
            when = event.occurred_at if event is not None else row.decided_at
            words = _answer(row, event, since, at)
            found.append(Entry(words, when, days.day_of(when), giver_of(row, people), row.lead_id))
    return found


def _answer(row: Handoff, said: LeadEvent | None, since: dt.datetime, at: dt.datetime) -> str:
    words = []
    if row.decided_at is not None and since <= row.decided_at < at and row.decision:
        words.append(Decision(row.decision).label)
    if said is not None and said.kind == Kind.FEEDBACK:
        words.append("feedback")
    elif said is not None and not words:
        words.append("Returned")
    return " and ".join(words)


def leads_of(entries: Iterable[Entry], leads: QuerySet[Lead]) -> dict[int, Lead]:
    """The leads of these lines that a person may open, by id. `leads`: those they may."""
    return leads.select_related("contact", "company").in_bulk({one.lead_id for one in entries if one.lead_id})
