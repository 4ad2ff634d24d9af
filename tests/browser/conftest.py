"""A served company per module, and pages that fail their test when the browser complains."""

import datetime as dt
import io
import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from core.services import set_up_organisation
from funnel.services import adopt_preset
from metrics import series

FOLDER = os.path.dirname(__file__)
WATCH = """
  window.refused = [];
  document.addEventListener('securitypolicyviolation', (e) => window.refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if str(item.path).startswith(FOLDER):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
        # While Playwright's loop runs, this thread has connections of its own, which nobody would find afterwards.
        connections.close_all()


def set_up_full():
    call_command("demo", months=4, stdout=io.StringIO())


def set_up_small():
    call_command("demo", small=True, months=5, stdout=io.StringIO())


def set_up_empty():
    """A company without a lead, and its viewer."""
    from accounts.models import Role
    from accounts.services import add_person, give_role

    day = dt.date(2025, 1, 1)
    set_up_organisation(name="Leerfirma", tz="Europe/Berlin", base_currency="EUR", from_day=day)
    adopt_preset(preset="b2b", from_day=day, actor=None)
    user = add_person(email="maya@demo.tandem.example", name="Maya", password=None, actor=None)
    give_role(user=user, role=Role.VIEWER, from_day=day, actor=None)


COMPANIES = {"full": set_up_full, "small": set_up_small, "empty": set_up_empty}


@pytest.fixture(scope="module")
def transactional_db(django_db_setup):
    """Stands in for pytest-django's: its name says that these tests need the database; `site` empties it, once."""


@pytest.fixture(scope="module")
def site(request, transactional_db, django_db_blocker, flush_past_the_triggers):
    """The address of a server with the company that the module names in COMPANY."""
    with django_db_blocker.unblock():
        series._held.clear()
        cache.clear()
        COMPANIES[request.module.COMPANY]()
        server = LiveServer("127.0.0.1:0")
        yield server.url
        server.stop()
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        series._held.clear()
        cache.clear()


def pass_of(email: str) -> str:
    """The session key of a person who has signed in."""
    client = Client()
    client.force_login(User.objects.get(email=email), backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def complaints():
    """What the browser said against the pages of this test. Closed while axe works, whose own marks the policy refuses."""
    return Complaints()


class Complaints(list):
    open = True


@pytest.fixture
def open_page(site, chromium, complaints):
    """`open_page("/", width=390)`: a page, signed in as the funnel owner. No complaint of the browser goes unnoticed.

    `expected` is a word of the console errors that the test means to see.
    """
    contexts, pages = [], []

    def opener(path="/", *, width=1440, height=900, who="maya@demo.tandem.example", expected=None, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        if who:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": pass_of(who), "url": site}])
        page = context.new_page()
        pages.append(page)
        if options.get("java_script_enabled", True):
            page.add_init_script(WATCH)

        def heard(text):
            if complaints.open and not (expected and expected in text):
                complaints.append(text)

        page.on("console", lambda message: heard(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: heard(str(error)))
        page.goto(site + path)
        if options.get("java_script_enabled", True):
            page.wait_for_load_state("networkidle")
        return page

    yield opener
    refused = [word for page in pages if _scripted(page) for word in page.evaluate("window.refused || []")]
    for context in contexts:
        context.close()
    assert [*complaints, *refused] == []


def _scripted(page) -> bool:
    try:
        return page.evaluate("true")
    except Exception:
        return False


@pytest.fixture
def axe(complaints):
    """`axe(page)`: what axe has against the page, rule by rule."""
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def run(page) -> dict[str, list[str]]:
        complaints.extend(page.evaluate("window.refused.splice(0)"))
        complaints.open = False
        found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
        page.evaluate("window.refused.splice(0)")
        complaints.open = True
        return {v["id"]: [node["html"][:160] for node in v["nodes"]] for v in found.response["violations"]}

    return run
