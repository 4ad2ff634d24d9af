"""Conversion of deals to the base currency, and the one that follows when an amount or a cost no longer stands.

A win or a loss carries the conversion of the amount that was known then. If that amount is taken back, or another one comes
to stand, the close speaks of money that is no more: a further event says what the remaining amount is worth.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from core.money import convert
from core.queries import Rates, rates
from leads.models import Deal, DealEvent
from leads.projection import Context

Kind = DealEvent.Kind
# What sets money or says what it is worth.
MONEY = (Kind.OPENED, Kind.AMOUNT, Kind.COST, Kind.WON, Kind.LOST, Kind.CONVERTED)
_CAUSES = (Kind.AMOUNT, Kind.COST, Kind.VOIDED)
_CLOSES = (Kind.WON, Kind.LOST)


def to_base(minor: int | None, currency: str, day: dt.date, book: Rates) -> int | None:
    """Minor units in the base currency at the rate of a day; None without an amount or a dated rate."""
    if minor is None:
        return None
    rate = book.on(currency, day)
    return None if rate is None else convert(minor, currency, book.base, rate)


def place_of_conversion(deal: Deal, standing: Sequence[DealEvent]) -> dt.datetime:
    """Beside the last event that set or converted money: any earlier, and that event would undo the conversion again."""
    times = [event.occurred_at for event in standing if event.kind in MONEY]
    return max([*times, *([deal.created_at] if deal.created_at else [])])


def standing_money(deal: Deal) -> list[DealEvent]:
    """The events of a deal that set or convert money and were not taken back."""
    return list(deal.events.filter(kind__in=MONEY, voiding_events__isnull=True).order_by("id"))


def conversions_after(
    events: Sequence[DealEvent], before: Mapping[int, Deal], context: Context | None = None
) -> list[DealEvent]:
    """What these events, written and projected, leave to be converted anew; `before` are the deals as they were.

    A closed deal is converted at the rate of its close, one that was reopened at that of its last event about money.
    """
    causes = {e.deal_id: e for e in events if e.kind in _CAUSES}
    causes = {deal_id: cause for deal_id, cause in causes.items() if before[deal_id].created_day is not None}
    if not causes:
        return []
    context, book, found = context or Context(), None, []
    for deal in Deal.objects.filter(id__in=causes).order_by("id"):
        names = [name for name in ("amount", "cost") if _worth(deal, name) != _worth(before[deal.id], name)]
        if not names:
            continue
        cause, standing = causes[deal.id], standing_money(deal)
        if deal.closed_day is None and (cause.kind != Kind.VOIDED or not any(e.kind in _CLOSES for e in standing)):
            continue  # the amount that stands brought its own conversion, and no close spoke since
        at = place_of_conversion(deal, standing)
        book = book or rates()
        right = {
            f"base_{name}": to_base(getattr(deal, name), deal.currency, deal.closed_day or context.calendar.day_of(at), book)
            for name in names
        }
        wrong = {name: base for name, base in right.items() if base is not None and base != getattr(deal, name)}
        if wrong:
            found.append(
                DealEvent(
                    deal=deal,
                    kind=Kind.CONVERTED,
                    reason=DealEvent.FOLLOWS,
                    occurred_at=at,
                    # Known in the same instant as its cause: no past state has the one without the other.
                    recorded_at=cause.recorded_at,
                    actor_id=cause.actor_id,
                    import_batch_id=cause.import_batch_id,
                    **wrong,
                )
            )
    return found


def _worth(deal: Deal, name: str) -> tuple:
    return deal.status, deal.closed_day, getattr(deal, name), getattr(deal, f"base_{name}")
