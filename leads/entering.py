"""What the agreement asks for before a lead enters a stage, and what of it a lead lacks. Reads only.

Two things ask: the entry rule of the stage, and for MQL the fields that a handoff must bring.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from funnel.book import Version
from funnel.criteria import EntryRule, unmet
from funnel.models import HandoffField, Milestone, StageKind
from funnel.queries import entry_rules, promises_on
from leads.criteria import facts_of, meeting
from leads.handoff_queries import missing_fields
from leads.models import Lead, LeadEvent


def _fields_before_mql(version: Version, day: dt.date) -> tuple[int | None, list[HandoffField]]:
    """The stage whose entry is a handoff, and the fields it must bring, in the order in which forms show them."""
    mql = version.milestone(Milestone.MQL)
    if mql is None or mql.retired:
        return None, []
    required = promises_on(day).required_fields
    return mql.id, [name for name in HandoffField if name in required]


def rules_on_the_way(version: Version) -> dict[int, tuple[EntryRule, str]]:
    """By stage that leads come to on their way, its rule and what follows from meeting it.

    A stage that left the way, or is retired, asks for nothing more, whatever is still written beside it.
    """
    on_the_way = {info.id for info in version.stages.values() if info.rank is not None and not info.retired}
    return {stage: pair for stage, pair in entry_rules(version.id).items() if stage in on_the_way}


def asks_before(version: Version, day: dt.date) -> dict[int, list[str]]:
    """By stage, what the agreement asks for before a lead enters it, in words. Stages that ask for nothing are absent."""
    found = {stage: rule.words for stage, (rule, _) in rules_on_the_way(version).items()}
    mql, required = _fields_before_mql(version, day)
    if required:
        found[mql] = [*found.get(mql, []), *(name.label for name in required)]
    return found


def lacks_before(lead: Lead, version: Version, now: dt.datetime, day: dt.date) -> dict[int, list[str]]:
    """By stage ahead of the lead, what it lacks, in words. Stages for which it lacks nothing are absent."""
    current = version.stages.get(lead.stage_id)
    passed = current.rank if current is not None and current.rank is not None else 0
    ahead = {info.id for info in version.stages.values() if info.rank is not None and info.rank > passed}
    rules = {stage: rule for stage, (rule, _) in rules_on_the_way(version).items() if stage in ahead}
    found = {}
    if rules:
        facts = facts_of([lead.pk], now)[lead.pk]
        found = {stage: lines for stage, rule in rules.items() if (lines := unmet(rule, facts))}
    mql, required = _fields_before_mql(version, day)
    if mql in ahead and (missing := missing_fields(lead, required)):
        found[mql] = [*found.get(mql, []), *(HandoffField(name).label for name in missing)]
    return found


def lacking(lead: Lead, stage_id: int | None, version: Version, now: dt.datetime, day: dt.date) -> list[str]:
    """What a lead that was moved to a stage lacks there: keys of missing fields, lines of the rule that it does not meet."""
    rule, _ = rules_on_the_way(version).get(stage_id, (None, ""))
    lines = unmet(rule, facts_of([lead.pk], now)[lead.pk]) if rule is not None else []
    mql, required = _fields_before_mql(version, day)
    return [*missing_fields(lead, required), *lines] if mql is not None and mql == stage_id else lines


def newly_ready(leads: QuerySet[Lead], version: Version, stage_id: int, rule: EntryRule, now: dt.datetime) -> QuerySet[Lead]:
    """Those of the leads that stand on the way before a stage, may go there, meet its rule now and have never been in it.

    A lead that was in it and came back is a person's to judge, not the rule's; so is one of whom a merged part was.
    """
    target = version.stages[stage_id]
    before: Sequence[int] = [
        info.id
        for info in version.stages.values()
        if info.kind == StageKind.PATH and info.rank < target.rank and (info.id, stage_id) not in version.forbidden
    ]
    entries = LeadEvent.objects.filter(to_stage=stage_id, voiding_events__isnull=True)
    been, part_been = entries.filter(lead=OuterRef("pk")), entries.filter(lead__merged_into=OuterRef("pk"))
    standing = leads.filter(stage__in=before, voided=False, merged_into__isnull=True)
    return meeting(standing.exclude(Exists(been)).exclude(Exists(part_been)), rule, now)
