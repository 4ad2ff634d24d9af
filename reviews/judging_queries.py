"""Reads of the monthly sample: candidates, sheets, pairs, splits and what was settled."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from accounts.models import Membership, Role, Side, User
from accounts.permissions import ROLE_PERMS, Perm
from accounts.queries import on_day
from core.models import Organisation
from core.queries import organisation
from funnel.book import Version
from leads.models import Lead, Origin, StageEntry, Touch
from metrics.methods.agreement import Agreement, agreement
from reviews.models import Judgement, JudgingRound, SampledLead, Stratum
from reviews.sampling import Candidate

# Metrics-spec Q7: both coefficients are over the last hundred pairs.
LAST_PAIRS = 100
SHOWN_TOUCHES = 12
_WORKERS = [role for role in Role if Perm.WORK_LEADS in ROLE_PERMS[role]]


def candidates(month: dt.date, following: dt.date, version: Version) -> list[Candidate]:
    """Leads that marketing won in the month and that no earlier sample took, with what tells their stratum."""
    mql = version.milestone("mql")
    reached = [s.id for s in version.path() if mql is not None and s.rank >= mql.rank]
    leads = Lead.objects.filter(
        created_day__gte=month, created_day__lt=following, merged_into__isnull=True, voided=False, origin=Origin.MARKETING
    )
    leads = leads.exclude(id__in=SampledLead.objects.values("lead_id"))
    entered = set(StageEntry.objects.filter(lead__in=leads, stage_id__in=reached).values_list("lead_id", flat=True))
    touched = Touch.objects.filter(lead__in=leads, side="marketing", voids__isnull=True, voided_by__isnull=True)
    number = dict(touched.order_by().values_list("lead_id").annotate(Count("id")))
    rows = leads.order_by("id").values_list("id", "score")
    return [Candidate(lead_id, lead_id in entered, score, number.get(lead_id, 0)) for lead_id, score in rows]


def possible_judges(side: Side, day: dt.date) -> list[User]:
    """Active people who work leads in a team of the side, in the order of their names."""
    theirs = Membership.objects.filter(on_day(day), role__in=_WORKERS, team__side=side)
    return list(User.objects.filter(id__in=theirs.values("user_id"), is_active=True).order_by("name", "id"))


def served(people: Iterable[User], side: Side) -> dict[int, int]:
    """How many samples each of these people has judged for the side."""
    field = f"{side}_judge"
    rows = JudgingRound.objects.filter(**{f"{field}__in": list(people)}).values_list(field).annotate(Count("id"))
    return dict(rows)


def side_of(judging: JudgingRound, user: User) -> str:
    """For which side a person judges this sample; empty if for none."""
    return {judging.marketing_judge_id: "marketing", judging.sales_judge_id: "sales"}.get(user.id, "")


def last_words(sampled: Iterable[SampledLead]) -> dict[tuple[int, str], Judgement]:
    """The answer that counts of each judge: sampled lead id and side to judgement."""
    found = Judgement.objects.filter(sampled__in=list(sampled)).order_by("id")
    return {(one.sampled_id, one.side): one for one in found}


@dataclass(frozen=True)
class SheetLead:
    """What a judge reads of a lead: what marketing could know, without stage, score, owner or what sales did.

    Where the company does not let everybody open every lead, nothing is in it that names one.
    """

    place: int
    of: int
    sampled: SampledLead
    facts: list[tuple[str, str]]
    touches: list[Touch]
    more_touches: int
    mine: Judgement | None


def sheet_lead(judging: JudgingRound, side: str, place: int) -> SheetLead | None:
    """The lead at a place of the sheet, counted from 1; None if there is no such place."""
    rows = SampledLead.objects.filter(round=judging)
    related = ("lead__contact", "lead__company", "lead__segment", "lead__region", "lead__channel", "lead__campaign")
    sampled = rows.filter(position=place).select_related(*related).first()
    if sampled is None:
        return None
    touches = marketing_touches(sampled.lead)
    return SheetLead(
        place=place,
        of=rows.count(),
        sampled=sampled,
        facts=lead_facts(sampled.lead),
        touches=touches[:SHOWN_TOUCHES],
        more_touches=max(len(touches) - SHOWN_TOUCHES, 0),
        mine=Judgement.objects.filter(sampled=sampled, side=side).order_by("-id").first(),
    )


def lead_facts(lead: Lead) -> list[tuple[str, str]]:
    """What marketing could know of a lead. Where not everybody opens every lead, nothing is in it that names one."""
    open_to_all = organisation().lead_visibility == Organisation.Visibility.ALL
    facts = [
        ("Company", lead.company.name if lead.company and open_to_all else ""),
        ("Segment", lead.segment.name if lead.segment else ""),
        ("Region", lead.region.name if lead.region else ""),
        ("Came in by", lead.channel.name if lead.channel else ""),
        ("Campaign", lead.campaign.name if lead.campaign else ""),
        ("Tier", lead.tier),
        ("Need", str(lead.custom.get("need") or "") if open_to_all else ""),
    ]
    return [(label, value) for label, value in facts if value or label not in ("Company", "Need") or open_to_all]


def marketing_touches(lead: Lead) -> list[Touch]:
    """Marketing's touches of a lead and of those merged into it, newest first."""
    ids = [lead.id, *Lead.objects.filter(merged_into=lead).values_list("id", flat=True)]
    found = Touch.objects.filter(lead_id__in=ids, side="marketing", voids__isnull=True, voided_by__isnull=True)
    return list(found.select_related("campaign", "content").order_by("-occurred_at", "-id"))


