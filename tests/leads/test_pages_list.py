"""The list of leads: what it shows to whom, filters, views, file, many at once."""

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from campaigns.services import ensure_channel
from core.models import Organisation
from leads.models import LeadEvent, SavedView
from leads.services import assign_lead, merge_leads, move_lead, plan_step

NOW = dt.datetime.now(dt.UTC)


def names(answer) -> list[str]:
    return [str(lead.contact) for lead in answer.context["listing"].rows]


def test_newest_first_with_stage_age_owner_and_value(see, enter):
    enter("Anna Brandt", owner="member", days=20)
    enter("Lee Moss", days=3)
    answer = see("viewer", "/leads/")
    assert answer.status_code == 200
    assert names(answer) == ["Lee Moss", "Anna Brandt"]
    text = answer.content.decode()
    assert "Member" in text and "Inquiry" in text and "past target days" in text
    assert "New lead" not in text, "a viewer can't enter one"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_number_of_queries_does_not_depend_on_the_rows(see, enter, people, client, rows):
    for i in range(rows):
        lead = enter(f"Person{i} Muster", owner="member")
        plan_step(what="Call", due_on=NOW.date(), actor=people["member"], lead=lead)
    see("member", "/leads/")
    with CaptureQueriesContext(connection) as caught:
        answer = client.get("/leads/")
    assert len(answer.context["listing"].rows) == rows
    assert len(caught) == 17


def test_filters_add_up_and_values_of_one_are_alternatives(see, enter, stages):
    web, fair = ensure_channel(name="Web"), ensure_channel(name="Fair")
    enter("Anna Brandt", channel=web)
    enter("Lee Moss", channel=fair, stage="mql")
    enter("Carla Diaz", channel=fair, origin="sales")
    assert names(see("viewer", f"/leads/?channel={fair.id}&sort=name")) == ["Carla Diaz", "Lee Moss"]
    both = f"/leads/?stage={stages['mql'].id}&stage={stages['inquiry'].id}&sort=-name"
    assert names(see("viewer", both)) == ["Lee Moss", "Carla Diaz", "Anna Brandt"]
    assert names(see("viewer", f"/leads/?channel={fair.id}&origin=sales")) == ["Carla Diaz"]
    answer = see("viewer", f"/leads/?channel={fair.id}&q=moss")
    assert names(answer) == ["Lee Moss"]
    assert [chip.word for chip in answer.context["listing"].chips] == ["Fair", "“moss”"]


@pytest.mark.parametrize("sort", ["name", "stage", "age", "owner", "source", "created"])
def test_every_column_sorts_both_ways(see, enter, sort):
    enter("Anna Brandt", owner="member", days=5, channel=ensure_channel(name="Web"))
    enter("Lee Moss", stage="mql", days=3)
    for order in (sort, f"-{sort}"):
        assert set(names(see("viewer", f"/leads/?sort={order}"))) == {"Anna Brandt", "Lee Moss"}


def test_the_longest_stay_is_the_oldest_one(see, enter):
    enter("Anna Brandt", days=5)
    enter("Lee Moss", days=30)
    assert names(see("viewer", "/leads/?sort=-age")) == ["Lee Moss", "Anna Brandt"]


def test_nonsense_in_the_address_is_dropped(see, enter):
    enter("Anna Brandt")
    for query in ("stage=x", "owner=%27", "is=no", "sort=drop", "page=9999999999", "channel=99999999999999999999", "q=%25"):
        assert see("viewer", f"/leads/?{query}").status_code == 200


def test_search_finds_part_of_name_company_and_address(see, enter):
    enter("Anna Brandt", company="Oresund Marine")
    enter("Lee Moss")
    for words in ("anna b", "resund", "anna@"):
        assert names(see("viewer", f"/leads/?q={words}")) == ["Anna Brandt"]
    answer = see("viewer", "/leads/?q=zzz")
    assert "No lead matches this filter" in answer.content.decode()


def test_an_empty_company_says_what_to_do(see, people):
    assert "No leads yet" in see("viewer", "/leads/").content.decode()
    assert "Enter the first lead" in see("member", "/leads/").content.decode()


@pytest.mark.parametrize(
    ("visibility", "who", "seen"),
    [
        ("all", "member", {"Anna", "Lee", "Carla"}),
        ("team", "member", {"Anna", "Lee"}),
        # What waits in one's team's queue is nobody's yet.
        ("own", "member", {"Anna", "Lee"}),
        ("own", "funnel_owner", {"Anna", "Lee", "Carla"}),
    ],
)
def test_a_person_sees_and_exports_what_they_may_open(see, enter, people, visibility, who, seen):
    enter("Anna Brandt", owner="member")
    enter("Carla Diaz", owner="colleague")
    assign_lead(lead=enter("Lee Moss"), actor=None, team=Team.objects.get(name="Sales"))
    Organisation.objects.update(lead_visibility=visibility)
    answer = see(who, "/leads/")
    assert {name.split()[0] for name in names(answer)} == seen
    assert answer.context["listing"].total == len(seen)
    assert answer.context["listing"].tabs[0].count == len(seen)
    rows = list(csv.reader(io.StringIO(b"".join(see(who, "/leads/leads.csv").streaming_content).decode("utf-8-sig"))))
    assert {row[1].split()[0] for row in rows[1:]} == seen


def test_a_file_runs_no_formulas(see, enter):
    enter("=HYPERLINK(1) Bad")
    body = b"".join(see("viewer", "/leads/leads.csv").streaming_content).decode()
    assert "'=HYPERLINK" in body and "\n=HYPERLINK" not in body and ",=HYPERLINK" not in body


