"""Why a frozen value differs from the answer of today: cause by cause, with the leads or deals of each.

The frozen rows and today's rows are compared. Then the frozen ones are replaced by today's, one cause after the other, and
the value is taken after each step: the differences of the steps are whole numbers and so add up exactly to the whole one.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from leads.models import Deal, DealEvent, Lead, LeadEvent, Touch
from metrics.definitions import METRICS
from metrics.evaluation import reduce
from metrics.questions import NotApplicable
from metrics.segments import MISSING
from metrics.series import Snapshot
from reviews.frozen_rows import FrozenSelection
from reviews.models import FrozenNumber, RestatementPart
from reviews.review_set import Asked, Told, in_units, question_at, tell

Cause = RestatementPart.Cause
# The steps, and which cause is told where several met: the last one of these.
STEPS = (Cause.DEFINITION, Cause.LATE, Cause.CORRECTION, Cause.CURRENCY, Cause.MERGE, Cause.DELETION)
# What happened after the freeze and changed the past nevertheless, such as a ruling: told where nothing else explains it.
_LATER = ""
_CHUNK = 500


@dataclass(frozen=True)
class Part:
    """What one cause did. `difference` is None where the value was not defined before or after."""

    cause: str
    difference: int | None
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """The answer of today to a frozen question. `parts` add up to its value less the frozen one."""

    told: Told
    items: str  # lead or deal
    parts: tuple[Part, ...]


def difference(number: FrozenNumber, then: FrozenSelection, now: Snapshot) -> Difference | None:
    """What became of a frozen number; None while its rows and its value are the same, or its metric is gone."""
    if number.metric not in METRICS:
        return None
    asked = Asked(number.key, number.group, number.side, number.label, number.metric, number.params)
    told = tell(now, asked, number.as_of)
    if told is None or (told.inputs_hash == number.inputs_hash and told.value == number.value):
        return None
    changed = changed_groups(then, told.rows)
    causes = _causes(number, then, changed, now)
    items = "deal" if then.item_kind == "deal" else "lead"
    return Difference(told, items, tuple(_steps(number, then, told, causes, now)))


def changed_groups(then: FrozenSelection, now: FrozenSelection) -> list[int]:
    """Leads or deals whose rows are not the same any more, in ascending order."""
    before, after = _by_group(then), _by_group(now)
    return sorted(group for group in before.keys() | after.keys() if before.get(group) != after.get(group))


def _by_group(rows: FrozenSelection) -> dict[int, list[tuple]]:
    names = sorted(rows.columns)
    found: dict[int, list[tuple]] = defaultdict(list)
    for group, *row in zip(rows.groups.tolist(), *(rows.columns[name].tolist() for name in names), strict=True):
        found[group].append(tuple(row))
    return {group: sorted(mine) for group, mine in found.items()}


def _steps(number: FrozenNumber, then: FrozenSelection, told: Told, causes: dict[int, str], now: Snapshot) -> Iterable[Part]:
    value, applied = number.value, np.empty(0, np.int64)
    for cause in STEPS:
        mine = tuple(group for group, one in causes.items() if one == cause)
        if not mine and cause != Cause.DEFINITION:
            continue  # the first step is taken in any case: a target or a value of a lead may be another one now
        applied = np.concatenate([applied, np.array(mine, np.int64)])
        after = told.value if len(applied) == len(causes) else _value(number, _mixed(then, told.rows, applied), now)
        change = None if value is None or after is None else after - value
        if mine or change != 0:
            yield Part(cause, change, mine)
        value = after


def _mixed(then: FrozenSelection, now: FrozenSelection, applied: np.ndarray) -> FrozenSelection:
    """Today's rows of the groups that were gone through, the frozen rows of all others."""
    return then.where(~np.isin(then.groups, applied)).and_also(now.where(np.isin(now.groups, applied)))


def _value(number: FrozenNumber, rows: FrozenSelection, now: Snapshot) -> int | None:
    metric = METRICS[number.metric]
    try:
        question = question_at(now, number.metric, number.params, number.as_of)
    except NotApplicable:
        return None
    return in_units(reduce(metric, rows.selection(), question, now)["value"], metric.unit)


# --- causes -----------------------------------------------------------------------------------------------------------


def _causes(number: FrozenNumber, then: FrozenSelection, changed: list[int], now: Snapshot) -> dict[int, str]:
    """Cause of each changed lead or deal: the strongest of what was recorded about it after the freeze."""
    found = _of_deals(number, then, changed) if then.item_kind == "deal" else _of_leads(changed, number.as_of)
    redefined = number.agreement is not None and now.book.last.number > number.agreement.number
    return {one: _strongest(found.get(one, set()), redefined=redefined) for one in changed}


