"""Many leads at once, in the background too, and tags: told by events, taken back like any other."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import deactivate
from core.errors import DomainError
from core.models import Organisation, StaleNote
from leads.models import BulkJob, Lead, LeadEvent, LeadTag, Tag
from leads.services import (
    ensure_tag,
    merge_leads,
    open_deal,
    run_bulk,
    set_tags,
    start_bulk,
    stop_bulk,
    sweep_bulk,
    tag_lead,
    unmerge_lead,
    void_event,
)
from leads.services.rebuilding import rebuild_everything
from leads.tasks import run_bulk_job

MOVE = {"reason": "", "note": "", "at": None, "precision": "instant"}


def tags(lead) -> list[str]:
    return list(Tag.objects.filter(lead_tags__lead=lead).order_by("name").values_list("name", flat=True))


# --- all that a filter finds --------------------------------------------------------------------------------------


def test_all_that_a_filter_finds_are_tagged_found_at_the_moment_of_the_click(see, enter, client):
    for i in range(3):
        enter(f"P{i} Muster", stage="mql")
    other = enter("Lee Moss")
    see("member", "/leads/")
    form = client.get("/leads/bulk/tag/?all=1&q=muster")
    assert "Tag 3 leads" in form.content.decode()
    enter("P9 Muster")
    answer = client.post("/leads/bulk/tag/", {"all": "1", "q": "muster", "add": "Spring fair, Hot", "remove": ""})
    assert answer.context["result"].done == 4
    assert LeadTag.objects.count() == 8 and tags(other) == []


def test_many_go_on_in_the_background_with_progress_and_a_result(see, enter, client, stages, people):
    leads = [enter(f"P{i} Muster") for i in range(51)]
    there = enter("Lee Moss", stage="mql")
    see("member", "/leads/")
    answer = client.post("/leads/bulk/move/", {"all": "1", "to_stage": stages["mql"].id, "note": "", "reason": ""})
    job = BulkJob.objects.get()
    assert answer.status_code == 302 and answer.url == f"/leads/bulk/jobs/{job.pk}/"
    assert "0 of 52 leads" in client.get(answer.url).content.decode()
    assert LeadEvent.objects.filter(kind="moved").count() == 0
    assert run_bulk_job(job.pk) is True
    text = client.get(answer.url).content.decode()
    assert "51 moved, 1 not" in text and "The lead is already in MQL." in text and "Lee Moss" in text
    assert {lead.stage_id for lead in Lead.objects.filter(pk__in=[x.pk for x in leads])} == {stages["mql"].id}
    assert run_bulk_job(job.pk) is True, "again changes nothing"
    assert LeadEvent.objects.filter(kind="moved").count() == 51
    assert set(LeadEvent.objects.filter(kind="moved").values_list("actor", flat=True)) == {people["member"].id}
    there.refresh_from_db()
    assert there.version == 1
    see("colleague", "/leads/")
    assert client.get(answer.url).status_code == 404, "a job is its person's own"
    assert client.post(f"{answer.url}stop/").status_code == 404


def test_of_many_leads_those_that_lack_what_the_agreement_asks_for_stay_unless_somebody_says_why(see, enter, client, stages):
    whole, lacks = enter("Anna Brandt"), enter("Lee Moss", region=None)
    see("member", "/leads/")
    form = client.get("/leads/bulk/move/?all=1").content.decode()
    assert "It asks for, in MQL: Name, E-mail address, Company, Segment, Region, Channel." in form
    asked = {"all": "1", "to_stage": stages["mql"].id, "reason": "", "note": ""}
    result = client.post("/leads/bulk/move/", asked).context["result"]
    assert [(row.lead_id, row.trouble) for row in result.troubles] == [(lacks.pk, "Still missing: Region.")]
    assert {lead.pk: lead.stage.key for lead in Lead.objects.select_related("stage")} == {
        whole.pk: "mql",
        lacks.pk: "inquiry",
    }
    assert client.post("/leads/bulk/move/", asked | {"anyway": "on"}).status_code == 422, "and why"
    said = {"anyway": "on", "note": "They want a call today."}
    client.post("/leads/bulk/move/", asked | said)
    lacks.refresh_from_db()
    assert lacks.stage_id == stages["mql"].id


def test_a_job_that_lost_its_worker_goes_on_where_it_was(enter, stages, people, monkeypatch):
    leads = [enter(f"P{i} Muster") for i in range(45)]
    params = MOVE | {"to_stage": stages["mql"].id}
    job = start_bulk(actor=people["member"], act="move", lead_ids=[x.pk for x in leads], params=params, inline=True)
    assert run_bulk(job.pk, until=0) is False
    monkeypatch.setattr("leads.services.many.time.monotonic", iter([0, 2]).__next__)
    assert run_bulk(job.pk, until=1) is False
    monkeypatch.undo()
    assert job.items.filter(done_at__isnull=False).count() == 20
    assert run_bulk(job.pk) is True
    assert LeadEvent.objects.filter(kind="moved").count() == 45


def test_a_stopped_job_leaves_the_rest_as_it_is(enter, stages, people, see, client):
    leads = [enter(f"P{i} Muster") for i in range(3)]
    params = MOVE | {"to_stage": stages["mql"].id}
    job = start_bulk(actor=people["member"], act="move", lead_ids=[x.pk for x in leads], params=params, inline=True)
    stop_bulk(job=job)
    assert run_bulk(job.pk) is True
    assert LeadEvent.objects.filter(kind="moved").count() == 0
    see("member", "/leads/")
    assert "3 not reached" in client.get(f"/leads/bulk/jobs/{job.pk}/").content.decode()


def test_what_one_may_no_longer_open_is_left_alone(enter, people):
    lead = enter("Anna Brandt", owner="colleague")
    params = {"add": [ensure_tag(name="hot").pk], "remove": []}
    job = start_bulk(actor=people["member"], act="tag", lead_ids=[lead.pk], params=params, inline=True)
    Organisation.objects.update(lead_visibility="own")
    run_bulk(job.pk)
    assert job.items.get().trouble == "It is no longer there, or you may not open it."
    assert tags(lead) == []


def test_nobody_is_given_leads_after_they_left(enter, people):
    lead = enter("Anna Brandt")
    params = {"owner": people["colleague"].pk, "team": None}
    job = start_bulk(actor=people["member"], act="assign", lead_ids=[lead.pk], params=params, inline=True)
    deactivate(user=people["colleague"], actor=None)
    run_bulk(job.pk)
    assert "no longer works here" in job.items.get().trouble


def test_the_sweeper_takes_up_what_nobody_works_on_and_forgets_what_is_long_done(enter, people):
    lead = enter("Anna Brandt")
    params = {"owner": None, "team": None}
    job = start_bulk(actor=people["member"], act="assign", lead_ids=[lead.pk], params=params, inline=True)
    assert sweep_bulk() == 0, "it was worked on a moment ago"
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=8)
    BulkJob.objects.update(worked_at=long_ago)
    assert sweep_bulk() == 1
    run_bulk(job.pk)
    BulkJob.objects.update(finished_at=long_ago)
    sweep_bulk()
    assert not BulkJob.objects.exists()


# --- tags -----------------------------------------------------------------------------------------------------------


def test_a_tag_is_an_event_that_changes_no_number_and_can_be_taken_back(enter, people):
    lead = enter("Anna Brandt")
    StaleNote.objects.all().delete()
    (event,) = tag_lead(lead=lead, actor=people["member"], add=[ensure_tag(name="Spring fair")])
    assert (event.kind, event.old, event.new) == ("amended", "", "on")
    assert tags(lead) == ["Spring fair"]
    assert not StaleNote.objects.exists()
    assert tag_lead(lead=lead, actor=None, add=[ensure_tag(name="spring FAIR")]) == [], "the same word, already there"
    void_event(event=event, actor=people["member"])
    assert tags(lead) == []


def test_a_rebuild_gives_the_same_tags(enter):
    lead = enter("Anna Brandt")
    set_tags(lead=lead, names=["hot", "fair"], actor=None)
    set_tags(lead=lead, names=["fair", "cold"], actor=None)
    before = sorted(LeadTag.objects.values_list("lead_id", "tag_id"))
    LeadTag.objects.all().delete()
    rebuild_everything()
    assert sorted(LeadTag.objects.values_list("lead_id", "tag_id")) == before
    assert tags(lead) == ["cold", "fair"]


def test_a_merged_lead_brings_its_tags_and_takes_them_away_again(enter):
    first, second = enter("Anna Brandt"), enter("Anna Brand")
    set_tags(lead=first, names=["hot"], actor=None)
    set_tags(lead=second, names=["fair"], actor=None)
    merge_leads(survivor=first, duplicate=second, actor=None)
    assert tags(first) == ["fair", "hot"]
    set_tags(lead=first, names=["hot"], actor=None)
    assert tags(first) == ["hot"], "what is taken off the survivor is off"
    unmerge_lead(lead=second, actor=None)
    assert (tags(first), tags(second)) == (["hot"], ["fair"])


@pytest.mark.parametrize("name", ["", "  ", "a,b", "x" * 41, "\x00"])
def test_what_cannot_be_a_tag_is_refused(db, name):
    with pytest.raises(DomainError):
        ensure_tag(name=name)


def test_a_lead_has_at_most_twenty_tags(enter):
    lead = enter("Anna Brandt")
    with pytest.raises(DomainError, match="at most 20"):
        set_tags(lead=lead, names=[f"t{i}" for i in range(21)], actor=None)
    assert not LeadEvent.objects.filter(kind="amended").exists()


def test_tags_are_typed_on_the_lead_shown_in_list_and_timeline_and_filtered_by(see, enter, client):
    lead, other = enter("Anna Brandt"), enter("Lee Moss")
    see("member", "/leads/")
    answer = client.post(f"/leads/{lead.id}/tags/", {"tags": "Spring fair, hot"})
    assert answer.status_code == 302
    page = client.get(f"/leads/{lead.id}/").content.decode()
    assert "Tagged “Spring fair”" in page and ">hot</a>" in page
    client.post(f"/leads/{lead.id}/tags/", {"tags": "hot"})
    assert "Tag “Spring fair” taken off" in client.get(f"/leads/{lead.id}/").content.decode()
    hot = Tag.objects.get(name="hot")
    found = client.get(f"/leads/?tag={hot.id}").context["listing"]
    assert [row.pk for row in found.rows] == [lead.pk] and found.rows[0].tags == ["hot"]
    assert [chip.word for chip in found.chips] == ["hot"]
    assert [row.pk for row in client.get("/leads/?tag=none").context["listing"].rows] == [other.pk]
    assert "hot" in client.get("/leads/filter/").content.decode()
    assert see("viewer", f"/leads/{lead.id}/tags/").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_of_companies_deals_and_found_rows_take_as_many_queries_for_one_as_for_three(see, enter, client, rows):
    for i in range(rows):
        lead = enter(f"Person{i} Muster", owner="member", company=f"Muster {i}")
        set_tags(lead=lead, names=["hot"], actor=None)
        open_deal(lead=lead, name=f"Muster pumps {i}", occurred_at=lead.created_at, amount=100_00, actor=None)
    see("member", "/leads/")
    counts = {}
    for path in ("/companies/", "/deals/", "/search/?q=muster"):
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path).content.decode().count("data-row") >= rows
        counts[path] = len(caught)
    assert counts == {"/companies/": 15, "/deals/": 12, "/search/?q=muster": 15}
