"""Ways as they were known at an instant. Who has a part in a deal and works for which company is what is known today."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import QuerySet

from leads.models import Contact, DealContact, Lead
from metrics.credit_rules import Reach
from metrics.facts import STAY_SELECT, ByDay
from metrics.path_queries import STEP_COLUMNS, step_of
from metrics.paths import Step, Way, encode_paths

_STAY = {name: place for place, name in enumerate(STAY_SELECT)}


def paths_as_of(
    touches: QuerySet,
    deals: Iterable[tuple],
    stays: Iterable[tuple],
    roots: Mapping[int, int],
    out: set[int],
    reach: Reach,
) -> ByDay:
    """`deals`: (id, surviving lead or 0, created day, company, created at, closed at). `stays`: as STAY_SELECT."""
    about = {row["id"]: row for row in Lead.objects.values("id", "contact_id", "company_id")}
    members: dict[int, list[int]] = defaultdict(list)
    for lead, root in roots.items():
        if lead not in out and root not in out:
            members[root].append(lead)
    firsts = first_entries(stays)
    told: dict[int, list[Step]] = defaultdict(list)
    for row in touches.values_list(*STEP_COLUMNS):
        lead = row[0]
        if lead in out or roots.get(lead, lead) in out:
            continue
        step = step_of(row)
        told[step.person].append(step)
    staff = _staff(about, out) if reach.account else {}
    roles: dict[int, set[int]] = defaultdict(set)
    for deal, contact in DealContact.objects.values_list("deal_id", "contact_id"):
        roles[deal].add(contact)

    def people(root: int) -> set[int]:
        own = members.get(root, ())
        return {-lead for lead in own} | {about[lead]["contact_id"] for lead in own} - {None}

    ways, with_deal = [], set()
    for deal, root, day, company, created_at, closed_at in deals:
        with_deal.add(root)
        account = company or (about[root]["company_id"] if root else None)
        ways.append(
            Way(
                deal=deal,
                lead=root,
                day=day,
                account=account or -deal,
                people=frozenset(roles[deal] | people(root) | staff.get(account, set())),
                lead_at=firsts[root][1] if root in firsts else None,
                deal_at=created_at,
                closed_at=closed_at,
            )
        )
    for root, (day, at) in firsts.items():
        if root not in with_deal:
            account = about[root]["company_id"] or -root
            ways.append(Way(0, root, day, account, frozenset(people(root)), at, None, None))
    return encode_paths(ways, told, reach)


def first_entries(stays: Iterable[Sequence]) -> dict[int, tuple[dt.date, dt.datetime | None]]:
    """Day and instant of each lead's first entry; no instant where its time is not known."""
    found = {}
    for row in stays:
        if row[_STAY["position"]] == 0:
            known = row[_STAY["entered_precision"]] != "unknown"
            found[row[0]] = (row[_STAY["entered_day"]], row[_STAY["entered_at"]] if known else None)
    return found


def _staff(about: Mapping[int, dict], out: set[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for contact, company in Contact.objects.filter(company__isnull=False).values_list("id", "company_id"):
        found[company].add(contact)
    for lead, row in about.items():
        if row["company_id"] and lead not in out:
            found[row["company_id"]] |= {-lead} | ({row["contact_id"]} - {None})
    return found
