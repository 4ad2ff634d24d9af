"""Facts as they were known at an instant: the events with `recorded_at` up to then, folded anew (metrics-spec 0.2).

Slow by nature, and exact: the same folds and the same encodings as the rollup, on fewer events.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable

from accounts.queries import team_history
from campaigns.models import Spend
from core.errors import DomainError
from leads.deal_timeline import MONEY_COLUMNS, Money, fold_deal
from leads.models import CONTACT_KINDS, Deal, DealEvent, Lead, LeadEvent, Touch
from leads.timeline import AMENDABLE, EVENT_COLUMNS, Event, attributes, fold_lead, live_events, merged_into
from metrics import facts, facts_promises
from metrics.as_of_paths import paths_as_of
from metrics.as_of_promises import handed_over
from metrics.segments import Table
from metrics.series import Snapshot

# A fold takes seconds and its tables much memory: a page and its list ask for the same one shortly after each other.
KEPT = 2
_folded: dict[tuple, Snapshot] = {}


def snapshot_as_of(text: str, now: Snapshot) -> Snapshot:
    """A snapshot of what was known at an ISO instant (company zone if it has no offset)."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise DomainError(
            "date_invalid", f"“{text[:40]}” is not an instant. Write 2026-08-31T18:00.", field="as_of"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=now.calendar.zone_on(at.date()))
    if at.year < 1900:
        raise DomainError("date_invalid", "as_of lies after 1900.", field="as_of")
    if at > dt.datetime.now(dt.UTC):
        raise DomainError("in_the_future", "as_of lies in the future.", field="as_of")
    key = (now.epoch, now.generation, at, tuple(now.book.by_id), now.margins)
    if key not in _folded:
        while len(_folded) >= KEPT:
            _folded.pop(next(iter(_folded)), None)
        _folded[key] = _fold(at, now)
    return _folded[key]


def _fold(at: dt.datetime, now: Snapshot) -> Snapshot:
    reading = facts.Reading(book=now.book, reach=now.rules.reach)
    leads, rows, dims, (handoffs, obligations) = _leads(at, now)
    deals, spans, credits, ways = _deals(at, now, dims, leads)
    made = {
        "stay": facts.encode_stays(rows, reading),
        "journey": facts.encode_journeys(rows, reading),
        "detour": facts.encode_detours(rows, reading),
        "deal": facts.encode_deals(deals, reading),
        "deal_span": facts.encode_spans(spans, reading),
        "credit": facts.encode_credits(credits, reading),
        "handoff": facts_promises.encode_handoffs(handoffs, reading),
        "obligation": facts_promises.encode_obligations(obligations, reading, now.calendar),
    }
    made_when_asked = {
        "touch": lambda: facts.encode_touches(_touches(at, dims, leads), reading),
        "path": lambda: paths_as_of(_standing_touches(at), ways, rows, *leads, now.rules.reach),
        "spend": lambda: facts.encode_spend(_spend(at), reading),
    }
    return Snapshot(
        generation=now.generation,
        epoch=now.epoch,
        written_at=at,
        tables=_Tables(made, made_when_asked),
        book=now.book,
        calendar=now.calendar,
        currency=now.currency,
        week_start=now.week_start,
        year_start=now.year_start,
        margins=now.margins,
        rules=now.rules,
        as_of=at,
    )


class _Tables(dict):
    """Tables by kind. Those of touches are made when somebody asks for one: they are a third of the work, and most questions
    are about leads and deals."""

    def __init__(self, made: dict, later: dict[str, Callable]):
        super().__init__({kind: Table.of(kind, rows) for kind, rows in made.items()})
        self._later = later

    def __missing__(self, kind: str) -> Table:
        self[kind] = Table.of(kind, self._later[kind]())
        return self[kind]


