"""Whom a lead waits on and which promise presses: the same in list, counts, board, file and API, for what one may open."""

import csv
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Organisation
from leads.services import void_lead
from leads.services.feedback import log_contact
from leads.services.handoffs import contest, decide
from tests.leads.handing_over import MORNING, hand_over, promise, t

AT = t(13)  # of the Tuesday on which the leads are handed over


@pytest.fixture
def leads(stages, people):
    """By name: in time, late, returned, contested, accepted; and an inquiry that marketing has."""
    promise()
    found = {}
    with time_machine.travel(AT, tick=False):
        for name, owner, at, tier in (
            ("Intime", "member", t(12), ""),
            ("Late", "member", MORNING, "hand-raise"),
            ("Returned", "member", t(10), ""),
            ("Contested", "sales_lead", t(10), ""),
            ("Accepted", "sales_lead", t(10), ""),
        ):
            found[name] = hand_over(stages, owner=people[owner], at=at, tier=tier, name=f"{name} Muster").lead
        for name, decision, more in (
            ("Returned", "returned", {"reason": "wrong_stage", "note": "Which site?"}),
            ("Contested", "disqualified", {"reason": "wrong_segment", "note": "Too small."}),
            ("Accepted", "accepted", {}),
        ):
            decide(handoff=found[name].handoffs.get(), decision=decision, actor=people["member"], **more)
        contest(handoff=found["Contested"].handoffs.get(), actor=people["colleague"], text="They are not.")
    return found


@pytest.fixture
def at_one(leads):
    with time_machine.travel(AT, tick=False):
        yield leads


def shown(answer) -> list[str]:
    return [lead.contact.name.split()[0] for lead in answer.context["listing"].rows]


def file_rows(see, who, query="") -> list[dict]:
    body = b"".join(see(who, f"/leads/leads.csv{query}").streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_each_row_says_whom_it_waits_on_and_how_much_of_the_promise_is_used(see, at_one, enter):
    rows = {lead.contact.name.split()[0]: lead for lead in see("member", "/leads/").context["listing"].rows}
    assert {name: row.waits_word for name, row in rows.items()} == {
        "Intime": "Sales", "Late": "Sales", "Returned": "Marketing", "Contested": "Funnel owner", "Accepted": "Sales",
    }  # fmt: skip
    late, intime = rows["Late"].clock, rows["Intime"].clock
    # Four working hours since nine, where one was promised; one hour of four.
    assert (late.label, late.age_words, late.length_words, late.left_words) == ("First contact", "4 h", "1 h", "3 h late")
    assert (intime.age_words, intime.length_words, intime.left_words) == ("1 h", "4 h", "3 h left")
    assert (rows["Late"].late, rows["Intime"].late) == (True, False)
    assert rows["Returned"].clock.left_words == "stands still"
    assert rows["Contested"].clock is None, "once it is disqualified nobody has to call"


def test_views_count_what_filters_list(see, at_one):
    answer = see("member", "/leads/")
    counts = {tab.name: tab.count for tab in answer.context["listing"].tabs}
    assert (counts["Past promise"], counts["Waiting on sales"], counts["Waiting on marketing"], counts["Returned"]) == (
        1, 3, 1, 1,
    )  # fmt: skip
    for query, names in {
        "promise=past": ["Late"],
        "promise=running&waiting=sales": ["Accepted", "Intime", "Late"],
        "promise=paused": ["Returned"],
        "waiting=owner": ["Contested"],
        "waiting=sales": ["Accepted", "Intime", "Late"],
        "is=sales": ["Accepted", "Intime", "Late"],
        "is=returned": ["Returned"],
        "waiting=marketing&waiting=owner": ["Contested", "Returned"],
    }.items():
        assert sorted(shown(see("member", f"/leads/?{query}"))) == names, query


def test_time_left_sorts_what_is_due_first_and_what_nobody_owes_last(see, at_one):
    names = shown(see("member", "/leads/?sort=left"))
    assert names[0] == "Late" and names[-1] == "Contested"
    assert set(names[1:3]) == {"Intime", "Accepted"}
    assert shown(see("member", "/leads/?sort=-left"))[-1] == "Contested"


def test_the_board_shows_it_too(see, at_one):
    board = see("member", "/leads/?view=board").context["listing"]
    mql = next(c for c in board.columns if c.stage.name == "MQL")
    assert (mql.count, mql.past) == (3, 1)
    text = see("member", "/leads/?view=board&promise=past").content.decode()
    assert "1 past promise" in text and "Late Muster" in text and "Intime" not in text


def test_the_file_says_it_in_columns(see, at_one):
    rows = {row["name"].split()[0]: row for row in file_rows(see, "member")}
    late = rows["Late"]
    assert (late["waiting on"], late["promise"], late["promise state"]) == ("Sales", "First contact", "past promise")
    assert late["due"] == "2026-03-03 10:00"
    assert rows["Returned"]["promise state"] == "stands still" and rows["Contested"]["promise"] == ""
    assert [row["name"] for row in file_rows(see, "member", "?promise=past")] == ["Late Muster"]


def test_the_api_knows_the_same_filters(see, at_one):
    def found(query):
        return sorted(row["name"].split()[0] for row in see("member", f"/api/v1/leads/?{query}").json()["results"])

    assert found("promise=past") == ["Late"]
    assert found("waiting=sales") == ["Accepted", "Intime", "Late"]
    assert found("waiting=owner") == ["Contested"]
    assert see("member", "/api/v1/leads/?waiting=nobody").status_code == 422


def test_nobody_counts_or_exports_what_they_may_not_open(see, at_one):
    Organisation.objects.update(lead_visibility="own")
    counts = {tab.name: tab.count for tab in see("sales_lead", "/leads/").context["listing"].tabs}
    assert (counts["All"], counts["Past promise"], counts["Waiting on sales"], counts["Returned"]) == (2, 0, 1, 0)
    assert shown(see("sales_lead", "/leads/?promise=past")) == []
    assert file_rows(see, "sales_lead", "?promise=past") == []
    assert see("sales_lead", "/api/v1/leads/?promise=past").json()["results"] == []
    past = [c.past for c in see("sales_lead", "/leads/?view=board").context["listing"].columns]
    assert sum(past) == 0


def test_a_lead_that_was_taken_out_presses_nobody(see, at_one):
    void_lead(lead=at_one["Late"], actor=None)
    assert shown(see("member", "/leads/?promise=past")) == []


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("/leads/", 22), ("/leads/?view=board", 24), ("/leads/?sort=left", 22)])
def test_the_number_of_queries_does_not_depend_on_the_promises(see, stages, people, client, rows, path, queries):
    promise()
    with time_machine.travel(AT, tick=False):
        for i in range(rows):
            hand_over(stages, owner=people["member"], name=f"Person{i} Muster")
        see("member", path)
        with CaptureQueriesContext(connection) as caught:
            client.get(path)
    assert len(caught) == queries


