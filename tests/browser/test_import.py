"""The import page as people meet it: every step in light and dark, wide and on a phone, with and without script."""

import os
from pathlib import Path

import pytest

from integrations import running
from integrations.models import ImportJob

COMPANY = "small"
TEXT = (
    "mql_id,first_contact_date,landing_page_id,origin,owner,stage\n"
    + "".join(f"olist{n},2026-0{n % 6 + 1}-0{n % 9 + 1},88740e65,organic_search,,mql\n" for n in range(18))
    + "olist90,n/a,88740e65,paid_search,J. W.,mql\nolist91,2026-03-02,88740e65,social,,Talking to them\n"
)


@pytest.fixture
def shoot():
    """Pictures for people to look at, where TANDEM_PICTURES names a folder."""
    folder = os.environ.get("TANDEM_PICTURES")

    def take(page, name):
        if folder:
            page.screenshot(path=Path(folder) / f"import-{name}.png", full_page=True)

    return take


def choose(page, name, text=TEXT):
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})


@pytest.mark.parametrize("theme, width, height", [("light", 1440, 900), ("dark", 1440, 900), ("light", 390, 844)])
def test_from_the_file_to_the_undo(open_page, axe, shoot, theme, width, height):
    page = open_page("/import/", color_scheme=theme, width=width, height=height)

    def judge(name):
        shoot(page, f"{name}-{theme}-{width}")
        assert axe(page) == {}, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    judge("1-start")
    choose(page, f"leads-{theme}-{width}.csv")
    page.select_option("#entity", "lead")
    page.fill("#source", f"olist-{theme}-{width}")
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_url("**/columns/")
    judge("2-columns")
    page.get_by_role("button", name="Read the values").click()
    page.wait_for_url("**/values/")
    judge("3-values")
    page.get_by_label("“Talking to them”").select_option(label="SAL")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**/preview/")
    judge("4-preview")
    page.get_by_role("button", name="Import 20 rows").click()
    page.wait_for_url("**/result/")
    judge("5-running")
    running.run_job(ImportJob.objects.latest("id").id)
    page.wait_for_selector("text=1 of 20 rows were not imported")
    judge("5-result")
    page.get_by_role("button", name="Undo this import").click()
    page.wait_for_selector("text=Taking the import back")
    running.run_job(ImportJob.objects.latest("id").id)
    page.wait_for_selector("text=This import was undone")
    judge("6-undone")


def test_errors_say_what_to_do_and_take_the_focus(open_page, axe):
    page = open_page("/import/", expected="422")
    choose(page, "empty.csv", "a,b\n")
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_selector("#file-error")
    assert page.evaluate("document.activeElement.id") == "file-error"
    assert axe(page) == {}
    choose(page, "days.csv", "id,created\nA,03/04/2026\n")
    page.select_option("#entity", "lead")
    page.fill("#source", "days")
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_url("**/columns/")
    page.get_by_role("button", name="Read the values").click()
    page.wait_for_selector("text=Choose which one is meant")
    assert axe(page) == {}


def test_without_script(open_page):
    page = open_page("/import/", java_script_enabled=False)
    choose(page, "plain.csv")
    page.select_option("#entity", "lead")
    page.fill("#source", "plain")
    for button in ("Upload and look", "Read the values", "Preview", "Import 20 rows"):
        page.get_by_role("button", name=button).click()
    running.run_job(ImportJob.objects.latest("id").id)
    page.get_by_role("link", name="Look again").click()
    assert "rows were not imported" in page.inner_text("main")
