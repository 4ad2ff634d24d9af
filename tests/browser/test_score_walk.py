"""How leads are scored, in Chromium: written in a draft, tried beside it, read by everybody, and shown on the lead."""

import pytest

from funnel.models import Agreement
from funnel.queries import points_table
from funnel.services import drop_draft
from leads.models import Lead
from tests.browser.looking import ADMIN

COMPANY = "small"
SALES = "clara@demo.tandem.example"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_points_are_written_and_tried_before_anybody_signs(open_page, axe, site, django_db_blocker, script):
    look = {"java_script_enabled": script, "width": 1440 if script else 390, "height": 844}
    page = open_page("/console/score/", who=ADMIN, **look)
    page.get_by_role("button", name="Change as a draft").click()
    page.get_by_text("Nothing of it holds before both teams have signed.").wait_for()
    page.goto(f"{site}/console/score/edit/")
    with django_db_blocker.unblock():
        draft = Agreement.objects.get(state="draft")
        held = points_table(draft.pk)
    row = page.get_by_role("group", name=f"Fit: row {len(held.fit) + 1}")
    row.get_by_label("Asks about").select_option("tier")
    row.get_by_label("How").select_option("one_of")
    row.get_by_label("Names").fill("A, B")
    row.get_by_label("Points").fill("25")
    if script:
        assert axe(page) == {}
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("Tier is A or B").first.wait_for()
    if script:
        tried = page.get_by_role("region", name="Tried on the leads of today")
        tried.get_by_text("How many leads each row says something about").wait_for()
        tried.locator("summary").first.click()
        assert axe(page) == {}
    with django_db_blocker.unblock():
        assert points_table(draft.pk).fit[:-1] == held.fit and points_table(draft.pk).fit[-1].points == 25
        drop_draft(draft=draft, actor=None)


@pytest.mark.parametrize(
    "look", [{"width": 1440}, {"width": 390, "height": 844, "color_scheme": "dark"}], ids=["desk", "phone"]
)
def test_the_score_says_what_it_is_made_of(open_page, axe, django_db_blocker, look):
    page = open_page("/console/score/", who=SALES, **look)
    page.get_by_text("How many leads each row says something about").wait_for()
    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with django_db_blocker.unblock():
        lead = Lead.objects.filter(merged_into=None, voided=False, score__gt=20).order_by("-id").first()
    page = open_page(f"/leads/{lead.pk}/", who=SALES, **look)
    page.get_by_text("by version 2").click()
    found = [int(text.split()[0].replace("−", "-")) for text in page.locator(".why-score .lines b").all_inner_texts()]
    assert len(found) > 1 and sum(found) == lead.score
    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