def judged_places(judging: JudgingRound, side: str) -> set[int]:
    rows = Judgement.objects.filter(sampled__round=judging, side=side)
    return set(rows.values_list("sampled__position", flat=True))


@dataclass(frozen=True)
class Pair:
    """Both answers about one lead."""

    sampled: SampledLead
    marketing: Judgement
    sales: Judgement

    @property
    def split(self) -> bool:
        return self.marketing.qualifies != self.sales.qualifies


def pairs(rounds: QuerySet[JudgingRound]) -> list[Pair]:
    """Both answers where both were given, newest sample first. Only of closed samples: open ones are blind."""
    rows = SampledLead.objects.filter(round__in=rounds.filter(closed_at__isnull=False)).select_related(
        "round", "lead__company", "lead__contact", "settled_by"
    )
    rows = list(rows.order_by("-round__month", "position"))
    words = last_words(rows)
    return [
        Pair(row, words[row.id, "marketing"], words[row.id, "sales"])
        for row in rows
        if (row.id, "marketing") in words and (row.id, "sales") in words
    ]


def splits_for_review() -> list[Pair]:
    """What the next weekly review settles: leads that one judge takes for qualified and the other does not."""
    return [pair for pair in pairs(JudgingRound.objects.all()) if pair.split and pair.sampled.settled is None]


@dataclass(frozen=True)
class Count4:
    """Both said yes, only marketing, only sales, neither."""

    both: int
    marketing: int
    sales: int
    neither: int

    @property
    def n(self) -> int:
        return self.both + self.marketing + self.sales + self.neither

    @property
    def equal(self) -> int:
        return self.both + self.neither


def tally(of: Iterable[Pair]) -> Count4:
    said = [(pair.marketing.qualifies, pair.sales.qualifies) for pair in of]
    return Count4(said.count((True, True)), said.count((True, False)), said.count((False, True)), said.count((False, False)))


@dataclass(frozen=True)
class Result:
    """How far the two sides agree over the last pairs: all of them, and by what the lead was for the system."""

    count: Count4
    measure: Agreement | None
    by_stratum: list[tuple[str, Count4]]


def result(found: list[Pair]) -> Result:
    last = found[:LAST_PAIRS]
    count = tally(last)
    return Result(
        count=count,
        measure=agreement(count.both, count.marketing, count.sales, count.neither),
        by_stratum=[(name.label, tally(p for p in last if p.sampled.stratum == name)) for name in Stratum],
    )


def examples(agreement_id: int | None = None) -> QuerySet[SampledLead]:
    """Settled splits, newest first: examples beside the definition of the version."""
    rows = SampledLead.objects.filter(settled__isnull=False).select_related("round", "settled_by", "lead__company")
    if agreement_id is not None:
        rows = rows.filter(round__agreement_id=agreement_id)
    return rows.order_by("-settled_on", "-id")
