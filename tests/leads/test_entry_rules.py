"""When a lead may enter a stage: one rule, asked of a lead at hand and of the database, gives one answer."""

import datetime as dt
import random

import pytest
from django.db import connection

from campaigns.services import ensure_campaign, ensure_channel
from core.errors import DomainError
from funnel.criteria import (
    FACTS,
    MOST_NUMBER,
    OPS,
    Condition,
    EntryRule,
    Facts,
    Op,
    Type,
    holds,
    read_rule,
    unmet,
    write_rule,
)
from funnel.services import ensure_region, ensure_segment
from leads.criteria import facts_of, meeting
from leads.models import Company, Lead
from leads.services import create_lead, ensure_company, ensure_contact, merge_leads, record_touch

NOW = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
NAMES = ("Alpha", "alpha", "Beta", "Gamma", "Ünal", "with, comma", "5")


def lead_at_random(dice: random.Random, stages) -> Lead:
    pick = dice.choice
    segment, region = ([None, *(make(name=name) for name in NAMES)] for make in (ensure_segment, ensure_region))
    channel = [None, *(ensure_channel(name=name) for name in NAMES)]
    firm = pick([None, ensure_company(name=pick(NAMES))])
    if firm is not None:
        Company.objects.filter(pk=firm.pk).update(segment=pick(segment), region=pick(region))
    contact = pick([None, ensure_contact(name=pick(NAMES), email=pick(["", "a@b.example"]), company=firm)])
    # Some to the second on the border of a day.
    came = NOW - dt.timedelta(days=dice.randrange(40), seconds=pick([0, 0, 1, -1, 4000])) - dt.timedelta(days=60)
    lead = create_lead(
        stage=pick([stages["inquiry"], stages["mql"]]),
        occurred_at=came,
        actor=None,
        contact=contact,
        company=firm,
        channel=pick(channel),
        campaign=pick([None, ensure_campaign(name=pick(NAMES))]),
        segment=pick(segment),
        region=pick(region),
        origin=pick(["marketing", "sales", "partner"]),
        tier=pick(["", "A", "Alpha"]),
        score=pick([None, 0, 1, 59, 60, 61]),
        custom=pick([{}, {"need": ""}, {"need": None}, {"need": "Pumps"}, {"need": 5}]),
    )
    for _ in range(dice.randrange(4)):
        at = NOW - dt.timedelta(days=dice.randrange(120), seconds=pick([0, 1]))
        record_touch(
            lead=lead, kind=pick(["form", "webinar", "call"]), occurred_at=at, actor=None, side=pick(["marketing", "sales"])
        )
    return lead


def condition_at_random(dice: random.Random) -> Condition:
    fact = dice.choice(list(FACTS.values()))
    op = dice.choice(OPS[fact.type])
    if op in (Op.ONE_OF, Op.NONE_OF):
        return Condition(fact.key, op, values=tuple(dice.sample((*NAMES, "marketing", "sales", "A"), dice.randrange(1, 4))))
    if op in (Op.AT_LEAST, Op.AT_MOST):
        return Condition(fact.key, op, number=dice.choice([0, 1, 2, 3, 30, 59, 60, 61, 75, 90]))
    return Condition(fact.key, op)


def rule_at_random(dice: random.Random) -> EntryRule:
    return EntryRule(*(tuple(condition_at_random(dice) for _ in range(dice.randrange(most))) for most in (3, 4)))


@pytest.mark.django_db
def test_the_database_and_the_rule_itself_agree_on_ten_thousand_pairs(stages):
    dice = random.Random(7)  # the same leads and rules in every run
    leads = [lead_at_random(dice, stages) for _ in range(60)]
    survivor, part = leads[:2]
    merge_leads(survivor=survivor, duplicate=part, actor=None)
    known, agreed = facts_of([lead.pk for lead in leads], NOW), {True: 0, False: 0}
    for _ in range(170):
        rule = read_rule(write_rule(rule_at_random(dice)))
        by_database = set(meeting(Lead.objects.all(), rule, NOW).values_list("pk", flat=True))
        by_rule = {pk for pk, facts in known.items() if not unmet(rule, facts)}
        assert by_database == by_rule, rule.words
        for lead in leads:
            agreed[lead.pk in by_rule] += 1
    assert sum(agreed.values()) == 10_200 and min(agreed.values()) > 1_000, "both answers occur"


