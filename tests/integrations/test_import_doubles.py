"""Possible doubles are shown before anything is stored, with whom; a person decides which rows stay out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.models import Organisation
from integrations import running
from integrations.models import ImportJob
from leads import services as leads
from leads.models import Company, Lead

FILE = (
    "id,name,email,company,created\n"
    "A,Ada Brandt,ADA@example.com,Elsewhere,2026-03-01\n"  # same address as Ada
    "B,bo  holm,bo@new.example.com,Holm AG,2026-03-02\n"  # same name and company as Bo, whatever the case
    "C,Cy Lang,cy@example.com,Lang AG,2026-03-03\n"  # nobody
    "D,Dee Lang,cy@example.com,,2026-03-04\n"  # same address as line 4
    "E,Bo Holm,,Other AG,2026-03-05\n"  # same name, another company: nobody
    "F,,,,2026-03-06\n"  # nothing to compare
)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.UPLOAD_DIR, settings.REJECT_DIR = tmp_path / "uploads", tmp_path / "rejects"


@pytest.fixture
def here(people, stages, at):
    """Ada and Bo, who are leads already; Bo belongs to somebody."""
    holm = Company.objects.create(name="Holm AG")
    found = {}
    for name, email, company, owner in (("Ada", "ada@example.com", None, None), ("Bo Holm", "b@x.example", holm, "member")):
        found[name] = leads.create_lead(
            stage=stages["inquiry"],
            occurred_at=at(2, 1),
            contact=leads.ensure_contact(name=name, email=email),
            company=company,
            owner=people[owner] if owner else None,
            actor=None,
        )
    return found


@pytest.fixture
def job(client, people, here) -> ImportJob:
    """The file at its preview."""
    client.force_login(people["marketing_lead"], backend="django.contrib.auth.backends.ModelBackend")
    file = SimpleUploadedFile("leads.csv", FILE.encode())
    client.post("/import/", {"file": file, "entity": "lead", "source": "fair"})
    found = ImportJob.objects.get()
    columns = client.get(f"/import/{found.uuid}/columns/")
    assert columns.status_code == 200
    from integrations import services

    services.set_mapping(job=found, mapping=found.mapping)
    services.start(job=found, work="scan")
    services.start(job=found, work="check")
    return found


def rows(client, job) -> list[tuple]:
    page = client.get(f"/import/{job.uuid}/doubles/")
    return [
        (row["line"], row["why"], [str(lead.contact) for lead in row["known"]], row["twin"]) for row in page.context["rows"]
    ]


def test_new_rows_that_may_be_somebody_here_are_named_with_whom(client, job):
    assert rows(client, job) == [
        (2, "same e-mail address", ["Ada"], None),
        (3, "same name and company", ["Bo Holm"], None),
        (5, "same e-mail address", [], 4),
    ]
    preview = client.get(f"/import/{job.uuid}/preview/").content.decode()
    assert "3 new rows may be somebody who is here already" in preview
    assert Lead.objects.count() == 2  # nothing is stored


def test_ticked_rows_stay_out_and_the_others_come_in(client, job):
    answer = client.post(f"/import/{job.uuid}/doubles/", {"what": "ticked", "line": ["2", "999", "x"]})
    assert answer.url == f"/import/{job.uuid}/preview/"
    page = client.get(answer.url)
    assert "1 left out by you" in page.content.decode()
    client.post(answer.url)
    running.run_job(job.id)
    job.refresh_from_db()
    assert (job.counts["created"], job.counts["skipped"]) == (5, 1)
    assert set(Lead.objects.filter(source="fair").values_list("external_id", flat=True)) == {"B", "C", "D", "E", "F"}


def test_all_of_them_can_stay_out_and_the_decision_be_taken_back(client, job):
    client.post(f"/import/{job.uuid}/doubles/", {"what": "all"})
    job.refresh_from_db()
    assert (job.left_out, job.preview["counts"]["skipped"], job.preview["doubles"]["total"]) == ([2, 3, 5], 3, 0)
    client.post(f"/import/{job.uuid}/doubles/", {"what": "none"})
    job.refresh_from_db()
    assert (job.left_out, job.preview["counts"]["skipped"], job.preview["doubles"]["total"]) == ([], 0, 3)


def test_a_lead_that_the_reader_may_not_open_is_counted_and_not_named(client, job):
    Organisation.objects.update(lead_visibility="own")
    page = client.get(f"/import/{job.uuid}/doubles/")
    assert [(row["line"], len(row["known"]), row["hidden"]) for row in page.context["rows"]] == [
        (2, 0, 1),
        (3, 0, 1),
        (5, 0, 0),
    ]
    assert "Bo Holm" not in [str(lead.contact) for row in page.context["rows"] for lead in row["known"]]


def test_rows_of_leads_that_are_here_by_their_id_are_no_doubles(client, job):
    client.post(f"/import/{job.uuid}/preview/")
    running.run_job(job.id)
    client.post("/import/", {"file": SimpleUploadedFile("again.csv", FILE.encode()), "entity": "lead", "source": "fair"})
    again = ImportJob.objects.latest("id")
    from integrations import services

    services.set_mapping(job=again, mapping=again.mapping)
    services.start(job=again, work="scan")
    services.start(job=again, work="check")
    assert again.preview["doubles"]["total"] == 0


def test_somebody_elses_import_is_not_there(client, job, people):
    client.force_login(people["sales_lead"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/import/{job.uuid}/doubles/").status_code == 404


def test_what_has_moved_on_is_not_decided_any_more(client, job):
    client.post(f"/import/{job.uuid}/preview/")
    running.run_job(job.id)
    assert client.post(f"/import/{job.uuid}/doubles/", {"what": "all"}).url == f"/import/{job.uuid}/"
    job.refresh_from_db()
    assert job.left_out == []


@pytest.mark.parametrize(("stage", "place"), [("mql", "preview"), ("Talking", "values")])
def test_a_file_read_in_the_background_goes_on_where_it_belongs(client, people, stages, monkeypatch, stage, place):
    """A long file is read by the worker: afterwards the page goes on to what was found, not back to the columns."""
    from integrations import services

    monkeypatch.setattr(services, "INLINE_ROWS", 0)
    client.force_login(people["marketing_lead"], backend="django.contrib.auth.backends.ModelBackend")
    text = f"id,stage,created\nA,{stage},2026-03-01\n"
    client.post("/import/", {"file": SimpleUploadedFile("l.csv", text.encode()), "entity": "lead", "source": "long"})
    job = ImportJob.objects.get()
    services.set_mapping(job=job, mapping=job.mapping)
    services.start(job=job, work="scan")
    assert job.state == "waiting"
    running.run_job(job.id)
    assert client.get(f"/import/{job.uuid}/progress/").headers["HX-Redirect"] == f"/import/{job.uuid}/{place}/"
