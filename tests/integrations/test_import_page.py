"""The import page through the client: five steps, errors, back and forth, other people, limits."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns.models import Channel
from integrations import running, services, uploads
from integrations.mapping import load_mapping
from integrations.models import ImportJob, SavedMapping
from leads.models import Lead, LeadEvent

LEADS = (
    "mql_id,first_contact_date,origin,owner,stage\n"
    "L1,2025-03-01,organic_search,,mql\n"
    "L2,2025-03-02,paid_search,J. W.,Talking\n"
    "L3,2025-03-03,paid_search,member@example.com,sql\n"
    "L4,n/a,email,,mql\n"
)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.UPLOAD_DIR, settings.REJECT_DIR = tmp_path / "uploads", tmp_path / "rejects"


@pytest.fixture
def lead_of_marketing(people, client):
    client.force_login(people["marketing_lead"], backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def upload(lead_of_marketing):
    def put(text=LEADS, name="leads.csv", **fields):
        data = text if isinstance(text, bytes) else text.encode()
        file = SimpleUploadedFile(name, data, content_type="application/x-not-to-be-trusted")
        return lead_of_marketing.post("/import/", {"file": file, "entity": "lead", "source": "olist"} | fields)

    return put


def newest() -> ImportJob:
    return ImportJob.objects.latest("id")


def url(step, job=None):
    return reverse(f"import_{step}", args=[(job or newest()).uuid])


def columns_of(page) -> dict:
    """What the form of step 2 would send as it stands."""
    form = page.context["form"]
    sent = {}
    for row in form.fields():
        sent[f"col-{row['name']}"] = f"={row['fixed']}" if row["fixed"] else "" if row["chosen"] is None else row["chosen"]
        _date(sent, row["date"])
    for row in form.stage_dates():
        sent[f"stage-{row['stage'].key}"] = "" if row["chosen"] is None else row["chosen"]
        _date(sent, row["date"])
    return sent


def _date(sent, date):
    if date:
        sent[f"was-{date['key']}"] = date["was"]
        sent[date["key"]] = next((value for value, _, chosen in date["options"] if chosen), "")


def to_preview(client, answers=None):
    """Steps 2 and 3 as proposed, with some answers."""
    client.post(url("columns"), columns_of(client.get(url("columns"))))
    if newest().questions["items"]:
        client.post(url("values"), answers or {})
    return client.get(url("preview"))


def finish(client):
    client.post(url("preview"))
    running.run_job(newest().id)
    return client.get(url("result"))


def test_the_five_steps(upload, lead_of_marketing, people):
    client = lead_of_marketing
    assert upload().headers["Location"] == url("columns")
    page = client.get(url("columns"))
    assert "Nothing is stored before step 5" in page.content.decode()
    assert {row["name"]: row["chosen"] for row in page.context["form"].fields() if row["chosen"] is not None} == {
        "external_id": 0, "created_at": 1, "channel": 2, "owner": 3, "stage": 4,
    }  # fmt: skip
    assert client.post(url("columns"), columns_of(page)).headers["Location"] == url("values")
    page = client.get(url("values"))
    asked = {(item["field"], item["text"]): n for n, item in enumerate(newest().questions["items"])}
    assert set(asked) == {
        ("channel", "organic_search"), ("channel", "paid_search"), ("channel", "email"),
        ("owner", "J. W."), ("stage", "Talking"), ("created_at", "n/a"),
    }  # fmt: skip
    answers = {f"q-{asked['owner', 'J. W.']}": "=colleague@example.com", f"q-{asked['stage', 'Talking']}": "=sal"}
    assert client.post(url("values"), answers).headers["Location"] == url("preview")
    page = client.get(url("preview"))
    assert {name: n for name, _, n in page.context["counts"] if n} == {"created": 3, "rejected": 1}
    assert Lead.objects.count() == LeadEvent.objects.count() == Channel.objects.count() == 0
    assert client.post(url("preview")).headers["Location"] == url("result")
    assert "Waiting for the worker" in client.get(url("result")).content.decode()
    assert Lead.objects.count() == 0
    assert running.run_job(newest().id)
    page = client.get(url("result"))
    assert {name: n for name, _, n in page.context["counts"] if n} == {"created": 3, "rejected": 1}
    assert page.context["read"] == 4
    assert Lead.objects.get(external_id="L2").owner == people["colleague"]
    assert Lead.objects.get(external_id="L2").stage.key == "sal"
    rejected = client.get(url("rejected"))
    assert "attachment" in rejected["Content-Disposition"]
    assert "“n/a” is not a date" in b"".join(rejected.streaming_content).decode("utf-8-sig")
    assert newest().batch.actor == people["marketing_lead"]


def test_the_mapping_is_remembered_and_can_be_taken_along(upload, lead_of_marketing, tmp_path):
    upload()
    to_preview(lead_of_marketing, {"q-4": "=sal"})
    toml = lead_of_marketing.get(url("mapping"))
    (tmp_path / "m.toml").write_bytes(toml.content)
    assert load_mapping(tmp_path / "m.toml").main.columns["external_id"] == "mql_id"
    finish(lead_of_marketing)
    saved = SavedMapping.objects.get()
    upload(entity="", source="")
    assert (newest().entity, newest().source) == ("lead", "olist")
    assert newest().origin.startswith("as in your import of")
    assert newest().mapping["columns"] == saved.mapping["columns"]
    page = to_preview(lead_of_marketing)
    assert [name for name, _, n in page.context["counts"] if n] == ["unchanged", "rejected"]


def test_a_changed_value_shows_the_old_one(upload, lead_of_marketing):
    text = "id,created,email,channel\nL1,2025-03-01,a@example.com,Ads\nL2,2025-03-02,b@example.com,Ads\n"
    upload(text)
    to_preview(lead_of_marketing)
    finish(lead_of_marketing)
    upload(text.replace("a@example.com", "new@example.com"))
    page = to_preview(lead_of_marketing)
    rows = {row["outcome"]: row for row in page.context["rows"]}
    assert {"old": "a@example.com", "new": "new@example.com"} in rows["updated"]["cells"]
    assert "<del>a@example.com</del>" in page.content.decode()
    assert not any("old" in cell for cell in rows["unchanged"]["cells"])


@pytest.mark.parametrize(
    "days, proposed, asked",
    [
        (["31.08.2026", "01.09.2026"], ["%d.%m.%Y"], False),
        (["03/04/2026", "05/06/2026"], [], True),
        (["03/04/2026", "25/06/2026"], ["%d/%m/%Y"], False),
        (["03/25/2026", "05/06/2026"], ["%m/%d/%Y"], False),
        (["2026-03-04", ""], ["iso"], False),
        (["soon", "later"], [], True),
    ],
)
def test_dates_are_proposed_only_when_they_can_mean_one_thing(upload, lead_of_marketing, days, proposed, asked):
    upload("id,created\n" + "".join(f"L{n},{day}\n" for n, day in enumerate(days)))
    page = lead_of_marketing.get(url("columns"))
    date = next(row["date"] for row in page.context["form"].fields() if row["name"] == "created_at")
    assert ([value for value, _, chosen in date["options"] if chosen] == ["|".join(proposed)]) == bool(proposed)
    answer = lead_of_marketing.post(url("columns"), {"col-external_id": "0", "col-created_at": "1"})
    assert answer.status_code == (422 if asked else 302)
    if days[0] == "03/04/2026" and asked:
        text = answer.content.decode()
        assert "3 Apr 2026" in text and "4 Mar 2026" in text


def test_amounts_that_may_mean_two_things_are_asked(upload, lead_of_marketing):
    upload("id,created,amount\nD1,2025-03-01,1.234\n", entity="deal")
    sent = columns_of(lead_of_marketing.get(url("columns")))
    answer = lead_of_marketing.post(url("columns"), sent)
    assert answer.status_code == 422
    assert "decimal sign" in answer.content.decode()
    assert lead_of_marketing.post(url("columns"), sent | {"decimal": ","}).status_code == 302
    assert newest().mapping["decimal"] == ","


def test_an_unknown_encoding_is_asked_and_never_guessed(upload, lead_of_marketing):
    assert upload("id,created,name\nL1,2025-03-01,Müller\n".encode("cp1252")).headers["Location"] == url("file")
    page = lead_of_marketing.get(url("file"))
    assert "Müller" in page.content.decode()
    sent = {"entity": "lead", "source": "crm", "encoding": "cp1252", "delimiter": ""}
    assert lead_of_marketing.post(url("file"), sent).headers["Location"] == url("columns")
    to_preview(lead_of_marketing)
    finish(lead_of_marketing)
    assert Lead.objects.get().contact.name == "Müller"


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "empty"),
        (b"id,created\n", "header and no rows"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8b1234", "gzip"),
    ],
)
def test_what_is_no_csv_is_refused_with_words_and_not_kept(upload, content, words, settings):
    answer = upload(content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert ImportJob.objects.count() == 0
    assert not list(settings.UPLOAD_DIR.glob("*"))


def test_limits_hold_to_the_row_and_to_the_byte(upload, monkeypatch, settings):
    monkeypatch.setattr(uploads, "MAX_ROWS", 3)
    head, row = "id,created\n", "L{},2025-03-01\n"
    assert upload(head + "".join(row.format(n) for n in range(4))).status_code == 422
    good = head + "".join(row.format(n) for n in range(3))
    assert upload(good).status_code == 302
    monkeypatch.setattr(uploads, "MAX_BYTES", len(good))
    assert upload(good).status_code == 302
    assert upload(good + "\n").status_code == 422
    assert len(list(settings.UPLOAD_DIR.iterdir())) == ImportJob.objects.count() == 2


def test_names_are_for_showing_only(upload, settings, lead_of_marketing):
    upload(name='../../et"c\r\nX: y/p<b>.csv')
    assert [path.name for path in settings.UPLOAD_DIR.iterdir()] == [f"{newest().uuid}.csv"]
    assert "<b>.csv" not in lead_of_marketing.get("/import/").content.decode()
    assert "\n" not in lead_of_marketing.get(url("mapping"))["Content-Disposition"]


def test_other_people_see_nothing_of_it(upload, client, people):
    upload()
    job = newest()
    steps = ["file", "columns", "values", "preview", "result", "progress", "mapping", "rejected", "job"]
    for who, status in [("sales_lead", 404), ("funnel_owner", 404), ("member", 403), ("viewer", 403), ("outsider", 403)]:
        client.force_login(people[who], backend="django.contrib.auth.backends.ModelBackend")
        assert {client.get(url(step, job)).status_code for step in steps} == {status}
        assert {client.post(url(a, job)).status_code for a in ("stop", "go_on", "undo", "discard")} == {status}
        assert job.file_name not in client.get("/import/").content.decode()
    client.force_login(people["administrator"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url("columns", job)).status_code == 200
    client.logout()
    assert "/sign-in/" in client.get(url("columns", job)).headers["Location"]


def test_leaving_and_coming_back_goes_on_at_the_same_step(upload, lead_of_marketing):
    client = lead_of_marketing
    upload()
    assert client.get(url("job")).headers["Location"] == url("columns")
    to_preview(client)
    assert client.get(url("job")).headers["Location"] == url("preview")
    # Back to the columns and unchanged on again: what was decided stays.
    sent = columns_of(client.get(url("columns")))
    client.post(url("columns"), sent)
    assert newest().preview is not None
    client.post(url("columns"), sent | {"col-owner": ""})
    assert newest().preview is None and "owner" not in newest().mapping["columns"]


def test_two_tabs(upload, lead_of_marketing):
    """One imports while the other one changes the columns: the second is told and changes nothing."""
    client = lead_of_marketing
    upload()
    sent = columns_of(client.get(url("columns")))
    to_preview(client)
    client.post(url("preview"))
    assert client.post(url("preview")).status_code in (200, 409)
    assert client.post(url("columns"), sent | {"col-owner": ""}).status_code == 200
    assert "owner" in newest().mapping["columns"]
    running.run_job(newest().id)
    assert running.run_job(newest().id) is False
    assert client.post(url("columns"), sent).headers["Location"] == url("result")
    assert client.post(url("discard")).status_code == 409 or Lead.objects.count() == 2


def test_large_files_wait_for_the_worker(upload, lead_of_marketing, monkeypatch):
    monkeypatch.setattr(services, "INLINE_ROWS", 1)
    client = lead_of_marketing
    upload()
    client.post(url("columns"), columns_of(client.get(url("columns"))))
    assert newest().state == "waiting"
    assert "Reading the values" in client.get(url("values")).content.decode()
    assert client.get(url("progress")).status_code == 200
    running.run_job(newest().id)
    moved = client.get(url("progress"))
    assert (moved.status_code, moved["HX-Redirect"]) == (204, url("values")) or moved["HX-Redirect"] == url("columns")
    client.post(url("values"), {})
    assert newest().work == "check"
    client.post(url("stop"))
    assert (newest().state, newest().work) == ("draft", "")


def test_queries_do_not_grow_with_the_rows(upload, lead_of_marketing, django_assert_num_queries):
    def queries(rows: int) -> dict[str, int]:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        upload("id,created,channel,owner\n" + "".join(f"L{n},2025-03-01,C{n},P{n}\n" for n in range(rows)))
        to_preview(lead_of_marketing)
        found = {}
        for step in ("columns", "values", "preview"):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                lead_of_marketing.get(url(step))
            found[step] = len(seen)
        return found

    assert queries(2) == queries(30)


def test_old_files_are_deleted(upload, lead_of_marketing, settings):
    upload()
    ImportJob.objects.update(created_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=31))
    running.sweep()
    assert newest().file_gone and not list(settings.UPLOAD_DIR.iterdir())
    assert lead_of_marketing.get(url("job")).status_code == 302


def test_deleting_an_import_in_preparation(upload, lead_of_marketing, settings):
    upload()
    assert lead_of_marketing.post(url("discard")).headers["Location"] == "/import/"
    assert ImportJob.objects.count() == 0 and not list(settings.UPLOAD_DIR.iterdir())
