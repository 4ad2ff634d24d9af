"""Writes to deals. Amounts are minor units of the deal's currency; conversion happens once, at the day's rate (X11)."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from core.money import convert, is_currency
from core.queries import Rates, rates
from leads.models import Company, Deal, DealEvent, Lead, Precision
from leads.projection import Context
from leads.services.bulk import append_deal_events, refuse_future

_MONEY = ("opened", "amount", "cost", "won", "lost")


def to_base(minor: int | None, currency: str, day: dt.date, book: Rates) -> int | None:
    """Minor units in the base currency at the rate of a day; None without an amount or a dated rate."""
    if minor is None:
        return None
    rate = book.on(currency, day)
    return None if rate is None else convert(minor, currency, book.base, rate)


def open_deal(
    *,
    occurred_at: dt.datetime,
    actor: User | None,
    lead: Lead | None = None,
    company: Company | None = None,
    amount: int | None = None,
    cost: int | None = None,
    currency: str = "",
    owner: User | None = None,
    time_precision: str = Precision.INSTANT,
    **attributes,
) -> Deal:
    """A new open deal. `attributes` are Deal fields (name, kind, term_start, segment, source, external_id, ...)."""
    refuse_future(occurred_at, dt.datetime.now(dt.UTC))
    context, book = Context(), rates()
    currency = currency or book.base
    if not is_currency(currency):
        raise DomainError("currency_invalid", f"“{currency}” is not a currency code.", field="currency")
    day = context.calendar.day_of(occurred_at)
    with transaction.atomic():
        if lead is not None and "origin" not in attributes:
            attributes["origin"] = lead.origin
        deal = Deal.objects.create(lead=lead, company=company or (lead.company if lead else None), **attributes)
        common = {"deal": deal, "occurred_at": occurred_at, "time_precision": time_precision, "actor": actor}
        events = [
            DealEvent(
                kind=DealEvent.Kind.OPENED,
                amount=amount,
                currency=currency,
                base_amount=to_base(amount, currency, day, book),
                owner=owner,
                **common,
            )
        ]
        if cost is not None:
            base_cost = to_base(cost, currency, day, book)
            events.append(DealEvent(kind=DealEvent.Kind.COST, amount=cost, base_cost=base_cost, **common))
        append_deal_events(events, context=context)
    deal.refresh_from_db()
    return deal


def set_deal_amount(*, deal: Deal, amount: int, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    """A new amount. On a closed deal it is a correction, converted at the close day's rate; the close stays where it is."""
    return _append(deal, DealEvent.Kind.AMOUNT, actor, occurred_at, amount=amount)


