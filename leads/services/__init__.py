"""The writes of this app. Keyword-only, the actor always named; callers import from here."""

from leads.services.bulk import append_deal_events, append_lead_events, append_touches
from leads.services.deals import (
    cancel_deal,
    convert_missing_rates,
    credit_deal,
    lose_deal,
    open_deal,
    reopen_deal,
    set_deal_amount,
    set_deal_cost,
    void_deal,
    void_deal_event,
    win_deal,
)
from leads.services.leads import (
    amend_lead,
    assign_lead,
    create_lead,
    edit_contact,
    merge_leads,
    move_lead,
    unmerge_lead,
    void_event,
    void_lead,
)
from leads.services.many import run_bulk, start_bulk, stop_bulk, sweep_bulk
from leads.services.people import add_note, ensure_company, ensure_contact, record_touch, void_touch
from leads.services.planning import finish_step, plan_step, remove_view, save_view
from leads.services.tags import ensure_tag, set_tags, tag_lead

__all__ = [
    "add_note",
    "amend_lead",
    "append_deal_events",
    "append_lead_events",
    "append_touches",
    "assign_lead",
    "cancel_deal",
    "convert_missing_rates",
    "create_lead",
    "credit_deal",
    "edit_contact",
    "finish_step",
    "ensure_company",
    "ensure_contact",
    "lose_deal",
    "merge_leads",
    "move_lead",
    "open_deal",
    "plan_step",
    "record_touch",
    "run_bulk",
    "remove_view",
    "reopen_deal",
    "save_view",
    "start_bulk",
    "stop_bulk",
    "sweep_bulk",
    "ensure_tag",
    "set_tags",
    "tag_lead",
    "set_deal_amount",
    "set_deal_cost",
    "unmerge_lead",
    "add_note",
    "void_deal",
    "void_deal_event",
    "void_event",
    "void_lead",
    "void_touch",
    "win_deal",
]
