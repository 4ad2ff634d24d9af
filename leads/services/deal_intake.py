"""Deals that other systems and people's tools send: by their identity, safe to send again."""

from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import User
from core.errors import DomainError, StaleVersion
from core.money import MAX_MINOR, exponent, to_minor
from core.queries import organisation
from leads.locks import lock_deals, lock_leads
from leads.models import Deal, Lead, Precision
from leads.projection import Context
from leads.queries import visible_deals
from leads.services.deals import (
    assign_deal,
    lose_deal,
    open_deal,
    reopen_deal,
    set_deal_amount,
    set_deal_cost,
    win_deal,
)
from leads.services.history import change_deals
from leads.services.intake import Moment, NotHere, Taken, find_lead, find_person, merged_custom, named, now_moment

_PLAIN = ("name", "kind", "origin", "expected_close")
_REFERENCES = ("company", "channel", "campaign", "segment", "region")


def upsert_deal(*, data: dict, actor: User, context: Context) -> Taken:
    """Open a deal, or bring the known one of that identity up to date; won and lost close it and move its lead."""
    lead = find_lead(data, actor=actor) if _names_lead(data) else None
    deal = _known_deal(data, actor)
    if deal is None:
        try:
            with transaction.atomic():
                return Taken("created", _create_deal(data, lead, actor, context))
        except IntegrityError:
            # Another request brought the same identity in this moment.
            deal = _known_deal(data, actor)
            if deal is None:
                raise
    if lead is not None and lead.id not in (deal.lead_id, deal.lead and deal.lead.merged_into_id):
        raise DomainError("lead_differs", "This deal belongs to another lead, and a deal keeps its lead.", field="lead")
    created = data.get("created_at")
    if created is not None and context.calendar.day_of(created.at) != deal.created_day:
        raise DomainError(
            "created_differs", "This deal exists since another day, which can't be changed.", field="created_at"
        )
    changed = update_deal(deal=deal, data=data, actor=actor, context=context)
    return Taken("updated" if changed else "unchanged", deal)


def _names_lead(data: dict) -> bool:
    return data.get("lead") is not None or bool(data.get("lead_external_id"))


def _known_deal(data: dict, actor: User) -> Deal | None:
    if not data.get("external_id"):
        return None
    known = Deal.objects.filter(source=data["source"], external_id=data["external_id"]).select_related("lead").first()
    if known is not None and not visible_deals(actor).filter(id=known.id).exists():
        raise NotHere("external_id")
    return known


def _create_deal(data: dict, lead: Lead | None, actor: User, context: Context) -> Deal:
    if not context.book:
        raise DomainError("agreement_missing", "The stages are not set up yet.")
    created = data.get("created_at") or now_moment()
    status, closed = data.get("status") or "open", data.get("closed_at")
    if status != "open" and closed is None:
        raise DomainError("closed_at_missing", f"A deal that is {status} needs the time of it.", field="closed_at")
    currency = data.get("currency") or organisation().base_currency
    plain = {name: data[name] for name in _PLAIN if data.get(name) is not None}
    deal = open_deal(
        occurred_at=created.at,
        time_precision=created.precision,
        actor=actor,
        lead=lead,
        amount=minor_units(data, "amount", currency),
        cost=minor_units(data, "cost", currency),
        currency=currency,
        owner=find_person(data.get("owner")),
        source=data["source"],
        external_id=data.get("external_id"),
        custom=merged_custom({}, data.get("custom")),
        **plain,
        **named(data, *_REFERENCES),
    )
    _close(deal, data, actor, context)
    return deal


def minor_units(data: dict, name: str, currency: str) -> int | None:
    """The amount in minor units, from `amount` (major units, text) or `amount_minor`; None if neither is given."""
    minor = data.get(f"{name}_minor")
    if minor is None and data.get(name) is not None:
        major: Decimal = data[name]
        try:
            minor = to_minor(major, currency)
        except ValueError as error:
            raise DomainError("amount_invalid", f"{name}: {error}.", field=name) from error
        if Decimal(minor).scaleb(-exponent(currency)) != major:
            raise DomainError("amount_invalid", f"{currency} has {exponent(currency)} decimals.", field=name)
    if minor is not None and minor > MAX_MINOR:
        raise DomainError("amount_invalid", "The amount is too large.", field=name)
    return minor


