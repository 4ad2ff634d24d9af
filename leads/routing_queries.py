"""Reads of routing: the rules with their people, what waits to be given away, who has to do with a lead already."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import Side, Team, User
from accounts.presence import SalesPeople
from accounts.queries import standing
from funnel.book import Version
from funnel.models import StageKind
from leads.handoff_queries import visible_handoffs
from leads.models import Deal, Handoff, HandoffStanding, Lead, Precision, RoutedHandoff, Routing, RoutingRule
from leads.routing import TRAITS, Case, FormerHandoff, OpenDeal, OtherLead, Rule, known_people

# An entry that became known later than this is history, for instance an import's. It is not given away.
FRESH = dt.timedelta(days=7)
# Not decided: the handoffs that somebody has to look at.
UNDECIDED = (HandoffStanding.OPEN, HandoffStanding.RETURNED)
_ALIVE = (StageKind.PATH, StageKind.WON, StageKind.DETOUR)


def routing_setup() -> Routing:
    """The one row; an installation that never routed reads as switched off."""
    return Routing.objects.select_related("fallback_team").filter(id=1).first() or Routing(id=1)


def standing_rules() -> QuerySet[RoutingRule]:
    """Rules in their order, without removed ones."""
    rules = RoutingRule.objects.filter(removed_at__isnull=True).order_by("position", "id")
    return rules.select_related("segment", "region", "channel", "team").prefetch_related("people")


def pure_rules(rows: Iterable[RoutingRule], people: SalesPeople) -> list[Rule]:
    """Rules as leads.routing takes them. `people` are those of the day on which it is asked."""
    return [pure_rule(row, [user.pk for user in row.people.all()], people) for row in rows]


def pure_rule(row: RoutingRule, named: Iterable[int], people: SalesPeople) -> Rule:
    """One rule, saved or not, with the people it names."""
    return Rule(
        id=row.pk or 0,
        name=row.name,
        method=row.method,
        people=people.reps.get(row.team_id, ()) if row.team_id else tuple(sorted(named)),
        asks={name: value for name in TRAITS if (value := getattr(row, name))},
        last_person=row.last_person_id,
    )


# --- what waits -------------------------------------------------------------------------------------------------


def waiting_for_routing(on_since: dt.datetime) -> QuerySet[Handoff]:
    """Handoffs that the rules have to give away, oldest first: no person of sales has had them, or the one who has them no
    longer works here.

    They became known since the rules are on, at most a week after they happened. What was put into a queue waits there,
    and an assignment that a person took back is not made again.
    """
    routed = RoutedHandoff.objects.filter(entry_id=OuterRef("entry_id"))
    nobody = (Q(assigned_at__isnull=True) & ~Exists(routed)) | Q(lead__owner__is_active=False)
    return (
        Handoff.objects.filter(
            nobody,
            state=HandoffStanding.OPEN,
            entered_at__gte=on_since - FRESH,
            entry__recorded_at__gte=on_since,
            entry__recorded_at__lte=F("entered_at") + FRESH,
        )
        .exclude(precision=Precision.UNKNOWN)
        .order_by("entered_at", "entry_id")
    )


def open_handoffs_of(people: Iterable[int]) -> dict[int, int]:
    """How many undecided handoffs each person has now."""
    rows = Handoff.objects.filter(state__in=UNDECIDED, owner_id__in=list(people)).order_by()
    return dict(rows.values_list("owner_id").annotate(n=Count("pk")))


# --- cases ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """An MQL entry: the handoff, its lead and the instant at which one asks who has to do with it."""

    entry_id: int
    lead_id: int
    at: dt.datetime


def cases_of(entries: Sequence[Entry], version: Version) -> list[Case]:
    """The entries with their leads' traits and the people who have to do with them. Five queries, however many entries."""
    leads = Lead.objects.in_bulk({entry.lead_id for entry in entries})
    companies = {lead.company_id for lead in leads.values()} - {None}
    deals_of_company, deals_of_lead = _deals(companies, set(leads))
    former, others = _former(set(leads)), _others(companies, version)
    found = []
    for entry in entries:
        lead = leads[entry.lead_id]
        company = lead.company_id
        deals = deals_of_lead[lead.pk] + (deals_of_company[company] if company else [])
        past = [one for one in former[lead.pk] if one.entry_id != entry.entry_id]
        siblings = [one for one in others[company] if one.id != lead.pk] if company else []
        known = known_people(entry.at, deals, past, siblings)
        traits = {name: getattr(lead, name) for name in TRAITS}
        found.append(Case(entry.entry_id, lead.pk, traits, known))
    return found


def _deals(companies: set[int], leads: set[int]) -> tuple[dict[int, list[OpenDeal]], dict[int, list[OpenDeal]]]:
    """Deals with an owner, by their company and by their lead."""
    by_company: dict[int, list[OpenDeal]] = defaultdict(list)
    by_lead: dict[int, list[OpenDeal]] = defaultdict(list)
    theirs = Q(company_id__in=companies) | Q(company=None, lead__company_id__in=companies) | Q(lead_id__in=leads)
    rows = Deal.objects.filter(theirs, voided=False, owner__isnull=False, created_at__isnull=False)
    columns = ("company_id", "lead__company_id", "lead_id", *OpenDeal.__dataclass_fields__)
    for company, of_lead, lead, *row in rows.values_list(*columns):
        by_company[company or of_lead].append(OpenDeal(*row))
        by_lead[lead].append(OpenDeal(*row))
    return by_company, by_lead


def _former(leads: set[int]) -> dict[int, list[FormerHandoff]]:
    found: dict[int, list[FormerHandoff]] = defaultdict(list)
    rows = Handoff.objects.filter(lead_id__in=leads, owner__isnull=False)
    for lead, *row in rows.values_list("lead_id", *FormerHandoff.__dataclass_fields__):
        found[lead].append(FormerHandoff(*row))
    return found


def _others(companies: set[int], version: Version) -> dict[int, list[OtherLead]]:
    found: dict[int, list[OtherLead]] = defaultdict(list)
    alive = [stage.id for stage in version.stages.values() if stage.kind in _ALIVE]
    rows = Lead.objects.filter(
        company_id__in=companies,
        owner__isnull=False,
        stage_id__in=alive,
        created_at__isnull=False,
        merged_into__isnull=True,
        voided=False,
    )
    for company, *row in rows.values_list("company_id", *OtherLead.__dataclass_fields__):
        found[company].append(OtherLead(*row))
    return found


# --- the queue --------------------------------------------------------------------------------------------------


def queued_handoffs(user: User) -> QuerySet[Handoff]:
    """Open handoffs that nobody has, of the leads this person may open, the longest waiting first. Leads that still are in
    marketing's hands are not among them."""
    rows = visible_handoffs(user).filter(state=HandoffStanding.OPEN, lead__owner__isnull=True)
    return rows.exclude(lead__team__side=Side.MARKETING).order_by("entered_at", "entry_id")


def may_take(user: User, team: Team | None) -> bool:
    """Whether a person may take from a team's queue: that team's people; sales, where no team is named."""
    now = standing(user)
    return team.pk in now.team_ids if team is not None else Side.SALES in now.sides
