"""Rows of a stage history, of leads or of deals. A row that repeats the stage before it changes nothing."""

from funnel.models import StageKind
from integrations.chunk import Chunk
from integrations.drafts import PLANNED, DealDraft, LeadDraft
from integrations.entities.lead import add_lead
from integrations.errors import RowError
from integrations.rows import Item, snapshot_instant
from integrations.values import Moment, refuse_future
from leads.models import DealEvent, LeadEvent, Precision
from leads.services.deals import to_base

_CLOSING = {StageKind.WON: (DealEvent.Kind.WON, "won"), StageKind.LOST: (DealEvent.Kind.LOST, "lost")}


def check(item: Item, reader) -> None:
    """A key for rows without an id of their own."""
    values = item.values
    if not item.key:
        at = values.get("occurred_at")
        about = (
            f"deal:{values['deal_external_id']}"
            if "deal_external_id" in values
            else f"lead:{values.get('lead_external_id')}"
        )
        item.key = reader.occurrence(about, str(values.get("stage", "")), at.at.isoformat() if at else "")


def plan(item: Item, chunk: Chunk) -> str:
    values, source = item.values, item.part.source
    if not values.get("stage"):
        raise RowError("stage", "is missing")
    deal = None
    if "deal_external_id" in values:
        deal = chunk.deals.get((source, values["deal_external_id"]))
        if deal is None and item.part.policy("deal") == "reject":
            raise RowError("deal_external_id", f"no deal “{values['deal_external_id'][:60]}” from {source} is known")
    leads_before = len(chunk.new_leads)
    lead = _lead(item, chunk, deal)
    if lead is None and deal is None:
        return "skipped"
    known = chunk.known_events.get((source, f"stage_change:{item.key}:stage"))
    moment = _moment(item, chunk, lead)
    stage = chunk.stage("stage", values["stage"], moment.at)
    if known is not None:
        if "external_id" in values and (known[0] not in (None, stage.id) or known[1] != moment.at):
            if moment.precision != Precision.UNKNOWN:
                raise RowError("external_id", "was imported with another stage or time; history is not rewritten")
        return "unchanged"
    outcomes = ["created"] if len(chunk.new_leads) > leads_before else []
    if lead is not None:
        outcomes.append(_begin(item, chunk, lead, moment))
    if deal is not None:
        outcomes.append(_amount(item, chunk, deal, moment))
        outcomes.append(_close(item, chunk, deal, lead, stage, moment))
    if lead is not None and not (deal is not None and stage.kind in _CLOSING):
        outcomes.append(_move(item, chunk, lead, stage.id, moment))
    if deal is not None and any(outcomes) and values.get("close_date") not in (None, deal.deal.expected_close):
        chunk.journal.set(deal.deal, "expected_close", values["close_date"])
        chunk.changed(deal, "expected_close")
    return next((word for word in ("created", "updated") if word in outcomes), "unchanged")


def _lead(item: Item, chunk: Chunk, deal: DealDraft | None) -> LeadDraft | None:
    """The lead that moves: by its id, else the deal's. An unknown one is made from the history if the mapping allows."""
    external_id = item.values.get("lead_external_id")
    if not external_id:
        if deal is None and "deal_external_id" not in item.values:
            raise RowError("lead_external_id", "is missing")
        return deal.lead if deal else None
    draft = chunk.leads.get((item.part.source, external_id))
    if draft is not None:
        return draft
    policy = item.part.policy("lead")
    if policy == "reject":
        raise RowError("lead_external_id", f"no lead “{external_id[:60]}” from {item.part.source} is known")
    if policy == "empty":
        return None
    first = item.values.get("from_stage")
    created = item.values.get("created_at") or item.values.get("occurred_at")
    if created is None:
        raise RowError("created_at", "is missing; a new lead needs a date")
    refuse_future("created_at", created, chunk.run.now)
    begins_before = first and "created_at" in item.values
    name = "from_stage" if begins_before else "stage"
    stage = chunk.stage(name, first if begins_before else item.values["stage"], created.at)
    return add_lead(item, chunk, external_id, created, stage.id)


