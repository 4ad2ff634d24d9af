"""Entry rules of a draft: which leads may enter a stage, and what Tandem does with those who newly may."""

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from funnel.criteria import EntryRule, read_rule, write_rule
from funnel.models import Agreement, Stage, StageRule
from funnel.services.opening import log, must_be_draft
from funnel.services.stages import settle_counting_version


def set_entry_rule(*, draft: Agreement, stage: Stage, rule: EntryRule, then: str, actor: User | None) -> StageRule | None:
    """Write the rule of a stage, or take it away if it has no condition. Raises DomainError where a rule can't be read."""
    raw = write_rule(rule)
    read_rule(raw)
    if then not in StageRule.Then:
        raise DomainError("then_unknown", "Choose what happens with leads that meet the rule.", field="then")
    with transaction.atomic():
        row = must_be_draft(draft)
        held = row.stages.filter(stage=stage).first()
        if held is None:
            raise DomainError("stage_unknown", "This stage is not part of the draft.")
        if held.rank is None:
            raise DomainError("stage_beside", f"{held.name} stands beside the way; leads enter it for an agreed reason.")
        if not rule:
            row.entry_rules.filter(stage=stage).delete()
            found = None
        else:
            found, _ = StageRule.objects.update_or_create(agreement=row, stage=stage, defaults={"rule": raw, "then": then})
        settle_counting_version(row)
        log(row, actor, f"Changed when a lead may enter {held.name}.")
        return found
