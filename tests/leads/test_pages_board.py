"""The board: columns, cards, values, and moving a card from it. What it shows is what the list would show."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Organisation
from leads.models import LeadEvent, StageEntry
from leads.services import ensure_tag, merge_leads, move_lead, open_deal, tag_lead, win_deal

NOW = dt.datetime.now(dt.UTC)


def columns(answer) -> dict[str, list[str]]:
    shown = answer.context["listing"].columns
    return {column.stage.name: [str(lead.contact) for lead in column.cards] for column in shown}


def column(answer, name):
    return next(c for c in answer.context["listing"].columns if c.stage.name == name)


def test_one_column_for_each_stage_in_the_order_of_the_agreement_longest_stay_first(see, enter):
    enter("Anna Brandt", days=3)
    enter("Lee Moss", days=9)
    enter("Carla Diaz", stage="mql", days=1)
    answer = see("viewer", "/leads/?view=board")
    assert columns(answer) == {
        "Inquiry": ["Lee Moss", "Anna Brandt"],
        "MQL": ["Carla Diaz"],
        "SAL": [],
        "SQL": [],
        "Opportunity": [],
        "Won": [],
        "Lost": [],
        "Recycled": [],
        "Disqualified": [],
    }
    inquiry = column(answer, "Inquiry")
    assert (inquiry.count, inquiry.late) == (2, 1), "nine days are past the seven of the agreement"
    text = answer.content.decode()
    assert "data-row-move" not in text and "draggable" not in text.split("data-row", 1)[1].split(">", 1)[0]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_number_of_queries_does_not_depend_on_the_cards(see, enter, client, rows):
    for i in range(rows):
        lead = enter(f"Person{i} Muster", owner="member")
        tag_lead(lead=lead, actor=None, add=[ensure_tag(name="fair")])
        open_deal(lead=lead, name="Pumps", occurred_at=NOW, amount=100_00, actor=None)
    see("member", "/leads/?view=board")
    with CaptureQueriesContext(connection) as caught:
        answer = client.get("/leads/?view=board")
    assert column(answer, "Inquiry").count == rows
    assert len(caught) == 19


def test_a_column_sums_open_and_won_deals_and_an_unknown_amount_is_not_nothing(see, enter, stages):
    for name, amount in (("Anna Brandt", 500_00), ("Lee Moss", 250_00), ("Carla Diaz", None)):
        lead = enter(name)
        open_deal(lead=lead, name="Pumps", occurred_at=NOW, amount=amount, actor=None)
    bare = enter("Ines Wolf", stage="mql")
    open_deal(lead=bare, name="Pumps", occurred_at=NOW, actor=None)
    won = enter("Omar Rossi")
    win_deal(deal=open_deal(lead=won, name="Valves", occurred_at=NOW, amount=70_00, actor=None), actor=None)
    answer = see("viewer", "/leads/?view=board")
    assert (column(answer, "Inquiry").value, column(answer, "Inquiry").unpriced) == (750_00, 1)
    assert (column(answer, "MQL").value, column(answer, "MQL").unpriced) == (None, 1)
    assert column(answer, "Won").value == 70_00
    assert column(answer, "SQL").value is None


def test_deals_of_a_merged_lead_count_where_its_survivor_stands(see, enter):
    first, second = enter("Anna Brandt", stage="mql"), enter("Anna Brand")
    open_deal(lead=second, name="Pumps", occurred_at=NOW, amount=500_00, actor=None)
    merge_leads(survivor=first, duplicate=second, actor=None)
    answer = see("viewer", "/leads/?view=board")
    assert column(answer, "MQL").value == 500_00
    assert column(answer, "Inquiry").value is None


def test_it_takes_the_filters_and_the_visibility_of_the_list(see, enter):
    enter("Anna Brandt", owner="member", stage="mql")
    enter("Lee Moss", owner="colleague", stage="mql")
    assert columns(see("member", "/leads/?view=board&owner=me"))["MQL"] == ["Anna Brandt"]
    assert columns(see("member", "/leads/?view=board&q=moss"))["MQL"] == ["Lee Moss"]
    tabs = {tab.name: tab.query for tab in see("member", "/leads/?view=board").context["listing"].tabs}
    assert tabs["Mine"] == "owner=me&view=board"
    Organisation.objects.update(lead_visibility="own")
    answer = see("member", "/leads/?view=board")
    assert columns(answer)["MQL"] == ["Anna Brandt"]
    assert column(answer, "MQL").count == 1


def test_twenty_cards_then_twenty_more(see, enter, client, stages):
    for i in range(43):
        enter(f"P{i} Muster", days=50 - i)
    answer = see("member", "/leads/?view=board")
    inquiry = column(answer, "Inquiry")
    assert (len(inquiry.cards), inquiry.count, inquiry.left) == (20, 43, 23)
    stage = stages["inquiry"].id
    link = f"/leads/?view=board&at={stage}&n=40"
    assert f'href="?view=board&amp;at={stage}&amp;n=40"' in answer.content.decode()
    assert len(column(client.get(link), "Inquiry").cards) == 40, "without script the page shows forty"
    part = client.get(link, headers={"HX-Request": "true", "HX-Target": f"li#more-{stage}"})
    assert [str(lead.contact) for lead in part.context["column"].cards] == [f"P{i} Muster" for i in range(20, 40)]
    assert "<html" not in part.content.decode() and "3 more" in part.content.decode()
    last = client.get(f"/leads/?view=board&at={stage}&n=60", headers={"HX-Request": "true", "HX-Target": f"li#more-{stage}"})
    assert len(last.context["column"].cards) == 3 and "more" not in last.content.decode()


def test_a_card_moves_from_the_board_and_leads_back_to_it_with_an_undo(see, enter, client, stages):
    lead = enter("Anna Brandt")
    see("member", "/leads/?view=board")
    data = {"version": lead.version, "to_stage": stages["mql"].id, "back": "/leads/?view=board&owner=none"}
    answer = client.post(f"/leads/{lead.id}/move/", data)
    event = LeadEvent.objects.get(kind="moved")
    assert answer.status_code == 302 and answer.url == f"/leads/?view=board&owner=none&done={event.id}"
    page = client.get(answer.url)
    assert "Anna Brandt is moved to MQL." in page.content.decode()
    undone = client.post(f"/leads/events/{event.id}/undo/", {"back": "/leads/?view=board&owner=none"})
    assert undone.url == "/leads/?view=board&owner=none"
    assert StageEntry.objects.get(lead=lead).stage == stages["inquiry"]
    assert client.get(answer.url).context["done"] is None, "what was undone is not offered again"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", "leads"])
def test_a_form_leads_nowhere_but_home(see, enter, client, stages, back):
    lead = enter("Anna Brandt")
    see("member", "/leads/")
    data = {"version": lead.version, "to_stage": stages["mql"].id, "back": back}
    assert client.post(f"/leads/{lead.id}/move/", data).url.startswith(f"/leads/{lead.id}/?done=")


def test_in_a_dialog_the_form_leads_back_to_the_page_around_it(see, enter, client, stages):
    lead = enter("Anna Brandt")
    see("member", "/leads/")
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/leads/?view=board&done=7"}
    data = {"version": lead.version, "to_stage": stages["mql"].id}
    answer = client.post(f"/leads/{lead.id}/move/", data, headers=headers)
    assert answer["HX-Redirect"] == f"/leads/?view=board&done={LeadEvent.objects.get(kind='moved').id}"


def test_a_dropped_card_that_somebody_moved_first_says_so(see, enter, client, stages):
    lead = enter("Anna Brandt")
    seen = lead.version
    see("member", "/leads/?view=board")
    move_lead(lead, stages["mql"], actor=None)
    data = {"version": seen, "to_stage": stages["sal"].id}
    answer = client.post(f"/leads/{lead.id}/move/", data, headers={"HX-Request": "true"})
    assert answer.status_code == 409 and "moved this lead to MQL" in answer.content.decode()


def test_the_panel_is_a_part_of_the_page_and_starts_from_what_one_may_open(see, enter, client):
    lead = enter("Anna Brandt", owner="colleague")
    see("member", "/leads/")
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/leads/?sort=name"}
    text = client.get(f"/leads/{lead.id}/?panel", headers=headers).content.decode()
    assert "<html" not in text and "Anna Brandt" in text
    assert f"/leads/{lead.id}/move/?back=%2Fleads%2F%3Fsort%3Dname" in text
    assert "<html" in client.get(f"/leads/{lead.id}/?panel").content.decode(), "without script the link opens the page"
    Organisation.objects.update(lead_visibility="own")
    assert client.get(f"/leads/{lead.id}/?panel", headers=headers).status_code == 404