def test_outsiders_get_nothing(see, enter, client):
    lead = enter("Anna Brandt")
    for path in ("/leads/", f"/leads/{lead.id}/", "/leads/leads.csv", "/search/?q=anna", "/companies/", "/deals/"):
        assert see("outsider", path).status_code == 403
    client.logout()
    assert client.get("/leads/").status_code == 302


def test_a_view_is_kept_shown_with_its_count_and_removed(see, enter, client, people):
    enter("Anna Brandt", owner="member")
    enter("Lee Moss")
    see("member", "/leads/?owner=me")
    client.post("/leads/views/", {"name": "My own", "owner": "me", "sort": "name"})
    answer = see("member", "/leads/?owner=me&sort=name")
    tab = answer.context["listing"].tabs[-1]
    assert (tab.name, tab.count, tab.current) == ("My own", 1, True)
    view = SavedView.objects.get()
    see("colleague", "/leads/")
    assert client.post(f"/leads/views/{view.pk}/remove/").status_code == 404
    see("member", "/leads/")
    client.post(f"/leads/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()


def test_views_count_what_they_list(see, enter, stages, people):
    late = enter("Anna Brandt", owner="member", days=30)
    other = enter("Lee Moss", days=1, stage="sql")
    plan_step(what="Call", due_on=NOW.date() - dt.timedelta(days=2), actor=people["member"], lead=other)
    plan_step(what="Write", due_on=NOW.date() + dt.timedelta(days=9), actor=people["member"], lead=late)
    won = enter("Carla Diaz")
    move_lead(won, stages["won"], actor=None)
    enter("Ines Wolf", stage="mql", days=1)
    answer = see("member", "/leads/")
    counts = {tab.name: tab.count for tab in answer.context["listing"].tabs}
    assert counts == {
        "All": 4,
        "Mine": 1,
        "Open": 3,
        "Past target days": 1,
        "Past promise": 0,
        # The one in SQL and the MQL, which was handed over and waits for a decision.
        "Waiting on sales": 2,
        "Waiting on marketing": 1,
        "Returned": 0,
        "Next step due": 1,
        "Won this quarter": 1,
    }
    for tab in answer.context["listing"].tabs:
        assert see("member", f"/leads/?{tab.query}").context["listing"].found == tab.count
    assert see("member", "/leads/?is=late").context["listing"].rows[0].pk == late.pk


def test_merged_and_taken_out_leads_leave_the_list(see, enter):
    first, second = enter("Anna Brandt"), enter("Anna Brand")
    merge_leads(survivor=first, duplicate=second, actor=None)
    assert names(see("viewer", "/leads/")) == ["Anna Brandt"]


def test_pages_of_fifty(see, enter):
    for i in range(51):
        enter(f"P{i} Muster", days=i + 1)
    assert len(names(see("viewer", "/leads/"))) == 50
    answer = see("viewer", "/leads/?page=2")
    assert names(answer) == ["P50 Muster"]
    assert names(see("viewer", "/leads/?page=77")) == ["P50 Muster"]


def test_a_further_filter_keeps_those_that_are_there(see, enter, client):
    enter("Anna Brandt", channel=ensure_channel(name="Web"))
    answer = see("viewer", "/leads/filter/?is=open&q=anna")
    text = answer.content.decode()
    assert 'name="is" value="open"' in text and 'name="q" value="anna"' in text and "Web" in text
    fragment = client.get("/leads/filter/", headers={"HX-Request": "true"}).content.decode()
    assert "<select" in fragment and "<html" not in fragment


# --- many at once -----------------------------------------------------------------------------------------------


def test_bulk_move_checks_each_lead_and_says_which_were_not_moved(see, enter, client, stages):
    ready, there = enter("Anna Brandt"), enter("Lee Moss", stage="mql")
    form = see("member", f"/leads/bulk/move/?lead={ready.id}&lead={there.id}")
    assert form.status_code == 200 and "Move 2 leads" in form.content.decode()
    data = {"lead": [ready.id, there.id], "to_stage": stages["mql"].id, "note": "", "reason": ""}
    answer = client.post("/leads/bulk/move/", data)
    assert answer.status_code == 200
    assert answer.context["result"].done == 1
    troubles = [(item.lead_id, item.trouble) for item in answer.context["result"].troubles]
    assert troubles == [(there.id, "The lead is already in MQL.")]
    ready.refresh_from_db()
    assert ready.stage == stages["mql"]


def test_bulk_move_out_asks_for_the_agreed_reason(see, enter, client, stages):
    lead = enter("Anna Brandt")
    see("member", "/leads/")
    data = {"lead": [lead.id], "to_stage": stages["disqualified"].id}
    assert "needs a reason" in client.post("/leads/bulk/move/", data).content.decode()
    client.post("/leads/bulk/move/", data | {"reason": "no_need"})
    assert LeadEvent.objects.get(kind="moved").reason == "no_need"


def test_bulk_assign_takes_only_what_one_may_open(see, enter, client, people):
    mine, theirs = enter("Anna Brandt", owner="member"), enter("Lee Moss", owner="colleague")
    Organisation.objects.update(lead_visibility="own")
    see("member", "/leads/")
    data = {"lead": [mine.id, theirs.id], "owner": people["sales_lead"].id}
    answer = client.post("/leads/bulk/assign/", data)
    assert answer.context["job"].total == 1
    theirs.refresh_from_db()
    assert theirs.owner == people["colleague"]


def test_bulk_belongs_to_those_who_work_leads(see, enter, client):
    lead = enter("Anna Brandt")
    assert see("viewer", f"/leads/bulk/move/?lead={lead.id}").status_code == 403
    assert client.post("/leads/bulk/assign/", {"lead": lead.id}).status_code == 403
    assert see("member", "/leads/bulk/burn/").status_code == 404
    assert "No lead is selected" in see("member", "/leads/bulk/move/").content.decode()
