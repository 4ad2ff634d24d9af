"""The pages of leads, deals and companies in Chromium: looks, keyboard, dialogs, phone, themes, without script."""

import re

import pytest

from leads.models import BulkJob, Lead
from leads.services import run_bulk
from tests.browser.rows import first_lead, until

COMPANY = "small"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_move_in_the_dialog_by_keyboard_and_its_undo(open_page, axe, theme):
    lead = first_lead(stage__key="sql")
    page = open_page(f"/leads/{lead.pk}/", color_scheme=theme)
    page.get_by_role("link", name="Move…").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open] h2")
    assert axe(page) == {}
    assert not page.locator("[data-field=reason]").is_visible()
    page.locator("#ask .way", has_text="MQL").click()
    assert page.locator("[data-field=reason]").is_visible()
    shown = page.eval_on_selector_all("#ask optgroup:not([hidden])", "all => all.map(g => g.label)")
    assert shown == ["Back to an earlier stage"]
    page.select_option("#ask_reason", label="Was moved too early")
    page.fill("#ask_note", "asked again next year")
    page.locator("#ask button[type=submit]").click()
    page.wait_for_url("**/?done=*")
    assert "Moved from SQL to MQL" in page.inner_text("#timeline li:first-child")
    assert page.evaluate("document.activeElement.textContent").startswith("Moved from SQL to MQL")
    assert axe(page) == {}
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(".gone")
    assert page.inner_text(".path [aria-current]").startswith("SQL")


def test_escape_closes_the_dialog_and_focus_returns(open_page):
    page = open_page(f"/leads/{first_lead().pk}/")
    page.get_by_role("link", name="Assign").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open] h2")
    page.keyboard.press("Escape")
    page.wait_for_selector("#ask", state="hidden")
    assert page.evaluate("document.activeElement.textContent").strip() == "Assign"


def test_a_conflict_in_the_dialog_keeps_the_text(open_page, axe):
    from funnel.models import Stage
    from leads.services import move_lead

    lead = first_lead(stage__key="inquiry")
    page = open_page(f"/leads/{lead.pk}/", expected="409")
    page.get_by_role("link", name="Move…").click()
    page.wait_for_selector("#ask[open] h2")
    move_lead(lead, Stage.objects.get(key="mql"), actor=None)
    page.locator("#ask .way", has_text="SAL").click()
    page.fill("#ask_note", "my long note")
    page.locator("#ask button[type=submit]").click()
    page.wait_for_selector("#ask [role=alert]:focus")
    assert "moved this lead to MQL" in page.inner_text("#ask [role=alert]")
    assert page.input_value("#ask_note") == "my long note"
    assert axe(page) == {}


def test_rows_by_keyboard(open_page):
    page = open_page("/leads/")
    names = page.eval_on_selector_all("[data-open]", "all => all.map(a => a.textContent)")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == names[1]
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == names[0]
    assert not page.locator(".bulk").is_visible()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.inner_text("[data-picked-count]") == "2 leads selected:"
    page.locator(".bulk").get_by_role("button", name="Move").click()
    page.wait_for_selector("#ask[open] h2")
    assert page.inner_text("#ask-title") == "Move 2 leads"
    page.keyboard.press("Escape")
    page.locator(".bulk").get_by_role("button", name="Clear").click()
    assert not page.locator(".bulk").is_visible()


# --- the panel --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ["/leads/", "/leads/?view=board&is=open"])
def test_a_row_opens_beside_the_list_and_escape_returns_to_the_same_place(open_page, axe, view, theme):
    page = open_page(view, color_scheme=theme)
    names = page.eval_on_selector_all("[data-open]", "all => all.map(a => a.textContent)")
    page.locator("[data-open]").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel:popover-open")
    page.wait_for_timeout(250)  # it slides in
    assert page.evaluate("document.activeElement.textContent") == names[1]
    assert page.url.endswith(view)
    assert axe(page) == {}
    page.keyboard.press("j")
    until(page, f"document.getElementById('panel-title').textContent === {names[2]!r}")
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel", state="hidden")
    assert page.evaluate("document.activeElement.textContent") == names[2]


