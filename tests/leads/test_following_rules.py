"""Whom the worker moves by an entry rule, in companies whose stages, moves and leads are not the simplest."""

import datetime as dt

import pytest

from accounts.queries import today_for
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement, Reason, StageRule
from funnel.services import draft_version, edit_stage, forbid_moves, put_in_force, set_entry_rule
from leads.models import Lead
from leads.services import create_lead, ensure_contact, entering, merge_leads, move_lead
from leads.tasks import follow_rules

pytestmark = pytest.mark.django_db
PHONE = EntryRule((Condition("phone", Op.KNOWN),))


@pytest.fixture
def draft(people) -> Agreement:
    return draft_version(actor=people["administrator"])


@pytest.fixture
def hold():
    return lambda draft: put_in_force(agreement=draft, from_day=today_for(dt.datetime.now(dt.UTC)), actor=None)


@pytest.fixture
def lead(stages, people):
    def one(name: str, *, stage: str = "mql", phone: str = "1", owner: str = "member") -> Lead:
        contact = ensure_contact(name=name, email=f"{name.lower()}@x.example", phone=phone)
        at = dt.datetime.now(dt.UTC) - dt.timedelta(days=9)
        return create_lead(stage=stages[stage], occurred_at=at, actor=None, contact=contact, owner=people[owner])

    return one


@pytest.mark.parametrize("then", ["move", "propose"])
def test_a_stage_that_leaves_the_way_takes_its_rule_along(browser, draft, hold, lead, stages, then):
    set_entry_rule(draft=draft, stage=stages["sal"], rule=PHONE, then=then, actor=None)
    set_entry_rule(draft=draft, stage=stages["sql"], rule=PHONE, then=then, actor=None)
    edit_stage(draft=draft, stage=stages["sal"], kind="detour", milestone=None, actor=None)
    assert list(draft.entry_rules.values_list("stage__key", flat=True)) == ["sql"]
    hold(draft)
    lead("Ann", stage="inquiry")
    assert browser("member").get("/my-day/").status_code == 200
    assert follow_rules() == (then == "move")


@pytest.mark.parametrize("then", ["move", "propose"])
def test_a_rule_that_was_left_beside_a_stage_off_the_way_asks_for_nothing(browser, draft, hold, lead, stages, then):
    """As an earlier release wrote it."""
    edit_stage(draft=draft, stage=stages["sal"], kind="detour", milestone=None, actor=None)
    set_entry_rule(draft=draft, stage=stages["sql"], rule=PHONE, then=then, actor=None)
    StageRule.objects.create(
        agreement=draft, stage=stages["sal"], rule=StageRule.objects.get(agreement=draft).rule, then=then
    )
    hold(draft)
    one = lead("Ann", stage="inquiry")
    assert browser("member").get("/my-day/").status_code == 200
    assert browser("member").get(f"/leads/{one.pk}/").status_code == 200
    assert follow_rules() == (then == "move")


def test_leads_that_may_not_go_there_are_not_asked(draft, hold, lead, stages):
    """From MQL nobody may go to SQL: the worker neither tries nor reports a failure."""
    set_entry_rule(draft=draft, stage=stages["sql"], rule=PHONE, then="move", actor=None)
    allowed = {stage.pk for key, stage in stages.items() if key not in ("mql", "sql")}
    forbid_moves(draft=draft, from_stage=stages["mql"].pk, allowed=allowed, actor=None)
    hold(draft)
    held, free = lead("Held"), lead("Free", stage="sal")
    assert follow_rules() == 1
    assert [Lead.objects.get(pk=one.pk).stage.key for one in (held, free)] == ["mql", "sql"]


def test_leads_that_cannot_be_moved_keep_no_other_from_being_looked_at(draft, hold, lead, stages, monkeypatch):
    """Three that fail stand before one that can go, and a run takes two at a time."""
    monkeypatch.setattr(entering, "BATCH", 2)
    set_entry_rule(draft=draft, stage=stages["sql"], rule=PHONE, then="move", actor=None)
    hold(draft)
    for name in ("One", "Two", "Three"):
        # Its history says Won, from where nobody comes back without a reason; its row was written wrongly.
        Lead.objects.filter(pk=lead(name, stage="won").pk).update(stage=stages["mql"])
    able = lead("Able")
    assert follow_rules() == 1
    assert Lead.objects.get(pk=able.pk).stage == stages["sql"]


def test_who_came_back_as_a_part_of_another_lead_is_a_persons_to_judge(draft, hold, lead, stages, people):
    set_entry_rule(draft=draft, stage=stages["sql"], rule=PHONE, then="move", actor=None)
    hold(draft)
    been, stays, fresh = lead("Been", phone=""), lead("Stays", phone=""), lead("Fresh")
    reason = Reason.objects.filter(use="return").first().key
    now = dt.datetime.now(dt.UTC)
    move_lead(been, stages["sql"], actor=people["member"], occurred_at=now - dt.timedelta(days=8))
    move_lead(been, stages["mql"], actor=people["member"], occurred_at=now - dt.timedelta(days=7), reason=reason)
    merge_leads(survivor=stays, duplicate=been, actor=None)
    type(stays.contact).objects.filter(pk=stays.contact_id).update(phone="1")
    assert follow_rules() == 1
    assert [Lead.objects.get(pk=one.pk).stage.key for one in (stays, fresh)] == ["mql", "sql"]
