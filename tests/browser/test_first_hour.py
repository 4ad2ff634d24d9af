"""The first hour as people meet it: from an empty installation over the guide and an import to the first numbers."""

import csv
import io
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from accounts.first import set_up_code
from integrations import running
from integrations.models import ImportJob
from metrics import rollup, series
from tests.conftest import shared

COMPANY = "none"
HEADER = (
    "Contact ID,Last Name,Email,Company Name,Original Source,Lead Status,HubSpot Score,Create Date,"
    "Became a Marketing Qualified Lead Date,Became a Sales Qualified Lead Date,Became a Customer Date"
)


def contacts() -> str:
    """An export of 24 contacts of these weeks: 18 became MQL, 6 of them SQL, 2 customers."""
    import datetime as dt

    today = dt.datetime.now(dt.UTC).date()

    def day(back: int) -> str:
        return f"{today - dt.timedelta(days=back)} 10:00"

    rows = [HEADER]
    for n in range(24):
        mql = day(6) if n < 18 else ""
        sql, won = (day(4) if n < 6 else ""), (day(2) if n < 2 else "")
        status = ("Open deal", "Connected", "New", "Unqualified")[n % 4]
        rows.append(f"{n},Person {n},p{n}@x.example,Company {n},Organic Search,{status},{n * 4},{day(8)},{mql},{sql},{won}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def site(transactional_db, django_db_blocker, flush_past_the_triggers):
    """A server without a company, anew for each walk."""
    with django_db_blocker.unblock():
        series._held.clear()
        cache.clear()
        server = LiveServer("127.0.0.1:0")
        yield server.url
        server.stop()
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        series._held.clear()
        cache.clear()


@pytest.fixture
def shoot():
    """Pictures for people to look at, where TANDEM_PICTURES names a folder."""
    folder = os.environ.get("TANDEM_PICTURES")

    def take(page, name):
        if folder:
            page.screenshot(path=Path(folder) / f"first-hour-{name}.png", full_page=True)

    return take


def set_up(page):
    page.wait_for_url("**/start/first/")
    page.fill("#id_code", set_up_code())
    page.fill("#id_name", "Acme Valves")
    assert page.input_value("#id_tz") == page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert page.locator("#id_tz option[value=Factory]").count() == 0
    page.select_option("#id_tz", "Europe/Berlin")
    page.fill("#id_base_currency", "EUR")
    page.fill("#id_person", "Kim Berg")
    page.fill("#id_email", "kim@acme.example")
    page.fill("#id_password", "four quiet words here")
    page.get_by_role("button", name="Set up and go on").click()


def take_up(page, open_page, link: str, name: str):
    """Somebody else's own browser: the invited person takes the place."""
    guest = open_page(urlsplit(link).path, who=None, accept_downloads=False)
    guest.fill("#id_name", name)
    guest.fill("#id_password", "four quiet words here")
    guest.locator("main button[type=submit]").click()
    guest.wait_for_url(lambda url: "/invite/" not in url)
    return guest


def invite(page, post: str, email: str) -> str:
    """Invite somebody for a post; where no mail server is set up, the link is shown once."""
    page.fill(f"#email-{post}", email)
    page.get_by_role(
        "button", name=re.compile(rf"Invite the {'funnel owner' if post == 'owner' else f'{post} lead'}")
    ).click()
    page.wait_for_selector(f"text=Send this link to {email}")
    return page.get_by_label("Invitation link").input_value()


def bring(page, name: str, text: str, entity: str = "", source: str = ""):
    """The import page, from the file to its result."""
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
    if entity:
        page.select_option("#entity", entity)
        page.fill("#source", source)
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_url("**/columns/")
    page.get_by_role("button", name="Read the values").click()
    store = page.get_by_role("button", name=re.compile(r"^Import [\d,]+ rows"))
    work_until(page, store, page.get_by_role("button", name="Preview"))
    if not store.is_visible():
        page.get_by_role("button", name="Preview").click()
        work_until(page, store)
    store.click()
    page.wait_for_url("**/result/")
    work_until(page, page.get_by_role("button", name="Undo this import"))
    rollup.drain()


def work_until(page, *buttons):
    """Long files are read, checked and stored by a worker: be it until the page shows one of these buttons."""
    for _ in range(120):
        if any(button.is_visible() for button in buttons):
            return
        job = ImportJob.objects.latest("id")
        if job.state == ImportJob.State.WAITING:
            running.run_job(job.id)
        page.wait_for_timeout(500)
    raise AssertionError(f"none of the buttons appeared: {page.url}")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_from_nothing_through_all_ten_steps_to_two_counts_and_a_criterion_moved(open_page, axe, shoot, theme, width):
    page = open_page("/", who=None, width=width, color_scheme=theme)

    def judge(name):
        shoot(page, f"{name}-{theme}-{width}")
        assert axe(page) == {}, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    page.wait_for_url("**/start/first/")
    judge("0-first")
    set_up(page)
    page.wait_for_url("**/start/stages/")
    judge("1-stages")
    page.get_by_role("button", name="Start with these").first.click()
    page.wait_for_url("**/start/criteria/")
    judge("2-criteria")
    page.get_by_role("button", name="Take this").first.click()
    page.wait_for_url("**/start/promises/")
    judge("3-promises")
    page.get_by_role("button", name="Take this").first.click()
    page.wait_for_url("**/start/words/")
    judge("4-words")
    page.get_by_role("button", name="I have read them").click()
    page.wait_for_url("**/start/hours/")
    judge("5-hours")
    page.get_by_role("button", name="Monday to Friday, 9:00 to 17:00").click()
    page.wait_for_url("**/start/people/")
    links = {post: invite(page, post, f"{post}@acme.example") for post in ("marketing", "sales", "owner")}
    judge("6-people")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url("**/start/import/")
    judge("7-import")
    page.get_by_role("link", name="Import a file").click()
    bring(page, "all-contacts.csv", contacts())
    if page.viewport_size["width"] < 760:  # few go there, so on a phone it stands behind the last place of the bar
        page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Set-up").click()
    page.wait_for_url("**/start/target/")
    judge("8-target")
    page.get_by_label("Gross profit each month, EUR").fill("10000")
    page.get_by_role("button", name="Set the targets").click()
    page.wait_for_url("**/start/sign/")
    judge("9-sign")
    address = page.get_by_label("Address where version 1 is signed").input_value()
    for side, name in (("marketing", "Jo"), ("sales", "Sam")):
        guest = take_up(page, open_page, links[side], name)
        guest.goto(address)
        guest.get_by_role("button", name=f"Sign for {side}").click()
        guest.get_by_role("button", name=f"Sign for {side}").wait_for(state="detached")
        guest.context.clear_cookies()
    page.goto(page.url.replace("/start/sign/", "/start/"))
    page.wait_for_selector("text=Everything is set up")
    assert "10 of 10 steps done" in page.inner_text(".ctx")
    judge("10-done")

    rollup.drain()
    page.get_by_role("link", name="Two counts, one list").click()
    page.wait_for_url("**/two-counts/")
    page.goto(page.url + "?period=12m")
    assert page.locator(".k-pair dd").first.inner_text().split() == ["18", "MQL"]
    judge("11-two-counts")
    page.get_by_label("MQL asks for a score of at least").fill("20")
    page.get_by_role("button", name="See who would drop out").click()
    page.wait_for_selector("text=5 of 18 would be no MQL; 2 of them were won")
    judge("12-criterion")
    page.get_by_role("link", name="Would drop out: 5 leads, show them").click()
    page.wait_for_selector("h2:has-text('Would drop out: 5 leads')")

    page.get_by_role("link", name="Dashboard").first.click()
    page.wait_for_selector(".board")
    page.goto(page.url + "?period=12m")
    assert "24" in page.inner_text(".a-fun")
    judge("13-dashboard")


def test_olist_brings_its_eight_thousand_leads_to_the_dashboard(open_page, axe):
    with shared("olist_funnel", "olist_marketing_qualified_leads_dataset.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    page = open_page("/", who=None)
    set_up(page)
    page.wait_for_url("**/start/stages/")
    page.get_by_role("button", name="Start with these").first.click()
    page.wait_for_url("**/start/criteria/")
    page.goto(page.url.replace("/start/criteria/", "/import/"))
    bring(page, "olist.csv", text.getvalue(), "lead", "olist")
    assert "8,000" in page.inner_text("main")
    page.goto(page.url.split("/import/")[0] + "/start/import/")
    page.wait_for_selector("text=8,000 so far")
    assert axe(page) == {}


def test_the_demo_is_removed_from_the_page_after_a_question(open_page, axe, shoot):
    call_command("demo", small=True, months=2, stdout=io.StringIO())
    page = open_page("/start/", who="ines@demo.tandem.example")
    page.get_by_role("button", name="Remove the demo").click()
    page.wait_for_selector("text=are deleted for good")
    assert axe(page) == {}
    shoot(page, "demo-question")
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_selector("#wipe", state="hidden")
    page.get_by_role("button", name="Remove the demo").click()
    page.get_by_role("button", name="Remove it and start my own").click()
    page.wait_for_url("**/start/first/")
    assert "Set-up code" not in page.inner_text("main")
    assert axe(page) == {}
