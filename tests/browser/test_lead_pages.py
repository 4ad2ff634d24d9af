"""The pages of leads, deals and companies in Chromium: looks, keyboard, dialogs, phone, themes, without script."""

import pytest

from leads.models import Company, Deal, Lead

COMPANY = "small"


def first_lead(**filters) -> Lead:
    """The newest lead; the tests read the same database as the server."""
    return Lead.objects.filter(merged_into=None, voided=False, **filters).order_by("-created_at").first()


def addresses() -> dict[str, str]:
    lead = first_lead(stage__key="sql")
    other = Lead.objects.filter(merged_into=None, voided=False).exclude(pk=lead.pk).first()
    deal = Deal.objects.filter(status="won", lead__isnull=False).first()
    return {
        "list": "/leads/",
        "filtered": f"/leads/?is=open&stage={lead.stage_id}&q=a&sort=-age",
        "nothing": "/leads/?q=nobody-of-that-name",
        "filter": "/leads/filter/",
        "detail": f"/leads/{lead.pk}/",
        "move": f"/leads/{lead.pk}/move/",
        "edit": f"/leads/{lead.pk}/edit/",
        "merge": f"/leads/{lead.pk}/merge/?other={other.pk}",
        "new": "/leads/new/",
        "bulk": f"/leads/bulk/move/?lead={lead.pk}&lead={other.pk}",
        "deals": "/deals/",
        "deal": f"/deals/{deal.pk}/",
        "companies": "/companies/",
        "company": f"/companies/{Company.objects.filter(leads=lead).get().pk}/",
        "search": "/search/?q=an",
        "no words": "/search/",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(open_page, axe, theme, width):
    for name, path in addresses().items():
        page = open_page(path, width=width, color_scheme=theme)
        assert axe(page) == {}, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.context.close()


@pytest.mark.parametrize("width", [320, 820])
def test_no_other_size_scrolls_sideways(open_page, width):
    for name in ("list", "detail", "deal", "company", "move"):
        page = open_page(addresses()[name], width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        page.context.close()


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
    page.locator("[data-open]").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#timeline")
    assert page.inner_text("h1").startswith(names[1])


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
    page.get_by_role("button", name="Call", exact=True).click()
    assert "Call: reached" in page.inner_text("#timeline li:first-child")
    page.goto(page.url.split("/leads/")[0] + "/leads/")
    page.get_by_role("link", name="Filter").click()
    page.select_option("#filter-is", "open")
    page.get_by_role("button", name="Show these leads").click()
    assert "is=open" in page.url
    page.locator("[data-pick]").first.check()
    page.get_by_role("button", name="Assign").click()
    assert page.inner_text("#ask-title") == "Assign 1 lead"
