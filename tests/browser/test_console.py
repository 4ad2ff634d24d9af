"""The console in Chromium: a draft, both leads in turn, in force; every page light, dark, on a phone and without script."""

import pytest

from accounts.models import User
from funnel.models import Agreement
from funnel.services import draft_version, drop_draft

COMPANY = "small"
ADMIN = "ines@demo.tandem.example"
MARKETING, SALES = "jonas@demo.tandem.example", "clara@demo.tandem.example"


def test_a_word_opens_its_meaning_and_escape_closes_it(open_page, axe):
    page = open_page("/console/stages/", who=MARKETING)
    page.get_by_role("button", name="MQL", exact=True).first.click()
    meaning = page.get_by_text("Meets the signed criteria")
    meaning.first.wait_for()
    assert axe(page) == {}
    page.keyboard.press("Escape")
    meaning.first.wait_for(state="hidden")


def test_wrong_input_says_what_is_wrong(open_page, axe, site, django_db_blocker):
    with django_db_blocker.unblock():
        draft = draft_version(actor=User.objects.get(email=ADMIN))
    page = open_page("/console/stages/new/", who=ADMIN, expected="422")
    page.get_by_label("Name").fill("Second MQL")
    page.get_by_label("Milestone").select_option("mql")
    page.get_by_role("button", name="Add to the draft").click()
    page.get_by_text("Each is given once.").first.wait_for()
    assert page.get_by_label("Name").input_value() == "Second MQL"
    assert axe(page) == {}
    page.goto(f"{site}/console/targets/")
    page.get_by_text("Paste from a spreadsheet").click()
    page.get_by_label("The table as copied").fill("1\t2\nx\t3")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("Nothing was saved.").wait_for()
    assert axe(page) == {}
    with django_db_blocker.unblock():
        drop_draft(draft=draft, actor=None)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_change_goes_through_both_teams(open_page, site, django_db_blocker, script):
    look = {"java_script_enabled": script, "width": 1440 if script else 390, "height": 844}
    with django_db_blocker.unblock():
        number = Agreement.objects.order_by("-number").first().number + 1
    word = f"Ready {number}"

    admin = open_page("/console/", who=ADMIN, **look)
    admin.get_by_role("button", name=f"Draft version {number}").click()
    admin.get_by_text(f"Draft of version {number}").wait_for()
    admin.goto(f"{site}/console/stages/sal/")
    admin.get_by_label("Name").fill(word)
    admin.get_by_role("button", name="Save in the draft").click()
    admin.get_by_role("link", name=word).wait_for()
    admin.goto(f"{site}/console/")
    admin.get_by_role("button", name="Ask for agreement").click()
    admin.get_by_text(f"Version {number} waits for agreement").wait_for()

    for who, mine, other in ((MARKETING, "marketing", "sales"), (SALES, "sales", "marketing")):
        lead = open_page(f"/console/versions/{number}/agree/", who=who, **look)
        lead.get_by_role("cell", name=word).wait_for()
        assert lead.get_by_role("button", name=f"Sign for {other}").count() == 0
        lead.get_by_role("button", name=f"Sign for {mine}").click()
        lead.get_by_role("button", name=f"Sign for {mine}").wait_for(state="detached")

    admin.goto(f"{site}/console/versions/{number}/agree/")
    admin.get_by_text("Both teams have agreed").wait_for()
    if not script:
        # The first walk's version begins tomorrow; a version starts after the one before.
        day = admin.get_by_label("In force from")
        with django_db_blocker.unblock():
            last = Agreement.objects.get(number=number - 1).from_day
        day.fill(last.replace(year=last.year + 1).isoformat())
    admin.get_by_role("button", name="Put in force").click()
    # It begins tomorrow at the earliest: until then the one before it holds.
    admin.get_by_role("row", name=f"Version {number} Agreed, in force from").wait_for()
