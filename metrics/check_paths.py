"""The second opinion on ways: which touches count for a deal, said once more in plain Python. See metrics.check_leads.

Leads, deals and stays are taken as they are stored; their own opinions judge them.
"""

import datetime as dt
from collections import defaultdict

from django.db.models import Q

from core.periods import day_number
from leads.models import Contact, Deal, DealContact, Lead, StageEntry, Touch
from metrics import codes
from metrics.check_leads import Opinion
from metrics.credit_rules import Reach
from metrics.segments import MISSING

_HALF_HOUR = dt.timedelta(minutes=30)


def _second(at: dt.datetime | None) -> int:
    return MISSING if at is None else codes.seconds_of(at)


def opinion_on_paths(ids: set[int], reach: Reach) -> Opinion:
    """Ways under these surviving leads; 0 stands for all deals without a lead."""
    opinion = Opinion()
    members, deals = defaultdict(list), defaultdict(list)
    for lead in Lead.objects.filter(Q(id__in=ids) | Q(merged_into_id__in=ids), voided=False).select_related("merged_into"):
        root = lead.merged_into or lead
        if root.id in ids and not root.voided:
            members[root.id].append(lead)
    under = Q(lead_id__in=ids) | Q(lead__merged_into_id__in=ids) | (Q(lead__isnull=True) if 0 in ids else Q())
    standing = Deal.objects.filter(under, voided=False, created_day__isnull=False)
    for deal in standing.select_related("lead__merged_into").order_by("id"):
        survivor = (deal.lead.merged_into or deal.lead) if deal.lead else None
        if survivor is None or not (survivor.voided or deal.lead.voided):
            deals[survivor.id if survivor else 0].append(deal)
    entries = {stay.lead_id: stay for stay in StageEntry.objects.filter(position=0, lead_id__in=list(members))}
    parts = defaultdict(set)
    for role in DealContact.objects.filter(deal__in=[deal.id for own in deals.values() for deal in own]):
        parts[role.deal_id].add(role.contact_id)
    wanted = []  # what a way stands under, its people, and from when to when touches count
    for root in sorted(set(members) | set(deals)):
        own, entry = members[root], entries.get(root)
        company = next((lead.company_id for lead in own if lead.id == root), None)
        lead_at = entry.entered_at if entry and entry.entered_precision != "unknown" else None
        people = {lead.contact_id for lead in own if lead.contact_id} | {-lead.id for lead in own}
        for deal in deals[root]:
            account = deal.company_id or company
            everybody = people | parts[deal.id] | (_staff(account) if reach.account and account else set())
            times = (lead_at, deal.created_at, deal.closed_at)
            wanted.append((day_number(deal.created_day), root, deal.id, account or -deal.id, everybody, times))
        if not deals[root] and entry is not None:
            wanted.append((day_number(entry.entered_day), root, 0, company or -root, people, (lead_at, None, None)))
    told = _touches(set().union(*(people for *_, people, _ in wanted)))
    for day, root, deal, account, people, times in wanted:
        since = (times[1] or times[0]) and (times[1] or times[0]) - dt.timedelta(days=reach.lookback)
        _add(opinion, day, root, deal, account, _way(people, told, since, times[2]), times)
    return opinion


def _staff(company: int) -> set[int]:
    found = set(Contact.objects.filter(company_id=company).values_list("id", flat=True))
    for lead in Lead.objects.filter(company_id=company, voided=False):
        found |= {-lead.id, lead.contact_id} - {None}
    return found


def _touches(people: set[int]) -> dict[int, list[Touch]]:
    """Standing touches by person. A touch of nobody with a name is its lead's contact's, else the lead's."""
    contacts, alone = {p for p in people if p > 0}, {-p for p in people if p < 0}
    standing = Touch.objects.filter(voids__isnull=True, voided_by__isnull=True).select_related(
        "lead__merged_into", "campaign"
    )
    queries = (
        standing.filter(contact_id__in=contacts),
        standing.filter(contact__isnull=True, lead__contact_id__in=contacts),
        standing.filter(contact__isnull=True, lead__contact__isnull=True, lead_id__in=alone),
    )
    found = defaultdict(list)
    for touch in (touch for query in queries for touch in query):
        lead = touch.lead
        if lead is None or not (lead.voided or (lead.merged_into and lead.merged_into.voided)):
            found[touch.contact_id or (lead.contact_id if lead else None) or -lead.id].append(touch)
    return found


def _way(people: set[int], told: dict, begin: dt.datetime | None, end: dt.datetime | None) -> list[tuple[int, Touch]]:
    """(person, touch) in order, repeats left out."""
    found = [(person, touch) for person in people for touch in told.get(person, ())]
    ordered = sorted(found, key=lambda pair: (pair[1].occurred_at, pair[1].id))
    kept: list[tuple[int, Touch]] = []
    for person, touch in ordered:
        if (begin and touch.occurred_at < begin) or (end and touch.occurred_at > end):
            continue
        alike = [
            other
            for of, other in kept
            if (of, other.campaign_id, other.kind, other.side) == (person, touch.campaign_id, touch.kind, touch.side)
        ]
        if not alike or touch.occurred_at - alike[-1].occurred_at >= _HALF_HOUR:
            kept.append((person, touch))
    return kept


def _add(opinion: Opinion, day: int, root: int, deal: int, account: int, way: list, times: tuple) -> None:
    for place, (person, touch) in enumerate(way):
        opinion.rows["path"][day, root, deal * 1_000_000 + place] = {
            "deal": deal,
            "touch": touch.id,
            "person": person,
            "account": account,
            "channel": touch.channel_id or (touch.campaign.channel_id if touch.campaign else None) or 0,
            "campaign": touch.campaign_id or 0,
            "content": touch.content_id or 0,
            "side": codes.SIDES.index(touch.side),
            "kind": codes.TOUCH_KINDS.index(touch.kind),
            "at": _second(touch.occurred_at),
            "lead_at": _second(times[0]),
            "deal_at": _second(times[1]),
            "closed_at": _second(times[2]),
        }
