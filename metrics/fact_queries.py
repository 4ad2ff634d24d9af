"""The SELECT behind each kind of segment: for whole days, or for some leads on some days."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from campaigns.models import Spend
from core.periods import day_number
from core.queries import calendar
from leads.models import Deal, DealCredit, DealSpan, Handoff, Lead, Obligation, StageEntry, Touch
from metrics.facts import (
    CREDIT_SELECT,
    DEAL_SELECT,
    SPAN_SELECT,
    SPEND_SELECT,
    STAY_SELECT,
    TOUCH_SELECT,
    ByDay,
    Reading,
    encode_credits,
    encode_deals,
    encode_detours,
    encode_journeys,
    encode_spans,
    encode_spend,
    encode_stays,
    encode_touches,
)
from metrics.facts_promises import HANDOFF_SELECT, OBLIGATION_SELECT, encode_handoffs, encode_obligations

_OWN = ("channel_id", "campaign_id", "segment_id", "region_id", "origin")


def lead_first(prefix: str, own: Sequence[str] = ()) -> dict:
    """Annotations for facts that hang on a lead: the surviving lead's id and dimensions, else the fact's own."""
    lead = f"{prefix}lead__"
    found = {"counted": Coalesce(f"{lead}merged_into_id", f"{prefix}lead_id", 0)}
    for name in ("channel_id", "campaign_id", "segment_id", "region_id", "origin", "tier"):
        of_lead = Case(
            When(**{f"{lead}merged_into__isnull": False}, then=F(f"{lead}merged_into__{name}")), default=F(f"{lead}{name}")
        )
        found[f"d_{name}"] = Coalesce(of_lead, f"{prefix}{name}") if name in own else of_lead
    return found


def _counted(queryset: QuerySet, prefix: str, leads: Sequence[int] | None) -> QuerySet:
    """Facts counted under one of these leads; all facts for None. A lead that was taken out takes its facts with it."""
    path = f"{prefix}lead"
    queryset = queryset.exclude(**{f"{path}__voided": True}).exclude(**{f"{path}__merged_into__voided": True})
    if leads is None:
        return queryset
    # Ids at hand let the index find the rows; a condition on the lead in their place reads every fact there is.
    ids = Lead.objects.filter(Q(merged_into_id__in=leads) | Q(id__in=leads, merged_into__isnull=True))
    return queryset.filter(**{f"{path}_id__in": list(ids.values_list("id", flat=True))})


def _stays(leads: Sequence[int] | None) -> QuerySet:
    rows = StageEntry.objects.all()
    return rows if leads is None else rows.filter(lead_id__in=leads)


def _read_stays(days, leads, reading: Reading) -> ByDay:
    rows = _stays(leads).filter(entered_day__in=days).values_list(*STAY_SELECT)
    return encode_stays(rows.iterator(chunk_size=5_000), reading)


# Leads whose timelines are read in one statement. Ids are given as a list: right after a large import PostgreSQL has no
# statistics of the new rows, and a subquery in their place made it join them row by row.
_LEADS_AT_ONCE = 2_000


def _whole_timelines(on_days: QuerySet) -> Iterator[tuple]:
    """All stays of the leads that have one of these stays, lead by lead."""
    ids = sorted(set(on_days.values_list("lead_id", flat=True)))
    for start in range(0, len(ids), _LEADS_AT_ONCE):
        chunk = StageEntry.objects.filter(lead_id__in=ids[start : start + _LEADS_AT_ONCE]).order_by("lead_id")
        yield from chunk.values_list(*STAY_SELECT).iterator(chunk_size=5_000)


def _read_journeys(days, leads, reading: Reading) -> ByDay:
    return encode_journeys(_whole_timelines(_stays(leads).filter(entered_day__in=days, position=0)), reading)


def _read_detours(days, leads, reading: Reading) -> ByDay:
    detour_stages = {s.id for v in reading.book.versions for s in v.stages.values() if s.kind == "detour"}
    on_days = _stays(leads).filter(entered_day__in=days, stage_id__in=detour_stages)
    found = encode_detours(_whole_timelines(on_days), reading)
    wanted = {day_number(day) for day in days}
    return {day: columns for day, columns in found.items() if day in wanted}


def _read_deals(days, leads, reading: Reading) -> ByDay:
    rows = _counted(Deal.objects.filter(voided=False, created_day__in=days), "", leads)
    return encode_deals(rows.annotate(**lead_first("", _OWN)).values_list(*DEAL_SELECT).iterator(chunk_size=5_000), reading)


def _read_spans(days, leads, reading: Reading) -> ByDay:
    rows = _counted(DealSpan.objects.filter(from_day__in=days), "deal__", leads)
    rows = rows.annotate(**lead_first("deal__", _OWN)).values_list(*SPAN_SELECT)
    return encode_spans(rows.iterator(chunk_size=5_000), reading)


def read_deals_of(ids: Sequence[int], reading: Reading) -> ByDay:
    """The rows of these deals, as far as they are in numbers."""
    rows = _counted(Deal.objects.filter(voided=False, created_day__isnull=False, id__in=ids), "", None)
    return encode_deals(rows.annotate(**lead_first("", _OWN)).values_list(*DEAL_SELECT), reading)


def read_credits_of(ids: Sequence[int], reading: Reading) -> ByDay:
    """The credits and cancellations of these deals."""
    rows = _counted(DealCredit.objects.filter(deal_id__in=ids), "deal__", None)
    return encode_credits(rows.annotate(**lead_first("deal__", _OWN)).values_list(*CREDIT_SELECT), reading)


def _read_credits(days, leads, reading: Reading) -> ByDay:
    rows = _counted(DealCredit.objects.filter(day__in=days), "deal__", leads)
    rows = rows.annotate(**lead_first("deal__", _OWN)).values_list(*CREDIT_SELECT)
    return encode_credits(rows.iterator(chunk_size=5_000), reading)


def _read_touches(days, leads, reading: Reading) -> ByDay:
    rows = Touch.objects.filter(day__in=days, voids__isnull=True, voided_by__isnull=True)
    rows = _counted(rows, "", leads).annotate(**lead_first(""))
    return encode_touches(rows.values_list(*TOUCH_SELECT).iterator(chunk_size=5_000), reading)


def _read_spend(days, leads, reading: Reading) -> ByDay:
    if leads is not None:
        return {}  # spend belongs to no lead
    rows = Spend.objects.filter(
        service_from__lte=max(days), service_to__gte=min(days), voids__isnull=True, voided_by__isnull=True
    )
    found = encode_spend(rows.values_list(*SPEND_SELECT).iterator(chunk_size=5_000), reading)
    wanted = {day_number(day) for day in days}
    return {day: columns for day, columns in found.items() if day in wanted}


def _read_handoffs(days, leads, reading: Reading) -> ByDay:
    decision = Obligation.objects.filter(entry_id=OuterRef("pk"), promise=Obligation.Promise.S3)
    stay = StageEntry.objects.filter(pk=OuterRef("pk"))
    rows = Handoff.objects.filter(entered_day__in=days).annotate(
        first_contact_at=Subquery(stay.values("first_contact_at")),
        decide_by=Subquery(decision.values("due_at")),
        decision_excluded=Subquery(decision.values("excluded")),
    )
    rows = rows if leads is None else rows.filter(lead_id__in=leads)
    return encode_handoffs(rows.values_list(*HANDOFF_SELECT).iterator(chunk_size=5_000), reading)


def _read_obligations(days, leads, reading: Reading) -> ByDay:
    # Without a due time there are few: they are read as a whole and those of other days left out.
    rows = Obligation.objects.filter(Q(due_day__in=days) | Q(due_day__isnull=True))
    rows = rows if leads is None else rows.filter(lead_id__in=leads)
    found = encode_obligations(rows.values_list(*OBLIGATION_SELECT).iterator(chunk_size=5_000), reading, calendar())
    wanted = {day_number(day) for day in days}
    return {day: columns for day, columns in found.items() if day in wanted}


READERS: dict[str, Callable[[list[dt.date], Sequence[int] | None, Reading], ByDay]] = {
    "stay": _read_stays,
    "journey": _read_journeys,
    "detour": _read_detours,
    "deal": _read_deals,
    "deal_span": _read_spans,
    "credit": _read_credits,
    "touch": _read_touches,
    "handoff": _read_handoffs,
    "obligation": _read_obligations,
    "spend": _read_spend,
}
