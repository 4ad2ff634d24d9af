"""The second opinion on deals, touches and spend: their rows straight from events. See metrics.check_leads."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor
from types import SimpleNamespace

from campaigns.models import Spend
from core.money import convert
from core.periods import day_number
from core.queries import Rates
from leads.models import Deal, DealCredit, DealEvent, DealSpan, Touch
from metrics import codes
from metrics.check_leads import ATTRIBUTES, Opinion, World, dimensions, standing_events, typed_in_late
from metrics.segments import FAR, MISSING

_OWN = ("channel_id", "campaign_id", "segment_id", "region_id", "origin")
DEAL_COLUMNS = (
    "status", "created_at", "created_day", "closed_at", "closed_day", "closed_precision", "amount", "cost", "currency",
    "base_amount", "base_cost", "owner_id", "team_id", "voided",
)  # fmt: skip


def _minor(value: int | None) -> int:
    return MISSING if value is None else value


class Label:
    """Under which lead a fact is counted, and with which dimensions: the survivor's, else the fact's own."""

    def __init__(self, fact, own: Sequence[str] = ()):
        lead = fact.lead
        survivor = (lead.merged_into or lead) if lead is not None else None
        self.lead = survivor.id if survivor is not None else 0
        # A lead that was taken out takes its facts with it.
        self.out = lead is not None and (lead.voided or survivor.voided)
        self.attributes = {}
        for name in ATTRIBUTES:
            value = getattr(survivor, name) if survivor is not None else None
            self.attributes[name] = getattr(fact, name) if value is None and name in own else value


class DealStory:
    """One deal's standing events in order; every question is answered by looking at what came before."""

    def __init__(self, events: Sequence, world: World):
        self.world = world
        standing = standing_events(events)
        self.out = any(e.kind == "deal_voided" for e in standing)
        # An opening dated after something else is placed before it, like a lead's creation.
        start = min((e.occurred_at for e in standing), default=None)
        for event in standing:
            event.placed = start if event.kind == "opened" else event.occurred_at
        self.events = sorted(standing, key=lambda e: (e.placed, e.kind != "opened", e.id))
        self.opened = next((e for e in self.events if e.kind == "opened"), None)

    def close_within(self, past: Sequence):
        """The win or loss that holds after these events; a reopening ends it."""
        closes = [e for e in past if e.kind in ("won", "lost", "reopened")]
        return closes[-1] if closes and closes[-1].kind != "reopened" else None

    def money(self, past: Sequence, *, cost: bool) -> tuple[int | None, int | None]:
        """Amount or cost after these events, in the deal's currency and in the base currency.

        The base value is set by the last event that may: a close sets what had been recorded before it, and of what
        stands after a close only that which was recorded later corrects it. A conversion speaks of what was known then, and
        the worth of what is not there (it was taken back) is unknown.
        """
        kinds = ("cost",) if cost else ("opened", "amount")
        value = base = setter = None
        for index, event in enumerate(past):
            sets = event.kind in kinds and (cost or event.amount is not None)
            stated = event.base_cost if cost else event.base_amount
            close = self.close_within(past[:index])
            if sets:
                value, setter = event.amount, event
            if event.kind in ("won", "lost"):
                if setter is None or setter.id < event.id:
                    base = stated
            elif close is not None and event.id < close.id:
                continue
            elif sets or (event.kind == "converted" and stated is not None and (setter is None or setter.id < event.id)):
                base = stated
        return value, None if value is None else base

    def spans(self) -> list[dict]:
        """Stretches of whole days in which the deal was open with one amount, from how each day ended."""
        found: list[dict] = []
        days = sorted({self.world.day(e.placed) for e in self.events})
        for day in days:
            past = [e for e in self.events if self.world.day(e.placed) <= day]
            begun = any(e.kind == "opened" for e in past)
            is_open = begun and self.close_within(past) is None
            amount, base = self.money(past, cost=False)
            running = found[-1] if found and found[-1]["until_day"] is None else None
            if running and is_open and (running["amount"], running["base_amount"]) == (amount, base):
                continue
            if running:
                running["until_day"] = day
            if is_open:
                found.append({"from_day": day, "until_day": None, "amount": amount, "base_amount": base})
        return [] if self.out else found

    def credits(self) -> list[dict]:
        return [
            {
                "event_id": e.id,
                "day": self.world.day(e.placed),
                "amount": -(e.amount or 0),
                "base_amount": None if e.base_amount is None else -e.base_amount,
            }
            for e in self.events
            if e.kind in ("credited", "cancelled") and not self.out
        ]

    def projection(self) -> dict:
        close = self.close_within(self.events)
        amount, base_amount = self.money(self.events, cost=False)
        cost, base_cost = self.money(self.events, cost=True)
        owners = [e.owner_id for e in self.events if e.kind in ("opened", "owner")]
        currencies = [e.currency for e in self.events if e.currency]
        created_at = self.opened.placed if self.opened else None
        created_day = self.world.day(created_at) if created_at else None
        closed_day = self.world.day(close.placed) if close else None
        owner, team_day = owners[-1] if owners else None, closed_day or created_day
        return {
            "status": close.kind if close else "open",
            "created_at": created_at,
            "created_day": created_day,
            "closed_at": close.placed if close else None,
            "closed_day": closed_day,
            "closed_precision": close.time_precision if close else "",
            "amount": amount,
            "cost": cost,
            "currency": currencies[-1] if currencies else "",
            "base_amount": base_amount,
            "base_cost": base_cost,
            "owner_id": owner,
            "team_id": self.world.team(owner, team_day) if team_day else None,
            "voided": self.out,
        }


