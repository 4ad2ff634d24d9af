"""Leads that newly meet the entry rule of a stage and are moved there by Tandem, where the agreement says so."""

import datetime as dt

from django.db import transaction

from core.each import for_each
from funnel.book import Version
from funnel.criteria import EntryRule
from funnel.models import Stage, StageRule
from leads.entering import newly_ready, rules_on_the_way
from leads.models import Lead
from leads.projection import Context
from leads.services.leads import move_lead

BATCH = 200


def follow_entry_rules(*, now: dt.datetime) -> int:
    """Move what newly meets a rule that says so, some hundred leads for each rule. Returns how many were moved.

    Safe to run twice, also at once: a lead that has been in the stage is not found again, and of two workers the one that
    comes second finds it changed.
    """
    context = Context()
    if not context.book:
        return 0
    version = context.book.on(context.calendar.day_of(now))
    done = 0
    # From the far end: who meets several rules goes to the furthest stage at once.
    moving = {stage: rule for stage, (rule, then) in rules_on_the_way(version).items() if then == StageRule.Then.MOVE}
    for stage_id in sorted(moving, key=lambda stage: -version.stages[stage].rank):
        done += _follow(version, stage_id, moving[stage_id], context, now)
    return done


def _follow(version: Version, stage_id: int, rule: EntryRule, context: Context, now: dt.datetime) -> int:
    stage = Stage.objects.get(pk=stage_id)
    note = f"Meets what version {version.number} asks for."

    def move(pk: int) -> bool:
        with transaction.atomic():
            lead = Lead.objects.select_for_update().get(pk=pk)
            # Since it was found somebody may have moved it, or what is known of it may have changed.
            if not newly_ready(Lead.objects.filter(pk=pk), version, stage_id, rule, now).exists():
                return False
            move_lead(lead, stage, actor=None, note=note, context=context)
        return True

    ready = newly_ready(Lead.objects.all(), version, stage_id, rule, now).order_by("pk").values_list("pk", flat=True)
    done, last = 0, 0
    while done < BATCH and (ids := list(ready.filter(pk__gt=last)[:BATCH])):
        done += for_each(ids, move, job="leads.tasks.follow_entry_rules", now=now)
        last = ids[-1]  # those that can't be moved keep no other from being looked at
    return done
