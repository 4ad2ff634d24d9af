"""The dashboard of a company with plenty of leads: looks, keyboard, drawer, filters, themes, print, without script."""

import csv
import io
import re

import pytest

COMPANY = "full"


def test_the_dashboard_fits_one_screen(open_page):
    for width, height in ((1440, 900), (1920, 1080)):
        page = open_page("/", width=width, height=height)
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        # and nothing inside a card is cut off
        clipped = page.eval_on_selector_all(
            ".board .c", "cards => cards.filter(c => c.scrollHeight > c.clientHeight + 1).map(c => c.className)"
        )
        assert clipped == []


@pytest.mark.parametrize(
    ("theme", "width", "opened"),
    [
        ("light", 1440, ""),
        ("dark", 1440, "drawer"),
        ("light", 390, "drawer"),
        ("dark", 390, "menu"),
    ],
)
def test_axe_finds_nothing_on_the_dashboard(open_page, axe, theme, width, opened):
    page = open_page("/", width=width, color_scheme=theme)
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    if opened == "menu":
        page.locator(".me").click()
    if opened == "drawer":
        page.locator(".a-one .why").click()
        page.wait_for_selector("#explain:popover-open h3")
        page.wait_for_timeout(200)  # it slides in; half-way, its colours are not what they will be
    assert axe(page) == {}


def test_filtered_to_nothing_says_so(open_page, axe, site):
    from campaigns.services import ensure_channel

    ensure_channel(name="Unused channel")
    page = open_page("/?channel=Unused+channel", color_scheme="dark")
    assert "No lead has started in this period yet" in page.inner_text("#fun")
    assert "No deal won in this period yet" in page.inner_text("#earn")
    assert axe(page) == {}


def test_keyboard_alone_reaches_a_number_opens_its_drawer_and_comes_back(open_page):
    page = open_page("/")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "n-why":
            break
    asked = page.evaluate("document.activeElement.getAttribute('href')")
    assert asked.startswith("/explain/")
    page.keyboard.press("Enter")
    page.wait_for_selector("#explain:popover-open h3")
    page.wait_for_function("document.activeElement.tagName === 'H2'")
    page.keyboard.press("Escape")
    page.wait_for_selector("#explain", state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('href')") == asked


def test_keys_toggle_the_table_and_explain_and_can_be_switched_off(open_page):
    page = open_page("/")
    page.locator(".a-run [data-table-toggle]").focus()
    page.keyboard.press("t")
    assert page.locator(".a-run table").is_visible() and not page.locator(".a-run .ch").is_visible()
    page.keyboard.press("t")
    assert page.locator(".a-run .ch .still").is_visible()
    page.keyboard.press("e")
    page.wait_for_selector("#explain:popover-open h3")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#keys:popover-open")
    page.locator("[data-keys-switch]").uncheck()
    page.keyboard.press("Escape")
    page.locator(".a-run [data-table-toggle]").focus()
    page.keyboard.press("t")
    assert page.locator(".a-run .ch").is_visible()


def test_the_drawer_says_the_number_of_the_page(open_page):
    # Under a filter the card of return shows what channels earned.
    for path, selector in (("/", ".a-fun td a.n-why b"), ("/?channel=Webinar", ".a-earn td:nth-child(2) a.n-why")):
        page = open_page(path)
        shown = page.locator(selector).first.inner_text()
        page.locator(selector).first.click()
        page.wait_for_selector("#explain:popover-open h3")
        page.wait_for_function("t => document.querySelector('#explain .big').textContent.includes(t)", arg=shown)
        listed = re.search(r"Behind it \(([\d,]+)\)", page.inner_text("#explain"))[1]
        assert listed == shown


def test_the_csv_holds_as_many_rows_as_stand_behind_the_number(open_page):
    page = open_page("/explain/won_deals/")
    behind = int(re.search(r"Behind it \(([\d,]+)\)", page.inner_text("main"))[1].replace(",", ""))
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert len(rows) - 2 == behind


def test_filters_are_in_the_address_and_survive_a_reload(open_page):
    page = open_page("/")
    # Each time for the address itself: a loaded page names its own address once more, which is a navigation too.
    page.select_option("select[name=channel]", "Referral")
    page.wait_for_url("**channel=Referral**")
    page.select_option("select[name=period]", "12m")
    page.wait_for_url("**period=12m**")
    assert "channel=Referral" in page.url
    page.reload()
    assert page.input_value("select[name=channel]") == "Referral"
    assert page.input_value("select[name=period]") == "12m"


def test_the_theme_is_kept(open_page):
    page = open_page("/", color_scheme="light")
    page.locator("[data-theme-toggle]").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.locator("[data-theme-toggle]").click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "light"


def test_paper_is_light_and_carries_no_controls(open_page):
    page = open_page("/", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("html").get_attribute("data-bs-theme") == "light"
    assert not page.locator(".top").is_visible() and not page.locator(".a-one .why").is_visible()
    for card in ("#one", "#run", "#fun", "#earn"):
        assert page.locator(card).is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_without_script_the_page_can_be_read_filtered_and_explained(open_page):
    page = open_page("/", java_script_enabled=False)
    assert page.locator(".a-run table").is_visible()  # the chart's table stands in for the chart
    page.select_option("select[name=channel]", "Referral")
    page.get_by_role("button", name="Show", exact=True).click()
    assert "channel=Referral" in page.url
    page.locator(".a-fun td a.n-why").first.click()
    assert "/explain/" in page.url and page.locator("main h2").first.is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_an_ended_session_leads_to_the_sign_in_not_into_the_drawer(open_page):
    page = open_page("/")
    page.context.clear_cookies()
    page.locator(".a-one .why").click()
    page.wait_for_url("**/sign-in/?next=*")
    assert page.locator("#id_password").is_visible()