# --- open work of a team ------------------------------------------------------------------------------------------


def work(answer) -> dict[str, tuple]:
    """By team: its total, and its people as they are shown."""
    return {
        one.team.name: (
            (one.total.leads, one.total.waiting, one.total.past),
            [(str(row.user or "nobody"), row.work.leads, row.work.past) for row in one.people],
        )
        for one in answer.context["teams"]
    }


SALES, MARKETING = (4, 3, 1), (0, 0, 0)


@pytest.mark.parametrize(
    ("who", "sales", "marketing"),
    [
        ("sales_lead", [("Member", 3, 1), ("Sales Lead", 1, 0)], []),
        ("marketing_lead", [], [("Colleague", 0, 0), ("Marketing Lead", 0, 0)]),
        ("member", [("Member", 3, 1)], []),
        ("colleague", [], [("Colleague", 0, 0)]),
        ("viewer", [], []),
    ],
)
def test_a_lead_of_a_team_sees_its_people_by_name_and_the_other_team_totals(see, at_one, who, sales, marketing):
    found = work(see(who, "/leads/team/"))
    assert found == {"Marketing": (MARKETING, marketing), "Sales": (SALES, sales)}


def test_totals_are_the_same_for_somebody_who_may_open_their_own_leads_only(see, at_one):
    Organisation.objects.update(lead_visibility="own")
    assert {team: total for team, (total, _) in work(see("colleague", "/leads/team/")).items()} == {
        "Marketing": MARKETING, "Sales": SALES,
    }  # fmt: skip


def test_people_stand_by_name_whatever_they_have(see, at_one):
    names = [name for name, *_ in work(see("funnel_owner", "/leads/team/"))["Sales"][1]]
    assert names == sorted(names, key=str.casefold)


def test_feedback_is_asked_for_as_long_as_somebody_can_recall_the_lead(see, at_one, people):
    """The same month in the list, on the board and in My day; a lead nobody told of stays missed in the numbers."""
    log_contact(lead=at_one["Accepted"], kind="call", outcome="reached", actor=people["sales_lead"], occurred_at=AT)
    for days, asked in ((10, True), (40, False)):
        with time_machine.travel(t(13, days=days), tick=False):
            assert ("Accepted" in shown(see("member", "/leads/?promise=past"))) is asked
            board = see("member", "/leads/?view=board").context["listing"]
            assert next(c for c in board.columns if c.stage.name == "SAL").past == int(asked)
            assert ("Accepted Muster" in see("sales_lead", "/my-day/").content.decode()) is asked