def test_a_click_anywhere_on_the_row_opens_it_and_on_a_phone_its_page(open_page):
    page = open_page("/leads/")
    page.locator("tbody tr").first.locator("td").nth(3).click()
    page.wait_for_selector("#panel:popover-open")
    page.locator("[data-panel-close]").click()
    page.wait_for_selector("#panel", state="hidden")
    small = open_page("/leads/", width=390, height=844)
    small.locator("[data-open]").first.click()
    small.wait_for_selector("#timeline")


def test_what_is_done_in_the_panel_comes_back_to_the_list_with_its_undo(open_page):
    lead = first_lead(stage__key="sql")
    page = open_page(f"/leads/?stage={lead.stage_id}&q={lead.contact.email}")
    page.locator("[data-open]").first.click()
    page.wait_for_selector("#panel:popover-open")
    page.keyboard.press("m")
    page.wait_for_selector("#ask[open] h2")
    page.locator("#ask .way", has_text="Opportunity").click()
    page.locator("#ask button[type=submit]").click()
    page.wait_for_selector(".notice:has-text('is moved to Opportunity')")
    assert f"stage={lead.stage_id}" in page.url
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(".notices")
    assert f"stage={lead.stage_id}" in page.url
    lead.refresh_from_db()
    assert lead.stage.key == "sql"


# --- the board --------------------------------------------------------------------------------------------------


def column(page, lead):
    return page.locator(f"[data-stage='{lead.stage_id}']")


def test_a_card_moves_by_keyboard(open_page, axe):
    lead = Lead.objects.filter(stage__key="sal", merged_into=None, voided=False).order_by("stage_since", "id").first()
    page = open_page("/leads/?view=board")
    column(page, lead).locator("[data-open]").first.focus()
    page.keyboard.press("l")
    page.keyboard.press("h")
    assert page.evaluate("document.activeElement.closest('[data-stage]').dataset.stage") == str(lead.stage_id)
    page.keyboard.press("m")
    page.wait_for_selector("#ask[open] h2")
    assert axe(page) == {}
    page.locator("#ask .way", has_text="SQL").locator("input").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice:has-text('is moved to SQL')")
    assert "view=board" in page.url
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(".notices")
    lead.refresh_from_db()
    assert lead.stage.key == "sal"


def test_a_card_is_dragged_and_a_move_back_asks_for_its_reason(open_page):
    lead = Lead.objects.filter(stage__key="sql", merged_into=None, voided=False).order_by("stage_since", "id").first()
    page = open_page("/leads/?view=board", width=1800, expected="422")
    card = column(page, lead).locator("[data-card]").first
    card.drag_to(page.locator("[data-stage]", has_text="Opportunity").first.locator(".cards"))
    page.wait_for_selector(".notice:has-text('is moved to Opportunity')")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(".notices")
    column(page, lead).locator("[data-card]").first.drag_to(page.locator("[data-stage]").nth(1).locator(".cards"))
    page.wait_for_selector("#ask[open] [role=alert]")
    assert page.locator("[data-field=reason]").is_visible()
    lead.refresh_from_db()
    assert lead.stage.key == "sql"


def test_a_phone_shows_one_stage_at_a_time(open_page, axe):
    page = open_page("/leads/?view=board", width=390, height=844)
    assert page.locator("[data-stage]:visible").count() == 1
    page.locator(".of-stages").get_by_text("SQL").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-stage]:visible h2").inner_text().startswith("SQL")
    assert axe(page) == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_on_the_board_and_the_forms_of_tags(open_page, axe, theme, width):
    for path in (
        "/leads/?view=board",
        "/leads/?view=board&q=nobody-of-that-name",
        f"/leads/{first_lead().pk}/tags/",
        "/leads/bulk/tag/?all=1&is=open",
    ):
        page = open_page(path, width=width, color_scheme=theme)
        assert axe(page) == {}, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.close()


