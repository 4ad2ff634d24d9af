"""Deals: opened, amounts, costs, owners, won, lost and reopened as events; the file's last word against its word before."""

from decimal import Decimal

from core.money import is_currency
from funnel.models import StageKind
from integrations.chunk import Chunk
from integrations.drafts import DealDraft, free_slot, same
from integrations.entities.lead import created_moment
from integrations.errors import RowError
from integrations.rows import Item, snapshot_instant
from integrations.values import Amount, Moment, refuse_future
from leads.models import Deal, DealEvent, Precision
from leads.services.deals import to_base

_REFERENCES = ("channel", "campaign", "segment", "region")
_PLAIN = ("name", "kind", "origin", "expected_close")
_CLOSES = {"won": DealEvent.Kind.WON, "lost": DealEvent.Kind.LOST}
_BY_STAGE_KIND = {StageKind.WON: "won", StageKind.LOST: "lost", StageKind.OUT: "lost"}


def check(item: Item, reader) -> None:
    if not item.key:
        raise RowError("external_id", "is missing")
    for name in ("amount", "cost"):
        amount: Amount | None = item.values.get(name)
        if amount is not None and amount.value < Decimal(0):
            raise RowError(name, "is below zero")


def plan(item: Item, chunk: Chunk) -> str:
    draft = chunk.deals.get((item.part.source, item.key))
    if draft is None:
        _create(item, chunk)
        return "created"
    if not chunk.run.update_existing:
        return "skipped"
    return "updated" if _update(draft, item, chunk) else "unchanged"


def _create(item: Item, chunk: Chunk) -> None:
    values, run, source = item.values, chunk.run, item.part.source
    created = created_moment(item, chunk, "created_at")
    status = _status(item, chunk, created) or "open"
    closed = _closed_moment(item, chunk, status, None)
    lead = _lead(item, chunk)
    deal = Deal(source=source, external_id=item.key, custom=dict(values.get("custom", {})))
    for name in _PLAIN:
        if name in values:
            setattr(deal, name, values[name])
    if lead is not None and "origin" not in values:
        deal.origin = lead.lead.origin
    slot = f"deal:{item.key}:opened"
    draft = DealDraft(deal, is_new=True, lead=lead, slots={slot}, said_owner=chunk.ref(item, "owner"))
    money = chunk.money(item, "amount", run.rates.base)
    cost = chunk.money(item, "cost", money[1] if money else run.rates.base)
    if money and cost and money[1] != cost[1]:
        raise RowError("cost", "is in another currency than the amount")
    draft.currency = (money or cost or (0, str(values.get("currency") or run.rates.base).upper()))[1]
    if not is_currency(draft.currency):
        raise RowError("currency", f"“{draft.currency}” is not a currency code")
    draft.said_amount, draft.said_cost = money, cost and cost[0]
    draft.opened_day = chunk.day_of(created.at)
    for name in (*_REFERENCES, "company"):
        ref = chunk.ref(item, name)
        if ref is not None:
            draft.refs[f"{name}_id"] = ref
    chunk.journal.put(chunk.deals, (source, item.key), draft)
    chunk.journal.append(chunk.new_deals, draft)
    opened = chunk.deal_event(
        draft,
        item,
        DealEvent.Kind.OPENED,
        created,
        slot,
        amount=money and money[0],
        currency=draft.currency,
        base_amount=_base(draft, chunk, money and money[0], created),
    )
    if draft.said_owner is not None:
        opened.refs["owner_id"] = draft.said_owner
    if cost is not None:
        _set_cost(draft, item, chunk, cost[0], created)
    if closed is not None:
        _close(draft, item, chunk, status, closed)


def _base(draft: DealDraft, chunk: Chunk, minor: int | None, moment: Moment) -> int | None:
    return to_base(minor, draft.currency, chunk.day_of(moment.at), chunk.run.rates)


def _status(item: Item, chunk: Chunk, moment: Moment) -> str:
    """The status: as mapped, else by the kind of the stage, else "" for nothing said."""
    named = item.values.get("stage")
    by_stage = _BY_STAGE_KIND.get(chunk.stage("stage", named, moment.at).kind, "open") if named else ""
    return item.values.get("status") or by_stage


def _closed_moment(item: Item, chunk: Chunk, status: str, draft: DealDraft | None) -> Moment | None:
    """When a won or lost deal closed. An open deal's date of that name is a plan and not looked at."""
    if status not in _CLOSES:
        return None
    moment = item.values.get("closed_at")
    if moment is None:
        if draft is not None and draft.said_status == status and item.part.snapshot:
            return None
        at = snapshot_instant(item.part, chunk.run.context.calendar)
        if at is None:
            raise RowError("closed_at", f"is missing; a deal that is {status} needs the date of it")
        moment = Moment(at, Precision.DAY)
    return refuse_future("closed_at", moment, chunk.run.now)


def _lead(item: Item, chunk: Chunk):
    external_id = item.values.get("lead_external_id")
    if not external_id:
        return None
    lead = chunk.leads.get((item.part.source, external_id))
    if lead is None and item.part.policy("lead") != "empty":
        raise RowError("lead_external_id", f"no lead “{external_id[:60]}” from {item.part.source} is known")
    return lead


