"""Writes to the agreement: draft, change, ask, sign, put in force. Facts are never rewritten by configuration."""

from funnel.services.calendars import add_holidays, drop_hours, remove_holiday, set_hours
from funnel.services.comments import answer_comment, comment_on, refuse_for_side, take_refusal_back
from funnel.services.criteria import set_entry_rule
from funnel.services.moves import add_reason, forbid_moves, remove_reason, rename_reason
from funnel.services.names import ensure_region, ensure_segment
from funnel.services.plan import TargetCell, draft_margin, remove_margin, save_targets, set_margin, set_target
from funnel.services.promises import (
    fill_promises,
    remove_promise,
    set_lead_values,
    set_promise,
    set_required_fields,
    set_terms,
)
from funnel.services.score import set_points_table
from funnel.services.stages import add_stage, edit_stage, move_stage, remove_stage, reorder_path
from funnel.services.versions import (
    ANSWER_DAYS,
    SIGNING,
    TRIAL_DAYS,
    adopt_preset,
    bring_into_force,
    describe_draft,
    draft_version,
    drop_draft,
    may_drop,
    may_withdraw,
    missing_sides,
    propose,
    put_in_force,
    sign,
    sign_for_side,
    withdraw,
)
from funnel.services.words import add_word, edit_word, remove_word

__all__ = [
    "ANSWER_DAYS",
    "SIGNING",
    "TRIAL_DAYS",
    "TargetCell",
    "add_holidays",
    "add_reason",
    "add_stage",
    "add_word",
    "adopt_preset",
    "answer_comment",
    "bring_into_force",
    "comment_on",
    "describe_draft",
    "draft_margin",
    "draft_version",
    "drop_draft",
    "drop_hours",
    "edit_stage",
    "edit_word",
    "ensure_region",
    "ensure_segment",
    "fill_promises",
    "forbid_moves",
    "may_drop",
    "may_withdraw",
    "missing_sides",
    "move_stage",
    "propose",
    "put_in_force",
    "refuse_for_side",
    "remove_holiday",
    "remove_margin",
    "remove_promise",
    "remove_reason",
    "remove_stage",
    "remove_word",
    "rename_reason",
    "reorder_path",
    "save_targets",
    "set_hours",
    "set_entry_rule",
    "set_lead_values",
    "set_margin",
    "set_points_table",
    "set_promise",
    "set_required_fields",
    "set_target",
    "set_terms",
    "sign",
    "sign_for_side",
    "take_refusal_back",
    "withdraw",
]
