"""From events to the state of a deal. Pure functions: no database, no clock."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from accounts.queries import TeamHistory
from core.queries import Calendar
from leads.models import DealEvent


@dataclass(frozen=True, slots=True)
class Money:
    """The columns of a DealEvent that its fold needs."""

    id: int
    deal_id: int
    kind: str
    amount: int | None
    currency: str
    base_amount: int | None
    base_cost: int | None
    owner_id: int | None
    target_id: int | None
    occurred_at: dt.datetime
    time_precision: str


MONEY_COLUMNS = tuple(Money.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Span:
    from_day: dt.date
    until_day: dt.date | None
    amount: int | None
    base_amount: int | None


@dataclass(frozen=True, slots=True)
class Credit:
    event_id: int
    day: dt.date
    amount: int
    base_amount: int | None


@dataclass(frozen=True, slots=True)
class DealState:
    status: str
    created_at: dt.datetime | None
    closed_at: dt.datetime | None
    closed_precision: str
    created_day: dt.date | None
    closed_day: dt.date | None
    amount: int | None
    cost: int | None
    currency: str
    base_amount: int | None
    base_cost: int | None
    owner_id: int | None
    team_id: int | None
    voided: bool
    spans: tuple[Span, ...]
    credits: tuple[Credit, ...]


def fold_deal(events: Sequence[Money], *, calendar: Calendar, teams: TeamHistory) -> DealState:
    """The state of a deal. The close fixes amount, owner and conversion; credits stand on their own days."""
    dead: set[int] = set()
    for event in sorted(events, key=lambda e: -e.id):
        if event.kind == DealEvent.Kind.VOIDED and event.id not in dead and event.target_id is not None:
            dead.add(event.target_id)
    live = [e for e in events if e.id not in dead]
    voided = any(e.kind == DealEvent.Kind.DEAL_VOIDED for e in live)
    # An opening dated after a later event is placed before it, like a lead's creation.
    earliest = min((e.occurred_at for e in live), default=None)
    live.sort(
        key=lambda e: (
            earliest if e.kind == DealEvent.Kind.OPENED else e.occurred_at,
            e.kind != "opened",
            e.id,
        )
    )
    status, amount, cost, currency = "open", None, None, ""
    base_amount = base_cost = owner_id = closed = None
    amount_set = cost_set = 0  # ids of the events that set them: what was recorded after the close corrects it
    spans: list[Span] = []
    credits: list[Credit] = []
    for event in live:
        day = calendar.day_of(earliest if event.kind == DealEvent.Kind.OPENED else event.occurred_at)
        currency = event.currency or currency
        match event.kind:
            case DealEvent.Kind.OPENED | DealEvent.Kind.AMOUNT:
                if event.kind == DealEvent.Kind.OPENED:
                    owner_id = event.owner_id
                if event.amount is not None:
                    amount, amount_set = event.amount, event.id
                    if _may_convert(event, closed):
                        base_amount = event.base_amount
                _span(spans, day, amount, base_amount, open_=status == "open")
            case DealEvent.Kind.COST:
                cost, cost_set = event.amount, event.id
                if _may_convert(event, closed):
                    base_cost = event.base_cost
            case DealEvent.Kind.OWNER:
                owner_id = event.owner_id
            case DealEvent.Kind.WON | DealEvent.Kind.LOST:
                status, closed = str(event.kind), event
                if amount_set < event.id:
                    base_amount = event.base_amount
                if cost_set < event.id:
                    base_cost = event.base_cost
                _span(spans, day, amount, base_amount, open_=False)
            case DealEvent.Kind.REOPENED:
                status, closed = "open", None
                _span(spans, day, amount, base_amount, open_=True)
            case DealEvent.Kind.CONVERTED if _may_convert(event, closed):
                # It speaks of what was known then: an amount recorded later brought its own conversion.
                if event.base_amount is not None and amount_set < event.id:
                    base_amount = event.base_amount
                if event.base_cost is not None and cost_set < event.id:
                    base_cost = event.base_cost
                if spans and spans[-1].until_day is None:
                    _span(spans, day, amount, base_amount, open_=True)
            case DealEvent.Kind.CREDITED | DealEvent.Kind.CANCELLED:
                credits.append(Credit(event.id, day, -(event.amount or 0), _negated(event.base_amount)))
    opened = next((e for e in live if e.kind == DealEvent.Kind.OPENED), None)
    created_at = earliest if opened else None
    closed_day = calendar.day_of(closed.occurred_at) if closed else None
    created_day = calendar.day_of(created_at) if created_at else None
    team_day = closed_day or created_day
    return DealState(
        status=status,
        created_at=created_at,
        created_day=created_day,
        closed_at=closed.occurred_at if closed else None,
        closed_day=closed_day,
        closed_precision=closed.time_precision if closed else "",
        amount=amount,
        cost=cost,
        currency=currency,
        # Nothing is worth something that is not there: the win may have converted what was taken back since.
        base_amount=None if amount is None else base_amount,
        base_cost=None if cost is None else base_cost,
        owner_id=owner_id,
        team_id=teams.team_of(owner_id, team_day) if team_day else None,
        voided=voided,
        spans=() if voided else tuple(s for s in spans if s.until_day is None or s.until_day > s.from_day),
        credits=() if voided else tuple(credits),
    )


def _negated(minor: int | None) -> int | None:
    return None if minor is None else -minor


def _may_convert(event: Money, closed: Money | None) -> bool:
    """The close fixes the conversion of all that was recorded before it, wherever that stands in time."""
    return closed is None or event.id > closed.id


def _span(spans: list[Span], day: dt.date, amount, base_amount, *, open_: bool) -> None:
    """Close the running span on `day` and, if the deal is open, begin the next, unless it is the same stretch."""
    base_amount = None if amount is None else base_amount
    if spans and spans[-1].until_day is None:
        spans[-1] = replace(spans[-1], until_day=day)
        if spans[-1].from_day == day:
            spans.pop()
    if not open_:
        return
    same = Span(spans[-1].from_day, day, amount, base_amount) if spans else None
    if spans and spans[-1] == same:
        spans[-1] = replace(same, until_day=None)
    else:
        spans.append(Span(day, None, amount, base_amount))
