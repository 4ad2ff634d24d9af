"""Who gets a lead: properties of the pure choice, over random teams, absences and histories."""

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.models import RoutedHandoff, RoutingRule
from leads.routing import Case, Choice, FormerHandoff, OpenDeal, OtherLead, Past, Rule, choose, desk_of, known_people, replay

Why, Method = RoutedHandoff.Why, RoutingRule.Method
ANY = {"segment_id": None, "region_id": None, "channel_id": None, "tier": "", "origin": "marketing"}
PEOPLE = st.sets(st.integers(1, 9), min_size=1, max_size=6).map(lambda found: tuple(sorted(found)))
T0 = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def hours(number: int) -> dt.datetime:
    return T0 + dt.timedelta(hours=number)


def rule(people, *, method=Method.ROUND_ROBIN, id=1, name="All", last=None, **asks) -> Rule:
    return Rule(id=id, name=name, method=method, people=tuple(people), asks=asks, last_person=last)


def case(number=1, known=(), **traits) -> Case:
    return Case(entry_id=number, lead_id=number, traits=ANY | traits, known=tuple(known))


def give_away(count, rules, present, loads=None) -> list[Choice]:
    desk, found = desk_of(rules, frozenset(present), loads or {}), []
    for number in range(count):
        found.append(choose(case(number), rules, desk))
        desk.give(found[-1])
    return found


@given(PEOPLE, st.integers(0, 40), st.integers(0, 10))
def test_in_turn_everybody_gets_as_many_give_or_take_one(people, count, last):
    counts = Counter(dict.fromkeys(people, 0))
    counts.update(choice.person_id for choice in give_away(count, [rule(people, last=last)], people))
    assert max(counts.values()) - min(counts.values()) <= 1
    assert sum(counts.values()) == count


