"""What the pages of deals, of companies and of the search show. Reads only."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from campaigns.models import Campaign
from leads.finding import companies_like, find_leads, leads_like
from leads.models import Company, Deal, DealEvent, Lead, NextStep, Touch
from leads.pages.filters import Surroundings
from leads.pages.leads import PAGE, decorate
from leads.queries import visible_deals, visible_leads

DEAL_TABS = (("", "All"), ("open", "Open"), ("won", "Won"), ("lost", "Lost"))
_DEAL_RELATED = ("lead__contact", "company", "owner", "lead__company")


@dataclass(frozen=True)
class DealList:
    tabs: list[tuple[str, str, int]]
    rows: list[Deal]
    found: int
    amount: int | None
    page: int
    pages: int


def list_deals(around: Surroundings, *, status: str, words: str, mine: bool, page: int) -> DealList:
    """One page of deals, newest close or start first; the sum is in the base currency."""
    deals = visible_deals(around.user)
    if mine:
        deals = deals.filter(owner=around.user)
    if words:
        lead = Q(lead_id__in=Lead.objects.filter(leads_like(words)).values("id"))
        deals = deals.filter(Q(name__icontains=words) | Q(company_id__in=companies_like(words).values("id")) | lead)
    counts = deals.aggregate(
        all=Count("id", distinct=True),
        sum=Sum("base_amount", filter=Q(status=status) if status else None),
        **{key: Count("id", distinct=True, filter=Q(status=key)) for key, _ in DEAL_TABS if key},
    )
    shown = deals.filter(status=status) if status else deals
    found = counts[status or "all"]
    pages = max((found + PAGE - 1) // PAGE, 1)
    page = min(page, pages)
    rows = shown.select_related(*_DEAL_RELATED).order_by("-created_at", "-id")[(page - 1) * PAGE : page * PAGE]
    tabs = [(key, word, counts[key or "all"]) for key, word in DEAL_TABS]
    return DealList(tabs, list(rows), found, counts["sum"], page, pages)


@dataclass(frozen=True)
class DealPage:
    deal: Deal
    lead: Lead | None
    profit: int | None
    events: list[dict]
    marketing: list[dict]
    touches: int
    contacts: list[Touch]
    steps: list[NextStep]
    credited: int


def read_deal(deal: Deal, around: Surroundings, book) -> DealPage:
    """One deal: its money, its history, and what marketing did with its lead before it closed."""
    lead = deal.lead
    if lead is not None and lead.merged_into_id is not None:
        lead = Lead.objects.select_related("contact").get(pk=lead.merged_into_id)
    events = list(deal.events.select_related("actor", "owner").order_by("-occurred_at", "-id"))
    voids = {e.target_id for e in events if e.kind == DealEvent.Kind.VOIDED}
    shown = [
        {"event": e, "text": _event_words(e, deal, book), "dead": e.id in voids}
        for e in events
        if e.kind not in (DealEvent.Kind.VOIDED, DealEvent.Kind.CONVERTED)
    ]
    mine = _touches_of(deal, lead)
    marketing, touches = _marketing(mine, deal.closed_at or around.now)
    known = deal.amount is not None and deal.cost is not None
    return DealPage(
        deal=deal,
        lead=lead,
        profit=deal.amount - deal.cost if known else None,
        events=shown,
        marketing=marketing,
        touches=touches,
        contacts=[] if lead else _own_contacts(mine),
        steps=list(deal.next_steps.filter(done_at__isnull=True).select_related("who").order_by("due_on")),
        credited=-(deal.credits.aggregate(sum=Sum("amount"))["sum"] or 0),
    )


def _touches_of(deal: Deal, lead: Lead | None) -> QuerySet[Touch]:
    """The standing touches of the deal's lead; without one, those of the people on the deal and of its company alone."""
    standing = Touch.objects.filter(voids__isnull=True, voided_by__isnull=True)
    if lead is not None:
        return standing.filter(Q(lead=lead) | Q(lead__merged_into=lead))
    of_company = Q(company_id=deal.company_id, lead=None, contact=None) if deal.company_id else Q(pk=None)
    return standing.filter(Q(contact_id__in=deal.people.values("contact_id")) | of_company)


def _own_contacts(touches: QuerySet[Touch]) -> list[Touch]:
    """What was logged on a deal without a lead, newest first: it has no timeline of a lead to stand in."""
    rows = touches.filter(lead=None).select_related("actor", "contact", "company", "campaign", "content")
    return list(rows.order_by("-occurred_at", "-id")[:20])


