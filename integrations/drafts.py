"""Leads and deals as a chunk sees them: stored state, and what rows of the chunk have planned on top of it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from integrations.journal import Journal
from integrations.references import Ref
from leads.models import Deal, DealEvent, Lead, LeadEvent, Precision
from leads.services.undo import UNDO
from leads.timeline import EVENT_COLUMNS, Event, live_events

# Planned events come after all stored ones at the same instant.
PLANNED = 10**15


@dataclass(eq=False)
class LeadDraft:
    """`said_*` is what rows of this source said last about the lead, so that a file that says it again changes nothing,
    whatever people or deals have done to the lead since."""

    lead: Lead
    is_new: bool = False
    created: tuple[dt.datetime, str] | None = None
    said_stage: int | None = None
    said_owner: int | Ref | None = None
    said_team: int | Ref | None = None
    stages: list[tuple[dt.datetime, int, int]] = field(default_factory=list)
    slots: set[str] = field(default_factory=set)
    refs: dict[str, Ref] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def placed(self, at: dt.datetime, precision: str, same_day) -> dt.datetime:
        """Where the timeline puts a move: one known to the day alone, on the day of creation, comes after it."""
        if (
            self.created is not None
            and at < self.created[0]
            and Precision.DAY in (precision, self.created[1])
            and same_day(at, self.created[0])
        ):
            return self.created[0]
        return at

    def stage_at(self, at: dt.datetime) -> int | None:
        """The stage at an instant, planned moves included; None before the first."""
        found = None
        for when, _, stage in self.stages:
            if when > at:
                break
            found = stage
        return found

    def add_stage(self, at: dt.datetime, seq: int, stage: int, journal: Journal) -> None:
        journal.insort(self.stages, (at, PLANNED + seq, stage))

    def last_known(self) -> dt.datetime | None:
        return self.stages[-1][0] if self.stages else None

    def slot(self, prefix: str, name: str, journal: Journal) -> str:
        """The id of a derived event: `lead:ID:moved`, `lead:ID:moved:2` and so on."""
        return free_slot(self.slots, f"{prefix}:{name}", journal)


def free_slot(taken: set[str], wanted: str, journal: Journal) -> str:
    """The first unused id of the form `wanted`, `wanted:2`, ..."""
    number, slot = 1, wanted
    while slot in taken:
        number += 1
        slot = f"{wanted}:{number}"
    taken.add(slot)
    journal.undo(lambda: taken.discard(slot))
    return slot


LEAD_EVENT_COLUMNS = (*EVENT_COLUMNS, "source", "external_id")
_TARGET = LEAD_EVENT_COLUMNS.index("target_id")


def read_lead_history(draft: LeadDraft, rows: Iterable[tuple], source: str, same_day) -> None:
    """Fill a stored lead's draft from its events (LEAD_EVENT_COLUMNS, by id)."""
    events, rows = [], list(rows)
    # What an undo took back was never said; what a person took back was, and is not said again by the same file.
    undone = {row[_TARGET] for row in rows if (row[-1] or "").startswith(UNDO)}
    for row in rows:
        event, origin, external_id = Event(*row[:-2]), row[-2], row[-1] or ""
        events.append(event)
        if origin != source or not external_id.startswith("lead:") or event.id in undone:
            continue
        draft.slots.add(external_id)
        if event.kind in (LeadEvent.Kind.CREATED, LeadEvent.Kind.MOVED):
            draft.said_stage = event.to_stage_id
        if event.kind in (LeadEvent.Kind.CREATED, LeadEvent.Kind.ASSIGNED):
            draft.said_owner = event.owner_id or draft.said_owner
            draft.said_team = event.team_id or draft.said_team
    live = live_events(events)
    created = next((e for e in live if e.kind == LeadEvent.Kind.CREATED), None)
    if created is not None:
        draft.created = (created.occurred_at, created.time_precision)
    draft.stages = sorted(
        (draft.placed(e.occurred_at, e.time_precision, same_day), e.id, e.to_stage_id)
        for e in live
        if e.kind in (LeadEvent.Kind.CREATED, LeadEvent.Kind.MOVED) and e.to_stage_id is not None
    )


@dataclass(eq=False)
class DealDraft:
    """`said_*` as for leads. `amounts` and `statuses` over time serve stage histories of deals."""

    deal: Deal
    is_new: bool = False
    lead: LeadDraft | None = None
    said_status: str = "open"
    said_amount: tuple[int, str] | None = None
    said_cost: int | None = None
    said_owner: int | Ref | None = None
    close: tuple[dt.datetime, str, int | None] | None = None  # instant, precision, event id
    opened_day: dt.date | None = None
    currency: str = ""
    amounts: list[tuple[dt.datetime, int, tuple[int, str]]] = field(default_factory=list)
    statuses: list[tuple[dt.datetime, int, str]] = field(default_factory=list)
    slots: set[str] = field(default_factory=set)
    refs: dict[str, Ref] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def amount_at(self, at: dt.datetime) -> tuple[int, str] | None:
        return _at(self.amounts, at)

    def status_at(self, at: dt.datetime) -> str:
        return _at(self.statuses, at) or "open"


def _at(series: list[tuple], at: dt.datetime):
    found = None
    for when, _, value in series:
        if when > at:
            break
        found = value
    return found


DEAL_EVENT_COLUMNS = (
    "id", "deal_id", "kind", "amount", "currency", "owner_id", "target_id", "occurred_at", "time_precision", "source",
    "external_id",
)  # fmt: skip
_STATUS = {DealEvent.Kind.WON: "won", DealEvent.Kind.LOST: "lost", DealEvent.Kind.REOPENED: "open"}


def read_deal_history(draft: DealDraft, rows: Iterable[tuple], source: str) -> None:
    """Fill a stored deal's draft from its events (DEAL_EVENT_COLUMNS, by id)."""
    rows = list(rows)
    dead: set[int] = set()
    for row in reversed(rows):
        if row[2] == DealEvent.Kind.VOIDED and row[0] not in dead and row[6] is not None:
            dead.add(row[6])
    for pk, _, kind, amount, currency, owner, _, at, precision, origin, external_id in rows:
        said = origin == source and (external_id or "").startswith("deal:")
        if external_id:
            draft.slots.add(external_id)
        if pk in dead:
            continue
        draft.currency = currency or draft.currency
        if kind in (DealEvent.Kind.OPENED, DealEvent.Kind.AMOUNT) and amount is not None:
            draft.amounts.append((at, pk, (amount, draft.currency)))
            if said:
                draft.said_amount = (amount, draft.currency)
        if kind == DealEvent.Kind.COST and said:
            draft.said_cost = amount
        if kind in (DealEvent.Kind.OPENED, DealEvent.Kind.OWNER) and said:
            draft.said_owner = owner or draft.said_owner
        if kind in _STATUS:
            draft.statuses.append((at, pk, _STATUS[kind]))
            if said:
                draft.said_status = _STATUS[kind]
                draft.close = (at, precision, pk) if draft.said_status != "open" else None
    draft.amounts.sort()
    draft.statuses.sort()


def same(known: int | Ref | None, ref: Ref) -> bool:
    """Whether a stored id or a promised thing is what this row names."""
    pk = known.pk if isinstance(known, Ref) else known
    return known is ref or (pk is not None and pk == ref.pk)
