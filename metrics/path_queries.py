"""The database side of ways: which deals a changed touch concerns, and the ways of some days or some leads."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from leads.models import Contact, Deal, DealContact, Lead, Precision, StageEntry, Touch
from metrics.credit_rules import Reach
from metrics.facts import CHANNEL, ByDay, Reading
from metrics.paths import Step, Way, encode_paths
from metrics.segments import join

AT_ONCE = 400
Patches = dict[dt.date, set[int]]


def _parts(ids: Iterable) -> Iterator[list]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


# --- what is concerned ----------------------------------------------------------------------------------------------------


def concerned(whole: Iterable[dt.date], patches: Mapping[dt.date, set[int]], reach: Reach) -> Patches:
    """Where the ways stand that these notes may have changed: leads by day, 0 for deals without a lead.

    A note names a lead and a day, or a whole day. Its touches of that day reach the deals of their people; what else
    happened to a lead reaches the deals and the way of that lead; where everybody of a company counts, its beginning reaches
    the deals of its company.
    """
    leads: set[int] = set().union(*patches.values())
    begun: set[int] = set()
    people: set[int] = set()
    for part in _parts(leads):
        people |= _people_of(Touch.objects.filter(lead_id__in=_with_merged(part), day__in=list(patches)))
        firsts = StageEntry.objects.filter(lead_id__in=part, position=0).values_list("lead_id", "entered_day")
        begun |= {lead for lead, day in firsts if lead in patches.get(day, ())}
    for part in _parts(whole):
        people |= _people_of(Touch.objects.filter(day__in=part))
        begun |= set(StageEntry.objects.filter(entered_day__in=part, position=0).values_list("lead_id", flat=True))
    leads |= begun
    found: Patches = defaultdict(set)
    for part in _parts(leads):
        _place(found, Deal.objects.filter(lead_id__in=_with_merged(part)))
        _place_leads(found, part)
    contacts = {person for person in people if person > 0}
    alone = {-person for person in people if person < 0}
    for part in _parts(contacts):
        roles = DealContact.objects.filter(contact_id__in=part).values_list("deal_id", flat=True)
        _place(found, Deal.objects.filter(id__in=list(roles)))
        # Their own leads are among these.
        _place(found, Deal.objects.filter(lead_id__in=_survivors(contact_id__in=part)))
        _place_leads(found, Lead.objects.filter(contact_id__in=part).values_list("id", flat=True))
    for part in _parts(alone):
        _place(found, Deal.objects.filter(Q(lead_id__in=part) | Q(lead_id__in=_survivors(id__in=part))))
        _place_leads(found, part)
    if reach.account:
        _place_accounts(found, contacts, alone | begun)
    return found


def _with_merged(leads: Iterable[int]) -> list[int]:
    """These leads and those merged into them. Ids at hand let an index find what hangs on them."""
    own = set(leads)
    return sorted(own | set(Lead.objects.filter(merged_into_id__in=own).values_list("id", flat=True)))


def _survivors(**rule) -> list[int]:
    """The leads that these were merged into, and those merged into the same."""
    into = Lead.objects.filter(**rule, merged_into__isnull=False).values_list("merged_into_id", flat=True)
    roots = set(into) | set(Lead.objects.filter(**rule).values_list("id", flat=True))
    return _with_merged(roots)


def _people_of(touches: QuerySet) -> set[int]:
    rows = touches.filter(voids__isnull=True).values_list("lead_id", Coalesce("contact_id", "lead__contact_id"))
    return {contact or -lead for lead, contact in rows.distinct() if contact or lead}


def _place(found: Patches, deals: QuerySet) -> None:
    rows = deals.filter(created_day__isnull=False).values_list("created_day", Coalesce("lead__merged_into_id", "lead_id", 0))
    for day, lead in rows.distinct():
        found[day].add(lead)


def _place_leads(found: Patches, leads: Iterable[int]) -> None:
    rows = Lead.objects.filter(id__in=list(leads)).values_list(Coalesce("merged_into_id", "id"), flat=True)
    firsts = StageEntry.objects.filter(lead_id__in=list(rows), position=0).values_list("entered_day", "lead_id")
    for day, lead in firsts:
        found[day].add(lead)


def _place_accounts(found: Patches, contacts: set[int], alone: set[int]) -> None:
    companies = set()
    for part in _parts(contacts):
        companies |= set(Contact.objects.filter(id__in=part).values_list("company_id", flat=True))
        companies |= set(Lead.objects.filter(contact_id__in=part).values_list("company_id", flat=True))
    for part in _parts(alone):
        companies |= set(Lead.objects.filter(id__in=part).values_list("company_id", flat=True))
    for part in _parts(companies - {None}):
        leads = Lead.objects.filter(company_id__in=part).values_list("id", flat=True)
        _place(found, Deal.objects.filter(company_id__in=part))
        _place(found, Deal.objects.filter(lead_id__in=_with_merged(leads), company=None))


# --- the ways themselves --------------------------------------------------------------------------------------------------


def read_paths(days: Sequence[dt.date], leads: Sequence[int] | None, reading: Reading) -> ByDay:
    """The ways under these days; of these leads alone where they are given, 0 for deals without one."""
    firsts = StageEntry.objects.filter(entered_day__in=days, position=0)
    if leads is not None:
        firsts = firsts.filter(lead_id__in=leads)
    deal_ids = deals_under(days, leads)
    lead_ids = set(firsts.values_list("lead_id", flat=True))
    found: dict[int, list] = {}
    for part in _parts(deal_ids):
        _merge(found, _encoded(ways_of_deals(part, reading.reach), reading.reach))
    for part in _parts(lead_ids):
        _merge(found, _encoded(ways_of_leads(part), reading.reach))
    return {day: join("path", parts) for day, parts in found.items()}


def deals_under(days: Sequence[dt.date], leads: Sequence[int] | None) -> set[int]:
    """The deals opened on these days; of these leads alone where they are given, 0 for deals without one."""
    deals = Deal.objects.filter(created_day__in=days)
    if leads is not None:
        of_leads = Q(lead_id__in=_with_merged(leads))
        deals = deals.filter(of_leads | Q(lead__isnull=True) if 0 in leads else of_leads)
    return set(deals.values_list("id", flat=True))


def _merge(found: dict[int, list], more: ByDay) -> None:
    for day, columns in more.items():
        found.setdefault(day, []).append(columns)


def _encoded(ways: list[Way], reach: Reach) -> ByDay:
    return encode_paths(ways, steps_by_person(set().union(*(way.people for way in ways))), reach)


_OF_LEAD = ("id", "merged_into_id", "contact_id", "company_id")


def _groups(roots: Iterable[int]) -> dict[int, list[dict]]:
    """Each surviving lead with those merged into it, as far as they were not taken out."""
    found: dict[int, list[dict]] = defaultdict(list)
    for part in _parts(roots):
        rows = Lead.objects.filter(Q(id__in=part) | Q(merged_into_id__in=part), voided=False)
        for row in rows.order_by("id").values(*_OF_LEAD):
            found[row["merged_into_id"] or row["id"]].append(row)
    return found


def people_of_group(group: Iterable[dict]) -> set[int]:
    """Contacts of these leads, and minus the leads themselves for touches of nobody with a name."""
    return {row["contact_id"] for row in group if row["contact_id"]} | {-row["id"] for row in group}


def _firsts(roots: Iterable[int]) -> dict[int, tuple[dt.date, dt.datetime | None]]:
    """Day and instant of the first entry of these leads; no instant where its time is not known."""
    found = {}
    for part in _parts(roots):
        rows = StageEntry.objects.filter(lead_id__in=part, position=0)
        for lead, day, at, precision in rows.values_list("lead_id", "entered_day", "entered_at", "entered_precision"):
            found[lead] = (day, None if precision == Precision.UNKNOWN else at)
    return found


def ways_of_deals(ids: Sequence[int], reach: Reach) -> list[Way]:
    """Ways of deals that stand; a deal of a lead that was taken out has none."""
    rows = list(
        Deal.objects.filter(id__in=ids, voided=False, created_day__isnull=False)
        .exclude(lead__voided=True)
        .exclude(lead__merged_into__voided=True)
        .order_by("id")
        .values_list(
            "id", Coalesce("lead__merged_into_id", "lead_id", 0), "created_day", "company_id", "created_at", "closed_at"
        )
    )
    roots = {lead for _, lead, *_ in rows if lead}
    groups, firsts = _groups(roots), _firsts(roots)
    roles: dict[int, set[int]] = defaultdict(set)
    for deal, contact in DealContact.objects.filter(deal_id__in=[row[0] for row in rows]).values_list(
        "deal_id", "contact_id"
    ):
        roles[deal].add(contact)
    accounts = {}
    for deal, lead, _, company, *_ in rows:
        of_lead = next((row["company_id"] for row in groups.get(lead, ()) if row["id"] == lead), None)
        accounts[deal] = company or of_lead
    staff = _people_of_companies(set(accounts.values()) - {None}) if reach.account else {}
    return [
        Way(
            deal=deal,
            lead=lead,
            day=day,
            account=accounts[deal] or -deal,
            people=frozenset(roles[deal] | people_of_group(groups.get(lead, ())) | staff.get(accounts[deal], set())),
            lead_at=firsts[lead][1] if lead in firsts else None,
            deal_at=created_at,
            closed_at=closed_at,
        )
        for deal, lead, day, _, created_at, closed_at in rows
    ]


def _people_of_companies(companies: set[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for part in _parts(companies):
        for contact, company in Contact.objects.filter(company_id__in=part).values_list("id", "company_id"):
            found[company].add(contact)
        of_company = Lead.objects.filter(company_id__in=part, voided=False).values_list("id", "company_id", "contact_id")
        for lead, company, contact in of_company:
            found[company] |= {-lead, *({contact} - {None})}
    return found


def ways_of_leads(ids: Sequence[int]) -> list[Way]:
    """Ways of surviving leads without a deal: they tell how a way may end that led to nothing."""
    groups, firsts = _groups(ids), _firsts(ids)
    members = {row["id"]: root for root, group in groups.items() for row in group}
    with_deal = {
        members[lead]
        for part in _parts(members)
        for lead in Deal.objects.filter(lead_id__in=part, voided=False).values_list("lead_id", flat=True)
    }
    return [
        Way(
            deal=0,
            lead=root,
            day=firsts[root][0],
            account=next((row["company_id"] for row in group if row["id"] == root), None) or -root,
            people=frozenset(people_of_group(group)),
            lead_at=firsts[root][1],
            deal_at=None,
            closed_at=None,
        )
        for root, group in sorted(groups.items())
        if root in firsts and root not in with_deal
    ]


STEP_COLUMNS = (
    "lead_id", Coalesce("contact_id", "lead__contact_id"), "id", "side", "kind", CHANNEL, "campaign_id", "content_id",
    "occurred_at",
)  # fmt: skip


def step_of(row: Sequence) -> Step:
    """A touch in the order of STEP_COLUMNS; one without a contact is its lead's contact's, else the lead's own."""
    lead, contact, touch, *rest = row
    return Step(touch, contact or -(lead or 0), *rest)


def steps_by_person(people: set[int]) -> dict[int, list[Step]]:
    """The standing touches of these people."""
    standing = Touch.objects.filter(voids__isnull=True, voided_by__isnull=True).exclude(lead__voided=True)
    standing = standing.exclude(lead__merged_into__voided=True)
    contacts, leads = {p for p in people if p > 0}, {-p for p in people if p < 0}
    found: dict[int, dict[int, Step]] = defaultdict(dict)
    queries = [standing.filter(contact_id__in=part) for part in _parts(contacts)]
    queries += [standing.filter(contact__isnull=True, lead__contact_id__in=part) for part in _parts(contacts)]
    queries += [
        standing.filter(contact__isnull=True, lead__contact__isnull=True, lead_id__in=part) for part in _parts(leads)
    ]
    for query in queries:
        for row in query.values_list(*STEP_COLUMNS).iterator(chunk_size=5_000):
            step = step_of(row)
            found[step.person][step.id] = step
    return {person: list(steps.values()) for person, steps in found.items()}
