"""Leads that enter MQL are given away by the rules, each once and each with its reason; nothing accepted is lost."""

import datetime as dt

import pytest
from django.db import connection

from accounts.models import Side, Team
from accounts.services import add_team, deactivate, end_role, give_role
from accounts.services.absences import enter_absence
from campaigns.services import ensure_channel
from core.errors import Conflict, DomainError, NotAllowed
from core.maintenance import maintenance
from core.queries import calendar
from funnel.services import ensure_segment
from leads.models import Handoff, LeadEvent, Obligation, RoutedHandoff, Routing, RoutingRule
from leads.services import (
    assign_lead,
    create_lead,
    ensure_company,
    merge_leads,
    move_lead,
    open_deal,
    void_event,
    void_lead,
    win_deal,
)
from leads.services.routing import take_from_queue
from leads.services.routing_rules import move_rule, remove_rule, save_rule, set_queue, switch_routing
from tests.leads.handing_over import promise
from tests.leads.routing_by import enters, now, owner_of, reps, routed, rule, switch_on, why

Why = RoutedHandoff.Why


@pytest.fixture
def sales(people) -> Team:
    return Team.objects.get(name="Sales")


@pytest.fixture
def on(sales) -> None:
    switch_on()


def today() -> dt.date:
    return calendar().day_of(now())


def away(person) -> None:
    enter_absence(user=person, from_day=today(), to_day=today(), today=today(), actor=person)


# --- given away -------------------------------------------------------------------------------------------------


def test_a_lead_without_a_person_goes_to_the_next_in_turn_and_says_why(stages, people, sales, on):
    made = rule("Everything", team=sales)
    first, second, third = [enters(stages) for _ in range(3)]
    (rep,) = reps(1)
    assert routed() == 3
    assert [owner_of(lead) for lead in (first, second, third)] == [people["member"], rep, people["member"]]
    reason = why(second)
    assert (reason.why, reason.rule, reason.rule_name, reason.present) == (Why.TURN, made, "Everything", 2)
    assert (reason.event.kind, reason.event.owner, reason.event.source) == ("assigned", rep, "routing")
    assert Handoff.objects.get(lead=second).assigned_at == reason.event.occurred_at


def test_a_second_round_finds_nothing(stages, sales, on):
    rule(team=sales)
    enters(stages)
    assert (routed(), routed()) == (1, 0)
    assert RoutedHandoff.objects.count() == LeadEvent.objects.filter(source="routing").count() == 1


def test_turns_go_on_from_round_to_round(stages, people, sales, on):
    rule(team=sales)
    everybody = [people["member"], *reps(2)]
    found = []
    for _ in range(7):
        lead = enters(stages)
        routed()
        found.append(owner_of(lead))
    assert found == [*everybody, *everybody, everybody[0]]


def test_by_load_the_one_with_the_fewest_open_handoffs_gets_it(stages, people, on):
    (rep,) = reps(1)
    rule(people=[people["member"], rep], method="load")
    for _ in range(2):
        enters(stages, owner=people["member"])
    leads = [enters(stages) for _ in range(3)]
    routed()
    assert [owner_of(lead) for lead in leads] == [rep, rep, people["member"]]
    assert [(why(lead).why, why(lead).load) for lead in leads] == [(Why.LOAD, 0), (Why.LOAD, 1), (Why.LOAD, 2)]
    move_lead(leads[0], stages["sal"], actor=rep)  # decided: no longer open
    further = enters(stages)
    routed()
    assert owner_of(further) == rep


def test_a_team_stands_for_its_reps_and_its_lead_gets_leads_when_named(stages, people, sales, on):
    by_team = rule("Team", team=sales)
    first = enters(stages)
    routed()
    assert owner_of(first) == people["member"]
    remove_rule(rule=by_team, now=now(), actor=None)
    rule("Lead", people=[people["sales_lead"]])
    second = enters(stages)
    routed()
    assert owner_of(second) == people["sales_lead"]


def test_rules_ask_in_their_order(stages, people, sales, on):
    large, search = ensure_segment(name="Large"), ensure_channel(name="Search")
    (rep,) = reps(1)
    everything = rule("Everything", people=[people["member"]])
    first = rule("Large from search", people=[rep], segment=large, channel=search)
    lead = enters(stages, segment=large, channel=search)
    routed()
    assert why(lead).rule == everything
    move_rule(rule=first, up=True, actor=None)
    lead, other = enters(stages, segment=large, channel=search), enters(stages, segment=large)
    routed()
    assert (why(lead).rule, why(other).rule) == (first, everything)


# --- who has to do with it already ------------------------------------------------------------------------------


def test_the_owner_of_the_companys_open_deal_comes_first(stages, people, sales, on):
    (rep,) = reps(1)
    rule(people=[people["member"]])
    firm = ensure_company(name="Brandt Pumpen")
    deal = open_deal(lead=None, company=firm, owner=rep, occurred_at=now() - dt.timedelta(days=3), amount=100, actor=None)
    lead = enters(stages, company=firm)
    routed()
    assert (owner_of(lead), why(lead).why, why(lead).rule) == (rep, Why.DEAL, None)
    win_deal(deal=deal, occurred_at=now() - dt.timedelta(minutes=1), actor=None)
    away(rep)
    lead = enters(stages, company=firm)
    routed()
    # The first lead of the company is that of the rep who is away; nobody else knows it.
    assert (owner_of(lead), why(lead).why) == (people["member"], Why.TURN)


