"""The page of one lead and what people do there: move, conflict, undo, assign, log, note, next step, merge, take out."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Organisation
from funnel.models import Stage
from leads.models import Lead, LeadEvent, NextStep, Note, Touch
from leads.services import (
    amend_lead,
    assign_lead,
    ensure_contact,
    merge_leads,
    move_lead,
    record_touch,
    void_lead,
)

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def do(client, people):
    """`do("member", "/leads/1/note/", text="x")`: a form posted by that person."""

    def post(who, path, **data):
        client.force_login(people[who], backend="django.contrib.auth.backends.ModelBackend")
        return client.post(path, data)

    return post


def test_the_page_shows_path_criteria_facts_and_both_teams_timeline(see, enter, people, stages):
    lead = enter("Anna Brandt", owner="member")
    record_touch(lead=lead, side="marketing", kind="webinar", occurred_at=NOW - dt.timedelta(days=5), actor=None)
    move_lead(lead, stages["sql"], actor=people["member"], note="asked for a price")
    answer = see("viewer", f"/leads/{lead.id}/")
    page = answer.context["page"]
    assert [(s.stage.name, s.state) for s in page.path] == [
        ("Inquiry", "done"), ("MQL", "skipped"), ("SAL", "skipped"), ("SQL", "current"),
        ("Opportunity", "ahead"), ("Won", "ahead"),
    ]  # fmt: skip
    assert page.criteria.stage.name == "SQL" and page.criteria.version.number == 1
    assert [item.text for item in page.items] == ["Moved from Inquiry to SQL", "Webinar", "Came in as Inquiry"]
    text = answer.content.decode()
    assert "asked for a price" in text and "not agreed yet" in text
    assert "Move to" not in text, "a viewer can't move it"


def test_a_lead_beside_the_path_is_shown_there(see, enter, stages):
    lead = enter("Anna Brandt")
    move_lead(lead, stages["recycled"], actor=None, reason="timing")
    page = see("viewer", f"/leads/{lead.id}/").context["page"]
    assert page.beside.name == "Recycled" and page.following is None
    assert page.items[0].detail == "Not now, later"


@pytest.mark.parametrize("times", [1, 4])
def test_the_number_of_queries_does_not_depend_on_what_happened(see, enter, client, people, stages, times):
    lead = enter("Anna Brandt", owner="member")
    for i in range(times):
        at = NOW - dt.timedelta(days=5, hours=-i)
        record_touch(lead=lead, side="sales", kind="call", occurred_at=at, actor=people["member"])
        assign_lead(lead=lead, actor=people["member"], owner=people["member"], occurred_at=at)
        amend_lead(lead=lead, actor=people["member"], tier=str(i))
    see("member", f"/leads/{lead.id}/")
    with CaptureQueriesContext(connection) as caught:
        assert client.get(f"/leads/{lead.id}/").status_code == 200
    assert len(caught) == 30


def test_tabs_of_the_timeline(see, enter):
    lead = enter("Anna Brandt")
    record_touch(lead=lead, side="marketing", kind="webinar", occurred_at=NOW, actor=None)
    record_touch(lead=lead, side="sales", kind="call", occurred_at=NOW, actor=None, outcome="no_answer")
    for tab, expected in (("marketing", ["Webinar"]), ("sales", ["Call: no answer"]), ("stage", ["Came in as Inquiry"])):
        assert [i.text for i in see("viewer", f"/leads/{lead.id}/?show={tab}").context["page"].items] == [expected[0]]
    assert len(see("viewer", f"/leads/{lead.id}/?show=nonsense").context["page"].items) == 3


def test_merged_leads_lead_on_and_hidden_ones_are_not_there(see, enter):
    first, second, gone = enter("Anna Brandt"), enter("Anna Brand"), enter("Spam Bot")
    merge_leads(survivor=first, duplicate=second, actor=None)
    void_lead(lead=gone, actor=None)
    answer = see("member", f"/leads/{second.id}/")
    assert answer.status_code == 302 and answer.url == f"/leads/{first.id}/"
    assert see("member", f"/leads/{gone.id}/").status_code == 404
    assert see("member", "/leads/999999/").status_code == 404
    Organisation.objects.update(lead_visibility="own")
    assert see("member", f"/leads/{first.id}/").status_code == 404
    assert see("member", f"/leads/{second.id}/").status_code == 404


WRITES = ("move", "assign", "touch", "note", "step", "edit", "deal")
CORRECTIONS = ("merge", "void")


@pytest.mark.parametrize("act", WRITES + CORRECTIONS)
def test_who_may_do_what(see, do, enter, act):
    lead = enter("Anna Brandt", owner="colleague")
    path = f"/leads/{lead.id}/{act}/"
    for who in ("viewer", "outsider"):
        assert see(who, path).status_code == do(who, path).status_code == 403
    assert see("member", path).status_code == (403 if act in CORRECTIONS else 200)
    assert see("sales_lead", path).status_code == 200
    Organisation.objects.update(lead_visibility="own")
    assert see("sales_lead", path).status_code == do("sales_lead", path).status_code == 404
    assert LeadEvent.objects.count() == 1, "nothing was written but the creation"


# --- moves ------------------------------------------------------------------------------------------------------


def test_a_move_in_one_click_and_its_undo(see, do, enter, stages):
    lead = enter("Anna Brandt")
    answer = do("member", f"/leads/{lead.id}/move/", version=lead.version, to_stage=stages["mql"].id)
    event = LeadEvent.objects.get(kind="moved")
    assert answer.status_code == 302 and answer.url == f"/leads/{lead.id}/?done={event.id}"
    page = see("member", answer.url)
    assert page.context["page"].undo.event == event and "Undo" in page.content.decode()
    assert see("colleague", answer.url).context["page"].undo is None, "only the person who did it is asked"
    assert do("colleague", f"/leads/events/{event.id}/undo/").status_code == 403
    do("member", f"/leads/events/{event.id}/undo/")
    lead.refresh_from_db()
    assert lead.stage == stages["inquiry"]
    items = see("member", f"/leads/{lead.id}/").context["page"].items
    assert items[0].taken_back == "taken back by Member"


def test_an_old_step_is_taken_back_by_those_who_correct_history(do, enter, stages, people):
    lead = enter("Anna Brandt")
    move_lead(lead, stages["mql"], actor=people["member"])
    event = LeadEvent.objects.get(kind="moved")
    assert do("sales_lead", f"/leads/events/{event.id}/undo/").status_code == 302
    created = LeadEvent.objects.get(kind="created")
    assert do("sales_lead", f"/leads/events/{created.id}/undo/").status_code == 403


def test_a_second_writer_hears_who_was_first_and_keeps_the_text(do, enter, stages, people):
    lead = enter("Anna Brandt")
    seen = lead.version
    move_lead(lead, stages["mql"], actor=people["colleague"])
    answer = do("member", f"/leads/{lead.id}/move/", version=seen, to_stage=stages["sal"].id, note="my long note")
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Colleague moved this lead to MQL" in text and "my long note" in text
    lead.refresh_from_db()
    assert lead.stage == stages["mql"] and not Note.objects.exists()
    assert f'name="version" value="{lead.version}"' in text, "sending again is a decision, not a further conflict"


def test_a_move_that_needs_a_reason_asks_for_it(see, do, enter, stages):
    lead = enter("Anna Brandt", stage="sql")
    data = {"version": lead.version, "to_stage": stages["mql"].id}
    answer = do("member", f"/leads/{lead.id}/move/", **data, note="kept")
    assert answer.status_code == 422
    assert "A move to MQL needs a reason." in answer.content.decode() and "kept" in answer.content.decode()
    wrong = do("member", f"/leads/{lead.id}/move/", **data, reason="price")
    assert wrong.status_code == 422
    assert do("member", f"/leads/{lead.id}/move/", **data, reason="wrong_stage").status_code == 302
    assert LeadEvent.objects.get(kind="moved").reason == "wrong_stage"


def test_a_move_on_an_earlier_day(do, enter, stages):
    lead = enter("Anna Brandt", days=10)
    day = (NOW - dt.timedelta(days=4)).date()
    data = {"version": lead.version, "to_stage": stages["mql"].id}
    do("member", f"/leads/{lead.id}/move/", **data, on=day.isoformat())
    event = LeadEvent.objects.get(kind="moved")
    assert event.time_precision == "day"
    lead.refresh_from_db()
    later = (NOW + dt.timedelta(days=4)).date().isoformat()
    answer = do("member", f"/leads/{lead.id}/move/", version=lead.version, to_stage=stages["sal"].id, on=later)
    assert answer.status_code == 422 and "lies in the future" in answer.content.decode()


def test_only_allowed_stages_are_offered(see, enter, stages):
    from funnel.models import Agreement, StageTransition

    StageTransition.objects.create(agreement=Agreement.objects.get(), from_stage=stages["inquiry"], to_stage=stages["won"])
    lead = enter("Anna Brandt")
    ways = see("member", f"/leads/{lead.id}/move/").context["ways"]
    assert {way.stage.key for way in ways} == set(stages) - {"won", "inquiry"}


def test_in_a_dialog_the_form_comes_alone_and_success_leads_on(client, see, enter, stages):
    lead = enter("Anna Brandt")
    see("member", "/leads/")
    fragment = client.get(f"/leads/{lead.id}/move/", headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    data = {"version": lead.version, "to_stage": stages["mql"].id}
    answer = client.post(f"/leads/{lead.id}/move/", data, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and answer["HX-Redirect"].startswith(f"/leads/{lead.id}/?done=")


# --- other work -------------------------------------------------------------------------------------------------


def test_assign_and_lose_sight(see, do, enter, people):
    lead = enter("Anna Brandt", owner="member")
    Organisation.objects.update(lead_visibility="own")
    answer = do("member", f"/leads/{lead.id}/assign/", owner=people["colleague"].id)
    assert answer.url == "/leads/"
    lead.refresh_from_db()
    assert lead.owner == people["colleague"]


def test_a_contact_in_one_click_stops_the_clock_and_can_be_taken_back(see, do, enter, stages):
    lead = enter("Anna Brandt", stage="sql", owner="member")
    do("member", f"/leads/{lead.id}/touch/", kind="call", outcome="reached")
    touch = Touch.objects.get()
    assert (touch.side, touch.kind, touch.outcome) == ("sales", "call", "reached")
    assert lead.entries.get().first_contact_at == touch.occurred_at
    assert do("colleague", f"/leads/touches/{touch.id}/undo/").status_code == 403
    do("member", f"/leads/touches/{touch.id}/undo/")
    assert lead.entries.get().first_contact_at is None
    assert do("member", f"/leads/{lead.id}/touch/", kind="dance").status_code == 422


def test_a_note_is_in_the_timeline_and_escaped(see, do, enter):
    lead = enter("Anna Brandt")
    do("member", f"/leads/{lead.id}/note/", text="<script>alert(1)</script> likes blue")
    answer = see("viewer", f"/leads/{lead.id}/?show=notes")
    assert [item.note for item in answer.context["page"].items] == ["<script>alert(1)</script> likes blue"]
    assert "<script>alert(1)" not in answer.content.decode()
    assert do("member", f"/leads/{lead.id}/note/", text=" ").status_code == 422


def test_a_next_step_is_planned_shown_in_the_list_and_done(see, do, enter):
    lead = enter("Anna Brandt", owner="member")
    due = NOW.date() + dt.timedelta(days=3)
    late = do("member", f"/leads/{lead.id}/step/", what="Call", due_on=due, remind_on=due + dt.timedelta(days=1))
    assert late.status_code == 422 and "before the day itself" in late.content.decode()
    do("member", f"/leads/{lead.id}/step/", what="Send the offer", due_on=due)
    step = NextStep.objects.get()
    assert see("viewer", "/leads/").context["listing"].rows[0].step == "Send the offer"
    assert "Next: Send the offer" in see("viewer", f"/leads/{lead.id}/").content.decode()
    assert do("viewer", f"/steps/{step.id}/done/").status_code == 403
    do("member", f"/steps/{step.id}/done/")
    step.refresh_from_db()
    assert step.done_at and str(step.done_by) == "Member"
    assert see("viewer", "/leads/").context["listing"].rows[0].step is None
    Organisation.objects.update(lead_visibility="own")
    assert do("colleague", f"/steps/{step.id}/done/", undo=1).status_code == 404


def test_entering_a_lead_warns_of_the_same_address(see, do, people):
    data = {
        "name": "Anna Brandt",
        "email": "anna@brandt.example",
        "company": "Brandt Pumpen",
        "origin": "sales",
        "stage": "inquiry",
    }
    answer = do("member", "/leads/new/", **data, owner=people["member"].id)
    lead = Lead.objects.get()
    assert answer.url == f"/leads/{lead.id}/"
    assert (str(lead.contact), str(lead.company), lead.origin, lead.owner) == (
        "Anna Brandt", "Brandt Pumpen", "sales", people["member"],
    )  # fmt: skip
    again = do("member", "/leads/new/", **data)
    assert again.status_code == 409 and "has this e-mail address already" in again.content.decode()
    assert do("member", "/leads/new/", **data, again="on").status_code == 302
    assert Lead.objects.count() == 2
    nobody = do("member", "/leads/new/", origin="sales", stage="inquiry")
    assert nobody.status_code == 422 and "Say who it is" in nobody.content.decode()


def test_correcting_facts_leaves_events_for_dimensions_alone(see, do, enter):
    from campaigns.services import ensure_channel

    lead, web = enter("Anna Brandt", segment=None, region=None), ensure_channel(name="Web")
    data = {"name": "Anna Brandt-Kahl", "email": lead.contact.email, "company": "Brandt Pumpen", "origin": "marketing"}
    do("member", f"/leads/{lead.id}/edit/", **data, channel=web.id, version=lead.version)
    assert [(e.field, e.new) for e in LeadEvent.objects.filter(kind="amended")] == [("channel_id", str(web.id))]
    version = lead.version
    lead.refresh_from_db()
    assert str(lead.contact) == "Anna Brandt-Kahl"
    late = do("colleague", f"/leads/{lead.id}/edit/", **data | {"name": "Other"}, version=version)
    assert (
        late.status_code == 409 and "Other" in late.content.decode() and "Member changed this lead" in late.content.decode()
    )


# --- merge and take out -----------------------------------------------------------------------------------------


def test_a_merge_shows_its_result_before_it_writes_and_can_be_undone(see, do, enter, stages):
    first = enter("Anna Brandt", days=20)
    second = enter("Anna Brandt", days=9, stage="sql")
    path = f"/leads/{first.id}/merge/"
    assert [row.pk for row, _ in see("sales_lead", path).context["found"]] == [second.pk]
    assert [row.pk for row, _ in see("sales_lead", f"{path}?q=brandt").context["found"]] == [second.pk]
    preview = see("sales_lead", f"{path}?other={second.id}").context["preview"]
    assert [(s.stage, s.from_other) for s in preview.stays] == [("Inquiry", False), ("SQL", True)]
    assert (preview.before, preview.after) == ("Inquiry", "SQL")
    assert not LeadEvent.objects.filter(kind="merged").exists()
    do("sales_lead", path, other=second.id)
    first.refresh_from_db()
    assert [e.stage.key for e in first.entries.order_by("position")] == ["inquiry", "sql"] and first.stage == stages["sql"]
    assert "was merged into this lead" in see("viewer", f"/leads/{first.id}/").content.decode()
    assert do("member", f"/leads/{second.id}/unmerge/").status_code == 403
    do("sales_lead", f"/leads/{second.id}/unmerge/")
    first.refresh_from_db()
    assert first.stage == stages["inquiry"]
    assert see("viewer", f"/leads/{second.id}/").status_code == 200


def test_a_lead_is_not_merged_with_what_one_may_not_open(see, do, enter, people):
    mine, theirs = enter("Anna Brandt", owner="sales_lead"), enter("Lee Moss", owner="colleague")
    Organisation.objects.update(lead_visibility="own")
    assert see("sales_lead", f"/leads/{mine.id}/merge/?q=moss").context["found"] == []
    assert do("sales_lead", f"/leads/{mine.id}/merge/", other=theirs.id).status_code == 404


def test_taking_out_and_bringing_back(see, do, enter):
    lead = enter("Spam Bot")
    assert see("sales_lead", f"/leads/{lead.id}/void/").status_code == 200
    answer = do("sales_lead", f"/leads/{lead.id}/void/")
    assert "is taken out of every list" in see("sales_lead", answer.url).content.decode()
    assert see("member", answer.url).context["done"] is None
    event = LeadEvent.objects.get(kind="lead_voided")
    assert do("member", f"/leads/events/{event.id}/undo/").status_code == 403
    do("sales_lead", f"/leads/events/{event.id}/undo/")
    assert see("viewer", f"/leads/{lead.id}/").status_code == 200


def test_a_lead_without_a_person_has_a_page(see, stages, company):
    from leads.services import create_lead

    lead = create_lead(stage=stages["inquiry"], occurred_at=NOW, actor=None, contact=ensure_contact(email="x@y.example"))
    bare = create_lead(stage=Stage.objects.get(key="inquiry"), occurred_at=NOW, actor=None)
    for one in (lead, bare):
        assert see("viewer", f"/leads/{one.id}/").status_code == 200