def set_deal_cost(*, deal: Deal, cost: int, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    return _append(deal, DealEvent.Kind.COST, actor, occurred_at, amount=cost)


def win_deal(
    *,
    deal: Deal,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    time_precision: str = Precision.INSTANT,
) -> Deal:
    """The contract is signed. Moves the deal's lead to Won if it is not there yet."""
    _must_be(deal, "open")
    return _append(deal, DealEvent.Kind.WON, actor, occurred_at, time_precision=time_precision)


def lose_deal(
    *,
    deal: Deal,
    actor: User | None,
    reason: str,
    occurred_at: dt.datetime | None = None,
    time_precision: str = Precision.INSTANT,
) -> Deal:
    """The customer said no. Moves the lead to Lost only if no other deal of it is open or won."""
    _must_be(deal, "open")
    if not reason:
        raise DomainError("reason_missing", "A lost deal needs a reason.", field="reason")
    return _append(deal, DealEvent.Kind.LOST, actor, occurred_at, reason=reason, time_precision=time_precision)


def assign_deal(*, deal: Deal, owner: User | None, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    """Give a deal to a person; who owns it when it closes is credited with it."""
    if owner is not None and not owner.is_active:
        raise DomainError("owner_inactive", f"{owner.name} no longer works here.", field="owner")
    return _append(deal, DealEvent.Kind.OWNER, actor, occurred_at, owner=owner)


def reopen_deal(*, deal: Deal, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    if deal.status == Deal.Status.OPEN:
        raise DomainError("not_closed", "This deal is open.")
    return _append(deal, DealEvent.Kind.REOPENED, actor, occurred_at)


def credit_deal(*, deal: Deal, amount: int, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    """Give money of a won deal back (amount above zero). It is posted on its own day; the win stays where it was."""
    _must_be(deal, "won")
    if amount <= 0:
        raise DomainError("credit_invalid", "A credit is above zero.", field="amount")
    return _append(deal, DealEvent.Kind.CREDITED, actor, occurred_at, amount=amount)


def cancel_deal(*, deal: Deal, amount: int, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    """End a won contract early; `amount` is what will not be paid. Posted on its own day."""
    _must_be(deal, "won")
    if amount <= 0:
        raise DomainError("credit_invalid", "A cancelled amount is above zero.", field="amount")
    return _append(deal, DealEvent.Kind.CANCELLED, actor, occurred_at, amount=amount)


def void_deal_event(*, event: DealEvent, actor: User | None) -> Deal:
    """Take an event of a deal back; a move of its lead that it caused is taken back with it."""
    if event.kind in (DealEvent.Kind.VOIDED, DealEvent.Kind.OPENED):
        raise DomainError("not_voidable", "This event can't be taken back.")
    if DealEvent.objects.filter(target=event).exists():
        raise DomainError("already_voided", "This event was already taken back.")
    return _append(event.deal, DealEvent.Kind.VOIDED, actor, None, target=event)


def void_deal(*, deal: Deal, actor: User | None) -> Deal:
    """Take a deal out of every number (a test, a double entry)."""
    if deal.voided:
        raise DomainError("already_voided", "This deal was already taken out.")
    return _append(deal, DealEvent.Kind.DEAL_VOIDED, actor, None)


def convert_missing_rates(*, actor: User | None) -> int:
    """Convert closed and open deals that had no dated rate and have one now. Returns how many deals changed."""
    context, book = Context(), rates()
    changed = 0
    waiting = Deal.objects.filter(amount__isnull=False, base_amount__isnull=True, voided=False)
    for deal in waiting.exclude(currency=book.base).order_by("id"):
        # Placed beside the last event that set money: any earlier, and that event would undo the conversion again.
        last = deal.events.filter(kind__in=_MONEY, voiding_events__isnull=True).order_by("occurred_at").last()
        at = max(last.occurred_at, deal.created_at)
        day = deal.closed_day or context.calendar.day_of(at)
        amount = to_base(deal.amount, deal.currency, day, book)
        if amount is None:
            continue
        event = DealEvent(
            deal=deal,
            kind=DealEvent.Kind.CONVERTED,
            base_amount=amount,
            base_cost=to_base(deal.cost, deal.currency, day, book),
            occurred_at=at,
            actor=actor,
        )
        append_deal_events([event], context=context)
        changed += 1
    return changed


def _must_be(deal: Deal, status: str) -> None:
    if deal.voided or deal.status != status:
        raise DomainError("deal_state", f"Only a deal that is {status} allows this; it is {deal.status}.")


def _append(deal: Deal, kind: str, actor: User | None, occurred_at: dt.datetime | None, **fields) -> Deal:
    at = occurred_at or dt.datetime.now(dt.UTC)
    context, book = Context(), rates()
    day = context.calendar.day_of(at)
    rate_day = deal.closed_day if deal.closed_day and kind in ("amount", "cost") else day
    amount = fields.get("amount")
    if kind == DealEvent.Kind.COST:
        fields["base_cost"] = to_base(amount, deal.currency, rate_day, book)
    elif amount is not None:
        fields["base_amount"] = to_base(amount, deal.currency, rate_day, book)
    if kind in (DealEvent.Kind.WON, DealEvent.Kind.LOST):
        fields["base_amount"] = to_base(deal.amount, deal.currency, day, book)
        fields["base_cost"] = to_base(deal.cost, deal.currency, day, book)
    append_deal_events([DealEvent(deal=deal, kind=kind, occurred_at=at, actor=actor, **fields)], context=context)
    deal.refresh_from_db()
    return deal
