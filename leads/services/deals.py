"""Writes to deals. Amounts are minor units of the deal's currency; conversion happens once, at the day's rate (X11)."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.models import User
from core.errors import Conflict, DomainError, StaleVersion
from core.money import is_currency
from core.queries import rates
from leads.locks import hold_leads, lock_deals
from leads.models import Company, Deal, DealEvent, Lead, Precision
from leads.projection import Context
from leads.services.bulk import append_deal_events, refuse_future
from leads.services.deal_bases import place_of_conversion, standing_money, to_base
from leads.services.history import change_deals

Kind = DealEvent.Kind


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


def set_deal_amount(
    *,
    deal: Deal,
    amount: int,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    expected_version: int | None = None,
) -> Deal:
    """A new amount. On a closed deal it is a correction, converted at the close day's rate; the close stays where it is.

    This and what follows here lock the lead and the deal before anything is decided: StaleVersion if `expected_version` is
    no longer the deal's, Conflict if another writer changed its state meanwhile.
    """
    with _held(deal, expected_version) as now:
        return _append(deal, now, Kind.AMOUNT, actor, occurred_at, amount=amount)


def set_deal_cost(
    *,
    deal: Deal,
    cost: int,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    expected_version: int | None = None,
) -> Deal:
    """A new cost of delivery; on a closed deal converted at the close day's rate."""
    with _held(deal, expected_version) as now:
        return _append(deal, now, Kind.COST, actor, occurred_at, amount=cost)


def change_deal(
    *,
    deal: Deal,
    values: dict,
    amount: int | None,
    cost: int | None,
    owner: User | None,
    actor: User | None,
    expected_version: int | None = None,
) -> Deal:
    """Everything of a deal that a form shows, all or nothing; only what differs is written. No amount: it stays.

    `values` are fields without events (name, kind, expected_close, term_start, term_end). StaleVersion if
    `expected_version` is no longer the deal's.
    """
    with _held(deal, expected_version) as now:
        fields = {name for name, value in values.items() if getattr(now, name) != value}
        for name in fields:
            setattr(now, name, values[name])
        change_deals(deals=[now], fields=fields, actor=actor)
        now.refresh_from_db()
        if amount not in (None, now.amount):
            set_deal_amount(deal=now, amount=amount, actor=actor)
        if cost not in (None, now.cost):
            set_deal_cost(deal=now, cost=cost, actor=actor)
        if (owner and owner.pk) != now.owner_id:
            assign_deal(deal=now, owner=owner, actor=actor)
        deal.refresh_from_db()
    return deal


def win_deal(
    *,
    deal: Deal,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    time_precision: str = Precision.INSTANT,
    expected_version: int | None = None,
) -> Deal:
    """The contract is signed. Moves the deal's lead to Won if it is not there yet."""
    with _held(deal, expected_version) as now:
        _must_be(deal, now, "open")
        return _append(deal, now, Kind.WON, actor, occurred_at, time_precision=time_precision)


def lose_deal(
    *,
    deal: Deal,
    actor: User | None,
    reason: str,
    occurred_at: dt.datetime | None = None,
    time_precision: str = Precision.INSTANT,
    expected_version: int | None = None,
) -> Deal:
    """The customer said no. Moves the lead to Lost only if no other deal of it is open or won."""
    with _held(deal, expected_version) as now:
        _must_be(deal, now, "open")
        if not reason:
            raise DomainError("reason_missing", "A lost deal needs a reason.", field="reason")
        return _append(deal, now, Kind.LOST, actor, occurred_at, reason=reason, time_precision=time_precision)


def assign_deal(*, deal: Deal, owner: User | None, actor: User | None, occurred_at: dt.datetime | None = None) -> Deal:
    """Give a deal to a person; who owns it when it closes is credited with it."""
    if owner is not None and not owner.is_active:
        raise DomainError("owner_inactive", f"{owner.name} no longer works here.", field="owner")
    with _held(deal) as now:
        return _append(deal, now, Kind.OWNER, actor, occurred_at, owner=owner)


def reopen_deal(
    *, deal: Deal, actor: User | None, occurred_at: dt.datetime | None = None, expected_version: int | None = None
) -> Deal:
    """The deal goes on."""
    with _held(deal, expected_version) as now:
        if now.status == Deal.Status.OPEN:
            raise _refusal(deal, now, "not_closed", "This deal is open.")
        return _append(deal, now, Kind.REOPENED, actor, occurred_at)


def credit_deal(
    *,
    deal: Deal,
    amount: int,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    expected_version: int | None = None,
) -> Deal:
    """Give money of a won deal back (amount above zero). It is posted on its own day; the win stays where it was."""
    with _held(deal, expected_version) as now:
        _must_be(deal, now, "won")
        if amount <= 0:
            raise DomainError("credit_invalid", "A credit is above zero.", field="amount")
        return _append(deal, now, Kind.CREDITED, actor, occurred_at, amount=amount)


