"""Signs in, has Lighthouse load three pages as a desktop, prints their scores. Called by benchmarks/lighthouse."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

LEAST = {"performance": 95, "accessibility": 100}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def sign_in(page, base: str) -> str:
    """Signs in; the address of a lead that this person sees."""
    page.goto(f"{base}/sign-in/")
    page.fill("#id_username", os.environ["SHOT_USER"])
    page.fill("#id_password", os.environ["SHOT_PASSWORD"])
    page.click("main button[type=submit]")
    page.wait_for_selector(".me")
    page.goto(f"{base}/leads/")
    return page.locator("[data-open]").first.get_attribute("href")


def judge(program: str, address: str, port: int) -> dict:
    """Lighthouse's report of one page, loaded by the browser that has signed in."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        options = ["--quiet", "--preset=desktop", f"--port={port}", "--disable-storage-reset", "--output=json"]
        kinds = f"--only-categories={','.join(LEAST)}"
        subprocess.run([program, address, *options, kinds, f"--output-path={report}"], check=True)
        return json.loads(report.read_text())


def main() -> None:
    base, program = sys.argv[1:]
    low, port = False, free_port()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=os.environ["CHROME_PATH"],
            args=["--no-sandbox", f"--remote-debugging-port={port}"],
        )
        lead = sign_in(browser.pages[0], base)
        for name, path in {"dashboard": "/", "list of leads": "/leads/", "one lead": lead}.items():
            report = judge(program, base + path, port)
            scores = {category: round((report["categories"][category]["score"] or 0) * 100) for category in LEAST}
            print(f"{name:14}", *(f"{category} {score:3}" for category, score in scores.items()), sep="  ")
            low = low or any(scores[category] < least for category, least in LEAST.items())
            for audit in report["audits"].values():
                if audit["score"] is not None and audit["score"] < 0.9 and audit["scoreDisplayMode"] != "informative":
                    print(f"    {audit['title']} {audit.get('displayValue', '')}")
        browser.close()
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