def _moment(item: Item, chunk: Chunk, lead: LeadDraft | None) -> Moment:
    """When it happened. Without a date: the snapshot's day; a flag of another entity's row is an event of unknown time."""
    moment = item.values.get("occurred_at")
    if moment is not None:
        return refuse_future("occurred_at", moment, chunk.run.now)
    at = snapshot_instant(item.part, chunk.run.context.calendar)
    if item.part.emitted:
        # After all that is known, so that it is the current stage until something dated says otherwise.
        at = at or (lead and lead.last_known()) or chunk.run.now
        return refuse_future("occurred_at", Moment(at, Precision.UNKNOWN), chunk.run.now)
    if at is None:
        raise RowError("occurred_at", "is missing")
    return refuse_future("occurred_at", Moment(at, Precision.DAY), chunk.run.now)


def _begin(item: Item, chunk: Chunk, lead: LeadDraft, moment: Moment) -> str:
    """The stage before the lead's first row is its first entry, at created_at, unless it is known to be there then."""
    first, created = item.values.get("from_stage"), item.values.get("created_at")
    slot = f"stage_change:{item.key}:created"
    if not first or created is None or (item.part.source, slot) in chunk.known_events:
        return ""
    refuse_future("created_at", created, chunk.run.now)
    at = lead.placed(created.at, created.precision, chunk.same_day)
    stage = chunk.stage("from_stage", first, created.at)
    if lead.stage_at(at) == stage.id or any(at < when <= moment.at for when, _, _ in lead.stages):
        return ""
    chunk.lead_event(lead, item, LeadEvent.Kind.MOVED, created, slot, to_stage_id=stage.id)
    lead.add_stage(at, chunk.next_seq(), stage.id, chunk.journal)
    return "created"


def _move(item: Item, chunk: Chunk, lead: LeadDraft, stage_id: int, moment: Moment) -> str:
    at = lead.placed(moment.at, moment.precision, chunk.same_day)
    before = lead.stage_at(at)
    if before == stage_id:
        return ""
    planned = chunk.lead_event(
        lead,
        item,
        LeadEvent.Kind.MOVED,
        moment,
        f"stage_change:{item.key}:stage",
        from_stage_id=before,
        to_stage_id=stage_id,
        reason=item.values.get("reason", ""),
    )
    _named_actor(item, chunk, planned)
    lead.add_stage(at, chunk.next_seq(), stage_id, chunk.journal)
    return "created"


def _named_actor(item: Item, chunk: Chunk, planned) -> None:
    actor = chunk.ref(item, "actor", "owner")
    if actor is not None:
        planned.refs["actor_id"] = actor


def _amount(item: Item, chunk: Chunk, deal: DealDraft, moment: Moment) -> str:
    """A row that changed the amount, with or without the stage."""
    run = chunk.run
    money = chunk.money(item, "amount", deal.currency or run.rates.base)
    if money is None or money == deal.amount_at(moment.at):
        return ""
    if money[0] < 0:
        raise RowError("amount", "is below zero")
    slot = f"stage_change:{item.key}:amount"
    if (item.part.source, slot) in chunk.known_events:
        return ""
    closed = deal.close[0] if deal.close and deal.status_at(moment.at) != "open" else moment.at
    base = to_base(money[0], money[1], chunk.day_of(closed), run.rates)
    chunk.deal_event(deal, item, DealEvent.Kind.AMOUNT, moment, slot, amount=money[0], currency=money[1], base_amount=base)
    chunk.journal.insort(deal.amounts, (moment.at, PLANNED + chunk.next_seq(), money))
    return "updated"


def _close(item: Item, chunk: Chunk, deal: DealDraft, lead: LeadDraft | None, stage, moment: Moment) -> str:
    """Won and lost close the deal, which moves its lead; any other stage opens a closed deal again."""
    before = deal.status_at(moment.at)
    kind, status = _CLOSING.get(stage.kind, (DealEvent.Kind.REOPENED, "open"))
    if status == before:
        return ""
    fields = {}
    if status != "open":
        money = deal.amount_at(moment.at) or deal.said_amount
        fields = {
            "base_amount": to_base(*money, chunk.day_of(moment.at), chunk.run.rates) if money else None,
            "base_cost": to_base(deal.said_cost, deal.currency, chunk.day_of(moment.at), chunk.run.rates),
            "reason": item.values.get("reason", ""),
        }
    slot = f"stage_change:{item.key}:stage" if status != "open" or lead is None else f"stage_change:{item.key}:reopened"
    planned = chunk.deal_event(deal, item, kind, moment, slot, **fields)
    _named_actor(item, chunk, planned)
    chunk.journal.insort(deal.statuses, (moment.at, PLANNED + chunk.next_seq(), status))
    return "created"