def cancel_deal(
    *,
    deal: Deal,
    amount: int,
    actor: User | None,
    occurred_at: dt.datetime | None = None,
    expected_version: int | None = None,
) -> Deal:
    """End a won contract early; `amount` is what will not be paid. Posted on its own day."""
    with _held(deal, expected_version) as now:
        _must_be(deal, now, "won")
        if amount <= 0:
            raise DomainError("credit_invalid", "A cancelled amount is above zero.", field="amount")
        return _append(deal, now, Kind.CANCELLED, actor, occurred_at, amount=amount)


def void_deal_event(*, event: DealEvent, actor: User | None) -> Deal:
    """Take an event of a deal back; a move of its lead that it caused is taken back with it.

    Of a closed deal, the amount that then stands is converted anew at the close's rate; without one its worth is unknown.
    """
    if event.kind in (Kind.VOIDED, Kind.OPENED):
        raise DomainError("not_voidable", "This event can't be taken back.")
    deal = event.deal
    with _held(deal) as now:
        if DealEvent.objects.filter(target=event).exists():
            raise DomainError("already_voided", "This event was already taken back.")
        return _append(deal, now, Kind.VOIDED, actor, None, target=event)


def void_deal(*, deal: Deal, actor: User | None, expected_version: int | None = None) -> Deal:
    """Take a deal out of every number (a test, a double entry)."""
    with _held(deal, expected_version) as now:
        if now.voided:
            raise _refusal(deal, now, "already_voided", "This deal was already taken out.")
        return _append(deal, now, Kind.DEAL_VOIDED, actor, None)


def convert_missing_rates(*, actor: User | None) -> int:
    """Convert closed and open deals that had no dated rate and have one now. Returns how many deals changed."""
    context, book = Context(), rates()
    changed = 0
    waiting = Deal.objects.filter(amount__isnull=False, base_amount__isnull=True, voided=False)
    for deal in waiting.exclude(currency=book.base).order_by("id"):
        with _held(deal) as now:
            at = place_of_conversion(now, standing_money(now))
            day = now.closed_day or context.calendar.day_of(at)
            amount = to_base(now.amount, now.currency, day, book)
            if amount is None or now.base_amount is not None:
                continue
            event = DealEvent(
                deal=now,
                kind=Kind.CONVERTED,
                base_amount=amount,
                base_cost=to_base(now.cost, now.currency, day, book),
                occurred_at=at,
                actor=actor,
            )
            append_deal_events([event], context=context)
        changed += 1
    return changed


@contextmanager
def _held(deal: Deal, expected_version: int | None = None) -> Iterator[Deal]:
    """The deal as it is now, locked after its lead until what is decided about it is written."""
    with transaction.atomic():
        hold_leads([deal.lead_id] if deal.lead_id else [])
        now = lock_deals([deal.id])[deal.id]
        if expected_version is not None and now.version != expected_version:
            raise StaleVersion("version_stale", "This deal has changed since you opened it. Look again before you save.")
        yield now


def _must_be(deal: Deal, now: Deal, status: str) -> None:
    if now.voided or now.status != status:
        said = "taken out" if now.voided else now.status
        raise _refusal(deal, now, "deal_state", f"Only a deal that is {status} allows this; it is {said}.")


def _refusal(deal: Deal, now: Deal, code: str, message: str) -> DomainError:
    """What the caller could have known is refused; what somebody else did since the deal was read is a conflict."""
    return (DomainError if deal.version == now.version else Conflict)(code, message)


def _append(deal: Deal, now: Deal, kind: str, actor: User | None, occurred_at: dt.datetime | None, **fields) -> Deal:
    """Append an event to a locked deal, converted by what the deal is `now`; `deal`, the caller's, is refreshed."""
    at = occurred_at or dt.datetime.now(dt.UTC)
    context, book = Context(), rates()
    day = context.calendar.day_of(at)
    rate_day = now.closed_day if now.closed_day and kind in (Kind.AMOUNT, Kind.COST) else day
    amount = fields.get("amount")
    if kind == Kind.COST:
        fields["base_cost"] = to_base(amount, now.currency, rate_day, book)
    elif amount is not None:
        fields["base_amount"] = to_base(amount, now.currency, rate_day, book)
    if kind in (Kind.WON, Kind.LOST):
        fields["base_amount"] = to_base(now.amount, now.currency, day, book)
        fields["base_cost"] = to_base(now.cost, now.currency, day, book)
    append_deal_events([DealEvent(deal=now, kind=kind, occurred_at=at, actor=actor, **fields)], context=context)
    deal.refresh_from_db()
    return deal