def _strongest(causes: set[str], *, redefined: bool) -> str:
    named = [cause for cause in STEPS if cause in causes]
    if named:
        return named[-1]
    # Nothing that reaches back to the time before the freeze was recorded: what is counted has changed, or a later step
    # of the lead took an earlier one back.
    return Cause.CORRECTION if _LATER in causes and not redefined else Cause.DEFINITION


def _of_leads(leads: list[int], since: dt.datetime) -> dict[int, set[str]]:
    """Causes by lead, from its own events and contacts and from those of every lead that was merged into it."""
    members = _members(leads)
    found: dict[int, set[str]] = defaultdict(set)
    for part in _chunks(sorted(members)):
        late = LeadEvent.objects.filter(lead_id__in=part, recorded_at__gt=since)
        columns = ("lead_id", "kind", "occurred_at", "target__kind", "target__other_lead_id")
        for lead, kind, at, target, other in late.values_list(*columns):
            # A merge that was taken back concerns the lead that gave its events back, too.
            for root in members[lead] | members.get(other, set()):
                found[root].add(_of_event(kind, at, target, since))
        touches = Touch.objects.filter(lead_id__in=part, recorded_at__gt=since)
        for lead, at, voids in touches.values_list("lead_id", "occurred_at", "voids_id"):
            for root in members[lead]:
                found[root].add(Cause.CORRECTION if voids else Cause.LATE if at <= since else _LATER)
    return found


def _of_event(kind: str, at: dt.datetime, target: str | None, since: dt.datetime) -> str:
    Kind = LeadEvent.Kind
    if kind == Kind.LEAD_VOIDED:
        return Cause.DELETION
    if kind == Kind.MERGED or (kind == Kind.VOIDED and target == Kind.MERGED):
        return Cause.MERGE
    if kind in (Kind.AMENDED, Kind.VOIDED):
        return Cause.CORRECTION
    return Cause.LATE if at <= since else _LATER


def _members(leads: list[int]) -> dict[int, set[int]]:
    """Each of these leads and all that were merged into it, with those of them that it speaks for."""
    found: dict[int, set[int]] = {lead: {lead} for lead in leads}
    border = set(leads)
    while border:
        following: set[int] = set()
        for part in _chunks(sorted(border)):
            for lead, root in Lead.objects.filter(merged_into_id__in=part).values_list("id", "merged_into_id"):
                if not found[root] <= found.setdefault(lead, set()):
                    found[lead] |= found[root]
                    following.add(lead)
        border = following
    return found


def _of_deals(number: FrozenNumber, then: FrozenSelection, deals: list[int]) -> dict[int, set[str]]:
    since = number.as_of
    complete = _complete(then)
    found: dict[int, set[str]] = defaultdict(set)
    for part in _chunks(deals):
        late = DealEvent.objects.filter(deal_id__in=part, recorded_at__gt=since)
        # A conversion that follows an amount says nothing of its own: the amount, or its taking back, is the cause.
        late = late.exclude(kind=DealEvent.Kind.CONVERTED, reason=DealEvent.FOLLOWS)
        for deal, kind, at in late.values_list("deal_id", "kind", "occurred_at"):
            found[deal].add(_of_deal_event(kind, at, since, known=deal in complete))
    lead_of = dict(Deal.objects.filter(id__in=deals, lead__isnull=False).values_list("id", "lead_id"))
    of_leads = _of_leads(sorted(set(lead_of.values())), since)
    for deal, lead in lead_of.items():
        # A lead that was taken out takes its deals with it; its other events explain a deal that has none of its own.
        theirs = of_leads.get(lead, set())
        found[deal] |= theirs & {Cause.DELETION} if found[deal] - {_LATER} else theirs - {Cause.LATE}
    return found


def _of_deal_event(kind: str, at: dt.datetime, since: dt.datetime, *, known: bool) -> str:
    Kind = DealEvent.Kind
    if kind == Kind.DEAL_VOIDED:
        return Cause.DELETION
    if kind == Kind.CONVERTED:
        return Cause.CURRENCY
    if kind == Kind.VOIDED or (kind in (Kind.AMOUNT, Kind.COST) and known):
        return Cause.CORRECTION
    if kind in (Kind.AMOUNT, Kind.COST):
        return Cause.LATE
    return Cause.LATE if at <= since else _LATER


def _complete(then: FrozenSelection) -> set[int]:
    """Deals whose value was known for certain: a further amount or cost corrects it; of the others it comes late."""
    value = then.columns.get("value")
    if value is None:
        return set(then.groups.tolist())
    sure = value != MISSING
    if "estimated" in then.columns:
        sure &= ~then.columns["estimated"].astype(np.bool_)
    return set(then.groups[sure].tolist())


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
