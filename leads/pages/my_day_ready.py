"""My day's section of leads that newly meet what the agreement asks for the next stage, where it says to propose them."""

from collections.abc import Sequence

from django.db.models import QuerySet

from funnel.book import load_book
from funnel.models import Milestone, StageRule
from funnel.queries import HELD
from leads.entering import newly_ready, rules_on_the_way
from leads.models import Lead
from leads.pages.filters import Surroundings
from leads.pages.my_day import Row, Section, fold


def ready(around: Surroundings, leads: QuerySet[Lead]) -> Section | None:
    """Of these leads those that are proposed for a stage, the furthest stage first; MQL has a section of its own.

    One query while the agreement proposes nothing.
    """
    if not StageRule.objects.filter(then=StageRule.Then.PROPOSE, agreement__state__in=HELD).exists():
        return None
    version = load_book().on(around.today)
    rules = {stage: rule for stage, (rule, then) in rules_on_the_way(version).items() if then == StageRule.Then.PROPOSE}
    stages = [version.stages[stage] for stage in rules]
    to: dict[int, int] = {}
    for stage in sorted(stages, key=lambda stage: -stage.rank):
        if stage.milestone == Milestone.MQL:
            continue
        found = newly_ready(leads, version, stage.id, rules[stage.id], around.now).order_by("stage_since", "id")
        for pk in found.values_list("pk", flat=True):
            to.setdefault(pk, stage.id)

    def make(some: Sequence[int]) -> list[Row]:
        rows = Lead.objects.select_related("contact", "company").in_bulk(some)
        return [_row(rows[pk], to[pk], version.stages[to[pk]].name) for pk in some]

    sub = "They newly meet what the agreement asks for"
    return fold("ready", "Ready for the next stage", list(to), make, sub=sub, presses=False) if to else None


def _row(lead: Lead, stage: int, name: str) -> Row:
    return Row(kind="ready", key=lead.pk, lead=lead, about=(f"for {name}",), since=lead.stage_since, to_stage=stage)