def test_the_owner_of_another_lead_of_the_company_comes_first_unless_that_is_lost(stages, people, sales, on):
    one, two = reps(2)
    rule(people=[people["member"]])
    firm = ensure_company(name="Brandt Pumpen")
    week = now() - dt.timedelta(days=6)
    known = create_lead(stage=stages["sal"], occurred_at=week, owner=one, company=firm, actor=None)
    create_lead(stage=stages["sal"], occurred_at=week, owner=people["colleague"], company=firm, actor=None)
    lead = enters(stages, company=firm)
    routed()
    assert (owner_of(lead), why(lead).why) == (one, Why.COMPANY)
    for gone in (known, lead):
        move_lead(gone, stages["lost"], actor=None, reason="price")
    lead = enters(stages, company=firm)
    routed()
    assert why(lead).why == Why.TURN


def test_a_recycled_lead_that_comes_again_goes_to_who_had_it_if_they_are_there(stages, people, sales, on):
    one, two = reps(2)
    rule(people=[people["member"]])
    for there in (True, False):
        lead = enters(stages, at=now() - dt.timedelta(hours=5), owner=one)
        move_lead(lead, stages["recycled"], actor=None, occurred_at=now() - dt.timedelta(hours=4), reason="timing")
        lead.refresh_from_db()
        assign_lead(lead=lead, owner=people["colleague"], actor=None, occurred_at=now() - dt.timedelta(hours=3))
        if not there:
            away(one)
        move_lead(lead, stages["mql"], actor=None)
        routed()
        expected = (one, Why.AGAIN) if there else (people["member"], Why.TURN)
        assert (owner_of(lead), why(lead).why) == expected


def test_a_lead_that_a_person_of_sales_has_stays_with_them_also_while_they_are_away(stages, people, sales, on):
    rule(team=sales)
    away(people["sales_lead"])
    lead = enters(stages, owner=people["sales_lead"])
    assert routed() == 0
    assert owner_of(lead) == people["sales_lead"]


def test_a_lead_in_marketings_hands_goes_to_sales_when_it_enters(stages, people, sales, on):
    rule(team=sales)
    lead = enters(stages, stage="inquiry", owner=people["colleague"])
    assert routed() == 0
    move_lead(lead, stages["mql"], actor=None)
    routed()
    assert owner_of(lead) == people["member"]


# --- nobody -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["away", "deactivated", "left", "empty team", "no rule"])
def test_nobody_to_give_it_to_means_the_queue_where_the_routing_clock_runs_on(stages, people, sales, on, case):
    promise()
    other = add_team(name="Partners", side=Side.SALES, actor=None)
    if case != "no rule":
        rule("Everything", team=other if case == "empty team" else sales)
    match case:
        case "away":
            away(people["member"])
        case "deactivated":
            deactivate(user=people["member"], actor=None)
        case "left":
            end_role(membership=people["member"].memberships.get(), until_day=today(), actor=None)
    lead = enters(stages)
    assert (routed(), routed()) == (1, 0)
    lead.refresh_from_db()
    assert (lead.owner, lead.team) == (None, sales)
    assert (why(lead).why, why(lead).person, why(lead).team) == (
        Why.NO_RULE if case == "no rule" else Why.NOBODY,
        None,
        sales,
    )
    assert Obligation.objects.get(lead=lead, promise="routing").met_at is None


def test_a_person_named_by_a_rule_who_went_to_marketing_gets_none(stages, people, sales, on):
    rule(people=[people["member"]])
    marketing = people["marketing_lead"].memberships.get().team
    end_role(membership=people["member"].memberships.get(), until_day=today(), actor=None)
    give_role(user=people["member"], role="rep", team=marketing, from_day=today(), actor=None)
    lead = enters(stages)
    routed()
    assert why(lead).why == Why.NOBODY


def test_a_lead_whose_person_no_longer_works_here_is_given_to_another(stages, people, sales, on):
    (rep,) = reps(1)
    rule(team=sales)
    lead = enters(stages, owner=people["member"])
    assert routed() == 0
    deactivate(user=people["member"], actor=None)
    assert (routed(), routed()) == (1, 0)
    assert owner_of(lead) == rep
    deactivate(user=rep, actor=None)
    assert (routed(), routed()) == (1, 0)
    lead.refresh_from_db()
    assert (lead.owner, lead.team, why(lead).why) == (None, sales, Why.NOBODY)


# --- what is not given away -------------------------------------------------------------------------------------


