"""Pictures of every main screen, for the README and for eyes. Called by script/shot."""

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SIZES = {"1920x1080": (1920, 1080), "1440x900": (1440, 900), "820x1180": (820, 1180), "390x844": (390, 844)}
# Screens without anything to choose. One lead, deal and company are the first of their lists.
PAGES = {
    "dashboard": "/",
    "explain": "/explain/gross_profit/",
    "two-counts": "/two-counts/",
    "my-day": "/my-day/",
    "leads": "/leads/",
    "leads-filter": "/leads/filter/",
    "lead-new": "/leads/new/",
    "deals": "/deals/",
    "companies": "/companies/",
    "search": "/search/?q=an",
    "owner": "/owner/",
    "health": "/health/",
    "issues": "/review/issues/",
    "console": "/console/",
    "console-stages": "/console/stages/",
    "console-rules": "/console/rules/",
    "console-words": "/console/words/",
    "console-promises": "/console/promises/",
    "console-targets": "/console/targets/",
    "console-history": "/console/history/",
    "import": "/import/",
    "api-docs": "/api/v1/docs/",
    "not-found": "/nowhere/",
}
FIRST_OF = {
    "lead": ("/leads/", r"/leads/\d+/"),
    "deal": ("/deals/", r"/deals/\d+/"),
    "company": ("/companies/", r"/companies/\d+/"),
}
# Loaded and drawn, fragments in their places.
SETTLED = """
  () => document.fonts.status === 'loaded' && !document.querySelector('[aria-busy=true]')
    && [...document.querySelectorAll('[data-chart]')].every((chart) => !chart.offsetParent
      || chart.querySelector('.main-svg') || chart.getBoundingClientRect().top > innerHeight)
"""


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SETTLED)


def take(browser: Browser, base: str, folder: Path, user: str, password: str) -> int:
    """Every screen in every size and both themes; how many pictures that made."""
    taken = 0
    with_sign_in = browser.new_context()
    page = with_sign_in.new_page()
    page.goto(f"{base}/sign-in/")
    page.fill("#id_username", user)
    page.fill("#id_password", password)
    page.click("main button[type=submit]")
    page.wait_for_selector(".me")
    screens = dict(PAGES)
    for name, (path, pattern) in FIRST_OF.items():
        page.goto(base + path)
        if found := re.search(rf'href="({pattern})', page.content()):
            screens[name] = found[1]
    state = with_sign_in.storage_state()
    with_sign_in.close()
    for size, (width, height) in SIZES.items():
        look = {"viewport": {"width": width, "height": height}}
        for theme in ("light", "dark"):
            stranger = browser.new_context(color_scheme=theme, **look)
            page = stranger.new_page()
            page.goto(f"{base}/sign-in/")
            page.screenshot(path=folder / f"sign-in-{size}-{theme}.png")
            stranger.close()
            context = browser.new_context(color_scheme=theme, storage_state=state, **look)
            page = context.new_page()
            for name, address in screens.items():
                page.goto(base + address)
                settle(page)
                # What a wall or a desk shows is one screen; what is scrolled is shown whole.
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=width < 1000)
            taken += 1 + len(screens) + _opened(page, base, screens, folder, f"{size}-{theme}")
            context.close()
    return taken


def _opened(page: Page, base: str, screens: dict[str, str], folder: Path, look: str) -> int:
    """What opens over a page: the explanation of a number, the dialog of a lead."""
    page.goto(f"{base}/")
    settle(page)
    page.locator(".a-one .why").first.click()
    page.wait_for_selector("#explain:popover-open h2")
    page.wait_for_timeout(300)  # it slides in
    page.screenshot(path=folder / f"drawer-{look}.png")
    if "lead" not in screens:
        return 1
    page.goto(base + screens["lead"])
    settle(page)
    page.get_by_role("link", name="Move…").first.click()
    page.wait_for_selector("dialog[open] h2")
    page.screenshot(path=folder / f"dialog-{look}.png")
    return 2


def main() -> None:
    if len(sys.argv) not in (2, 3) or not os.environ.get("SHOT_USER") or not os.environ.get("SHOT_PASSWORD"):
        sys.exit("SHOT_USER=... SHOT_PASSWORD=... script/shot FOLDER [ADDRESS]")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    base = (sys.argv[2] if len(sys.argv) == 3 else "http://127.0.0.1:8000").rstrip("/")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        taken = take(browser, base, folder, os.environ["SHOT_USER"], os.environ["SHOT_PASSWORD"])
        browser.close()
    print(f"{taken} pictures in {folder}")


if __name__ == "__main__":
    main()
