"""The main action of every screen: by the keyboard alone, with a ring around what has the focus, and without script."""

import re
from urllib.parse import urlsplit

import pytest

from leads.models import Deal
from tests.browser.looking import ADMIN, RING, main_screens, some_lead

COMPANY = "full"
ONLY_LOOKS = True
TABS = 60
FIRST_LEAD = "the first lead of the list"
NAME = """
  () => {
    const at = document.activeElement;
    const words = at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent || '';
    return words.replace(/\\s+/g, ' ').trim();
  }
"""
# In view, and not below something else.
IN_SIGHT = """
  () => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    if (at === document.body || box.width === 0) return true;
    return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  }
"""

# The answer is a page of its own, or has the focus: in the drawer, in the panel beside the list or in a dialog.
ANSWERED = """
  (target) => location.pathname.startsWith(target) || document.activeElement.closest('#explain, #panel, #ask') !== null
"""


def actions() -> dict[str, tuple[str, str, str]]:
    """Screen: its address, the words of what one does there, and where that leads (how the address begins)."""
    lead = some_lead()
    deal = Deal.objects.filter(status="won", lead__isnull=False).first()
    return {
        "dashboard": ("/", r"^Explain", "/explain/"),
        "leads": ("/leads/", r"^New lead$", "/leads/new/"),
        "a lead in the list": ("/leads/?sort=-age", FIRST_LEAD, FIRST_LEAD),
        "lead": (f"/leads/{lead.pk}/", r"^Move…", f"/leads/{lead.pk}/move/"),
        "deal": (f"/deals/{deal.pk}/", r"^Record the credit", f"/deals/{deal.pk}/credit/"),
    }


def first_lead(page) -> tuple[str, str]:
    """The words and the address of the first lead of the list."""
    link = page.locator("[data-open]").first
    return f"^{re.escape(link.inner_text())}$", link.get_attribute("href")


def tab_to(page, wanted: str) -> str:
    """Press Tab until what is wanted has the focus; the words of it."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if re.search(wanted, page.evaluate(NAME)):
            return page.evaluate(NAME)
    raise AssertionError(f"{wanted} is not among the first {TABS} stops of the Tab key")


@pytest.mark.parametrize("forced", ["none", "active"])
def test_every_stop_of_the_tab_key_can_be_seen(open_page, site, forced):
    bare = {}
    pages = {}
    for name, screen in main_screens().items():
        if screen.who not in pages:
            pages[screen.who] = open_page("/", who=screen.who)
        page = pages[screen.who]
        page.emulate_media(forced_colors=forced)
        page.goto(site + screen.path)
        for stop in range(14):
            page.keyboard.press("Tab")
            if page.evaluate(RING) < 2 or not page.evaluate(IN_SIGHT):
                bare[f"{name}, stop {stop}"] = page.evaluate(NAME)
    assert bare == {}


def test_the_main_action_of_every_screen_can_be_done_by_keyboard(open_page):
    for path, wanted, target in actions().values():
        page = open_page(path)
        if wanted == FIRST_LEAD:
            wanted, target = first_lead(page)
        tab_to(page, wanted)
        page.keyboard.press("Enter")
        page.wait_for_function(ANSWERED, arg=target)
        page.close()


def test_the_main_action_of_every_screen_works_without_script(open_page):
    for name, (path, wanted, target) in actions().items():
        page = open_page(path, java_script_enabled=False)
        if wanted == FIRST_LEAD:
            wanted, target = first_lead(page)
        page.locator("main").get_by_role("link", name=re.compile(wanted)).first.click()
        assert urlsplit(page.url).path.startswith(target), name
        assert page.locator("main h1, main h2").first.is_visible(), name
        page.close()


def test_every_main_screen_can_be_read_without_script(open_page, site):
    page = open_page("/", java_script_enabled=False)
    admin = open_page("/", who=ADMIN, java_script_enabled=False)
    blank = []
    for name, screen in main_screens().items():
        reader = admin if screen.who == ADMIN else page
        reader.goto(site + screen.path)
        if len(reader.inner_text("main")) < 80 or "aria-busy" in reader.content():
            blank.append(name)
    assert blank == []
