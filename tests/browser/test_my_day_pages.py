"""My day of both sides in Chromium: looks in every size and theme, the walk of a day by keyboard, and without script."""

import datetime as dt

import pytest

from accounts.models import User
from funnel.models import Stage
from leads.models import Handoff, Lead
from leads.services import assign_lead, create_lead, ensure_company, ensure_contact, move_lead, plan_step
from leads.services.feedback import log_contact
from leads.services.handoffs import decide
from tests.browser.looking import SIZES, TOO_SMALL, TOO_WIDE
from tests.browser.rows import until

COMPANY = "small"
REP, MARKETER = "luca@demo.tandem.example", "tomasz@demo.tandem.example"


@pytest.fixture
def hand_over(site):
    """`hand_over("Nora Walk")`: a lead that was given to the rep a minute ago."""

    def one(name: str, who: str = REP) -> Handoff:
        now = dt.datetime.now(dt.UTC)
        firm = ensure_company(name="Walk Pumps")
        contact = ensure_contact(
            name=name, email=f"{name.split()[0].lower()}@walk.example", phone="+49 30 555", company=firm
        )
        stages = {stage.key: stage for stage in Stage.objects.all()}
        lead = create_lead(
            stage=stages["inquiry"],
            occurred_at=now - dt.timedelta(minutes=5),
            actor=None,
            contact=contact,
            company=firm,
        )
        assign_lead(lead=lead, owner=User.objects.get(email=who), actor=None)
        move_lead(Lead.objects.get(pk=lead.pk), stages["mql"], actor=None)
        return Handoff.objects.get(lead=lead)

    return one


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_both_sides_look_right(open_page, axe, hand_over, width, theme):
    rep = User.objects.get(email=REP)
    handoff, back = hand_over("Nora Walk"), hand_over("Olga Walk")
    plan_step(what="Send the drawing", due_on=dt.datetime.now(dt.UTC).date(), actor=rep, lead=handoff.lead)
    log_contact(lead=back.lead, kind="call", outcome="no_answer", actor=rep)
    decide(handoff=back, decision="returned", actor=rep, reason="context_missing", note="Which pump is it about?")
    for who, title in ((REP, "Decide"), (MARKETER, "Complete")):
        page = open_page("/my-day/", who=who, width=width, height=SIZES[width], color_scheme=theme)
        assert page.get_by_role("heading", name=title).is_visible()
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert (axe(page), page.evaluate(TOO_WIDE), page.evaluate(TOO_SMALL)) == ({}, 0, [])
        page.close()


def focused(page) -> str:
    return page.evaluate("document.activeElement.textContent").strip()


def test_a_day_by_keyboard(open_page, axe, hand_over):
    """j to the row, a to accept; what was done has the focus and an undo; r returns it with a reason and a sentence."""
    handoff = hand_over("Petra Walk")
    page = open_page("/my-day/", who=REP)
    row = page.locator(".k-decide", has_text="Petra Walk")
    reveal(page, row)
    row.locator("[data-open]").focus()
    page.keyboard.press("a")
    page.wait_for_url("**/my-day/?done=*")
    assert focused(page).startswith("Petra Walk: Now SAL.")
    assert Handoff.objects.get(pk=handoff.pk).decision == "accepted"
    page.keyboard.press("Tab")
    assert focused(page) == "Undo"
    page.keyboard.press("Enter")
    until(page, "!location.search")
    assert Handoff.objects.get(pk=handoff.pk).decision == ""
    row = page.locator(".k-decide", has_text="Petra Walk")
    reveal(page, row)
    row.locator("[data-open]").focus()
    page.keyboard.press("r")
    page.wait_for_selector("#ask[open] h2")
    assert axe(page) == {}
    page.select_option("#ask select[name=reason]", index=1)
    page.fill("#ask textarea[name=note]", "Which pump is it about?")
    page.locator("#ask button[type=submit]").click()
    page.wait_for_url("**/my-day/?done=*")
    marketing = open_page("/my-day/", who=MARKETER)
    returned = marketing.locator(".k-complete", has_text="Petra Walk")
    reveal(marketing, returned)
    assert "“Which pump is it about?”" in returned.inner_text()


def reveal(page, row) -> None:
    """Open the fold in which a row may be."""
    row.first.wait_for(state="attached")
    row.first.evaluate("(one) => { const fold = one.closest('details'); if (fold) fold.open = true; }")


def test_a_call_is_logged_by_one_click_and_moves_to_what_was_done(open_page, hand_over):
    hand_over("Quirin Walk")
    page = open_page("/my-day/", who=REP)
    row = page.locator(".k-call", has_text="Quirin Walk")
    reveal(page, row)
    assert row.locator("a[href='tel:+4930555']").is_visible()
    row.get_by_role("button", name="Reached").click()
    page.wait_for_url("**/my-day/?*touch=*")
    assert focused(page).startswith("Quirin Walk: Call, reached.")
    assert page.locator(".k-call", has_text="Quirin Walk").count() == 0
    page.locator("details.done summary").click()
    assert "Call, reached · Quirin Walk" in page.inner_text("details.done")


def test_escape_closes_the_further_outcomes(open_page, hand_over):
    hand_over("Rosa Walk")
    page = open_page("/my-day/", who=REP)
    row = page.locator(".k-call", has_text="Rosa Walk")
    reveal(page, row)
    row.locator("summary").click()
    assert row.get_by_role("button", name="Left a message").is_visible()
    page.keyboard.press("Escape")
    assert not row.get_by_role("button", name="Left a message").is_visible()


def test_the_day_works_without_script(open_page, hand_over):
    handoff = hand_over("Sven Walk")
    page = open_page("/my-day/", who=REP, java_script_enabled=False)
    for fold in page.locator(".later > summary").all():
        fold.click()
    page.get_by_role("button", name="Accept Sven Walk").click()
    page.wait_for_url("**/my-day/?done=*")
    assert "Sven Walk: Now SAL." in page.inner_text(".said-bar")
    assert Handoff.objects.get(pk=handoff.pk).decision == "accepted"
    for fold in page.locator(".later > summary").all():
        fold.click()
    page.locator(".k-call", has_text="Sven Walk").get_by_role("button", name="No answer").click()
    page.wait_for_url("**/my-day/?*touch=*")
    assert "Sven Walk: Call, no answer." in page.inner_text(".said-bar")