def _marketing(touches: QuerySet[Touch], until: dt.datetime) -> tuple[list[dict], int]:
    """Marketing's touches before the close, by campaign and content, most first."""
    touches = (
        touches.filter(side="marketing", occurred_at__lte=until)
        .order_by("occurred_at", "id")
        .values_list("campaign__name", "content__name", "channel__name", "kind", "occurred_at")
    )
    counts: Counter = Counter()
    first, last = {}, {}
    for campaign, content, channel, kind, at in touches:
        key = (campaign or channel or "No campaign", content or Touch.Kind(kind).label)
        counts[key] += 1
        first.setdefault(key, at)
        last[key] = at
    rows = [
        {"campaign": key[0], "content": key[1], "count": n, "first": first[key], "last": last[key]}
        for key, n in counts.most_common()
    ]
    return rows, sum(counts.values())


def _event_words(event: DealEvent, deal: Deal, book) -> str:
    if event.kind == DealEvent.Kind.LOST:
        labels = {k: v for version in book.versions for v_ in [version.reasons.get("lost", {})] for k, v in v_.items()}
        return f"Lost: {labels.get(event.reason, event.reason)}" if event.reason else "Lost"
    if event.kind == DealEvent.Kind.OWNER:
        return f"Given to {event.owner}" if event.owner else "Owner removed"
    return event.get_kind_display()


# --- companies --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompanyList:
    rows: list[dict]
    found: int
    page: int
    pages: int


def list_companies(around: Surroundings, *, words: str, page: int) -> CompanyList:
    """Companies by name, with the leads and deals that this person may open."""
    companies = companies_like(words) if words else Company.objects.all()
    found = companies.count()
    pages = max((found + PAGE - 1) // PAGE, 1)
    page = min(page, pages)
    rows = list(companies.select_related("segment", "region").order_by("name", "id")[(page - 1) * PAGE : page * PAGE])
    ids = [company.id for company in rows]
    going = Q(stage_id__in=[s.id for s in around.stages.values() if s.open])
    leads = visible_leads(around.user).filter(company_id__in=ids).order_by().values("company_id")
    leads = {r["company_id"]: r for r in leads.annotate(n=Count("id"), going=Count("id", filter=going))}
    deals = visible_deals(around.user).filter(company_id__in=ids).order_by().values("company_id")
    won = Q(status=Deal.Status.WON)
    deals = {r["company_id"]: r for r in deals.annotate(n=Count("id"), won=Sum("base_amount", filter=won))}
    shown = [{"company": c, "leads": leads.get(c.id, {}), "deals": deals.get(c.id, {})} for c in rows]
    return CompanyList(shown, found, page, pages)


@dataclass(frozen=True)
class CompanyPage:
    company: Company
    going: list[Lead]
    others: list[Lead]
    hidden: int
    deals: list[Deal]
    hidden_deals: int


def read_company(company: Company, around: Surroundings) -> CompanyPage:
    """A company: the open leads of all colleagues (those one may not open are counted), closed ones, deals."""
    everybody = Lead.objects.filter(company=company, merged_into__isnull=True, voided=False)
    mine = visible_leads(around.user).filter(company=company).select_related("contact", "owner", "channel")
    leads = [decorate(lead, around) for lead in mine.order_by("-created_at")[:200]]
    open_ids = [s.id for s in around.stages.values() if s.open]
    all_open = everybody.filter(stage_id__in=open_ids).count()
    seen_open = [lead for lead in leads if lead.now and lead.now.open]
    company_deals = Q(company=company) | Q(lead__company=company)
    deals = list(
        visible_deals(around.user).filter(company_deals).select_related(*_DEAL_RELATED).order_by("-created_at")[:200]
    )
    all_deals = Deal.objects.filter(company_deals, voided=False).count()
    return CompanyPage(
        company=company,
        going=seen_open,
        others=[lead for lead in leads if lead not in seen_open],
        hidden=max(all_open - len(seen_open), 0) if len(leads) < 200 else 0,
        deals=deals,
        hidden_deals=max(all_deals - len(deals), 0) if len(deals) < 200 else 0,
    )


# --- search -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    leads: list[Lead]
    more_leads: bool
    companies: list[Company]
    deals: list[Deal]
    campaigns: list[Campaign]

    @property
    def count(self) -> int:
        return len(self.leads) + len(self.companies) + len(self.deals) + len(self.campaigns)


SHOWN = 20


def search(words: str, around: Surroundings) -> Found:
    """Leads, companies, deals and campaigns that the words are part of; of leads and deals those one may open."""
    if not words:
        return Found([], False, [], [], [])
    leads = find_leads(visible_leads(around.user), words).select_related("contact", "company", "owner")
    rows = list(leads.order_by("-created_at", "-id")[: SHOWN + 1])
    return Found(
        leads=[decorate(lead, around) for lead in rows[:SHOWN]],
        more_leads=len(rows) > SHOWN,
        companies=list(companies_like(words).order_by("name")[:10]),
        deals=list(visible_deals(around.user).filter(name__icontains=words).order_by("-created_at")[:10]),
        campaigns=list(Campaign.objects.filter(name__icontains=words).select_related("channel").order_by("name")[:10]),
    )
