"""The only writer of projections: stays, a lead's stage and owner, a deal's state. Rebuilding gives the same rows.

Every refresh compares what stood with what stands now and leaves a stale note for each day that differs, in the caller's
transaction. Callers hold the leads' locks (leads.locks), so that no concurrent writer folds an older set of events.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from accounts.queries import TeamHistory, team_history
from core.bulk_rows import insert_rows, insert_values, update_values
from core.queries import Calendar, calendar
from core.stale import note_stale
from funnel.book import Book, load_book
from leads.deal_timeline import MONEY_COLUMNS, Money, fold_deal
from leads.handoff_projection import Promised, days_of_handoffs, store_handoffs
from leads.models import (
    CONTACT_KINDS,
    Deal,
    DealCredit,
    DealEvent,
    DealSpan,
    Lead,
    LeadEvent,
    LeadTag,
    StageEntry,
    Touch,
)
from leads.timeline import (
    AMENDABLE,
    EVENT_COLUMNS,
    Event,
    LeadState,
    Stay,
    fold_lead,
    live_events,
    merged_into,
)
from leads.write_columns import write_columns

# From this many leads on, one note per day replaces one per lead and day: the worker rebuilds whole days instead.
BULK = 200

_STAY_COLUMNS = tuple(Stay.__dataclass_fields__)
_LEAD_PROJECTION = (
    "stage_id",
    "stage_since",
    "owner_id",
    "team_id",
    "created_at",
    "created_day",
    "merged_into_id",
    "voided",
    "clock_skew",
    "source_missing",
)
_LEAD_COLUMNS = _LEAD_PROJECTION + AMENDABLE
_DEAL_PROJECTION = (
    "status", "created_at", "created_day", "closed_at", "closed_day", "closed_precision", "amount", "cost", "currency",
    "base_amount", "base_cost", "owner_id", "team_id", "voided",
)  # fmt: skip


class Context:
    """What every fold needs, read once for a whole chunk."""

    def __init__(self, book: Book | None = None, cal: Calendar | None = None, teams: TeamHistory | None = None):
        self.book = book or load_book()
        self.calendar = cal or calendar()
        self.teams = teams or team_history()
        self.promised = Promised()


def refresh_leads(lead_ids: Iterable[int], *, context: Context | None = None, relabelled: bool = False) -> None:
    """Rebuild the projections of these leads and of all leads merged with them; note every stale day.

    `relabelled`: an attribute that is a dimension changed, so every fact of the lead is stale.
    """
    context = context or Context()
    members = _with_merged(set(lead_ids))
    if not members:
        return
    leads = _stored_leads(members)
    events = _events(members)
    live = {lead_id: live_events(events[lead_id]) for lead_id in leads}
    direct = {lead_id: merged_into(live[lead_id]) for lead_id in leads}
    out = {lead_id for lead_id in leads if any(e.kind == LeadEvent.Kind.LEAD_VOIDED for e in live[lead_id])}
    roots = {lead_id: _root(lead_id, direct) for lead_id in leads}
    groups: dict[int, list[int]] = defaultdict(list)
    for lead_id in sorted(leads):
        groups[roots[lead_id]].append(lead_id)
    contacts = _contacts(members)
    old_stays = _stored_stays(members)
    states: dict[int, LeadState] = {}
    for root, ids in groups.items():
        for lead_id in ids:
            mine = ids if lead_id == root else [lead_id]
            state = fold_lead(
                {i: events[i] for i in mine},
                lead_id,
                sources=(leads[lead_id]["channel_id"], leads[lead_id]["campaign_id"]),
                contacts=sorted(at for i in mine if i not in out for at in contacts[i]),
                book=context.book,
                calendar=context.calendar,
                teams=context.teams,
            )
            states[lead_id] = state
    _store(leads, states, old_stays, roots, relabelled=relabelled, cal=context.calendar)
    _store_tags(states)
    stale = store_handoffs(
        states,
        groups,
        {i: [] if i in out else events for i, events in live.items()},
        {i: state.attributes.get("tier", leads[i]["tier"]) for i, state in states.items()},
        book=context.book,
        calendar=context.calendar,
        promised=context.promised,
    )
    _note(stale)


def _with_merged(ids: set[int]) -> set[int]:
    """Close a set of leads over merges, upwards and downwards, whether they stand, are new or were taken back."""
    seen: set[int] = set()
    frontier = ids
    while frontier:
        seen |= frontier
        merges = LeadEvent.objects.filter(kind=LeadEvent.Kind.MERGED)
        up = set(merges.filter(lead_id__in=frontier).values_list("other_lead_id", flat=True))
        down = set(merges.filter(other_lead_id__in=frontier).values_list("lead_id", flat=True))
        frontier = (up | down) - seen
    return seen


def _root(lead_id: int, direct: dict[int, int | None]) -> int:
    """The lead at the end of a chain of merges; services refuse circles."""
    while direct[lead_id] is not None:
        lead_id = direct[lead_id]
    return lead_id


def _events(ids: set[int]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    rows = LeadEvent.objects.filter(lead_id__in=ids).order_by("id").values_list(*EVENT_COLUMNS)
    for row in rows:
        event = Event(*row)
        found[event.lead_id].append(event)
    return found


def _contacts(ids: set[int]) -> dict[int, list[dt.datetime]]:
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    rows = Touch.objects.filter(
        lead_id__in=ids, side="sales", kind__in=CONTACT_KINDS, voids__isnull=True, voided_by__isnull=True
    ).values_list("lead_id", "occurred_at")
    for lead_id, at in rows:
        found[lead_id].append(at)
    return found


def _stored_stays(ids: set[int]) -> dict[int, dict[int, Stay]]:
    """Stored stays by lead and opening event."""
    found: dict[int, dict[int, Stay]] = defaultdict(dict)
    for lead_id, *row in StageEntry.objects.filter(lead_id__in=ids).values_list("lead_id", *_STAY_COLUMNS):
        stay = Stay(*row)
        found[lead_id][stay.opening_event_id] = stay
    return found


def _stored_leads(ids: set[int]) -> dict[int, dict[str, object]]:
    """What the projection may change of each lead, by attribute. Values, not rows: making rows costs more than folding."""
    rows = Lead.objects.filter(id__in=ids).values_list("id", *_LEAD_COLUMNS)
    return {lead_id: dict(zip(_LEAD_COLUMNS, values, strict=True)) for lead_id, *values in rows}


def _store(
    leads, states: dict[int, LeadState], old_stays, roots: dict[int, int], *, relabelled: bool, cal: Calendar
) -> None:
    removed: list[int] = []
    added: list[tuple] = []
    changed_leads: list[tuple] = []
    stale: set[tuple[int, dt.date]] = set()
    for lead_id, state in states.items():
        lead = leads[lead_id]
        pointer = roots[lead_id] if roots[lead_id] != lead_id else None
        before = old_stays[lead_id]
        after = {} if pointer is not None else {s.opening_event_id: s for s in state.stays}
        journey_days = {_first_day(before.values()), _first_day(after.values())} - {None}
        # Rows of detours say when the lead next reached each stage, so they too change with what comes after them.
        journey_days |= _detour_days(before.values()) | _detour_days(after.values())
        for event_id in before.keys() | after.keys():
            if before.get(event_id) == after.get(event_id):
                continue
            stale |= {(lead_id, s[event_id].entered_day) for s in (before, after) if event_id in s}
            stale |= {(lead_id, day) for day in journey_days}
            if event_id in before:
                removed.append(event_id)
            if event_id in after:
                stay = after[event_id]
                added.append((*(getattr(stay, name) for name in _STAY_COLUMNS), lead_id))
        values = {name: getattr(state, name) for name in _LEAD_PROJECTION if name != "merged_into_id"}
        values["merged_into_id"] = pointer
        if pointer is not None:
            values |= {"stage_id": None, "stage_since": None}
        dims = {name: _attribute(name, value) for name, value in state.attributes.items()}
        moved_lead = pointer != lead["merged_into_id"]
        recoloured = relabelled or lead["voided"] != state.voided or any(lead[name] != new for name, new in dims.items())
        if moved_lead or recoloured:
            # Touches and deals are counted under the surviving lead, before and after.
            owners = {lead_id, lead["merged_into_id"], pointer} - {None}
            members = [i for i, root in roots.items() if root == lead_id] or [lead_id]
            days = _all_days([lead_id, *members], before.values(), after.values())
            days |= days_of_handoffs([lead_id, *members], cal)
            stale |= {(owner, day) for owner in owners for day in days}
        new = lead | values | dims
        if new != lead:
            changed_leads.append((lead_id, *(new[name] for name in _LEAD_COLUMNS)))
            stale |= {(lead_id, day) for day in journey_days}  # flags stand in the journey row
    if removed:
        StageEntry.objects.filter(opening_event_id__in=removed).delete()
    insert_values(StageEntry, (*_STAY_COLUMNS, "lead_id"), sorted(added))
    update_values(Lead, _LEAD_COLUMNS, changed_leads)
    _note(stale)


def _store_tags(states: dict[int, LeadState]) -> None:
    """Tags are no dimension: no number changes with them."""
    before = set(LeadTag.objects.filter(lead_id__in=states).values_list("lead_id", "tag_id"))
    after = {(lead_id, tag_id) for lead_id, state in states.items() for tag_id in state.tags}
    for lead_id, tag_id in before - after:
        LeadTag.objects.filter(lead_id=lead_id, tag_id=tag_id).delete()
    LeadTag.objects.bulk_create([LeadTag(lead_id=lead, tag_id=tag) for lead, tag in sorted(after - before)], batch_size=500)


def _first_day(stays) -> dt.date | None:
    return min(((s.position, s.entered_day) for s in stays), default=(0, None))[1]


def _detour_days(stays) -> set[dt.date]:
    """Days on which the lead was set aside: the entries after a stay that ended so."""
    ordered = sorted(stays, key=lambda stay: stay.position)
    return {later.entered_day for stay, later in pairwise(ordered) if stay.exit_kind == StageEntry.Exit.DETOUR}


def _attribute(name: str, value: str):
    if name.endswith("_id"):
        return int(value) if value else None
    return value


def _all_days(lead_ids: list[int], *stay_sets) -> set[dt.date]:
    """Every day that holds a row of these leads: stays, touches and what their deals did."""
    days = {stay.entered_day for stays in stay_sets for stay in stays}
    days |= set(Touch.objects.filter(lead_id__in=lead_ids).values_list("day", flat=True))
    deals = Deal.objects.filter(lead_id__in=lead_ids)
    days |= set(deals.filter(created_day__isnull=False).values_list("created_day", flat=True))
    days |= set(DealSpan.objects.filter(deal__in=deals).values_list("from_day", flat=True))
    days |= set(DealCredit.objects.filter(deal__in=deals).values_list("day", flat=True))
    return days


def _note(stale: set[tuple[int | None, dt.date]]) -> None:
    if len({lead_id for lead_id, _ in stale}) > BULK:
        stale = {(None, day) for _, day in stale}
    note_stale(stale)


def counted_lead(deal: Deal) -> int | None:
    """The lead under which a deal's facts are counted: the survivor if its lead was merged."""
    return (deal.lead.merged_into_id or deal.lead_id) if deal.lead_id else None