def _close(draft: DealDraft, item: Item, chunk: Chunk, status: str, moment: Moment) -> None:
    slot = _slot(draft, item, chunk, status)
    chunk.deal_event(
        draft,
        item,
        _CLOSES[status],
        moment,
        slot,
        base_amount=_base(draft, chunk, draft.said_amount and draft.said_amount[0], moment),
        base_cost=_base(draft, chunk, draft.said_cost, moment),
        reason=item.values.get("reason", ""),
    )
    chunk.journal.set(draft, "said_status", status)
    chunk.journal.set(draft, "close", (moment.at, moment.precision, None))


def _slot(draft: DealDraft, item: Item, chunk: Chunk, name: str) -> str:
    return free_slot(draft.slots, f"deal:{item.key}:{name}", chunk.journal)


def _set_cost(draft: DealDraft, item: Item, chunk: Chunk, minor: int, moment: Moment) -> None:
    chunk.deal_event(
        draft,
        item,
        DealEvent.Kind.COST,
        moment,
        _slot(draft, item, chunk, "cost"),
        amount=minor,
        base_cost=_base(draft, chunk, minor, _rate_moment(draft, moment)),
    )


def _rate_moment(draft: DealDraft, moment: Moment) -> Moment:
    """The close fixes the rate; what is corrected afterwards is converted at the same one."""
    return Moment(draft.close[0], draft.close[1]) if draft.close else moment


def _update(draft: DealDraft, item: Item, chunk: Chunk) -> bool:
    _check_lead(draft, item, chunk)
    at = snapshot_instant(item.part, chunk.run.context.calendar)
    moment = Moment(chunk.run.now, Precision.INSTANT) if at is None else Moment(at, Precision.DAY)
    refuse_future("", moment, chunk.run.now)
    # Attributes first, then the close, so that a correction made together with it is converted at its rate.
    changed = [
        _attributes(draft, item, chunk),
        _change_status(draft, item, chunk, moment),
        _change_money(draft, item, chunk, moment),
        _change_owner(draft, item, chunk, moment),
    ]
    return any(changed)


def _check_lead(draft: DealDraft, item: Item, chunk: Chunk) -> None:
    lead = _lead(item, chunk)
    if lead is not None and lead is not draft.lead:
        raise RowError("lead_external_id", "names another lead than before; a deal keeps its lead")


def _change_status(draft: DealDraft, item: Item, chunk: Chunk, moment: Moment) -> bool:
    status = _status(item, chunk, moment)
    closed = _closed_moment(item, chunk, status, draft)
    if not status or (status == draft.said_status and (closed is None or _same_close(draft, closed, chunk))):
        return False
    if status == "open":
        chunk.deal_event(draft, item, DealEvent.Kind.REOPENED, moment, _slot(draft, item, chunk, "reopened"))
        chunk.journal.set(draft, "said_status", "open")
        chunk.journal.set(draft, "close", None)
        return True
    if status == draft.said_status and draft.close[2] is not None:
        # The date was wrong: the close is taken back and stands anew on the right day.
        chunk.deal_event(draft, item, DealEvent.Kind.VOIDED, moment, None, target_id=draft.close[2])
    _close(draft, item, chunk, status, closed)
    return True


def _same_close(draft: DealDraft, closed: Moment, chunk: Chunk) -> bool:
    if draft.close is None:
        return True
    if Precision.INSTANT == closed.precision == draft.close[1]:
        return closed.at == draft.close[0]
    return chunk.same_day(closed.at, draft.close[0])


def _change_money(draft: DealDraft, item: Item, chunk: Chunk, moment: Moment) -> bool:
    money = chunk.money(item, "amount", draft.currency or chunk.run.rates.base)
    cost = chunk.money(item, "cost", money[1] if money else draft.currency or chunk.run.rates.base)
    changed = False
    if money is not None and money != draft.said_amount:
        if money[1] != draft.currency:
            chunk.journal.set(draft, "currency", money[1])
        chunk.deal_event(
            draft,
            item,
            DealEvent.Kind.AMOUNT,
            moment,
            _slot(draft, item, chunk, "amount"),
            amount=money[0],
            currency=money[1],
            base_amount=_base(draft, chunk, money[0], _rate_moment(draft, moment)),
        )
        chunk.journal.set(draft, "said_amount", money)
        changed = True
    if cost is not None and cost[0] != draft.said_cost:
        if cost[1] != draft.currency:
            raise RowError("cost", "is in another currency than the amount")
        _set_cost(draft, item, chunk, cost[0], moment)
        chunk.journal.set(draft, "said_cost", cost[0])
        changed = True
    return changed


def _change_owner(draft: DealDraft, item: Item, chunk: Chunk, moment: Moment) -> bool:
    owner = chunk.ref(item, "owner")
    if owner is None or same(draft.said_owner, owner):
        return False
    planned = chunk.deal_event(draft, item, DealEvent.Kind.OWNER, moment, _slot(draft, item, chunk, "owner"))
    planned.refs["owner_id"] = owner
    chunk.journal.set(draft, "said_owner", owner)
    return True


def _attributes(draft: DealDraft, item: Item, chunk: Chunk) -> bool:
    changed = chunk.set_custom(draft, item.values)
    for name in _PLAIN:
        value = item.values.get(name)
        if value is not None and value != getattr(draft.deal, name):
            chunk.journal.set(draft.deal, name, value)
            chunk.changed(draft, name)
            changed = True
    for name in (*_REFERENCES, "company"):
        ref, field = chunk.ref(item, name), f"{name}_id"
        if ref is not None and not same(draft.refs.get(field, getattr(draft.deal, field)), ref):
            chunk.journal.put(draft.refs, field, ref)
            chunk.changed(draft, name)
            changed = True
    return changed