def update_deal(*, deal: Deal, data: dict, actor: User, context: Context, expected_version: int | None = None) -> bool:
    """Bring a deal up to what `data` says; True if anything changed. `deal` is refreshed.

    The deal is locked first: of two who close it at once the second sees the first one's close.
    """
    with transaction.atomic():
        lock_leads([deal.lead_id] if deal.lead_id else [])
        current = lock_deals([deal.id])[deal.id]
        if expected_version is not None and current.version != expected_version:
            raise StaleVersion("version_stale", "This deal has changed since you read it. Read it again.")
        if current.voided:
            raise DomainError("taken_out", "This deal was taken out.")
        if data.get("currency") not in (None, current.currency):
            raise DomainError("currency_fixed", f"This deal is in {current.currency}.", field="currency")
        before = current.version
        _update_plain(current, data, actor, context)
        if "owner" in data:
            owner = find_person(data["owner"])
            if (owner and owner.id) != current.owner_id:
                assign_deal(deal=current, owner=owner, actor=actor)
        if data.get("status") == "open" and current.status != Deal.Status.OPEN:
            reopen_deal(deal=current, actor=actor)
        amount = minor_units(data, "amount", current.currency)
        if amount not in (None, current.amount):
            set_deal_amount(deal=current, amount=amount, actor=actor)
        cost = minor_units(data, "cost", current.currency)
        if cost not in (None, current.cost):
            set_deal_cost(deal=current, cost=cost, actor=actor)
        _close(current, data, actor, context)
        deal.refresh_from_db()
    return deal.version != before


def _update_plain(deal: Deal, data: dict, actor: User, context: Context) -> None:
    refs = named(data, *_REFERENCES)
    fields = {name for name, row in refs.items() if getattr(deal, f"{name}_id") != (row and row.id)}
    values = {name: refs[name] for name in fields}
    for name in _PLAIN:
        if name not in data or (data[name] is None and name in ("kind", "origin")):
            continue
        value = data[name] if name == "expected_close" else data[name] or ""
        if getattr(deal, name) != value:
            values[name] = value
    custom = merged_custom(deal.custom, data.get("custom"))
    if custom != deal.custom:
        values["custom"] = custom
    for name, value in values.items():
        setattr(deal, name, value)
    change_deals(deals=[deal], fields=set(values), actor=actor, context=context)
    deal.refresh_from_db()


def _close(deal: Deal, data: dict, actor: User, context: Context) -> None:
    """Win or lose the deal if `data` says so and it is not so already."""
    status, given = data.get("status") or "open", data.get("closed_at")
    if status == "open":
        if given is not None:
            raise DomainError("closed_at_unused", "An open deal has no closing time; give a status.", field="closed_at")
        return
    day_of = context.calendar.day_of
    if deal.status == status:
        if given is not None and not _same_time(deal, given, day_of):
            raise DomainError(
                "closed_differs", "The deal closed at another time. Reopen it to close it again.", field="closed_at"
            )
        return
    moment = given or now_moment()
    too_early = moment.at < deal.created_at and (
        Precision.INSTANT == moment.precision or day_of(moment.at) < deal.created_day
    )
    if too_early:
        raise DomainError("closed_too_early", "A deal closes after it was opened.", field="closed_at")
    # A day without a time is placed after an opening of that same day.
    at = max(moment.at, deal.created_at)
    if status == "won":
        win_deal(deal=deal, actor=actor, occurred_at=at, time_precision=moment.precision)
    else:
        lose_deal(deal=deal, actor=actor, reason=data.get("reason") or "", occurred_at=at, time_precision=moment.precision)


def _same_time(deal: Deal, given: Moment, day_of) -> bool:
    if Precision.INSTANT == given.precision == deal.closed_precision:
        return given.at == deal.closed_at
    return day_of(given.at) == deal.closed_day