def _leads(at: dt.datetime, now: Snapshot):
    """(survivor of each lead and those taken out, stay rows, dimensions by lead, rows of handoffs and of what is owed) as
    known at an instant."""
    events: dict[int, list[Event]] = defaultdict(list)
    later_amended: dict[int, dict[str, str]] = defaultdict(dict)
    meta: dict[int, tuple] = {}
    columns = (*EVENT_COLUMNS, "source", "recorded_at")
    for *row, source, recorded_at in LeadEvent.objects.order_by("id").values_list(*columns):
        event = Event(*row)
        if recorded_at <= at:
            events[event.lead_id].append(event)
            meta[event.id] = (source, recorded_at)
        elif event.kind == LeadEvent.Kind.AMENDED:
            later_amended[event.lead_id].setdefault(event.field, event.old)
    stored = {row[0]: row[1:] for row in Lead.objects.values_list("id", *AMENDABLE)}
    live = {lead_id: live_events(found) for lead_id, found in events.items()}
    direct = {lead_id: merged_into(found) for lead_id, found in live.items()}
    dims = {
        lead_id: _dims(stored[lead_id], attributes(found, live[lead_id]), later_amended[lead_id])
        for lead_id, found in events.items()
    }
    contacts: dict[int, list[dt.datetime]] = defaultdict(list)
    for lead_id, instant in (
        _standing_touches(at).filter(side="sales", kind__in=CONTACT_KINDS).values_list("lead_id", "occurred_at")
    ):
        contacts[lead_id].append(instant)
    groups: dict[int, list[int]] = defaultdict(list)
    roots = {lead_id: _root(lead_id, direct) for lead_id in events}
    for lead_id in sorted(events):
        groups[roots[lead_id]].append(lead_id)
    out = {i for i, found in live.items() if any(e.kind == LeadEvent.Kind.LEAD_VOIDED for e in found)}
    teams, rows, states = team_history(), [], {}
    for root, members in groups.items():
        state = states[root] = fold_lead(
            {i: events[i] for i in members},
            root,
            sources=dims[root][:2],
            contacts=sorted(c for i in members if i not in out for c in contacts[i]),
            book=now.book,
            calendar=now.calendar,
            teams=teams,
        )
        for stay in state.stays:
            source, recorded_at = meta[stay.opening_event_id]
            rows.append(
                (
                    root, *dims[root], stay.owner_id, stay.team_id, stay.opening_event_id, stay.stage_id, stay.position,
                    stay.entry_no, stay.entered_at, stay.entered_day, stay.entered_precision, stay.left_at, stay.left_day,
                    stay.left_precision, stay.exit_kind, stay.next_stage_id, stay.agreement_id, stay.first_contact_at,
                    source, recorded_at, state.created_day, state.clock_skew, state.source_missing,
                )
            )  # fmt: skip
    standing = {i: [] if i in out else found for i, found in live.items()}
    promised = handed_over(states, groups, standing, dims, _standing_touches(at), now)
    return (roots, out), rows, dims, promised


def _root(lead_id: int, direct: dict[int, int | None]) -> int:
    while direct.get(lead_id) is not None:
        lead_id = direct[lead_id]
    return lead_id


def _dims(stored: tuple, amended: dict[str, str], later: dict[str, str]) -> tuple:
    """Attributes at an instant: the corrections known then, else the value before the first later one, else today's."""
    found = []
    for name, value in zip(AMENDABLE, stored, strict=True):
        text = amended.get(name, later.get(name))
        if text is not None:
            value = (int(text) if text else None) if name.endswith("_id") else text
        found.append(value)
    return tuple(found)


def _standing_touches(at: dt.datetime):
    voided = Touch.objects.filter(voids__isnull=False, recorded_at__lte=at).values("voids_id")
    return Touch.objects.filter(recorded_at__lte=at, voids__isnull=True).exclude(id__in=voided)


def _touches(at: dt.datetime, dims: dict[int, tuple], leads) -> list[tuple]:
    roots, out = leads
    rows = []
    columns = facts.TOUCH_SELECT[len(facts.LEAD_DIMS) :]
    for lead_id, *rest in _standing_touches(at).values_list("lead_id", *columns):
        root = roots.get(lead_id, lead_id)
        if lead_id in out or root in out:
            continue
        rows.append((root or 0, *(dims[root] if root in dims else (None,) * len(AMENDABLE)), *rest))
    return rows


def _deals(at: dt.datetime, now: Snapshot, dims: dict[int, tuple], leads):
    roots, out = leads
    events: dict[int, list[Money]] = defaultdict(list)
    for *row, recorded_at in DealEvent.objects.order_by("id").values_list(*MONEY_COLUMNS, "recorded_at"):
        if recorded_at <= at:
            event = Money(*row)
            events[event.deal_id].append(event)
    teams, deals, spans, credits, ways = team_history(), [], [], [], []
    for deal in Deal.objects.order_by("id").iterator(chunk_size=5_000):
        if deal.id not in events:
            continue
        state = fold_deal(events[deal.id], calendar=now.calendar, teams=teams)
        if state.voided or state.created_day is None:
            continue
        root = roots.get(deal.lead_id, deal.lead_id)
        if deal.lead_id in out or root in out:
            continue  # a lead that was taken out takes its deals with it
        of_lead = dims.get(root, (None,) * len(AMENDABLE))
        own = (deal.channel_id, deal.campaign_id, deal.segment_id, deal.region_id, deal.origin, None)
        head = (root or 0, *(a if a is not None else b for a, b in zip(of_lead, own, strict=True)))
        head += (state.owner_id, state.team_id)
        deals.append(
            (
                *head, deal.id, state.created_day, state.closed_day, state.closed_precision, state.status, deal.kind,
                state.currency, state.amount, state.cost, state.base_amount, state.base_cost, deal.expected_close,
            )
        )  # fmt: skip
        ways.append((deal.id, root or 0, state.created_day, deal.company_id, state.created_at, state.closed_at))
        spans += [(*head, deal.id, s.from_day, s.until_day, deal.kind, s.amount, s.base_amount) for s in state.spans]
        credits += [(*head, c.event_id, deal.id, c.day, deal.kind, c.amount, c.base_amount) for c in state.credits]
    return deals, spans, credits, ways


def _spend(at: dt.datetime) -> list[tuple]:
    voided = Spend.objects.filter(voids__isnull=False, recorded_at__lte=at).values("voids_id")
    rows = Spend.objects.filter(recorded_at__lte=at, voids__isnull=True).exclude(id__in=voided)
    return list(rows.values_list(*facts.SPEND_SELECT))
