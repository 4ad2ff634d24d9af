"""The bar at the bottom of a phone: five places at most, the rare ones behind the last."""

COMPANY = "full"
ONLY_LOOKS = True

SHOWN = "(links) => links.filter((e) => e.offsetParent).map((e) => e.innerText.trim().split('\\n')[0])"


def bar(page) -> list[str]:
    return page.eval_on_selector_all(".nav > li > a, .nav > li > button", SHOWN)


def test_the_bar_has_five_places_and_keeps_the_rare_ones_behind_more(open_page, axe):
    page = open_page("/", width=390, height=844)
    assert bar(page) == ["Dashboard", "Leads", "My day", "Review", "More"]
    page.get_by_role("button", name="More", exact=True).click()
    page.wait_for_selector("#other-places:popover-open")
    assert page.eval_on_selector_all("#other-places a", SHOWN) == ["Campaigns", "Import", "Console"]
    assert axe(page) == {}
    page.locator("#other-places a", has_text="Console").click()
    page.wait_for_url("**/console/**")
    assert page.locator("#other-places a[aria-current=page]").count() == 1


def test_more_opens_and_closes_by_keyboard_and_gives_the_focus_back(open_page):
    page = open_page("/", width=390, height=844)
    button = page.get_by_role("button", name="More", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#other-places:popover-open")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Campaigns"
    page.keyboard.press("Escape")
    page.wait_for_selector("#other-places", state="hidden")
    assert page.evaluate("document.activeElement.innerText.trim()") == "More"


def test_without_script_more_opens_too(open_page):
    page = open_page("/", width=390, height=844, java_script_enabled=False)
    page.get_by_role("button", name="More", exact=True).click()
    assert page.locator("#other-places a", has_text="Import").is_visible()


def test_a_wide_screen_shows_every_place_and_no_more(open_page):
    assert bar(open_page("/")) == ["Dashboard", "Leads", "My day", "Campaigns", "Review", "Import", "Console"]


def test_who_has_five_places_or_fewer_has_no_more(open_page):
    page = open_page("/", width=390, height=844, who="clara@demo.tandem.example")
    found = bar(page)
    assert len(found) <= 5 and "Leads" in found
    assert ("More" in found) == (page.locator(".nav > .rare").count() > 1)
