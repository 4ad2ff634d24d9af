"""The console's pages of web forms, links and filters: what they say, and that their cost does not grow with their rows."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.services import ensure_channel
from integrations.capture_reading import Posted
from integrations.capture_sites import save_site
from integrations.capturing import note_trouble, take_form
from integrations.models import CaptureSite
from leads.models import FilterRule, FilterRun, Touch, UtmRule
from leads.projection import Context
from leads.services import create_lead, ensure_contact
from leads.services.arrivals import Told, append_told
from leads.services.filtering import add_filter

NOW = dt.datetime(2026, 3, 20, 9, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def form_of(number: int) -> Posted:
    person = {"email": f"n{number}@b.example", "name": f"N {number}", "phone": "", "company": "", "text": ""}
    return Posted(f"post {number}", NOW, page="/contact", consent=True, trapped=False, came=(), **person)


@pytest.fixture
def site(people):
    return save_site(site=None, name="Main", origins=["https://a.example"], thanks_url="", actor=people["administrator"])


def costs(client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def fill(site, number: int, people) -> None:
    take_form(site=site, posted=form_of(number), agent="Firefox", address="", received_at=NOW)
    note_trouble(site=site, why="origin", detail=f"https://n{number}.example", now=NOW)
    words = {"utm_source": f"s{number}", "agent": "Firefox"}
    append_told([Told(Touch(side="marketing", kind="visit", occurred_at=NOW), words)], context=Context())
    UtmRule.objects.create(utm_source=f"r{number}", channel=ensure_channel(name="Ads"), created_by=people["member"])
    add_filter(kind="domain", value=f"own{number}.example", reason="internal", actor=people["administrator"])
    FilterRun.objects.create(actor=people["member"], taken_back=number)
    save_site(site=None, name=f"Site {number}", origins=["https://a.example"], thanks_url="", actor=people["administrator"])


def test_the_pages_cost_the_same_with_one_row_and_with_three(browser, site, people):
    paths = ["/console/forms/", f"/console/forms/{site.pk}/", "/console/links/", "/console/filters/"]
    fill(site, 1, people)
    one = {path: costs(browser("administrator"), path) for path in paths}
    fill(site, 2, people)
    fill(site, 3, people)
    assert {path: costs(browser("administrator"), path) for path in paths} == one


def test_a_site_is_added_with_what_its_pages_need(browser):
    admin = browser("administrator")
    assert "No web site brings its forms here yet" in admin.get("/console/forms/").content.decode()
    body = {"name": "Main", "origins": "HTTPS://WWW.Example.com:443/\nhttps://b.example", "thanks_url": ""}
    answer = admin.post("/console/forms/new/", body)
    site = CaptureSite.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/console/forms/{site.pk}/")
    assert site.origins == ["https://www.example.com", "https://b.example"]
    page = admin.get(f"/console/forms/{site.pk}/").content.decode()
    assert f'data-site="{site.key}"'.replace('"', "&quot;") in page or f'data-site="{site.key}"' in page
    assert f"http://testserver/capture/{site.key}/" in page and "No form has come yet" in page
    assert "Main" in admin.get("/console/history/").content.decode()


@pytest.mark.parametrize(
    ("origins", "thanks"),
    [
        ("www.example.com", ""),
        ("ftp://a.example", ""),
        ("https://a.example/path", ""),
        ("https://user@a.example", ""),
        ("https://a.example:99999", ""),
        ("", ""),
        ("https://a.example", "https://evil.example/thanks"),
        ("https://a.example", "https://a.example.evil.example/"),
        ("https://a.example", "javascript:alert(1)"),
    ],
)
def test_addresses_that_are_none_are_refused(browser, origins, thanks):
    body = {"name": "Main", "origins": origins, "thanks_url": thanks}
    assert browser("administrator").post("/console/forms/new/", body).status_code == 422
    assert CaptureSite.objects.count() == 0


def test_the_site_shows_what_became_of_its_forms_and_what_was_refused(browser, site, people):
    fill(site, 1, people)
    page = browser("administrator").get(f"/console/forms/{site.pk}/").content.decode()
    assert "A new lead" in page and "https://n1.example" in page and "n1@b.example" not in page
    browser("administrator").post(f"/console/forms/{site.pk}/seen/")
    assert "https://n1.example" not in browser("administrator").get(f"/console/forms/{site.pk}/").content.decode()
    browser("administrator").post(f"/console/forms/{site.pk}/switch/", {"to": "off"})
    assert CaptureSite.objects.get(pk=site.pk).is_on is False


def test_words_that_nobody_has_explained_are_explained_from_their_line(browser, people, company):
    words = {"utm_source": "news & more", "utm_medium": "email"}
    append_told([Told(Touch(side="marketing", kind="visit", occurred_at=NOW), words)], context=Context())
    page = browser("marketing_lead").get("/console/links/").content.decode()
    assert "utm_source=news &amp; more" in page
    assert "/console/links/new/?utm_source=news+%26+more&amp;utm_medium=email" in page
    form = browser("marketing_lead").get("/console/links/new/?utm_source=news+%26+more&utm_medium=email").content.decode()
    assert 'value="news &amp; more"' in form
    mail = ensure_channel(name="Mail")
    body = {"utm_source": "news & more", "utm_medium": "email", "channel": mail.pk}
    assert browser("marketing_lead").post("/console/links/new/", body).status_code == 302
    page = browser("marketing_lead").get("/console/links/").content.decode()
    assert "Every link of the last 90 days is explained" in page and "1 touch came before the rules" in page
    browser("marketing_lead").post("/console/links/anew/")
    assert Touch.objects.filter(channel=mail, voided_by=None, voids=None).count() == 1
    browser("marketing_lead").post(f"/console/links/{UtmRule.objects.get().pk}/remove/")
    assert UtmRule.objects.count() == 0


def test_a_run_takes_back_what_its_page_has_shown_and_nothing_else(browser, stages, people, at):
    def visit(number):
        contact = ensure_contact(email=f"n{number}@own.example")
        lead = create_lead(stage=stages["inquiry"], occurred_at=at(3, 1), actor=None, contact=contact)
        touch = Touch(side="marketing", kind="visit", occurred_at=at(3, 2), lead=lead, contact=contact)
        append_told([Told(touch)], context=Context())

    visit(1)
    lead = browser("sales_lead")
    assert lead.post("/console/filters/add/", {"kind": "domain", "value": "own", "reason": "internal"}).status_code == 422
    assert lead.post("/console/filters/add/", {"kind": "domain", "value": "own.example", "reason": "bot"}).status_code == 302
    assert "The rules name 1 touch of the past" in lead.get("/console/filters/").content.decode()
    FilterRule.objects.all().delete()
    visit(2)
    lead.post("/console/filters/add/", {"kind": "domain", "value": "own.example", "reason": "internal"})
    lead.post("/console/filters/run/", {"expected": "1"})
    assert FilterRun.objects.count() == 0
    lead.post("/console/filters/run/", {"expected": "2"})
    assert (FilterRun.objects.get().taken_back, Touch.objects.filter(voids=None, voided_by=None).count()) == (2, 0)
    assert "No touch of the past waits" in browser("viewer").get("/console/filters/").content.decode()