@pytest.mark.django_db
@pytest.mark.parametrize(("op", "meets"), [(Op.AT_LEAST, False), (Op.AT_MOST, True)])
@pytest.mark.parametrize("fact", ["age", "in_stage", "last_touch"])
def test_more_days_than_the_calendar_has_can_be_asked_for(enter, fact, op, meets):
    lead = enter("Anna Brandt", days=100)
    record_touch(lead=lead, kind="webinar", side="marketing", occurred_at=NOW - dt.timedelta(days=2), actor=None)
    rule = read_rule({"every": [{"fact": fact, "op": op, "number": MOST_NUMBER}]})
    assert meeting(Lead.objects.all(), rule, NOW).exists() is meets
    assert (unmet(rule, facts_of([lead.pk], NOW)[lead.pk]) == []) is meets


@pytest.mark.django_db
def test_touches_of_the_parts_count_for_the_lead_that_stands(enter):
    whole, part = enter("Anna Brandt", days=100), enter("A. Brandt", days=100)
    for lead, days in ((whole, 95), (part, 2)):
        at = NOW - dt.timedelta(days=days)
        record_touch(lead=lead, kind="webinar", side="marketing", occurred_at=at, actor=None)
    merge_leads(survivor=whole, duplicate=part, actor=None)
    facts = facts_of([whole.pk], NOW)[whole.pk]
    assert (facts["touches"], facts["touches_90"], facts["last_touch"]) == (2, 1, 2)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how full the tables are")
def test_of_all_touches_only_those_of_the_lead_are_read(enter):
    """For every lead all touches of the company were read before: the worker's look took hours with a large one."""
    enter("Anna Brandt", days=100)
    rule = read_rule({"every": [{"fact": "touches", "op": "at_least", "number": 2}, {"fact": "last_touch", "op": "known"}]})
    plan = meeting(Lead.objects.all(), rule, NOW).explain().splitlines()
    touches = [line for line in plan if "leads_touch" in line]
    assert len(touches) > 4
    assert [line for line in touches if "(lead_id=?)" not in line and "LEFT-JOIN" not in line] == []


def test_a_rule_reads_as_sentences_and_says_what_is_not_met():
    rule = read_rule(
        {
            "every": [
                {"fact": "segment", "op": "one_of", "values": ["Pumps", " Valves ", "Pumps"]},
                {"fact": "score", "op": "at_least", "number": 60},
            ],
            "some": [{"fact": "email", "op": "known"}, {"fact": "phone", "op": "known"}],
        }
    )
    either = "At least one of: E-mail address is known; Telephone is known"
    assert rule.words == ["Segment is Pumps or Valves", "Score: at least 60", either]
    assert unmet(rule, Facts({"segment": "Pumps", "score": 60, "phone": "+49"})) == []
    assert unmet(rule, Facts({"segment": "Seals", "email": "", "phone": ""})) == rule.words
    assert unmet(EntryRule(), Facts()) == []


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.key)
def test_what_is_not_known_meets_no_condition_but_that_it_is_not_known(fact):
    asks = {
        Op.ONE_OF: {"values": ("x",)},
        Op.NONE_OF: {"values": ("x",)},
        Op.AT_LEAST: {"number": 0},
        Op.AT_MOST: {"number": 9},
    }
    met = {op for op in OPS[fact.type] if holds(Condition(fact.key, op, **asks.get(op, {})), Facts())}
    assert met == (set() if fact.type == Type.COUNT else {Op.UNKNOWN})


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "fact_unknown"),
        ({"fact": "shoe_size", "op": "known"}, "fact_unknown"),
        ({"fact": "score", "op": "one_of", "values": ["x"]}, "op_unknown"),
        ({"fact": "touches", "op": "known"}, "op_unknown"),
        ({"fact": "score", "op": "at_least"}, "number_unreadable"),
        ({"fact": "score", "op": "at_least", "number": -1}, "number_unreadable"),
        ({"fact": "score", "op": "at_least", "number": True}, "number_unreadable"),
        ({"fact": "score", "op": "at_least", "number": "60"}, "number_unreadable"),
        ({"fact": "region", "op": "one_of", "values": [" "]}, "values_missing"),
        ({"fact": "region", "op": "one_of", "values": [str(n) for n in range(51)]}, "too_many_values"),
    ],
)
def test_a_condition_that_says_nothing_is_refused_by_its_place(row, code):
    with pytest.raises(DomainError) as refused:
        read_rule({"every": [{"fact": "score", "op": "known"}, row]})
    assert (refused.value.code, refused.value.message.startswith("Condition 2: ")) == (code, True)


def test_a_rule_has_twenty_conditions_at_most():
    rows = [{"fact": "score", "op": "known"}] * 11
    with pytest.raises(DomainError, match="at most 20"):
        read_rule({"every": rows, "some": rows})
