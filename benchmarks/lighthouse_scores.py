"""Signs in, has Lighthouse load three pages as a desktop, prints their scores. Called by benchmarks/lighthouse."""

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

LEAST = {"performance": 95, "accessibility": 100}
CHROME = "--headless=new --no-sandbox"


def signed_in(base: str) -> tuple[str, str]:
    """The cookies of a person who has signed in, as one header; and the address of a lead that they see."""
    jar = http.cookiejar.CookieJar()
    web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = web.open(f"{base}/sign-in/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    data = {"csrfmiddlewaretoken": token, "username": os.environ["SHOT_USER"], "password": os.environ["SHOT_PASSWORD"]}
    request = urllib.request.Request(f"{base}/sign-in/", urllib.parse.urlencode(data).encode(), {"Referer": base})
    if "/sign-in/" in web.open(request).geturl():
        sys.exit("The sign-in was refused.")
    lead = re.search(r'href="(/leads/\d+/)', web.open(f"{base}/leads/").read().decode())[1]
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar), lead


def judge(program: str, address: str, cookies: str) -> dict:
    """Lighthouse's report of one page."""
    with tempfile.TemporaryDirectory() as folder:
        headers, report = Path(folder, "headers.json"), Path(folder, "report.json")
        # In a file, so that no list of processes shows the session.
        headers.write_text(json.dumps({"Cookie": cookies}))
        subprocess.run(
            [program, address, "--quiet", "--preset=desktop", f"--chrome-flags={CHROME}", f"--extra-headers={headers}",
             f"--only-categories={','.join(LEAST)}", "--output=json", f"--output-path={report}"],
            check=True,
        )  # fmt: skip
        return json.loads(report.read_text())


def main() -> None:
    base, program = sys.argv[1:]
    cookies, lead = signed_in(base)
    low = False
    for name, path in {"dashboard": "/", "list of leads": "/leads/", "one lead": lead}.items():
        report = judge(program, base + path, cookies)
        scores = {category: round((report["categories"][category]["score"] or 0) * 100) for category in LEAST}
        print(f"{name:14}", *(f"{category} {score:3}" for category, score in scores.items()), sep="  ")
        low = low or any(scores[category] < least for category, least in LEAST.items())
        wanting = [
            a for a in report["audits"].values() if a["score"] is not None and a["score"] < 0.9 and a.get("displayValue")
        ]
        for audit in wanting:
            print(f"    {audit['title']}: {audit['displayValue']}")
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
