"""A web site of ours elsewhere: its visitor's form becomes a lead with the first and the last link, and no cookie is set."""

import datetime as dt
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from accounts.models import Role, User
from accounts.services import add_person, give_role
from integrations.capture_sites import save_site
from leads.models import Lead, Touch
from tests.browser.conftest import settle

COMPANY = "empty"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
ADMIN = "ada@demo.tandem.example"
FIRST = "utm_source=google&utm_medium=cpc&utm_campaign=spring"
LAST = "utm_source=newsletter&utm_medium=email&utm_campaign=march"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pumps</title><link rel="icon" href="data:,">
{every}</head><body><h1>Pumps</h1><a href="/contact">Contact</a>{form}</body></html>"""


class OwnSite:
    """A web server on an address of its own; `pieces` are what its pages hold."""

    def __init__(self):
        pieces = self.pieces = {"every": "", "form": ""}

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self):
                shown = pieces if self.path.startswith("/contact") else pieces | {"form": ""}
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(PAGE.format(**shown).encode())

            def log_message(self, *args):
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def own_site():
    found = OwnSite()
    yield found
    found.close()


@pytest.fixture
def visitor(chromium):
    """`visitor()`: a browser of somebody whom nobody knows."""
    contexts = []

    def fresh(**options):
        contexts.append(chromium.new_context(user_agent=BROWSER, **options))
        return contexts[-1].new_page()

    yield fresh
    for context in contexts:
        context.close()


@pytest.fixture
def admin(site):
    known = User.objects.filter(email=ADMIN).first()
    if known is None:
        known = add_person(email=ADMIN, name="Ada", password=None, actor=None)
        give_role(user=known, role=Role.ADMINISTRATOR, from_day=dt.date(2025, 1, 1), actor=None)
    return known


def pieces_of(site: str, name: str, own_site: OwnSite, admin: User) -> dict[str, str]:
    """What the console shows, for a site that is known already."""
    row = save_site(site=None, name=name, origins=[own_site.address], thanks_url="", actor=admin)
    every = f'<script src="{site}/capture/capture.js" data-site="{row.key}" data-consent="ask" defer></script>'
    form = f"""<form data-tandem method="post" action="{site}/capture/{row.key}/">
      <label>E-mail <input name="email" type="email"></label><button>Send</button>
      <p role="status" data-tandem-done hidden>Thank you.</p><p role="alert" data-tandem-failed hidden>No.</p></form>"""
    return {"every": every, "form": form}


def stored(page) -> dict:
    return page.evaluate("({ ...localStorage })")


def leads_of(email: str) -> list[Lead]:
    return list(Lead.objects.filter(contact__email=email))


def test_from_the_console_to_a_lead_with_its_first_and_its_last_link(site, own_site, open_page, visitor, admin):
    console = open_page("/console/forms/", who=ADMIN)
    console.get_by_role("link", name="New site").click()
    console.get_by_label("Name").fill("Main web site")
    console.get_by_label("Addresses of the site").fill(own_site.address)
    console.get_by_role("button", name="Add the site").click()
    settle(console)
    own_site.pieces.update(
        every=console.locator("#piece-every").input_value(), form=console.locator("#piece-form").input_value()
    )

    page = visitor()
    page.goto(f"{own_site.address}/landing?{FIRST}")
    assert stored(page) == {}, "nothing is kept before the visitor agrees"
    page.evaluate("tandemCapture.consent(true)")
    assert list(stored(page)) == ["tandem_arrivals"]
    page.goto(f"{own_site.address}/?{LAST}")
    # Consent is the page's to say on every page, as its banner does.
    page.evaluate("tandemCapture.consent(true)")
    page.get_by_role("link", name="Contact").click()
    page.evaluate("tandemCapture.consent(true)")
    page.get_by_label("Name").fill("Ann Lee")
    page.get_by_label("E-mail").fill("ann@pumps.example")
    page.get_by_label("Company").fill("Pumps Ltd")
    page.get_by_label("Message").fill("How much is it?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you.").wait_for()
    assert page.context.cookies() == []

    (lead,) = leads_of("ann@pumps.example")
    first, last = Touch.objects.filter(lead=lead).order_by("occurred_at", "id").select_related("arrival")
    assert (first.kind, first.arrival.utm_source, first.arrival.page) == ("visit", "google", "/landing")
    assert (last.kind, last.arrival.utm_source, last.arrival.page) == ("form", "newsletter", "/contact")
    console.reload()
    settle(console)
    console.get_by_role("link", name="A new lead").click()
    settle(console)
    console.get_by_text("utm_campaign=spring").wait_for()
    console.get_by_text("How much is it?").wait_for()


def test_without_consent_nothing_is_kept_and_the_form_still_arrives(site, own_site, visitor, admin):
    own_site.pieces.update(pieces_of(site, "No consent", own_site, admin))
    page = visitor()
    page.goto(f"{own_site.address}/landing?{FIRST}")
    page.goto(f"{own_site.address}/contact?{LAST}")
    page.get_by_label("E-mail").fill("bo@pumps.example")
    assert stored(page) == {}
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you.").wait_for()
    assert (stored(page), page.context.cookies()) == ({}, [])
    (lead,) = leads_of("bo@pumps.example")
    assert [(t.kind, t.arrival.utm_source) for t in Touch.objects.filter(lead=lead)] == [("form", "newsletter")]


def test_who_refuses_later_is_forgotten(site, own_site, visitor, admin):
    own_site.pieces.update(pieces_of(site, "Refused", own_site, admin))
    page = visitor()
    page.goto(f"{own_site.address}/landing?{FIRST}")
    page.evaluate("tandemCapture.consent(true)")
    assert list(stored(page)) == ["tandem_arrivals"]
    page.evaluate("tandemCapture.consent(false)")
    assert stored(page) == {}


def test_an_answer_that_is_lost_makes_no_second_lead(site, own_site, visitor, admin):
    own_site.pieces.update(pieces_of(site, "Bad line", own_site, admin))
    page = visitor()
    page.goto(f"{own_site.address}/contact")
    lost = []

    def lose_the_first_answer(route):
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)  # Tandem has it, the browser never learns
            route.abort()
        else:
            route.continue_()

    page.route("**/capture/*/", lose_the_first_answer)
    page.get_by_label("E-mail").fill("cy@pumps.example")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you.").wait_for()
    (lead,) = leads_of("cy@pumps.example")
    assert (lost, Touch.objects.filter(lead=lead).count()) == ([200], 1)


def test_what_is_missing_is_said_beside_the_form(site, own_site, visitor, admin):
    own_site.pieces.update(pieces_of(site, "Missing", own_site, admin))
    page = visitor()
    page.goto(f"{own_site.address}/contact")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Please enter an e-mail address.").wait_for()
    page.get_by_label("E-mail").fill("di@pumps.example")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you.").wait_for()
    assert len(leads_of("di@pumps.example")) == 1


def test_a_browser_without_scripts_is_thanked_by_tandem(site, own_site, visitor, admin):
    own_site.pieces.update(pieces_of(site, "No scripts", own_site, admin))
    page = visitor(java_script_enabled=False)
    page.goto(f"{own_site.address}/contact")
    page.get_by_label("E-mail").fill("ed@pumps.example")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert (page.context.cookies(), len(leads_of("ed@pumps.example"))) == ([], 1)


LOOKED_AT = ("/console/forms/", "/console/forms/new/", "/console/links/", "/console/links/new/", "/console/filters/")


@pytest.mark.parametrize("path", LOOKED_AT)
@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_are_for_everybody(open_page, axe, admin, path, width):
    page = open_page(path, who=ADMIN, width=width)
    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_a_site_is_for_everybody(open_page, axe, own_site, admin, width):
    row = save_site(site=None, name=f"Looked at {width}", origins=[own_site.address], thanks_url="", actor=admin)
    page = open_page(f"/console/forms/{row.pk}/", who=ADMIN, width=width)
    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