def test_twenty_more_cards_come_below_those_there(open_page):
    page = open_page("/leads/?view=board")
    more = page.locator(".more a", has_text="20 more").first
    column = page.locator("[data-stage]", has=more).first
    assert column.locator("[data-row]").count() == 20
    stage = column.get_attribute("data-stage")
    more.click()
    until(page, f"document.querySelectorAll('[data-stage=\"{stage}\"] [data-row]').length === 40")


# --- many at once -----------------------------------------------------------------------------------------------


def test_all_that_were_found_are_tagged_in_the_background_with_progress(open_page, axe):
    page = open_page("/leads/")
    found = int(re.search(r"([\d,]+)\s+found", page.inner_text(".found"))[1].replace(",", ""))
    page.locator("[data-pick-all]").check()
    page.locator("[data-all]").check()
    page.locator(".bulk").get_by_role("button", name="Tag").click()
    page.wait_for_selector("#ask[open] h2")
    assert page.inner_text("#ask-title") == f"Tag {found:,} leads"
    page.fill("#ask_add", "spring fair")
    page.locator("#ask button[type=submit]").click()
    page.wait_for_selector("#job progress")
    assert axe(page) == {}
    job = BulkJob.objects.latest("id")
    assert run_bulk(job.pk)
    page.wait_for_selector(f"#job h2:has-text('{found:,} tagged')")
    assert axe(page) == {}
    assert Lead.objects.filter(lead_tags__tag__name="spring fair").count() == found


def test_slash_searches_from_anywhere(open_page):
    name = str(first_lead().contact)
    page = open_page("/")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == name


def test_tabs_of_the_timeline_swap_in_place(open_page, axe):
    page = open_page(f"/leads/{first_lead(stage__key='sql').pk}/")
    page.locator("#timeline .tabs").get_by_text("Marketing").click()
    page.wait_for_selector("#timeline [aria-current=true]:has-text('Marketing')")
    assert page.url.endswith("/") and page.locator("#timeline .t-sales").count() == 0
    assert axe(page) == {}


def test_everything_works_without_script(open_page):
    lead = first_lead(stage__key="sal")
    page = open_page(f"/leads/{lead.pk}/", java_script_enabled=False)
    page.get_by_role("link", name="Move…").click()
    page.locator(".way", has_text="Recycled").click()
    page.select_option("#ask_reason", label="Not now, later")
    page.get_by_role("button", name="Move the lead").click()
    assert "Recycled" in page.inner_text(".path [aria-current]")
    page.get_by_role("button", name="Undo").click()
    assert "SAL" in page.inner_text(".path [aria-current]")
    page.get_by_role("button", name="Reached", exact=True).click()
    assert "Call: reached" in page.inner_text("#timeline li:first-child")
    page.goto(page.url.split("/leads/")[0] + "/leads/")
    page.get_by_role("link", name="Filter").click()
    page.select_option("#filter-is", "open")
    page.get_by_role("button", name="Show these leads").click()
    assert "is=open" in page.url
    page.locator("[data-pick]").first.check()
    page.get_by_role("button", name="Assign").click()
    assert page.inner_text("#ask-title") == "Assign 1 lead"
    page.goto(page.url.split("/leads/")[0] + "/leads/?view=board")
    name = page.locator("[data-stage] [data-open]").first.inner_text()
    page.locator("[data-row-move]").first.click()
    assert name in page.inner_text("#ask-title")
    page.locator(".way", has_text="SQL").click()
    page.get_by_role("button", name="Move the lead").click()
    assert "view=board" in page.url and f"{name} is moved to SQL" in page.inner_text(".notice")
