"""Pictures of the pages, for the README and for eyes. Called by script/shot."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SIZES = {"1920x1080": (1920, 1080), "1440x900": (1440, 900), "820x1180": (820, 1180), "390x844": (390, 844)}
PAGES = {"dashboard": "/", "explain": "/explain/gross_profit/", "api-docs": "/api/v1/docs/"}


def take(browser, base: str, folder: Path, user: str, password: str) -> None:
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            page = context.new_page()
            page.goto(f"{base}/sign-in/")
            page.screenshot(path=folder / f"sign-in-{size}-{theme}.png")
            page.fill("#id_username", user)
            page.fill("#id_password", password)
            page.click("main button[type=submit]")
            page.wait_for_url(f"{base}/")
            for name, address in PAGES.items():
                page.goto(base + address)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=width < 1000 and name == "dashboard")
            page.goto(f"{base}/")
            page.click(".a-one .why")
            page.wait_for_selector("#explain:popover-open h3")
            page.wait_for_timeout(300)
            page.screenshot(path=folder / f"drawer-{size}-{theme}.png")
            context.close()


def main() -> None:
    if len(sys.argv) not in (2, 3) or not os.environ.get("SHOT_USER") or not os.environ.get("SHOT_PASSWORD"):
        sys.exit("SHOT_USER=... SHOT_PASSWORD=... script/shot FOLDER [ADDRESS]")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    base = (sys.argv[2] if len(sys.argv) == 3 else "http://127.0.0.1:8000").rstrip("/")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        take(browser, base, folder, os.environ["SHOT_USER"], os.environ["SHOT_PASSWORD"])
        browser.close()


if __name__ == "__main__":
    main()