def opinion_on_deals(ids: set[int], world: World) -> Opinion:
    events = defaultdict(list)
    for event in DealEvent.objects.filter(deal_id__in=ids).values():
        events[event["deal_id"]].append(SimpleNamespace(**event))
    opinion = Opinion()
    for deal in Deal.objects.filter(id__in=ids).select_related("lead__merged_into"):
        story = DealStory(events[deal.id], world)
        state = opinion.tables["deal"][deal.id] = story.projection()
        spans, credits = story.spans(), story.credits()
        opinion.tables["deal_spans"][deal.id] = {str(s["from_day"]): tuple(s.values()) for s in spans}
        opinion.tables["deal_credits"][deal.id] = {str(c["event_id"]): tuple(c.values()) for c in credits}
        label = Label(deal, _OWN)
        if story.out or label.out:
            continue
        dims = dimensions(label.attributes, state["owner_id"], state["team_id"])
        kind = codes.DEAL_KINDS.index(deal.kind)
        if state["created_day"] is not None:
            opinion.rows["deal"][day_number(state["created_day"]), label.lead, deal.id] = dims | {
                "close": day_number(state["closed_day"]) if state["closed_day"] else FAR,
                "cknown": state["closed_precision"] != "unknown",
                "status": codes.STATUSES.index(state["status"]),
                "kind": kind,
                "currency": codes.text_code(state["currency"]),
                "amount": _minor(state["amount"]),
                "cost": _minor(state["cost"]),
                "base": _minor(state["base_amount"]),
                "bcost": _minor(state["base_cost"]),
                "expected": day_number(deal.expected_close) if deal.expected_close else FAR,
            }
        for span in spans:
            opinion.rows["deal_span"][day_number(span["from_day"]), label.lead, deal.id] = dims | {
                "until": day_number(span["until_day"]) if span["until_day"] else FAR,
                "kind": kind,
                "amount": _minor(span["amount"]),
                "base": _minor(span["base_amount"]),
            }
        for credit in credits:
            opinion.rows["credit"][day_number(credit["day"]), label.lead, credit["event_id"]] = dims | {
                "deal": deal.id,
                "kind": kind,
                "amount": credit["amount"],
                "base": _minor(credit["base_amount"]),
            }
    return opinion


def stored_deal_tables(ids: set[int]) -> dict[str, dict[int, dict]]:
    deals = {row.pop("id"): row for row in Deal.objects.filter(id__in=ids).values("id", *DEAL_COLUMNS)}
    spans: dict[int, dict] = {deal_id: {} for deal_id in deals}
    credits: dict[int, dict] = {deal_id: {} for deal_id in deals}
    for row in DealSpan.objects.filter(deal_id__in=ids):
        spans[row.deal_id][str(row.from_day)] = (row.from_day, row.until_day, row.amount, row.base_amount)
    for row in DealCredit.objects.filter(deal_id__in=ids):
        credits[row.deal_id][str(row.event_id)] = (row.event_id, row.day, row.amount, row.base_amount)
    return {"deal": deals, "deal_spans": spans, "deal_credits": credits}


def opinion_on_touches(ids: set[int], world: World) -> Opinion:
    opinion = Opinion()
    undone = set(Touch.objects.filter(voids_id__in=ids).values_list("voids_id", flat=True))
    for touch in Touch.objects.filter(id__in=ids, voids__isnull=True).select_related("lead__merged_into", "campaign"):
        label = Label(touch)
        if touch.id in undone or label.out:
            continue
        row = dimensions(label.attributes, touch.actor_id, None)
        opinion.rows["touch"][day_number(world.day(touch.occurred_at)), label.lead, touch.id] = row | {
            "side": codes.SIDES.index(touch.side),
            "kind": codes.TOUCH_KINDS.index(touch.kind),
            "tchannel": touch.channel_id or (touch.campaign.channel_id if touch.campaign else None) or 0,
            "tcampaign": touch.campaign_id or 0,
            "contact": touch.contact_id or 0,
            "content": touch.content_id or 0,
            "late": typed_in_late(touch, touch.occurred_at),
        }
    return opinion


def even_parts(total: int, n: int) -> list[int]:
    """What each of `n` days adds to the rounded running total of an even spread, halves away from zero."""
    sign = -1 if total < 0 else 1
    running = [floor(Fraction(abs(total) * day, n) + Fraction(1, 2)) for day in range(n + 1)]
    return [sign * (after - before) for before, after in pairwise(running)]


def opinion_on_spend(ids: set[int], rates: Rates) -> Opinion:
    opinion = Opinion()
    undone = set(Spend.objects.filter(voids_id__in=ids).values_list("voids_id", flat=True))
    for spend in Spend.objects.filter(id__in=ids, voids__isnull=True):
        if spend.id in undone:
            continue
        days = (spend.service_to - spend.service_from).days + 1
        for offset, part in enumerate(even_parts(spend.amount, days)):
            day = spend.service_from + dt.timedelta(days=offset)
            rate = rates.on(spend.currency, day)
            opinion.rows["spend"][day_number(day), 0, spend.id] = {
                "campaign": spend.campaign_id or 0,
                "channel": spend.channel_id or 0,
                "status": 3 * codes.COST_KINDS.index(spend.kind) + codes.SPEND_STATUSES.index(spend.status),
                "currency": codes.text_code(spend.currency),
                "amount": part,
                "base": MISSING if rate is None else convert(part, spend.currency, rates.base, rate),
            }
    return opinion