def refresh_deals(deal_ids: Iterable[int], *, context: Context | None = None) -> None:
    """Rebuild the projections of these deals; note every day that held or holds a row of theirs."""
    context = context or Context()
    ids = sorted(set(deal_ids))
    deals = {deal.id: deal for deal in Deal.objects.filter(id__in=ids).select_related("lead")}
    events: dict[int, list[Money]] = defaultdict(list)
    for row in DealEvent.objects.filter(deal_id__in=ids).order_by("id").values_list(*MONEY_COLUMNS):
        event = Money(*row)
        events[event.deal_id].append(event)
    stale: set[tuple[int | None, dt.date]] = set()
    for model, column in ((DealSpan, "from_day"), (DealCredit, "day")):
        rows = model.objects.filter(deal_id__in=ids).values_list("deal_id", column)
        stale |= {(counted_lead(deals[deal_id]), day) for deal_id, day in rows}
        model.objects.filter(deal_id__in=ids).delete()
    spans: list[DealSpan] = []
    credits: list[DealCredit] = []
    for deal_id, deal in deals.items():
        state = fold_deal(events[deal_id], calendar=context.calendar, teams=context.teams)
        if deal.created_day is not None:
            stale.add((counted_lead(deal), deal.created_day))
        for name in _DEAL_PROJECTION:
            setattr(deal, name, getattr(state, name))
        if deal.created_day is not None:
            stale.add((counted_lead(deal), deal.created_day))
        spans += [
            DealSpan(
                deal_id=deal_id,
                from_day=s.from_day,
                until_day=s.until_day,
                amount=s.amount,
                base_amount=s.base_amount,
            )
            for s in state.spans
        ]
        credits += [
            DealCredit(deal_id=deal_id, event_id=c.event_id, day=c.day, amount=c.amount, base_amount=c.base_amount)
            for c in state.credits
        ]
        stale |= {(counted_lead(deal), s.from_day) for s in state.spans} | {
            (counted_lead(deal), c.day) for c in state.credits
        }
    write_columns(deals.values(), _DEAL_PROJECTION)
    insert_rows(spans)
    insert_rows(credits)
    _note(stale)