@given(PEOPLE, st.lists(st.sets(st.integers(1, 9)), max_size=30))
def test_in_turn_who_is_always_there_gets_as_many_as_the_others_who_are_however_the_rest_come_and_go(people, rounds):
    constant = set(people[: len(people) // 2 + 1])
    rules, desk, counts = [rule(people)], None, Counter(dict.fromkeys(constant, 0))
    desk = desk_of(rules, frozenset(), {})
    for coming in rounds:
        desk.present = frozenset(constant | (coming & set(people)))
        choice = choose(case(), rules, desk)
        desk.give(choice)
        if choice.person_id in constant:
            counts[choice.person_id] += 1
    assert max(counts.values()) - min(counts.values()) <= 1


@given(PEOPLE, st.dictionaries(st.integers(1, 9), st.integers(0, 20)), st.integers(1, 30))
def test_by_load_nobody_gets_one_who_has_more_than_another_who_is_there(people, loads, count):
    running = Counter(loads)
    for choice in give_away(count, [rule(people, method=Method.LOAD)], people, loads):
        assert running[choice.person_id] == choice.load == min(running[person] for person in people)
        running[choice.person_id] += 1


@given(
    PEOPLE, st.sets(st.integers(1, 9)), st.sampled_from(Method.values), st.lists(st.integers(1, 9), max_size=3),
)  # fmt: skip
def test_who_is_away_gets_none_for_whatever_reason(people, present, method, known):
    desk = desk_of([rule(people, method=method)], frozenset(present), {})
    choice = choose(case(known=[(person, Why.DEAL) for person in known]), [rule(people, method=method)], desk)
    assert choice.person_id is None or choice.person_id in present
    if choice.person_id is None:
        assert not present & (set(people) | set(known))


@given(PEOPLE, st.integers(0, 20), st.sampled_from(Method.values))
def test_the_same_question_has_the_same_answer(people, count, method):
    rules = [rule(people, method=method)]
    assert give_away(count, rules, people) == give_away(count, rules, people)


def test_who_has_to_do_with_it_goes_before_every_rule_and_moves_no_turn():
    rules = [rule((1, 2))]
    desk = desk_of(rules, frozenset({1, 2, 3}), {})
    choice = choose(case(known=[(9, Why.DEAL), (3, Why.COMPANY)]), rules, desk)
    desk.give(choice)
    assert (choice.person_id, choice.why, choice.rule) == (3, Why.COMPANY, None)
    assert choose(case(), rules, desk).person_id == 1


def test_the_first_rule_that_fits_and_has_somebody_there_counts():
    rules = [
        rule((1,), id=1, name="Large", segment_id=7),
        rule((2,), id=2, name="North", region_id=5),
        rule((3,), id=3, name="Rest"),
    ]
    desk = desk_of(rules, frozenset({1, 2, 3}), {})
    assert [choose(case(**traits), rules, desk).rule.name for traits in (
        {"segment_id": 7, "region_id": 5}, {"segment_id": 8, "region_id": 5}, {"segment_id": 8}, {},
    )] == ["Large", "North", "Rest", "Rest"]  # fmt: skip
    desk.present = frozenset({3})
    assert choose(case(segment_id=7, region_id=5), rules, desk).rule.name == "Rest"


@pytest.mark.parametrize(
    ("trait", "value", "other"),
    [("segment_id", 1, 2), ("region_id", 1, 2), ("channel_id", 1, None), ("tier", "hand-raise", ""),
     ("origin", "partner", "marketing")],
)  # fmt: skip
def test_a_rule_asks_for_each_trait_and_unknown_fits_none_that_is_named(trait, value, other):
    rules = [rule((1,), **{trait: value})]
    desk = desk_of(rules, frozenset({1}), {})
    assert choose(case(**{trait: value}), rules, desk).person_id == 1
    assert choose(case(**{trait: other}), rules, desk).why == Why.NO_RULE


def test_it_waits_in_the_queue_when_no_rule_fits_and_when_nobody_is_there():
    rules = [rule((1,), id=4, segment_id=7)]
    desk = desk_of(rules, frozenset({2}), {})
    assert choose(case(), rules, desk) == Choice(None, Why.NO_RULE)
    found = choose(case(segment_id=7), rules, desk)
    assert (found.person_id, found.why, found.rule.id) == (None, Why.NOBODY, 4)
    assert choose(case(), [rule(())], desk).why == Why.NOBODY


def test_open_deals_come_before_the_leads_own_past_and_that_before_other_leads_of_the_company():
    deals = [
        OpenDeal(1, 11, hours(-50), None), OpenDeal(2, 12, hours(-40), None), OpenDeal(3, 13, hours(-60), hours(-1)),
        OpenDeal(4, 14, hours(1), None),
    ]  # fmt: skip
    former = [FormerHandoff(1, 21, hours(-90)), FormerHandoff(2, 22, hours(-80)), FormerHandoff(3, 11, hours(-70))]
    others = [OtherLead(1, 31, hours(-9)), OtherLead(2, 32, hours(-8)), OtherLead(3, 33, hours(5))]
    assert known_people(hours(0), deals, former, others) == (
        (12, Why.DEAL), (11, Why.DEAL), (22, Why.AGAIN), (21, Why.AGAIN), (32, Why.COMPANY), (31, Why.COMPANY),
    )  # fmt: skip
    assert known_people(hours(-1), deals[2:3], [], []) == ()


# --- replay -----------------------------------------------------------------------------------------------------


def past(number, at, decided=None) -> Past:
    return Past(case(number), hours(at), hours(at).date(), None if decided is None else hours(decided), None, None)


def test_a_replay_lets_go_of_handoffs_when_they_were_decided():
    rules = [rule((1, 2), method=Method.LOAD)]
    found = replay(
        [past(1, 0, 3), past(2, 1, 50), past(3, 4), past(4, 5)],
        rules,
        present_on=lambda day: frozenset({1, 2}),
        open_before=[(1, hours(2)), (2, None)],
    )
    assert [(choice.person_id, choice.load) for choice in found] == [(1, 1), (2, 1), (1, 0), (1, 1)]


def test_a_replay_knows_who_was_there_on_each_day():
    rules = [rule((1, 2))]
    found = replay(
        [past(1, 0), past(2, 24), past(3, 25)],
        rules,
        present_on=lambda day: frozenset({1, 2}) if day == T0.date() else frozenset({1}),
        open_before=[],
    )
    assert [choice.person_id for choice in found] == [1, 1, 1]


@given(PEOPLE, st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=30))
def test_a_replay_never_lets_go_of_more_than_there_was(people, spans):
    entries = [past(n, at, at + lasts) for n, (at, lasts) in enumerate(sorted(spans))]
    found = replay(entries, [rule(people, method=Method.LOAD)], present_on=lambda day: frozenset(people), open_before=[])
    assert all(choice.load >= 0 for choice in found)
    assert len(found) == len(entries)