def test_old_history_and_what_came_before_the_rules_is_not_given_away(stages, sales, on):
    rule(team=sales)
    old = enters(stages, at=now() - dt.timedelta(days=8), external_id="old")
    fresh = enters(stages, at=now() - dt.timedelta(days=6), external_id="fresh")
    unknown = enters(stages, time_precision="unknown", external_id="unknown")
    assert routed() == 1
    assert [bool(owner_of(lead)) for lead in (old, fresh, unknown)] == [False, True, False]


def test_what_came_while_the_rules_were_off_stays(stages, sales, on):
    rule(team=sales)
    switch_routing(on=False, now=now(), actor=None)
    lead = enters(stages)
    assert routed() == 0
    switch_routing(on=True, now=now(), actor=None)
    assert routed() == 0
    assert owner_of(lead) is None
    later = enters(stages)
    assert routed() == 1
    assert owner_of(later) is not None


def test_a_worker_that_was_away_for_long_finds_what_came_meanwhile(stages, sales, on):
    rule(team=sales)
    then = now() - dt.timedelta(days=30)
    lead = enters(stages, at=then)
    Routing.objects.update(on_since=then - dt.timedelta(days=1))
    assert routed() == 0  # known since a moment: history
    with maintenance("test"), connection.cursor() as cursor:
        cursor.execute("UPDATE leads_leadevent SET recorded_at = occurred_at")
    assert routed() == 1
    assert owner_of(lead) is not None


def test_a_decided_a_merged_and_a_taken_out_lead_are_left_alone(stages, people, sales, on):
    rule(team=sales)
    decided, merged, out, survivor = [enters(stages) for _ in range(4)]
    move_lead(decided, stages["recycled"], actor=None, reason="timing")
    merge_leads(survivor=survivor, duplicate=merged, actor=None)
    void_lead(lead=out, actor=None)
    assert routed() == 1
    assert [bool(owner_of(lead)) for lead in (decided, merged, out, survivor)] == [False, False, False, True]


def test_an_assignment_that_was_taken_back_is_not_made_again(stages, people, sales, on):
    """Somebody looked at it and decided otherwise; it stands in the queue until a person has it."""
    rule(team=sales)
    lead = enters(stages)
    routed()
    void_event(event=why(lead).event, actor=people["sales_lead"])
    assert routed() == 0
    assert owner_of(lead) is None


# --- the queue --------------------------------------------------------------------------------------------------


def test_one_person_takes_a_lead_from_the_queue_and_the_next_is_told(stages, people, sales, on):
    lead = enters(stages)
    routed()
    with pytest.raises(NotAllowed):
        take_from_queue(lead=lead, actor=people["colleague"], now=now())
    take_from_queue(lead=lead, actor=people["member"], now=now())
    assert (owner_of(lead), why(lead).why) == (people["member"], Why.TAKEN)
    with pytest.raises(Conflict, match="Member has this lead already"):
        take_from_queue(lead=lead, actor=people["sales_lead"], now=now())
    move_lead(lead, stages["sal"], actor=people["member"])
    with pytest.raises(Conflict, match="does not wait"):
        take_from_queue(lead=lead, actor=people["sales_lead"], now=now())


# --- the rules themselves ---------------------------------------------------------------------------------------


def test_every_change_of_a_rule_is_kept_with_who_and_what(people, sales):
    boss = people["administrator"]
    made = save_rule(rule=None, values={"name": "All", "team": sales, "method": "load"}, people=[], actor=boss)
    save_rule(rule=made, values={"name": "All", "method": "load"}, people=[people["member"]], actor=boss)
    save_rule(rule=made, values={"name": "All", "method": "load"}, people=[people["member"]], actor=boss)  # nothing new
    other = rule("Other", team=sales)
    move_rule(rule=other, up=True, actor=boss)
    move_rule(rule=other, up=True, actor=boss)  # is the first already
    set_queue(team=sales, actor=boss)
    switch_routing(on=True, now=now(), actor=boss)
    remove_rule(rule=made, now=now(), actor=boss)
    log = [(row.act, row.before, row.after) for row in made.changes.model.objects.order_by("id")]
    assert [act for act, *_ in log] == ["added", "changed", "added", "moved", "queue", "switched", "removed"]
    assert (log[1][1]["team"], log[1][2]["team"], log[1][2]["people"]) == ("Sales", "", ["Member"])
    assert (log[3][1], log[3][2]) == ({"order": ["All", "Other"]}, {"order": ["Other", "All"]})
    assert {row.actor for row in made.changes.all()} == {boss}


def test_what_makes_no_sense_is_refused(people, sales):
    for values, names in (({"name": "x"}, []), ({"name": "x", "team": sales}, [people["member"]])):
        with pytest.raises(DomainError) as refused:
            save_rule(rule=None, values=values, people=names, actor=None)
        assert refused.value.code == "target_missing"
    with pytest.raises(DomainError, match="First choose whose queue"):
        switch_routing(on=True, now=now(), actor=None)
    made = rule(team=sales)
    remove_rule(rule=made, now=now(), actor=None)
    with pytest.raises(DomainError, match="was removed"):
        remove_rule(rule=made, now=now(), actor=None)
    assert RoutingRule.objects.get().removed_at is not None
    assert Routing.objects.get().on_since is None
