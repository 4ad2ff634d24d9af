"""Rules are tried on the last 30 days before they are saved: equal for everybody, people by name only for those who may."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team, User
from accounts.presence import sales_people
from accounts.services.absences import enter_absence
from core.queries import calendar
from funnel.book import load_book
from funnel.services import ensure_segment
from leads.pages.simulation import Simulation, Tried, simulate
from leads.routing_queries import pure_rules, standing_rules
from leads.services import ensure_company, move_lead
from tests.leads.routing_by import enters, now, reps, rule


@pytest.fixture
def sales(people) -> Team:
    return Team.objects.get(name="Sales")


def tried(reader: User) -> Simulation:
    cal = calendar()
    day = cal.day_of(now())
    people = sales_people(day)
    rules = pure_rules(standing_rules(), people)
    return simulate([Tried("By the rules", rules)], reader=reader, people=people, book=load_book(), cal=cal, today=day)


def ago(days: int, hours: int = 0) -> dt.datetime:
    return now() - dt.timedelta(days=days, hours=hours)


def table(lines) -> dict[str, tuple[int, ...]]:
    return {line.label: line.counts for line in lines}


def test_it_says_what_each_rule_catches_who_gets_it_and_what_really_happened(stages, people, sales):
    (rep,) = reps(1)
    large = ensure_segment(name="Large")
    rule("Large", people=[people["sales_lead"]], segment=large)
    rule("Rest", people=[people["member"], rep])
    firm = ensure_company(name="Brandt Pumpen")
    enters(stages, at=ago(9), segment=large, owner=people["member"])
    enters(stages, at=ago(8), owner=people["member"], company=firm)
    enters(stages, at=ago(7), owner=people["member"])
    enters(stages, at=ago(6), company=firm)
    # Too long ago, also where the clocks were changed in between and an hour of night is another day.
    enters(stages, at=ago(32), owner=people["member"])
    found = tried(people["administrator"])
    assert found.total == 4
    assert table(found.rules) == {
        "Somebody who has to do with it already": (1,), "Large": (1,), "Rest": (2,), "Waits in the queue": (0,),
    }  # fmt: skip
    # The fourth is of a company whose other lead is the member's.
    assert table(found.people) == {
        "Member": (3, 2), "Rep 0": (0, 1), "Sales Lead": (0, 1), "Nobody, it waits in a queue": (1, 0),
    }  # fmt: skip
    assert found.elsewhere == 3


def test_what_no_rule_fits_and_days_on_which_nobody_was_there_wait_in_the_queue(stages, people, sales):
    rule("Rest", people=[people["member"]], segment=ensure_segment(name="Large"))
    enters(stages, at=ago(5))
    enters(stages, at=ago(4), segment=ensure_segment(name="Large"))
    away = enters(stages, at=ago(3), segment=ensure_segment(name="Large"))
    day = calendar().day_of(away.created_at)
    enter_absence(user=people["member"], from_day=day, to_day=day, today=day, actor=people["member"])
    found = tried(people["administrator"])
    assert table(found.rules)["Waits in the queue"] == (2,)
    assert table(found.people) == {"Member": (0, 1), "Nobody, it waits in a queue": (3, 2)}


def test_by_load_handoffs_that_were_open_before_count_until_they_were_decided(stages, people, sales):
    (rep,) = reps(1)
    rule("Rest", people=[people["member"], rep], method="load")
    before = [enters(stages, at=ago(40), owner=people["member"]) for _ in range(2)]
    for lead in before:
        move_lead(lead, stages["sal"], actor=None, occurred_at=ago(10))
    for days in (20, 19, 9):
        enters(stages, at=ago(days))
    found = tried(people["administrator"])
    # Two go to the rep while the member has two; when those are decided, the third goes to the member.
    assert table(found.people)["Member"] == (0, 1)
    assert table(found.people)["Rep 0"] == (0, 2)


def test_people_stand_by_name_only_for_those_who_may_see_their_figures(stages, people, sales):
    (rep,) = reps(1)
    rule("Rest", people=[people["member"], rep])
    for days in (9, 8, 7):
        enters(stages, at=ago(days), owner=people["colleague"])
    seen = {who: table(tried(people[who]).people) for who in ("funnel_owner", "sales_lead", "member", "viewer")}
    assert seen["funnel_owner"] == {"Member": (0, 2), "Rep 0": (0, 1), "Colleague": (3, 0)}
    assert seen["sales_lead"] == {"Member": (0, 2), "Rep 0": (0, 1), "Others in Marketing": (3, 0)}
    assert seen["member"] == {"Member": (0, 2), "Others in Sales": (0, 1), "Others in Marketing": (3, 0)}
    assert seen["viewer"] == {"Sales": (0, 3), "Marketing": (3, 0)}
    totals = {who: [sum(column) for column in zip(*found.values(), strict=True)] for who, found in seen.items()}
    assert set(map(tuple, totals.values())) == {(3, 3)}


def test_it_writes_nothing_and_asks_the_same_for_one_entry_as_for_three(stages, people, sales):
    rule("Rest", team=sales)
    tried(people["administrator"])  # their rights are read once and kept
    counts = []
    for days in (9, 8, 7):
        enters(stages, at=ago(days), company=ensure_company(name=f"Firm {days}"))
        held = {model: model.objects.count() for model in apps.get_app_config("leads").get_models()}
        with CaptureQueriesContext(connection) as asked:
            tried(people["administrator"])
        counts.append(len(asked))
        assert {q["sql"].split()[0] for q in asked.captured_queries} == {"SELECT"}
        assert held == {model: model.objects.count() for model in held}
    assert counts[0] == counts[2]
