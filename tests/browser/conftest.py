"""A served company per module, and pages that fail their test when the browser complains."""

import datetime as dt
import io
import os
import shutil

import pytest
from axe_playwright_python.base import AXE_SCRIPT
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
# What the policy refused, how far the page's parts moved while it came up, and which fragments are still on their way.
WATCH = """
  window.refused = [];
  document.addEventListener('securitypolicyviolation', (e) => window.refused.push(`${e.violatedDirective} ${e.blockedURI}`));
  window.moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) window.moved += e.value; }))
    .observe({ type: 'layout-shift', buffered: true });
  window.awaited = 0;
  document.addEventListener('htmx:before:request', () => { window.awaited += 1; });
  document.addEventListener('htmx:finally:request', () => { window.awaited -= 1; });
"""
# Loaded and fragments in their places. Waiting for a silent network costs half a second more.
SETTLED = """
  () => document.readyState === 'complete' && document.fonts.status === 'loaded' && !window.awaited
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what is wrong comes back; the style sheets need no second reading, because no rule in use asks for them.
JUDGE = """
  (rules) => axe.run({ runOnly: rules, resultTypes: ['violations'], preload: false }).then((found) =>
    found.violations.map((v) => [v.id, v.nodes.map((node) => node.html.slice(0, 160))]))
"""


def settle(page) -> None:
    """Wait until a page is what its reader will see."""
    page.wait_for_function(SETTLED)


def pytest_collection_modifyitems(items):
    """Ours are marked, and stand together by the company they need: a module that only looks hands it on to the next."""
    ours = [item for item in items if str(item.path).startswith(FOLDER)]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    ours.sort(key=lambda item: (getattr(item.module, "COMPANY", ""), not only_looks(item.module)))
    items[:] = [item for item in items if not str(item.path).startswith(FOLDER)] + ours


def only_looks(module) -> bool:
    """Whether a module leaves its company as it found it."""
    return getattr(module, "ONLY_LOOKS", False)


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


class Town:
    """The company that is set up now, and the server that shows it."""

    def __init__(self):
        self.company, self.server = None, None

    def move_to(self, company: str) -> str:
        if self.company != company:
            self.leave()
            COMPANIES[company]()
            self.company, self.server = company, LiveServer("127.0.0.1:0")
        return self.server.url

    def leave(self) -> None:
        if self.company is not None:
            self.server.stop()
            call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        self.company = None
        series._held.clear()
        cache.clear()


@pytest.fixture(scope="package")
def town(flush_past_the_triggers, django_db_setup, django_db_blocker):
    found = Town()
    yield found
    with django_db_blocker.unblock():
        found.leave()


@pytest.fixture(scope="module")
def site(request, transactional_db, django_db_blocker, town):
    """The address of a server with the company that the module names in COMPANY."""
    with django_db_blocker.unblock():
        yield town.move_to(request.module.COMPANY)
        if not only_looks(request.module):
            town.leave()


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
    contexts, pages = {}, []

    def context_of(who, options):
        """One for each reader and kind of screen, so that the second page of a test finds its style sheets in the cache."""
        key = (who, *sorted(options.items()))
        if key not in contexts:
            contexts[key] = chromium.new_context(**options)
            if who:
                cookie = {"name": settings.SESSION_COOKIE_NAME, "value": pass_of(who), "url": site}
                contexts[key].add_cookies([cookie])
        return contexts[key]

    def opener(path="/", *, width=1440, height=900, who="maya@demo.tandem.example", expected=None, **options):
        page = context_of(who, options).new_page()
        page.set_viewport_size({"width": width, "height": height})
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
            settle(page)
        return page

    yield opener
    refused = [word for page in pages if _scripted(page) for word in page.evaluate("window.refused || []")]
    for context in contexts.values():
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

    def run(page) -> dict[str, list[str]]:
        complaints.extend(page.evaluate("window.refused.splice(0)"))
        complaints.open = False
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        found = page.evaluate(JUDGE, RULES)
        page.evaluate("window.refused.splice(0)")
        complaints.open = True
        return dict(found)

    return run
