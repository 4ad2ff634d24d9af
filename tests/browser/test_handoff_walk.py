"""Two walks over a handoff, by both teams: taken on, called and told back; returned, contested and ruled on."""

import pytest

from accounts.models import User
from leads.models import Handoff, Lead
from leads.services.intake import update_lead
from tests.browser.rows import first_lead, until

COMPANY = "small"
MARKETING, SALES, OWNER = (f"{name}@demo.tandem.example" for name in ("jonas", "clara", "maya"))
COMPLETE = {"channel__isnull": False, "segment__isnull": False, "region__isnull": False, "company__isnull": False}


def hand_over(open_page) -> Lead:
    """Marketing moves a complete inquiry to MQL, in one click."""
    lead = first_lead(stage__key="inquiry", contact__email__gt="", **COMPLETE)
    need = {"custom": {"need": "Two pumps for sugar syrup, in spring."}}
    update_lead(lead=lead, data=need, actor=User.objects.get(email=MARKETING))
    page = open_page(f"/leads/{lead.pk}/", who=MARKETING)
    page.get_by_role("button", name="Move to MQL").click()
    page.wait_for_url("**/?done=*")
    assert page.inner_text("#handoff") == "Handed over, waits for sales’ decision"
    page.close()
    return lead


def test_handed_over_accepted_called_told_back_and_seen(open_page, axe):
    lead = hand_over(open_page)
    page = open_page(f"/leads/{lead.pk}/", who=SALES)
    assert "until" in page.inner_text(".clocks")
    assert axe(page) == {}
    page.keyboard.press("a")
    page.wait_for_url("**/?done=*")
    assert page.inner_text("#handoff") == "Accepted by sales"
    assert page.locator(".toast.is-brief").get_by_role("button", name="Undo").is_visible()

    page.get_by_label("Call").check()
    page.get_by_role("button", name="Reached").click()
    page.wait_for_selector("text=Call: reached")
    assert "logged by click" in page.inner_text("#timeline li:first-child")

    page.get_by_text("Partly", exact=True).click()
    page.locator("#said_text").fill("Right firm, asks for next year.")
    page.get_by_role("button", name="Send to marketing").click()
    page.wait_for_selector("text=Not read by marketing yet")
    assert axe(page) == {}

    reader = open_page(f"/leads/{lead.pk}/", who=MARKETING)
    assert "Right firm, asks for next year." in reader.inner_text("section:has(> header #feedback)")
    reader.get_by_role("button", name="Mark as read").click()
    reader.wait_for_selector("text=Read by marketing")
    assert Handoff.objects.get(lead=lead).feedback_read_at is not None


def test_returned_contested_and_ruled_on(open_page, axe):
    lead = hand_over(open_page)
    page = open_page(f"/leads/{lead.pk}/", who=SALES)
    page.keyboard.press("r")
    page.wait_for_selector("#ask[open] h2")
    assert axe(page) == {}
    page.select_option("#ask_reason", index=1)
    page.fill("#ask_note", "Nobody there knows of a project.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?done=*")
    assert page.inner_text("#handoff") == "Returned: waits for marketing"

    other = open_page(f"/leads/{lead.pk}/", who=MARKETING)
    assert "Nobody there knows of a project." in other.inner_text(".handoff")
    other.get_by_role("link", name="Contest the decision…").click()
    other.wait_for_selector("#ask[open] h2")
    other.fill("#ask_text", "The managing director asked for the call.")
    other.locator("#ask button[type=submit]").click()
    other.wait_for_url("**/?done=*")
    assert other.inner_text("#handoff") == "Contested: waits for the funnel owner"

    owner = open_page("/leads/disputes/", who=OWNER)
    assert axe(owner) == {}
    owner.get_by_role("link", name=str(lead.contact)).click()
    owner.wait_for_selector("#handoff")
    owner.get_by_role("link", name="End the dispute…").click()
    owner.wait_for_selector("#ask[open] h2")
    owner.select_option("#ask_ruling", label="The return does not stand: sales decides")
    owner.fill("#ask_text", "A wish of the managing director is a project.")
    owner.locator("#ask button[type=submit]").click()
    owner.wait_for_url("**/?done=*")
    assert owner.inner_text("#handoff") == "Handed over, waits for sales’ decision"

    stage = open_page("/console/stages/mql/", who=OWNER)
    stage.wait_for_selector("text=A wish of the managing director is a project.")


def test_without_script_accepting_and_returning_are_forms(open_page):
    lead = Handoff.objects.filter(state="open").first().lead
    page = open_page(f"/leads/{lead.pk}/", who=SALES, java_script_enabled=False)
    page.get_by_role("link", name="Return", exact=True).click()
    assert page.inner_text("h2#ask-title") == f"Return {lead.contact} to marketing"
    page.go_back()
    page.get_by_role("button", name="Accept lead").first.click()
    assert page.inner_text("#handoff") == "Accepted by sales"
    assert page.get_by_role("button", name="Undo").is_visible()


def test_the_telephone_number_opens_the_log_of_a_call(open_page):
    lead = first_lead(stage__key="mql", contact__phone__gt="")
    page = open_page(f"/leads/{lead.pk}/", who=SALES)
    # What dials is the browser's business; here nobody is called.
    page.evaluate("document.querySelector('a[href^=tel]').addEventListener('click', (e) => e.preventDefault())")
    page.locator("a[href^=tel]").click()
    page.wait_for_selector("#ask[open] h2")
    assert page.input_value("#ask_kind") == "call"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_pages_of_both_sides(open_page, axe, width, theme):
    waiting = Handoff.objects.filter(state__in=["open", "returned", "contested"]).order_by("-entered_at")
    found = {}
    for path in (f"/leads/{waiting.first().lead_id}/", "/leads/team/", "/leads/disputes/", "/leads/?promise=past&sort=left"):
        page = open_page(path, width=width, color_scheme=theme)
        found[path] = axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.close()
    assert found == dict.fromkeys(found, {})


def test_what_was_done_leaves_after_ten_seconds_and_stays_in_the_timeline(open_page):
    lead = hand_over(open_page)
    page = open_page(f"/leads/{lead.pk}/", who=SALES)
    page.clock.install()
    page.keyboard.press("a")
    page.wait_for_url("**/?done=*")
    until(page, "document.querySelector('.toast.is-brief') !== null")
    page.clock.fast_forward(11_000)
    until(page, "document.querySelector('.toast') === null")
    assert page.locator("#timeline").get_by_role("button", name="Take back: Moved from MQL to SAL").is_visible()
